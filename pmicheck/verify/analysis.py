"""The pipeline of DESIGN section 2, from scenario files to a record; read it from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from pmicheck.cluster.place import Place
from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.result import Progress as Watch
from pmicheck.explore.result import Reached, Sight, telling
from pmicheck.grounding.run import Prepared
from pmicheck.model.policy import Policy
from pmicheck.model.readings import READINGS
from pmicheck.properties.base import Property
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.record.record import (
    Record,
    ReplayOutcome,
    Result,
    Witness,
)
from pmicheck.symbolic.decide import Decider
from pmicheck.symbolic.schedule import ImpossibleTiming, schedule
from pmicheck.trace import Trace
from pmicheck.verdict import Replay, Verdict, verdict_of
from pmicheck.verify.catalogue import catalogue as catalogue
from pmicheck.verify.catalogue import explain_property as explain_property
from pmicheck.verify.evidence import Findings, Way, trace_of, way_to
from pmicheck.verify.evidence import state_of as state_of
from pmicheck.verify.matrix import Cell as Cell
from pmicheck.verify.matrix import Request as Request
from pmicheck.verify.matrix import Turn, turns
from pmicheck.verify.matrix import plan as plan
from pmicheck.verify.progress import Progress, decide_progress
from pmicheck.verify.recording import Decided, record_of, remarks, summary
from pmicheck.verify.searching import Searched
from pmicheck.verify.settling import Known, settled
from pmicheck.verify.workers import as_ready, at_once, pool_of

if TYPE_CHECKING:
    from pmicheck.cluster.connection import Connection
    from pmicheck.concrete.replay import ReplayReport


@dataclass(frozen=True)
class Given:
    """What a cell takes from others.

    Attributes:
        settled: by property, the results that have its verdict and its witness.
        twin: the search of a system that may be the same.
        shares: whether others wait for the search of this cell.
    """

    settled: Mapping[str, tuple[Result, Result]] = field(default_factory=dict)
    twin: Searched | None = None
    shares: bool = False


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
        for number, decided in _decide_all(cells, request, done, progress):
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


def _decide_all(
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
        progress = {key: pool.submit(_decide_progress, cell) for key, cell in alone.items()}

        def start(number: int) -> Future[Decided]:
            return pool.submit(_decide_invariants, parts[number], _given(number, cells, order, done))

        workers = cluster.workers if cluster else request.workers
        for number, decided in as_ready(after, [turn.weight for turn in order], start, workers):
            cell = cells[number]
            if cluster and _too_large(parts[number], cell, decided):
                decided = _decide_together(cell, _given(number, cells, order, done), decided, cluster, tell)
            found = progress[cell.alone].result if PROGRESS in cell.properties else None
            yield number, _with_progress(cell, decided, found) if found else decided


def _given(number: int, cells: list[Cell], order: list[Turn], done: Mapping[int, Decided]) -> Given:
    """What a cell can take from those that were decided before it."""
    turn, cell = order[number], cells[number]
    settled_ones: dict[str, tuple[Result, Result]] = {}
    for prop in cell.invariants if turn.settlers else ():
        others = [(n, result) for n in turn.settlers for result in done[n].results if result.property == prop]
        known = [Known(cells[n].attacker, result.verdict, _witnessed(result)) for n, result in others]
        found = settled(cell.attacker, known)
        if found is not None:
            settled_ones[prop] = others[found.by][1], others[found.witness][1]
    twin = None if turn.twin is None else done[turn.twin].searched
    return Given(settled_ones, twin, shares=any(other.twin == number for other in order))


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
            return _decide_invariants(replace(cell, engine=engine), given, watch=watch)
        except LimitReached as error:
            tell(f"{error}; decided as far as one worker came")
            return decided


class Shared:
    """What cells of one run share: z3's answers, `progress`, which no attacker touches, and who is told of depths."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self.tell = tell
        self.decider = Decider()
        self.progress: dict[tuple[str, Policy], Progress] = {}

    def progress_of(self, cell: Cell) -> Progress:
        """The verdict on `progress`, found once for each scenario and policy."""
        if cell.alone not in self.progress:
            self.progress[cell.alone] = _decide_progress(cell)
        return self.progress[cell.alone]


def decide(cell: Cell, shared: Shared | None = None, given: Given = Given()) -> Decided:
    """One cell: ground, explore, let z3 judge what was seen, replay what is violated."""
    shared = shared or Shared()
    watch = telling(f"{cell.scenario.name} / {cell.attacker.name}", shared.tell)
    decided = _decide_invariants(cell, given, shared.decider, watch)
    return _with_progress(cell, decided, lambda: shared.progress_of(cell)) if PROGRESS in cell.properties else decided


def _decide_invariants(cell: Cell, given: Given, decider: Decider | None = None, watch: Watch | None = None) -> Decided:
    """All properties of the cell but `progress`."""
    taken = {prop: _taken(cell, *pair) for prop, pair in given.settled.items()}
    invariants = tuple(INVARIANTS[name] for name in cell.invariants if name not in taken)
    if taken and not invariants:
        return Decided(tuple(taken[name] for name in cell.invariants))
    clock = _Stopwatch()
    prepared = cell.engine.prepare(cell.scenario, cell.policy, cell.attacker, invariants)
    clock.lap("cache" if prepared.kept else "grounding")
    searched = given.twin
    if searched is None or not searched.answers(prepared, invariants):
        searched = _searched(cell, prepared, invariants, decider or Decider(), clock, watch)
    results = [
        _result(cell, prepared, searched, prop, way, searched.goals[number])
        for number, (prop, way) in enumerate(zip(invariants, searched.ways, strict=True))
    ]
    clock.lap("traces")
    results = [replayed(result) for result in results]
    clock.lap("replay")
    share = sum(clock.stages.values()) / max(1, len(results))
    found = taken | {result.property: structs.replace(result, seconds=share) for result in results}
    return Decided(
        tuple(found[name] for name in cell.invariants),
        summary(cell, prepared, searched, clock.stages),
        {rule.name: rule.statements for rule in prepared.grounded.system.rules},
        searched if given.shares else None,
        searched.unsaved,
    )


def _searched(
    cell: Cell,
    prepared: Prepared,
    invariants: tuple[Property, ...],
    decider: Decider,
    clock: _Stopwatch,
    watch: Watch | None,
) -> Searched:
    """Every reachable state, or as many as decide all, what z3 says of them, and the ways to what is violated."""
    system = prepared.grounded.system
    findings = Findings(decider, prepared, cell.attacker, invariants)

    def decided(sight: Sight) -> bool:
        clock.lap("exploration")
        answer = findings.decided(sight)
        clock.lap("z3")
        return answer

    explored = cell.engine.explore(system, progress=watch, enough=decided)
    ways = tuple(way_to(finding, system, explored) if finding else None for finding in findings.first)
    clock.lap("traces")
    return Searched.of(cell.attacker.name, prepared, invariants, explored, ways)


def _taken(cell: Cell, by: Result, witness: Result) -> Result:
    """The verdict of another cell that implies this one's; what is violated is replayed under this attacker's name."""
    expected, argument = _expected(cell, by.property)
    return replayed(
        structs.replace(
            by,
            attacker=cell.attacker.name,
            seconds=0.0,
            witness=witness.witness,
            trace=structs.replace(by.trace, attacker=cell.attacker.name) if by.trace else None,
            replay=None,
            argument=argument,
            expected=expected,
            settled_by=by.settled_by or by.attacker,
        )
    )


def _with_progress(cell: Cell, decided: Decided, find: Callable[[], Progress]) -> Decided:
    """The cell with the verdict on `progress`, which no attacker touches, whichever is named."""
    clock = _Stopwatch()
    found = find()
    clock.lap("progress")
    witness = Witness(found.reached is not None, "the honest run is complete", found.reached)
    trace = structs.replace(found.trace, attacker=cell.attacker.name) if found.trace else None
    result = replayed(_finished(cell, PROGRESS, found.verdict, found, found.depth, witness, trace))
    seen = decided.exploration
    if seen is not None:
        seen = structs.replace(seen, stages={**seen.stages, **clock.stages})
    results = (*decided.results, structs.replace(result, seconds=clock.stages["progress"]))
    return replace(decided, results=results, exploration=seen)


def _decide_progress(cell: Cell) -> Progress:
    return decide_progress(cell.scenario, cell.policy, cell.engine)


class _Stopwatch:
    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._last
        self._last = now


def _result(
    cell: Cell, prepared: Prepared, searched: Searched, prop: Property, way: Way | None, reached: Reached | None
) -> Result:
    """The verdict of one property with its evidence, replay apart."""
    verdict = verdict_of(broken=way is not None, complete=searched.complete, witnessed=reached is not None)
    trace = trace_of(prepared, cell.attacker, prop, way) if way else None
    name, _ = prop.witness(prepared.start.world)
    witness = Witness(reached is not None, name, reached.depth if reached else None)
    return _finished(cell, prop.name, verdict, searched, way.depth if way else searched.depth, witness, trace)


def _finished(
    cell: Cell,
    prop: str,
    verdict: Verdict,
    explored: Searched | Progress,
    depth: int,
    witness: Witness,
    trace: Trace | None,
) -> Result:
    expected, argument = _expected(cell, prop)
    return Result(
        scenario=cell.scenario.name,
        attacker=cell.attacker.name,
        property=prop,
        readings=dict(cell.policy.readings),
        without=tuple(sorted(cell.policy.without)),
        verdict=verdict,
        bounds=cell.scenario.bounds_sentence(),
        states=explored.states,
        transitions=explored.transitions,
        depth=depth,
        seconds=0.0,
        witness=witness,
        trace=trace,
        replay=None,
        needs_attacker=any(step.attacker for step in trace.steps) if trace else None,
        argument=argument,
        expected=expected,
    )


def _expected(cell: Cell, prop: str) -> tuple[str, str]:
    """The verdict that the scenario file expects, and why; of the readings and mechanisms that it speaks of."""
    default = not cell.policy.without and all(cell.policy.reads(n, r.values[0]) for n, r in READINGS.items())
    return cell.scenario.expected(cell.attacker.name, prop) if default else ("", "")


def replayed(result: Result) -> Result:
    """A violation, executed on the second implementation; anything else as it is."""
    if result.trace is None:
        return result
    if result.property == PROGRESS:
        reason = "nothing happens that could be replayed: the goal is out of reach"
        return structs.replace(result, replay=ReplayOutcome(Replay.NOT_APPLICABLE, reason))
    try:
        report = replay_trace(result.trace)
    except ImpossibleTiming as error:
        return structs.replace(result, replay=ReplayOutcome(Replay.DIVERGED, str(error)))
    outcome = ReplayOutcome(report.outcome, report.sentence, report.counterfactual, report.details)
    return structs.replace(result, trace=report.trace or result.trace, replay=outcome)


def replay_trace(trace: Trace, *, pcap: Path | None = None) -> ReplayReport:
    """Solve for times, then execute the trace on real packets; with `pcap`, keep what crossed the links.

    Raises OutputError if the capture cannot be written, ImpossibleTiming if no timestamps fit the constants.
    """
    from pmicheck.concrete.replay import replay

    return replay(trace, times=schedule(trace), pcap=pcap)
