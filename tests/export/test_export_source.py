"""What an exported source looks like: names, simplified guards, invariants, and the verb that writes it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from explore_systems import guarded, lay_out, learner
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.cli.main import main
from pmicheck.export.murphi import murphi
from pmicheck.export.names import Names, line, quoted
from pmicheck.export.promela import promela
from pmicheck.export.source import Source, boxes
from pmicheck.grounding.system import Horn, Rule, Transition, TransitionSystem
from pmicheck.verdict import ExitCode

WORDS = st.text(max_size=90)


@given(st.lists(WORDS), st.lists(st.sampled_from(["end", "do", "clear"])))
def test_names_are_identifiers_and_differ_not_only_in_capitals(words: list[str], reserved: list[str]) -> None:
    names = Names(reserved)
    given_out = [names.new(each).lower() for each in (*words, "end", "END")]
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in given_out)
    assert len({*given_out, *reserved}) == len(given_out) + len(set(reserved))


@given(WORDS)
def test_a_text_stays_within_its_comment_or_string(text: str) -> None:
    assert not {"\n", "\r", "\x0b", "\x0c", "\u2028"} & set(line(text))
    assert "*/" not in line(text)
    assert not line(text).endswith("\\")
    assert quoted(text).count('"') == 2


def test_a_name_keeps_values_and_leaves_out_what_they_are_values_of() -> None:
    assert Names(()).new("Entry(care_of='CoA1', verified=True)") == "Entry_CoA1_True"


@given(st.sets(st.tuples(*[st.integers(0, 3)] * 3)))
def test_boxes_hold_the_points_that_went_in_and_no_others(points: set[tuple[int, ...]]) -> None:
    held = [point for box in boxes(sorted(points)) for point in product(*box)]
    assert sorted(held) == sorted(points)


def test_all_values_of_a_field_make_one_box_of_it() -> None:
    assert boxes(product(range(4), [7], range(3))) == [(frozenset(range(4)), frozenset({7}), frozenset(range(3)))]


def system_of(*transitions: Transition, horn: tuple[Horn, ...] = (), known: int = 0) -> TransitionSystem:
    fields, width = lay_out([("door", 2), ("room", 5)])
    rules = (Rule("walk", "somebody", "1"),)
    return TransitionSystem("house", width, fields, rules, transitions, ("a", "b", "c"), horn, 0, known)


def test_a_fact_known_from_the_start_is_no_variable_and_one_that_nobody_learns_is_false() -> None:
    system = system_of(
        Transition(0, 0, 0, 0, 0, needs=0b001, learns=0b010),
        Transition(0, 0, 0, 0, 0, needs=0b100),
        known=0b001,
    )
    source = Source(system, ())
    assert [fact.means for fact in source.facts.values()] == ["b"]
    assert [action.guard for action in source.actions] == [(), None]


def test_what_a_guard_says_already_is_not_assigned_again() -> None:
    (door, room), _ = lay_out([("door", 2), ("room", 5)])
    (action,) = Source(system_of(guarded(0, [(door, 1)], [(door, 1), (room, 3)])), ()).actions
    assert [(variable.name, value) for variable, value in action.changes] == [("room", "3")]


def test_derivations_come_after_what_they_build_upon() -> None:
    in_order = Source(learner(3), ())
    assert [derivation.head.means for derivation in in_order.derivations] == ["f3", "f4"]
    assert not in_order.circular
    horn = (Horn(0b001, 1), Horn(0b010, 0))
    assert Source(system_of(Transition(0, 0, 0, 0, 0, learns=1), horn=horn), ()).circular


def test_a_transition_that_touches_a_part_of_a_field_is_refused() -> None:
    for write in (murphi, promela):
        with pytest.raises(ValueError, match="house: a transition touches a part of a field"):
            write(system_of(Transition(0, 0b010, 0, 0, 0)))


def test_a_source_says_what_the_peer_should_find(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "type2-local", "--to", "murphi"]) == ExitCode.AS_EXPECTED
    text = capsys.readouterr().out
    assert text.startswith("-- type2-local / off-path\n-- pmicheck: 168 states, 668 rules fired, depth ")
    assert text.count("\nrule ") == 11
    still = "holds, as nothing that it looks at ever changes"
    names = "stateless-before-authentication", "data-origin"
    assert re.findall('-- (.*)\ninvariant "(.*)"', text) == [(still, name) for name in names]


def test_only_the_invariants_that_are_asked_for_are_written(tmp_path: Path) -> None:
    file = tmp_path / "model.pml"
    asked = ["--property", "data-origin", "--attacker", "home-path", "--output", str(file)]
    assert main(["export", "data-plane", "--to", "promela", *asked]) == ExitCode.AS_EXPECTED
    text = file.read_text(encoding="utf-8")
    assert re.findall(r"/\* ([a-z-]+): (violated, after \d+ steps) .*\*/", text) == [
        ("data-origin", "violated, after 7 steps")
    ]
    assert re.findall(r'printf\("(.*) is broken', text) == ["data-origin"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--property", "progress"], ExitCode.USAGE, "progress is no invariant"),
        (["--property", "former-pma-powerless"], ExitCode.USAGE, "does not apply to type2-local / off-path"),
        (["--max-states", "5"], ExitCode.INCONCLUSIVE, "max_states cut the exploration"),
    ],
)
def test_what_cannot_be_exported_is_said(
    arguments: list[str], code: ExitCode, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "type2-local", "--to", "murphi", *arguments]) == code
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""
