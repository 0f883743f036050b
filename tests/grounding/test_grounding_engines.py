"""Two kernels and z3 on the same ground systems: they must find the same."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from decided_cells import CELLS, DECIDER, KEEPING, first_violation, grounded

from pmicheck.explore.explorer import explore
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.symbolic.bounded import Reach, shortest
from pmicheck.verify.deciding import state_of

TABLE = Path(__file__).parents[1] / "analysis" / "state_counts.toml"
COUNTS = tomllib.loads(TABLE.read_text(encoding="utf-8"))
MOST = 10_000
"""States that the Python kernel is asked for."""

SMALL = [(name, attacker) for name, attacker in CELLS if COUNTS[name][attacker][0] < 2 * MOST]


@pytest.mark.parametrize(("name", "attacker"), SMALL)
def test_both_kernels_find_the_same_states_depths_projections_and_goals(name: str, attacker: str) -> None:
    prepared, _ = grounded(name, attacker, engine=KEEPING)
    system = prepared.grounded.system
    fast, plain = explore(system, max_states=MOST), explore(system, kernel="python", max_states=MOST)
    assert fast == plain
    assert list(fast.states_iter()) == list(plain.states_iter())


SHALLOW = [
    ("type1-initial", "home-path", 3),
    ("type1-refresh", "home-path", 4),
    ("type1-settled", "home-path", 5),
    ("type2-handshake", "off-path", 3),
    ("type2-handshake-handover", "rogue-previous-pma", 3),
    ("type2-rr", "off-path", 3),
    ("data-plane", "malicious-mn", 3),
]


@pytest.mark.parametrize(("name", "attacker", "deepest"), SHALLOW)
def test_z3_finds_the_shortest_violation_at_the_depth_of_the_explorer(name: str, attacker: str, deepest: int) -> None:
    """And none before it: for what the explorer finds deeper, z3 finds nothing up to there."""
    prepared, properties = grounded(name, attacker, engine=KEEPING)
    system = prepared.grounded.system
    explored = explore(system, max_states=200_000)
    found = {}
    for number, prop in enumerate(properties):
        first = first_violation(prepared, explored, prop, number)
        if first is None:
            continue
        projection = system.projections[number]
        target = [
            (projection.mask, seen.local, seen.knowledge)
            for seen in explored.projections[number]
            for observation in prop.observe(state_of(prepared, seen))
            if DECIDER.violation(prop, observation) is not None
        ]
        search = shortest(system, target, max_depth=min(first[0], deepest), timeout=60)
        found[prop.name] = first[0]
        if first[0] <= deepest:
            assert (search.outcome, search.depth) == (Reach.FOUND, first[0]), prop.name
        else:
            assert (search.outcome, search.depth) == (Reach.NONE, deepest), prop.name
    assert min(found.values()) <= deepest


@pytest.mark.parametrize(("name", "attacker"), [("type1-settled", "off-path"), ("type1-initial", "off-path")])
def test_z3_reaches_no_witness_earlier_than_the_explorer(name: str, attacker: str) -> None:
    prepared, _ = grounded(name, attacker)
    system = prepared.grounded.system
    explored = explore(system)
    for goal, reached in zip(system.goals, explored.goals, strict=True):
        assert reached is not None
        search = shortest(system, [(goal.mask, goal.value, goal.facts)], max_depth=min(3, reached.depth), timeout=60)
        assert (search.outcome == Reach.FOUND) == (reached.depth <= 3), goal.name
        assert search.depth == min(3, reached.depth), goal.name


@pytest.mark.parametrize(
    ("name", "attacker"),
    [
        ("type1-initial", "home-path"),
        ("type1-settled", "dolev-yao"),
        ("type2-handshake-handover", "rogue-next-pma"),
        ("data-plane", "malicious-mn"),
    ],
)
def test_an_observation_state_goes_nowhere_and_shows_one_step_only(name: str, attacker: str) -> None:
    prepared, _ = grounded(name, attacker)
    cells = prepared.grounded
    explored = explore(cells.system, edges=True)
    assert explored.edges is not None
    observations = 0
    for number, (local, _) in enumerate(explored.states_iter()):
        shown = [cell for cell in (EVENT, FALLBACK) if cells.value(cell, local) is not None]
        if shown:
            observations += 1
            assert list(explored.edges.of(number)) == []
            others = [f for cell, f in cells.fields.items() if cell not in (EVENT, FALLBACK)]
            assert all(field.index(local) == 0 for field in others)
    assert 0 < observations < explored.states
