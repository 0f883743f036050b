"""The shortest run to a target by bounded model checking: a second engine beside the explicit explorer.

In:  a TransitionSystem, a target (alternatives of mask, value, facts), a depth, seconds.
Out: `Bounded`: found with a shortest path, or none up to a depth, or out of time.

The depths 0, 1, 2, … are decided one after the other on one growing formula, so the first that is satisfiable
is the shortest. The engine shares with the explorer only `TransitionSystem`; every path is followed with
`TransitionSystem.apply` before it is returned. Source: DESIGN section 6.3; Biere, Cimatti, Clarke and Zhu
1999.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import z3

from pmicheck.grounding.system import TransitionSystem
from pmicheck.symbolic.encode import EncodingError, State, Target, Unrolling, alternatives
from pmicheck.symbolic.formulas import negation


class Reach(StrEnum):
    """How a bounded search ended."""

    FOUND = "found"
    NONE = "none"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Bounded:
    """The answer of a bounded search.

    Attributes:
        outcome: found, none (up to `depth`) or timeout.
        depth: found: the length of a shortest path; else the greatest depth at which the target is known not
            to be reachable (-1: not even depth 0 was decided).
        exhausted: there are no longer runs at all, so "none" holds for every depth.
        path: indices of the transitions, in order; empty unless found.
        states: the states visited, one more than there are transitions; empty unless found.
        seconds: wall-clock time used.
    """

    outcome: Reach
    depth: int
    exhausted: bool = False
    path: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    seconds: float = 0.0


def shortest(
    system: TransitionSystem,
    target: Target,
    max_depth: int,
    timeout: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Bounded:
    """Looks for a shortest run to a state that one of the alternatives of `target` admits.

    Args:
        system: what to search.
        target: alternatives (mask, value, facts[, absent]); see `encode.Alternative`. Without any, nothing is
            found.
        max_depth: the greatest number of transitions to try, 0 or more.
        timeout: seconds for the whole search; None: no limit. Formulas are built between two looks at the
            clock, so a large system may overrun it by the time one step takes to encode.
        progress: called with every depth that was decided without a find.

    Raises:
        EncodingError: z3's model is no run of `system`; that is a fault of the encoding.
    """
    began = time.monotonic()
    wanted = alternatives(target)
    unrolling = Unrolling(system)
    decided = -1
    while decided < max_depth:
        depth = decided + 1
        if depth > unrolling.depth:
            unrolling.extend()
        answer, blocked = _reached(unrolling, depth, wanted, began, timeout)
        if answer == z3.sat:
            path, states = unrolling.run(unrolling.solver.model(), depth)
            if not any(one.admits(states[-1]) for one in wanted):
                raise EncodingError("the path found does not end in the target")
            return Bounded(Reach.FOUND, depth, False, path, states, time.monotonic() - began)
        if answer == z3.unknown:
            return Bounded(Reach.TIMEOUT, decided, seconds=time.monotonic() - began)
        if blocked:
            return Bounded(Reach.NONE, max_depth, True, seconds=time.monotonic() - began)
        decided = depth
        if progress is not None:
            progress(depth)
    return Bounded(Reach.NONE, decided, seconds=time.monotonic() - began)


def _left(began: float, timeout: float | None) -> float | None:
    return None if timeout is None else timeout - (time.monotonic() - began)


def _reached(
    unrolling: Unrolling, depth: int, target: Target, began: float, timeout: float | None
) -> tuple[object, bool]:
    """z3's answer for one depth; and, if it is no, whether there is no run of that length at all."""
    left = _left(began, timeout)
    if left is not None and left <= 0:
        return z3.unknown, False
    matches = unrolling.matches(depth, target)
    if matches is not False:
        assumption = z3.Bool(f"target_{depth}", unrolling.context)
        unrolling.require(z3.Implies(assumption, matches))
        answer = unrolling.check(left, assumption)
        if answer != z3.unsat:
            return answer, False
        unrolling.require(negation(matches))  # what was learned, for the depths to come
    # Some run of this length is nearly always found at once, and if not there is nothing left to search.
    return z3.unsat, unrolling.check(_left(began, timeout)) == z3.unsat
