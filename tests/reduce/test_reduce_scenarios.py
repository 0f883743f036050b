"""Reductions change no verdict of shipped scenarios, only sizes, and traces are replayed as before."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.reduce.reduction import CONE, REDUCTIONS
from pmicheck.report.record.record import Record
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.engine import UNLIMITED, Engine
from pmicheck.verify.matrix import Request

CELLS = {
    ("type1-initial", "home-path", ()): 1.5,
    ("type1-initial-wide", "careof-path", ()): 250.0,
    ("type2-rr", "home-path", ()): 3.5,
    ("type1-handover", "off-path", ()): 1.1,
}
"""(scenario, attacker, bounds) and how many times fewer states there are at least under all reductions."""


def decided(
    scenario: str,
    attacker: str,
    settings: tuple[tuple[str, str], ...],
    engine: Engine,
    properties: tuple[str, ...] = (),
) -> Record:
    asked = {"scenarios": (scenario,), "attackers": (attacker,), "properties": properties}
    request = Request(**asked, settings=settings, engine=engine, settle=False)
    return verify(request, command=["pmicheck"], progress=lambda _: None)


@pytest.mark.parametrize(("cell", "factor"), CELLS.items(), ids=["/".join(cell[:2]) for cell in CELLS])
def test_reduced_runs_come_to_the_same_verdicts_with_fewer_states(
    cell: tuple[str, str, tuple[tuple[str, str], ...]], factor: float
) -> None:
    plain, reduced = (decided(*cell, engine) for engine in (UNLIMITED, Engine(reduce=REDUCTIONS)))
    for before, after in zip(plain.results, reduced.results, strict=True):
        assert (after.property, after.verdict, after.witness.found) == (
            before.property,
            before.verdict,
            before.witness.found,
        )
        if after.verdict is Verdict.VIOLATED and after.replay is not None:
            assert after.replay.outcome in (Replay.CONFIRMED, Replay.NOT_APPLICABLE)
    assert plain.explorations[0].states > factor * reduced.explorations[0].states
    assert reduced.explorations[0].reductions == REDUCTIONS
    assert plain.explorations[0].reductions == ()


@pytest.mark.parametrize(
    ("scenario", "attacker"), [("type1-initial-wide", "careof-path"), ("type1-handover", "dolev-yao")]
)
def test_slices_come_to_the_same_verdicts_at_the_same_depths(scenario: str, attacker: str) -> None:
    plain, sliced = (decided(scenario, attacker, (), engine) for engine in (UNLIMITED, Engine(reduce=(CONE,))))
    for before, after in zip(plain.results, sliced.results, strict=True):
        assert after.verdict is before.verdict
        assert after.witness == before.witness
        assert (before.trace is None) == (after.trace is None)
        if before.trace is not None and after.trace is not None:
            assert len(after.trace.steps) == len(before.trace.steps)


def test_two_mobile_nodes_cost_little_more_than_two_searches() -> None:
    """Plain, the widened handover passes ten times as many states before it is done."""
    invariants = tuple(name for name in INVARIANTS if name != "data-origin")
    sliced = decided("type1-handover-wide", "off-path", (), Engine(reduce=(CONE,)), invariants).explorations[0]
    limited = Engine(max_states=10 * sliced.states)
    plain = decided("type1-handover-wide", "off-path", (), limited, invariants).explorations[0]
    assert sliced.complete
    assert not plain.complete


def test_each_slice_is_saved_for_itself_and_taken_up_again(tmp_path: Path) -> None:
    engine = Engine(reduce=(CONE,), checkpoint=tmp_path)
    first, again = (decided("type1-initial-wide", "careof-path", (), engine) for _ in range(2))
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    assert [replace(each, seconds=0.0) for each in first.results] == [
        replace(each, seconds=0.0) for each in again.results
    ]
    assert first.explorations[0].states == again.explorations[0].states
