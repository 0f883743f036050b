"""Progress is decided in the slice of the goal alone, and comes out as in the whole honest system."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmicheck.grounding.run import prepare
from pmicheck.reduce.reduction import CONE
from pmicheck.verdict import Verdict
from pmicheck.verify.engine import UNLIMITED, Engine
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.progress import decide_progress, find_stuck

SLICED = Engine(reduce=(CONE,))

Settings = tuple[tuple[str, str], ...]
CASES: dict[tuple[str, Settings], Verdict] = {
    ("data-plane", (("rh2_address", "source"),)): Verdict.VIOLATED,
    ("data-plane-wide", (("rh2_address", "source"),)): Verdict.VIOLATED,
    ("data-plane-wide", ()): Verdict.HOLDS,
    ("type1-initial-wide", ()): Verdict.HOLDS,
    ("type2-handshake-handover", ()): Verdict.HOLDS,
}


@pytest.mark.parametrize(
    ("case", "verdict"), CASES.items(), ids=["/".join([c[0], *map("=".join, c[1])]) for c in CASES]
)
def test_progress_is_the_same_in_its_slice(case: tuple[str, Settings], verdict: Verdict) -> None:
    cell = plan(Request(scenarios=(case[0],), settings=case[1]))[0]
    whole, sliced = (decide_progress(replace(cell, engine=engine)) for engine in (UNLIMITED, SLICED))
    assert whole.verdict is sliced.verdict is verdict
    reached = [found.explored.goals[-1] for found in (whole, sliced)]
    assert len({goal.depth if goal else None for goal in reached}) == 1
    assert sliced.explored.states < whole.explored.states or case[0] == "data-plane"
    assert (whole.trace is None) == (sliced.trace is None)
    if whole.trace is not None and sliced.trace is not None:
        assert sliced.depth == whole.depth


def test_the_way_into_the_dead_end_is_a_run_of_the_whole_system() -> None:
    cell = plan(Request(scenarios=("data-plane-wide",), settings=(("rh2_address", "source"),)))[0]
    prepared = prepare(cell.scenario, cell.policy, None, ())
    system = prepared.grounded.system
    path = find_stuck(prepared, SLICED).path
    assert path is not None
    state = system.start
    for number in path:
        assert system.enabled(system.transitions[number], *state)
        state = system.apply(system.transitions[number], *state)
