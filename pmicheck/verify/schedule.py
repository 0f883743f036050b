"""Which cell is decided when and where: in this process, in several of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmicheck.attacker.lattice import Known, comparable, in_order_of_settling, settled
from pmicheck.attacker.profiles import Attacker
from pmicheck.cluster.place import Place
from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.result import telling
from pmicheck.grounding.run import world_of
from pmicheck.model.policy import Policy
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record.record import Result
from pmicheck.verdict import as_searched
from pmicheck.verify.matrix import Cell, Request
from pmicheck.verify.pipeline import Given, Shared, decide, decide_invariants, with_progress
from pmicheck.verify.progress import decide_progress
from pmicheck.verify.recording import Decided
from pmicheck.verify.workers import as_ready, at_once, pool_of

if TYPE_CHECKING:
    from pmicheck.cluster.connection import Connection


def decide_all(
    cells: list[Cell], request: Request, done: Mapping[int, Decided], tell: Callable[[str], None]
) -> Iterator[tuple[int, Decided]]:
    """Each cell as soon as it is decided, by its number; the caller keeps them in `done`."""
    order = turns(cells, settle=request.settle)
    after = [turn.after for turn in order]
    if request.cluster is None and (request.workers <= 1 or len(cells) <= 1):
        shared = Shared(tell)
        matrix_order = [0] * len(cells)

        def start_here(number: int) -> Future[Decided]:
            return at_once(decide, cells[number], shared, _given(number, cells, order, done))

        yield from as_ready(after, matrix_order, start_here, 1)
        return
    with ExitStack() as stack:
        cluster = _connected(request.cluster, stack)
        pool = cluster or stack.enter_context(pool_of(request.workers))
        parts = [cell.for_one_of(request.cluster) for cell in cells]
        alone = {cell.alone: cell for cell in cells if PROGRESS in cell.properties}
        progress = {key: pool.submit(decide_progress, cell) for key, cell in alone.items()}

        def start(number: int) -> Future[Decided]:
            return pool.submit(decide_invariants, parts[number], _given(number, cells, order, done))

        workers = cluster.workers if cluster else request.workers
        for number, decided in as_ready(after, [turn.weight for turn in order], start, workers):
            cell = cells[number]
            if cluster and _too_large(parts[number], cell, decided):
                decided = _decide_together(cell, _given(number, cells, order, done), decided, cluster, tell)
            found = progress[cell.alone].result if PROGRESS in cell.properties else None
            yield number, with_progress(cell, decided, found) if found else decided


@dataclass(frozen=True, kw_only=True)
class Turn:
    """When a cell is decided, and what it may take from others; all numbers are those of cells.

    Attributes:
        twin: the cell whose ground system may be the same, if there is one.
        settlers: the cells whose verdicts may settle its own.
        weight: how long it and all that waits for it may take, in no unit.
    """

    twin: int | None
    settlers: tuple[int, ...]
    weight: int

    @property
    def after(self) -> frozenset[int]:
        """The cells that are decided before it."""
        return frozenset(self.settlers) | (frozenset() if self.twin is None else {self.twin})


def turns(cells: Sequence[Cell], *, settle: bool) -> list[Turn]:
    """The turn of each cell; with `settle`, weakest and strongest attackers come before those in between."""
    families: dict[tuple[str, Policy], list[int]] = {}
    for number, cell in enumerate(cells):
        families.setdefault(cell.alone, []).append(number)
    found: dict[int, Turn] = {}
    for family in families.values():
        waits: dict[int, tuple[int | None, tuple[int, ...]]] = {}
        for number in _settling_most(cells, family) if settle else family:
            attacker = cells[number].attacker
            settlers = tuple(n for n in waits if settle and comparable(cells[n].attacker, attacker))
            waits[number] = _twin(cells, tuple(waits), number), settlers
        strength = {number: _strength(cells[number].attacker) for number in family}
        for number, (twin, others) in waits.items():
            awaited_by = [n for n, (first, needed) in waits.items() if number == first or number in needed]
            weight = strength[number] + sum(strength[n] for n in awaited_by)
            found[number] = Turn(twin=twin, settlers=others, weight=weight)
    return [found[number] for number in range(len(cells))]


def _settling_most(cells: Sequence[Cell], family: Sequence[int]) -> Iterator[int]:
    order = in_order_of_settling([cells[number].attacker for number in family])
    return (family[place] for place in order)


def _twin(cells: Sequence[Cell], earlier: Sequence[int], number: int) -> int | None:
    """The first cell before this one in whose world it lies: only their attackers' positions differ."""
    cell = cells[number]
    world = world_of(cell.scenario, cell.policy, cell.attacker)
    for other in earlier:
        one = cells[other]
        if one.properties == cell.properties and world_of(one.scenario, one.policy, one.attacker) == world:
            return other
    return None


def _strength(attacker: Attacker) -> int:
    """How much it adds to a system, roughly: what a corrupt PMA holds, homes of its own, links."""
    return 1 + 4 * len(attacker.corrupts) + 3 * attacker.own_home + len(attacker.taps)


def _given(number: int, cells: list[Cell], order: list[Turn], done: Mapping[int, Decided]) -> Given:
    """What a cell can take from those that were decided before it."""
    turn, cell = order[number], cells[number]
    settled_ones: dict[str, tuple[Result, Result]] = {}
    for prop in cell.invariants if turn.settlers else ():
        others = [(n, result) for n in turn.settlers for result in done[n].results if result.property == prop]
        known = [Known(cells[n].attacker, as_searched(result.verdict), _witnessed(result)) for n, result in others]
        found = settled(cell.attacker, known)
        if found is not None:
            settled_ones[prop] = others[found.by][1], others[found.witness][1]
    twin = None if turn.twin is None else done[turn.twin].searched
    return Given(settled=settled_ones, twin=twin, shares=any(other.twin == number for other in order))


def _witnessed(result: Result) -> bool:
    return result.witness is not None and result.witness.found


def _connected(place: Place | None, stack: ExitStack) -> Connection | None:
    """A connection to the cluster, if there is to be one, until the stack is left. Raises UsageError."""
    if place is None:
        return None
    try:
        from pmicheck.cluster.connection import connect
    except ImportError as error:
        raise UsageError("--cluster needs Dask and NumPy: pip install 'pmicheck[cluster]' brings them") from error
    return stack.enter_context(connect(place))


def _too_large(part: Cell, cell: Cell, decided: Decided) -> bool:
    """Whether one worker stopped where it was told to, and the user did not mean it to."""
    found, most = decided.exploration, part.engine.max_states
    return found is not None and found.cut and found.states == most != cell.engine.max_states


def _decide_together(
    cell: Cell, given: Given, decided: Decided, cluster: Connection, tell: Callable[[str], None]
) -> Decided:
    """A cell whose space is partitioned among all workers; as one of them left it if that comes to nothing."""
    watch = telling(f"{cell.scenario.name} / {cell.attacker.name}", tell)
    with cluster.search(tell) as search:
        try:
            engine = replace(cell.engine, elsewhere=search)
            return decide_invariants(replace(cell, engine=engine), given, watch=watch)
        except LimitReached as error:
            tell(f"{error}; decided as far as one worker came")
            return decided
