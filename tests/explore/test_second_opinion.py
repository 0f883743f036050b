"""A second explorer agrees with ours on what is there, and disagrees as soon as one mask is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from explore_naive import Description, random_description
from explore_systems import counter, learner, odometers, philosophers
from hypothesis import given, settings
from hypothesis import strategies as st

from pmicheck.cli.main import main
from pmicheck.errors import Disagreement, UsageError
from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import TransitionSystem
from pmicheck.report.record.record import load
from pmicheck.second import opinion
from pmicheck.second.opinion import second
from pmicheck.verify import engine

RANDOM = st.builds(random_description, st.randoms(use_true_random=False), st.integers(1, 3))


def all_of(found: Exploration) -> object:
    """Everything that a second explorer is to confirm."""
    seen = [{(each.local, each.knowledge) for each in values} for values in found.projections]
    return set(found.states_iter()), found.levels, found.fired, seen


def with_a_wrong_bit(system: TransitionSystem, chance: Random) -> TransitionSystem:
    """The same, but for one bit of one transition or Horn rule, if it has any."""
    if not system.transitions:
        return system
    if system.horn and chance.random() < 0.2:
        number = chance.randrange(len(system.horn))
        wrong = replace(system.horn[number], body=system.horn[number].body ^ 1 << chance.randrange(len(system.facts)))
        return replace(system, horn=(*system.horn[:number], wrong, *system.horn[number + 1 :]))
    number = chance.randrange(len(system.transitions))
    move, part = system.transitions[number], chance.choice(["mask", "clear", "put"])
    field = chance.choice(system.fields)
    bit = 1 << field.shift + chance.randrange(field.width)
    changed = replace(move, **{part: getattr(move, part) ^ bit})
    changed = replace(changed, value=changed.value & changed.mask, put=changed.put & changed.clear)
    return replace(system, transitions=(*system.transitions[:number], changed, *system.transitions[number + 1 :]))


@given(RANDOM, st.integers(1, 40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_both_explorers_find_the_same(described: Description, levels: int, cut: bool) -> None:
    system = described.build()
    left = iter(range(levels))
    found = explore(system, enough=(lambda _: next(left, None) is None) if cut else None)
    assert second(system, found)


@pytest.mark.parametrize(
    "system",
    [philosophers(5), counter(3, 5, words=2), learner(6), odometers(3, 4, 2, 3)],
    ids=lambda system: system.name,
)
def test_both_explorers_find_the_same_in_systems_made_by_hand(system: TransitionSystem) -> None:
    assert second(system, explore(system))


@given(RANDOM, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_search_of_a_system_with_one_wrong_bit_is_contradicted_wherever_it_matters(
    described: Description, chance: Random
) -> None:
    system = described.build()
    wrong = explore(with_a_wrong_bit(system, chance))
    if all_of(wrong) == all_of(explore(system)):
        assert second(system, wrong)
    else:
        with pytest.raises(Disagreement, match="two explorers disagree on the "):
            second(system, wrong)


def test_a_state_in_the_place_of_another_shows_in_the_fingerprint_alone() -> None:
    system = philosophers(3)
    found = explore(system)
    states = [*found.states_iter()]
    states[-1] = (states[-1][0] ^ 1 << 60, states[-1][1])

    class Swapped:
        def __len__(self) -> int:
            return len(states)

        def state(self, state_id: int) -> tuple[int, int]:
            return states[state_id]

        def parent(self, state_id: int) -> tuple[int, int]:
            return found.store.parent(state_id)

    with pytest.raises(Disagreement, match="disagree on the fingerprint of the states"):
        second(system, replace(found, store=Swapped()))


def test_what_a_limit_cut_and_what_is_too_large_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    system = philosophers(4)
    assert not second(system, explore(system, max_states=20))
    monkeypatch.setattr(opinion, "MOST_STATES", 20)
    assert not second(system, explore(system))


def test_without_a_compiler_there_is_no_second_opinion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opinion._built.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="none of cc, gcc, clang is installed"):
        second(philosophers(3), explore(philosophers(3)))
    opinion._built.cache_clear()


CELL = ["verify", "type1-initial", "--attacker", "off-path", "--property", "token-secrecy"]


def test_a_run_says_how_many_searches_were_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "record.json"
    assert main([*CELL, "--second-opinion", "--json", str(record)]) == 0
    assert "a second explorer found the same in 1 of 1 searches" in capsys.readouterr().out
    assert [each.seconded for each in load(record).explorations] == [True]


def test_a_run_whose_explorers_disagree_ends_with_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explore_wrongly(system: TransitionSystem, **choices: object) -> Exploration:
        found: Exploration = explore(replace(system, transitions=system.transitions[:-1]), **choices)
        return found

    monkeypatch.setattr(engine, "explore", explore_wrongly)
    assert main([*CELL, "--second-opinion"]) == 4
    assert "two explorers disagree on the " in capsys.readouterr().err


@pytest.mark.parametrize("other", [["--reduce", "all"], ["--cluster", "local:1"]])
def test_a_second_opinion_is_on_plain_searches(other: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CELL, "--second-opinion", *other]) == 2
    assert "leave out --reduce and --cluster" in capsys.readouterr().err
