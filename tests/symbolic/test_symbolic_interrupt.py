"""Ctrl-C while z3 thinks reaches the user, whichever kind of solver is asked."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
import z3

from pmicheck.symbolic.interrupt import left_to_python


def crowded(solver: Any, pigeons: int = 9) -> Any:
    """So many pigeons in one hole less: nine keep z3 busy for a while, twelve for hours."""
    holes = range(pigeons - 1)
    sits = [[z3.Bool(f"{pigeon}-{hole}", solver.ctx) for hole in holes] for pigeon in range(pigeons)]
    for places in sits:
        solver.add(z3.Or(places))
    for hole in holes:
        for one, other in combinations(sits, 2):
            solver.add(z3.Not(z3.And(one[hole], other[hole])))
    return solver


def interrupted(solver: Any, *, after: float) -> object:
    """The answer of a solver when Ctrl-C comes `after` so many seconds, or the exception."""
    asked = threading.Timer(after, signal.raise_signal, [signal.SIGINT])
    asked.start()
    try:
        return solver.check()
    except KeyboardInterrupt as error:
        return error
    finally:
        asked.join()


@pytest.mark.parametrize(
    "made",
    [
        lambda ctx: z3.Solver(ctx=ctx),
        lambda ctx: z3.Optimize(ctx=ctx),
        lambda ctx: z3.SolverFor("QF_BV", ctx=ctx),
        lambda ctx: z3.SolverFor("QF_IDL", ctx=ctx),
    ],
    ids=["Solver", "Optimize", "QF_BV", "QF_IDL"],
)
def test_an_interrupt_is_no_answer(made: Callable[[Any], Any]) -> None:
    assert isinstance(interrupted(left_to_python(crowded(made(z3.Context()))), after=0.05), KeyboardInterrupt)


def test_left_to_itself_z3_swallows_it() -> None:
    """Why all this: should z3 ever mend it, this module may go."""
    assert interrupted(crowded(z3.Solver(ctx=z3.Context()), pigeons=12), after=1.0) == z3.unknown
