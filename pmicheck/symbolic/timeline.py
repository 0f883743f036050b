"""When did each step of a trace happen, and with which sequence numbers? z3 chooses what was left abstract.

`solve`       in: differences between the times of steps; out: the earliest times in seconds, or a `Conflict`.
`concretise`  in: which abstract sequence numbers were greater than which; out: 16-bit ones that relate alike.

Times are whole milliseconds inside, so no rounding error can turn 210 s into a little more. Among all
solutions the one returned is canonical (every time as early as possible, every number as near to its abstract
one as possible), so that reports are the same with every release of z3. Source: DESIGN section 6.4; RFC 6275
9.5.1; protocol-facts 3.4, 3.12.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

import z3

from pmicheck.symbolic.interrupt import left_to_python
from pmicheck.symbolic.lemmas import SEQUENCE_BITS, greater


@dataclass(frozen=True)
class Difference:
    """at_least <= time(later) - time(earlier) <= at_most, in seconds; None: no such limit.

    `reason` says why, in words for the report.
    """

    later: int
    earlier: int
    at_least: float | None
    at_most: float | None
    reason: str

    def limits(self) -> tuple[int | None, int | None]:
        """Both limits in milliseconds, rounded so that keeping them keeps the limits in seconds."""
        return _milliseconds(self.at_least, ROUND_CEILING), _milliseconds(self.at_most, ROUND_FLOOR)


@dataclass(frozen=True)
class Conflict:
    """No times satisfy `constraints` and the order of the steps; drop any one of them and some do.

    `reasons` are theirs, each once, in the order in which the constraints were given.
    """

    reasons: tuple[str, ...]
    constraints: tuple[Difference, ...]


def solve(count: int, constraints: Iterable[Difference]) -> tuple[float, ...] | Conflict:
    """The earliest times 0 = t_0 <= t_1 <= … <= t_(count-1) in seconds that keep all constraints.

    Differences have a solution that is least in every place at once, so minimising the sum of all times
    minimises the total time too, and the result is unique.

    Raises:
        ValueError: a constraint names a step that does not exist, or a limit is not a number.
    """
    given = tuple(constraints)
    for one in given:
        if not (0 <= one.later < count and 0 <= one.earlier < count):
            raise ValueError(f"steps {one.earlier} and {one.later} of {count}: {one.reason}")
    if count == 0:
        return ()
    context = z3.Context()
    times = [z3.Int(f"t{i}", context) for i in range(count)]
    order = [times[0] == 0, *(earlier <= later for earlier, later in pairwise(times))]
    meanings = [_meaning(times, one) for one in given]
    optimize = left_to_python(z3.Optimize(ctx=context))
    optimize.add(*order, *meanings)
    optimize.minimize(z3.Sum(times))
    if optimize.check() != z3.sat:
        return _conflict(given, order, meanings, context)
    model = optimize.model()
    return tuple(model.eval(time, model_completion=True).as_long() / 1000 for time in times)


def concretise(pairs: Iterable[tuple[int, int, bool]], *, width: int = SEQUENCE_BITS) -> dict[int, int]:
    """Numbers of `width` bits for the abstract sequence numbers of a trace.

    Args:
        pairs: (last, s, greater): the receiver had accepted `last`, and found `s` greater or not. Under an
            abstract modulus m it is greater iff (last - s) mod m > m / 2.
        width: bits of the concrete numbers.

    Returns:
        For every number in `pairs` another, different ones for different ones, such that the half-space rule
        says of every pair what it said in the trace. Numbers keep their value as far as possible, small ones
        first; the others are as small as possible.

    Raises:
        ValueError: no such numbers exist (for instance because one pair was both greater and not greater), or
            an abstract number is negative or needs more than `width` bits.
    """
    wanted = tuple(pairs)
    names = sorted({number for last, s, _ in wanted for number in (last, s)})
    if names and not (names[0] >= 0 and names[-1] < 1 << width):
        raise ValueError(f"abstract sequence numbers must have at most {width} bits")
    context = z3.Context()
    chosen = {name: z3.BitVec(f"s{name}", width, context) for name in names}
    solver = left_to_python(z3.SolverFor("QF_BV", ctx=context))
    solver.set("random_seed", 0)
    for last, s, is_greater in wanted:
        accepted = greater(chosen[s], chosen[last])
        solver.add(accepted if is_greater else z3.Not(accepted))
    if len(names) > 1:
        solver.add(z3.Distinct(*chosen.values()))
    if solver.check() != z3.sat:
        raise ValueError("no sequence numbers relate as those of the trace do")
    moved = [name for name in names if not _keep(solver, chosen[name] == name)]
    for name in moved:
        for bit in reversed(range(width)):
            if not _keep(solver, z3.Extract(bit, bit, chosen[name]) == 0):
                solver.add(z3.Extract(bit, bit, chosen[name]) == 1)
    solver.check()
    model = solver.model()
    return {name: model.eval(term, model_completion=True).as_long() for name, term in chosen.items()}


def _keep(solver: Any, wish: Any) -> bool:
    """Adds `wish` for good if it can be had."""
    solver.push()
    solver.add(wish)
    possible = bool(solver.check() == z3.sat)
    solver.pop()
    if possible:
        solver.add(wish)
    return possible


def _milliseconds(seconds: float | None, rounding: str) -> int | None:
    if seconds is None or (math.isinf(seconds) and (seconds > 0) == (rounding == ROUND_FLOOR)):
        return None
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} is no limit of a time difference")
    return int((Decimal(str(seconds)) * 1000).to_integral_value(rounding))


def _meaning(times: Sequence[Any], one: Difference) -> Any:
    """The constraint as a z3 formula."""
    least, most = one.limits()
    difference = times[one.later] - times[one.earlier]
    parts = [] if least is None else [difference >= least]
    parts += [] if most is None else [difference <= most]
    return z3.And(*parts) if parts else z3.BoolVal(True, times[0].ctx)


def _conflict(given: Sequence[Difference], order: Sequence[Any], meanings: Sequence[Any], context: Any) -> Conflict:
    """A core of the constraints from which none can be left out, found by trying each, the last first."""
    core = list(range(len(given)))
    for candidate in reversed(range(len(given))):
        rest = [i for i in core if i != candidate]
        solver = left_to_python(z3.SolverFor("QF_IDL", ctx=context))
        solver.add(*order, *(meanings[i] for i in rest))
        if solver.check() == z3.unsat:
            core = rest
    reasons = dict.fromkeys(given[i].reason for i in core)
    return Conflict(tuple(reasons), tuple(given[i] for i in core))
