"""One run: from what the user asks for to a record."""

from __future__ import annotations

import time
from collections.abc import Callable

from pmicheck.errors import LimitReached, UsageError
from pmicheck.report.record.record import Record
from pmicheck.verify.matrix import Cell, Request, plan
from pmicheck.verify.recording import Decided, record_of, remarks
from pmicheck.verify.schedule import decide_all


def verify(
    request: Request,
    *,
    command: list[str],
    progress: Callable[[str], None],
    partial: Callable[[Record], None] | None = None,
) -> Record:
    """Decide all that is asked for.

    Args:
        command: the command line, for the record; progress: called with one sentence per finished exploration.
        partial: called with the record so far if the run does not come to its end, whatever the reason.

    Raises:
        UsageError, ScenarioError: a name that does not exist or does not apply, a scenario file that is wrong.
        LimitReached: a system is too large for the machine, a worker was killed, or the cluster is gone.
    """
    began = time.perf_counter()
    cells = plan(request, progress)
    done: dict[int, Decided] = {}

    def record(*, cut: bool = False) -> Record:
        in_order = [done[number] for number in sorted(done)]
        return record_of(request, cells, in_order, command, time.perf_counter() - began, cut=cut)

    try:
        for number, decided in decide_all(cells, request, done, progress):
            done[number] = decided
            progress(f"{_told(cells[number], decided)} ({len(done)} of {len(cells)})")
            for remark in remarks(decided):
                progress(f"{cells[number].scenario.name} / {cells[number].attacker.name}: {remark}")
        return record()
    except BaseException as error:
        if partial is not None and (done or not isinstance(error, UsageError)):
            partial(record(cut=True))
        if isinstance(error, MemoryError):
            raise LimitReached("memory is exhausted") from error
        raise


def _told(cell: Cell, decided: Decided) -> str:
    """One cell in a line: its size, whose search it shares, and how much of it other cells settled."""
    found, names = decided.exploration, f"{cell.scenario.name} / {cell.attacker.name}"
    settled_ones = [result for result in decided.results if result.settled_by]
    if found is None:
        return f"{names}: settled by {' and '.join(dict.fromkeys(each.settled_by for each in settled_ones))}"
    shared = f", as under {found.same_as}" if found.same_as else ""
    settled_too = f", {len(settled_ones)} of {len(decided.results)} settled" if settled_ones else ""
    seconds = sum(found.stages.values())
    return f"{names}: {found.states:,} states to depth {found.depth}{shared}{settled_too}, {seconds:.1f} s"
