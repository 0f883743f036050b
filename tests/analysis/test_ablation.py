"""Ablation says what a whole run without each mechanism says, and says it of the weakest attackers alone."""

from __future__ import annotations

import pytest
from decided_cells import progress_verdict, scenario, violated_among, violated_in

from pmicheck.attacker.lattice import weaker_or_equal
from pmicheck.attacker.profiles import ATTACKERS, attacker_named
from pmicheck.errors import UsageError
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import Recording, make_policy
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record.changed import Trials
from pmicheck.review.ablation import CHECKS, ablate
from pmicheck.review.decisions import HONEST, Decisions
from pmicheck.verify.engine import Engine
from pmicheck.verify.matrix import Request

NAME = "type1-settled"
CHOSEN = ("off-path", "home-path", "careof-path")


def quiet(message: str) -> None:
    assert message


@pytest.fixture(scope="module")
def ablations() -> Trials:
    return ablate(Request((NAME,), CHOSEN), progress=quiet)


MECHANISMS_THERE = [name for name, one in MECHANISMS.items() if one.families & scenario(NAME).families][::2]
"""Every second one: a whole run without each of the others would say no more of how an ablation decides."""


@pytest.mark.parametrize("mechanism", MECHANISMS_THERE)
def test_an_ablation_finds_what_whole_runs_without_the_mechanism_find(ablations: Trials, mechanism: str) -> None:
    trial = next(trial for trial in ablations.trials if trial.changes == (mechanism,))
    whole = {name: violated_in(NAME, name, (), (mechanism,)) for name in CHOSEN}
    plain = {name: violated_in(NAME, name) for name in CHOSEN}
    moved = {(shift.property, shift.after): set(shift.attackers) for shift in trial.shifts if shift.attackers}
    expected: dict[tuple[str, str], set[str]] = {}
    for name in CHOSEN:
        for prop in whole[name] ^ plain[name]:
            expected.setdefault((prop, "violated" if prop in whole[name] else "holds"), set()).add(name)
    assert moved == {key: weakest(names) for key, names in expected.items()}
    stuck = progress_verdict(NAME, (), (mechanism,))[0] != progress_verdict(NAME)[0]
    assert stuck == any(shift.property == PROGRESS for shift in trial.shifts)
    assert not trial.undecided


def weakest(names: set[str]) -> set[str]:
    return {n for n in names if not any(m != n and weaker_or_equal(ATTACKERS[m], ATTACKERS[n]) for m in names)}


BROKEN = [(NAME, "home-path"), (NAME, "careof-path"), ("rr-mobile", "careof-path"), ("type1-initial", "home-path")]


@pytest.mark.parametrize("mechanism", sorted(CHECKS))
def test_without_a_check_whatever_was_violated_still_is(mechanism: str) -> None:
    for name, attacker in BROKEN:
        if MECHANISMS[mechanism].families & scenario(name).families:
            before = violated_in(name, attacker)
            assert before <= violated_among(before, name, attacker, (), (mechanism,)), (name, attacker)


def test_a_mechanism_that_nobody_consults_is_named_and_costs_nothing(ablations: Trials) -> None:
    unused = {trial.changes for trial in ablations.trials if not trial.consulted}
    assert ("ha-drops-hoti",) in unused
    assert ("mac",) not in unused


def test_what_the_user_has_switched_off_already_is_not_ablated() -> None:
    result = ablate(Request((NAME,), ("off-path",), ("no-redirection",), without=("mac",)), progress=quiet)
    assert ("mac",) not in {trial.changes for trial in result.trials}
    assert [shift.property for shift in result.broken] == ["no-redirection"]


def test_a_limit_leaves_things_open_and_says_which() -> None:
    few = Engine(max_states=20)
    result = ablate(Request(("type1-initial",), ("off-path",), ("binding-agreement",), engine=few), progress=quiet)
    assert not result.complete
    assert any(trial.undecided for trial in result.trials)


def test_several_scenarios_are_refused() -> None:
    with pytest.raises(UsageError, match="one scenario"):
        ablate(Request((NAME, "type1-initial")), progress=quiet)


def test_grounding_notes_what_it_consults() -> None:
    policy = Recording.of(make_policy({}, (), frozenset({"rr"}), "test"))
    assert policy.on("mac")
    assert policy.reads("tombstone", "rr")
    assert policy.asked == {"mac", "tombstone"}


def test_attackers_of_equal_powers_settle_each_other() -> None:
    """The same two powers joined in either order: one is decided, the other follows."""
    settled = scenario(NAME)
    joined = [attacker_named("home-path+careof-path"), attacker_named("careof-path+home-path")]
    policy = make_policy({}, (), settled.families, NAME)
    decisions = Decisions(settled, policy, joined, ("no-redirection",))
    decisions.decide_base()
    table = decisions.changed(make_policy({}, ("cookie",), settled.families, NAME))
    assert len(set(table.values())) == 1
    assert {key for key in table if key[0] != HONEST} == {(each.name, "no-redirection") for each in joined}
