"""What every scenario file expects, argues and bounds is what the checker finds."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from decided_cells import CELLS, decided, progress_verdict, scenario

from pmicheck.attacker.profiles import ATTACKERS, attacker_named
from pmicheck.grounding.run import prepare
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import SHIPPED
from pmicheck.properties.catalogue import NAMES, PROGRESS
from pmicheck.verify.engine import Engine
from pmicheck.verify.progress import find_stuck

COUNTS = tomllib.loads(Path(__file__).with_name("state_counts.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "attacker"), CELLS)
def test_every_verdict_is_the_one_argued_none_is_vacuous_and_the_counts_are_pinned(name: str, attacker: str) -> None:
    """One test for one exploration: some of them are large.

    Exact counts: a change that nobody meant shows here first (state_counts.toml says how to print them anew).
    """
    found = decided(name, attacker)
    expected = {prop: scenario(name).expected(attacker, prop)[0] for prop in found.verdicts}
    unseen = [prop for prop, seen in found.witnessed.items() if not seen]
    unargued = [rule for rule in found.silent if not scenario(name).reason(rule, attacker)]
    assert found.whole, "a limit cut the search"
    assert dict(found.verdicts) == expected
    assert unseen == [], "the antecedent of these properties never happens: they hold of nothing"
    assert unargued == [], "these rules never fire, and the scenario file does not say why"
    assert [found.states, found.transitions] == COUNTS[name][attacker]


def test_the_table_of_counts_has_just_the_cells_of_the_matrix() -> None:
    assert {(name, attacker) for name, row in COUNTS.items() for attacker in row} == set(CELLS)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_honest_nodes_can_always_reach_the_goal_of_the_scenario(name: str) -> None:
    verdict, reached = progress_verdict(name)
    expected = {scenario(name).expected(attacker, PROGRESS)[0] for s, attacker in CELLS if s == name}
    assert reached
    assert {verdict} == expected == {"holds"}


def test_a_goal_that_is_out_of_reach_although_time_and_repetitions_remain_violates_progress() -> None:
    """By the letter of N152 (E-02) no packet of the correspondent's reaches the node as from the correspondent."""
    whole = scenario("data-plane")
    literal = make_policy({"rh2_address": "source"}, (), whole.families, whole.name)
    stuck = find_stuck(prepare(whole, literal, None, ()), Engine())
    assert stuck.explored.goals[-1] is None
    assert stuck.path == ()


def test_a_goal_that_is_out_of_reach_because_repetitions_are_spent_is_a_bound_and_no_violation() -> None:
    """Where nothing may be repeated a lost message ends the run: that is the scenario's doing."""
    whole = scenario("type1-initial")
    once = replace(whole, bounds=replace(whole.bounds, retransmissions=0))
    stuck = find_stuck(prepare(once, make_policy({}, (), whole.families, whole.name), None, ()), Engine())
    assert stuck.explored.goals[-1] is not None
    assert stuck.path is None


@pytest.mark.parametrize("name", SHIPPED)
def test_expectations_and_flips_name_attackers_and_properties_that_exist(name: str) -> None:
    for entry in (*scenario(name).expectations, *scenario(name).flips):
        assert set(entry.properties) <= set(NAMES)
        for attacker in set(entry.attackers) - {"*"}:
            assert attacker_named(attacker).needs <= scenario(name).offers, (
                "this attacker does not differ from off-path"
            )


@pytest.mark.parametrize("name", SHIPPED)
def test_no_expectation_is_hidden_by_later_ones(name: str) -> None:
    here = [attacker for s, attacker in CELLS if s == name]
    in_use = {scenario(name).expected(attacker, prop) for attacker in here for prop in NAMES}
    assert [e.properties for e in scenario(name).expectations if (e.verdict, e.argument) not in in_use] == []


def test_every_scenario_argues_that_its_bounds_are_enough() -> None:
    assert [name for name in SHIPPED if len(scenario(name).argument.split()) < 30] == []


def test_every_attacker_has_a_scenario_in_which_it_matters() -> None:
    assert {attacker for _, attacker in CELLS if "+" not in attacker} == set(ATTACKERS)
