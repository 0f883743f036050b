"""Reductions change no verdict of shipped scenarios, only sizes, and traces are replayed as before."""

from __future__ import annotations

import pytest

from pmicheck.analysis import Request, verify
from pmicheck.engine import UNLIMITED, Engine
from pmicheck.reduce.reduction import REDUCTIONS
from pmicheck.report.record import Record
from pmicheck.verdict import Replay, Verdict

CELLS = {
    ("type1-initial", "home-path", ()): 1.5,
    ("type2-rr", "home-path", ()): 7.0,
    ("type1-handover", "off-path", ()): 1.1,
}
"""(scenario, attacker, bounds) and how many times fewer states there are at least under all reductions."""


def decided(scenario: str, attacker: str, settings: tuple[tuple[str, str], ...], engine: Engine) -> Record:
    request = Request(scenarios=(scenario,), attackers=(attacker,), settings=settings, engine=engine, settle=False)
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
