"""Scenarios that say no more than which one they widen, by how much and why."""

from __future__ import annotations

import pytest

from pmicheck.attacker.profiles import attacker_named
from pmicheck.errors import ScenarioError
from pmicheck.model.courses import COURSES
from pmicheck.model.scenario import APART, NAMED, SHIPPED, WIDENED, load_scenario, parse_scenario
from pmicheck.verify.catalogue import catalogue
from pmicheck.verify.matrix import Request, plan

WIDE = """\
name = "mine"
title = "Two nodes"
widens = "type1-initial"
attackers = ["off-path"]
argument = "What one node registers must not depend on another's."

[bounds]
mobile_nodes = 2

[[expect]]
attackers = ["off-path"]
properties = ["no-redirection"]
verdict = "violated"
argument = "Only to be told from what the other file expects."
"""

WRONG = [
    ('widens = "type1-initial"', 'widens = "type1-intial"', 3, "must be one of rr-mobile, ero-initial"),
    ('widens = "type1-initial"', 'widens = "type1-initial-wide"', 3, "must be one of rr-mobile, ero-initial"),
    ('title = "Two nodes"', 'variant = "initial"', 2, "unknown key 'variant'; known are argument, attackers, bounds"),
    (
        "\n[bounds]",
        "prologue = []\n[bounds]",
        6,
        "'prologue' must be that of 'type1-initial' without some of its steps",
    ),
    ("\n[bounds]", 'prologue = ["clock reaches 210 s"]\n[bounds]', 6, "that of 'type1-initial' without some of its"),
    ('attackers = ["off-path"]\narg', "attackers = 1\narg", 4, "'attackers' must be a list of texts"),
    ("mobile_nodes = 2", "handovers = 2", 8, "bound 'handovers' is 2, but stays 1: nobody is handed over there"),
    ("mobile_nodes = 2", "mobile_node = 2", 8, "unknown bound 'mobile_node'"),
    ("mobile_nodes = 2", "mobile_nodes = 2\nclock = 3", 9, "bound 'clock' is 3, but 'type1-initial' has 4 already"),
    ("mobile_nodes = 2", "mobile_nodes = 1", 7, "no bound is larger than in 'type1-initial'"),
    ("[bounds]\nmobile_nodes = 2\n", "", None, r"'bounds' must be a \[bounds\] table"),
    ('"violated"', '"bad"', 13, "verdict 'bad' must be one of"),
]


@pytest.mark.parametrize(("good", "wrong", "line", "problem"), WRONG)
def test_a_mistake_in_a_file_that_widens_another_is_told_with_file_and_line(
    good: str, wrong: str, line: int | None, problem: str
) -> None:
    assert good in WIDE
    with pytest.raises(ScenarioError, match=problem) as caught:
        parse_scenario(WIDE.replace(good, wrong, 1), "mine.toml")
    assert (caught.value.file, caught.value.line) == ("mine.toml", line)


def test_what_such_a_file_leaves_out_is_said_by_the_scenario_that_it_widens() -> None:
    mine, base = parse_scenario(WIDE, "mine.toml"), load_scenario("type1-initial")
    assert (mine.course, mine.prologue, mine.uncovered) == (base.course, base.prologue, base.uncovered)
    assert mine.bounds == base.bounded({"mobile_nodes": "2"})[0].bounds
    assert mine.expected("home-path", "no-redirection") == base.expected("home-path", "no-redirection")
    assert base.expected("off-path", "no-redirection")[0] == "holds"
    assert mine.expected("off-path", "no-redirection")[0] == "violated"
    assert mine.flips == ()


@pytest.mark.parametrize("name", WIDENED)
def test_a_widened_scenario_has_no_bound_smaller_and_one_larger_than_its_base_or_a_shorter_prologue(name: str) -> None:
    wide = load_scenario(name)
    base = load_scenario(wide.widens)
    pairs = [(number, vars(base.bounds)[bound]) for bound, number in vars(wide.bounds).items()]
    assert (wide.name, wide.widens in SHIPPED, wide.families) == (name, True, base.families)
    assert all(larger >= own for larger, own in pairs)
    assert any(larger > own for larger, own in pairs) or len(wide.prologue) < len(base.prologue)
    assert len(wide.argument.split()) >= 30, "it argues why these bounds, and what they add"


@pytest.mark.parametrize("name", WIDENED)
def test_a_widened_scenario_names_attackers_that_differ_there_and_these_are_its_default(name: str) -> None:
    wide = load_scenario(name)
    assert wide.attackers
    assert all(attacker_named(attacker).needs <= wide.offers for attacker in wide.attackers)
    assert [cell.attacker.name for cell in plan(Request((name,)))] == list(wide.attackers)
    assert [cell.attacker.name for cell in plan(Request((name,), ("rogue-cn",)))] == ["rogue-cn"]


def test_widened_scenarios_are_listed_and_marked_but_not_decided_unless_named() -> None:
    listed = dict(catalogue("scenarios"))
    assert set(listed) == set(NAMED)
    marked = {name for name, words in listed.items() if "run only if named" in words}
    assert marked == {*WIDENED, *APART}
    assert {name for name in marked if "after a shorter prologue" in listed[name]} == {"type1-settled-kept"}
    assert {cell.scenario.name for cell in plan(Request())} == set(SHIPPED)


def test_every_main_scenario_is_widened_but_the_one_that_no_bound_makes_larger() -> None:
    assert {load_scenario(name).widens for name in WIDENED} == set(SHIPPED) - {"type2-local"}


@pytest.mark.parametrize("name", APART)
def test_a_scenario_that_is_run_only_if_named_says_all_itself_and_names_its_attackers(name: str) -> None:
    apart = load_scenario(name)
    assert (apart.widens, apart.course.plays) == ("", name)
    assert [cell.attacker.name for cell in plan(Request((name,)))] == list(apart.attackers)
    assert len(apart.argument.split()) >= 30, "it argues why these bounds are enough"


def test_a_trace_is_known_by_the_shipped_scenario_that_has_its_course() -> None:
    assert [load_scenario(course.plays).course for course in COURSES.values()] == list(COURSES.values())
