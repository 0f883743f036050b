"""Nothing is proved that is violated, neither by default nor with the changes by which a file flips verdicts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pmicheck.attacker.profiles import ATTACKERS, attacker_named
from pmicheck.grounding.run import world_of
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import Expectation, load_scenario
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.prove.prover import prove
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict

DECIDER = Decider()

CHEAP = ("rr-mobile", "ero-initial", "type1-initial", "data-plane")
"""Scenarios of which every cell takes less than a second of CPU."""


def proved(name: str, attacker: str, properties: tuple[str, ...], flip: Expectation | None = None) -> set[str]:
    """Which of the properties are proved; `flip` says what is changed first."""
    scenario = load_scenario(name)
    changed, settings = scenario.bounded(dict(flip.settings if flip else ()))
    policy = make_policy(settings, flip.without if flip else (), scenario.families, name)
    found = prove(changed, policy, attacker_named(attacker), [INVARIANTS[each] for each in properties], DECIDER)
    return {each for each, obstacle in found.obstacles.items() if obstacle is None}


def cells() -> Iterator[tuple[str, str]]:
    for name in CHEAP:
        offers = load_scenario(name).offers
        yield from ((name, attacker) for attacker in ATTACKERS if attacker_named(attacker).needs <= offers)


@pytest.mark.parametrize(("name", "attacker"), list(cells()))
def test_what_is_violated_stays_open_and_most_of_what_holds_is_proved(name: str, attacker: str) -> None:
    scenario = load_scenario(name)
    world = world_of(scenario, make_policy({}, (), scenario.families, name), attacker_named(attacker))
    properties = tuple(each for each, prop in INVARIANTS.items() if applies(prop, world))
    expected = {each: scenario.expected(attacker, each)[0] for each in properties}
    found = proved(name, attacker, properties)
    assert {each for each in found if expected[each] != Verdict.HOLDS} == set()
    open_ones = {each for each in properties if expected[each] == Verdict.HOLDS} - found
    # Who has left a path knows for ever what it read there, since facts stay.
    assert attacker.startswith("past-") or open_ones <= {
        "acknowledgement-agreement",
        "binding-agreement",
        "binding-freshness",
        "no-unauthorised-deregistration",
    }


def test_a_number_that_a_rule_writes_out_may_be_one_that_the_prologue_left() -> None:
    """The handover token of the prologue is the second one; the rule that tries tokens writes the first one only."""
    assert proved("type1-settled", "rogue-previous-pma+careof-path", ("handover-token-freshness",)) == set()


FLIPS = [
    pytest.param(name, attacker, flip, id=f"{name}-{attacker}-{number}")
    for name in CHEAP
    for number, flip in enumerate(load_scenario(name).flips)
    for attacker in flip.attackers[:1]
    if flip.verdict == Verdict.VIOLATED and set(flip.properties) & set(INVARIANTS)
]


@pytest.mark.parametrize(("name", "attacker", "flip"), FLIPS)
def test_what_a_change_makes_violated_stays_open(name: str, attacker: str, flip: Expectation) -> None:
    properties = tuple(each for each in flip.properties if each in INVARIANTS)
    assert proved(name, attacker, properties, flip) == set()
