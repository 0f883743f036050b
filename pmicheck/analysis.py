"""The pipeline of DESIGN section 2, from scenario files to a record; read it from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pmicheck.attacker.profiles import ATTACKERS, Attacker, attacker_named
from pmicheck.catalogue import catalogue as catalogue
from pmicheck.catalogue import explain_property as explain_property
from pmicheck.engine import UNLIMITED, Engine
from pmicheck.errors import UsageError
from pmicheck.evidence import Finding, find_violation, trace_of
from pmicheck.evidence import state_of as state_of
from pmicheck.explore.explorer import kernel_in_use
from pmicheck.explore.result import Exploration as Explored
from pmicheck.explore.result import Progress as Watch
from pmicheck.explore.result import Reached, telling
from pmicheck.grounding.run import Prepared, prepare, world_of
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import SHIPPED, SHIPPED_IN, Scenario, load_scenario
from pmicheck.progress import Progress, decide_progress
from pmicheck.properties.base import Property, applies
from pmicheck.properties.catalogue import INVARIANTS, NAMES, PROGRESS, check_name
from pmicheck.report.record import (
    Cited,
    Exploration,
    Record,
    ReplayOutcome,
    Result,
    Stage,
    Uncovered,
    Witness,
    tool_version,
)
from pmicheck.symbolic.decide import Decider
from pmicheck.symbolic.schedule import ImpossibleTiming, schedule
from pmicheck.trace import Trace
from pmicheck.verdict import Replay, Verdict, verdict_of
from pmicheck.workers import in_order, pool_of

if TYPE_CHECKING:
    from pmicheck.concrete.replay import ReplayReport


@dataclass(frozen=True)
class Request:
    """What the user asks for; empty tuples mean everything that applies."""

    scenarios: tuple[str, ...] = ()
    attackers: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    engine: Engine = UNLIMITED
    workers: int = 1


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: a scenario under an attacker, for some properties."""

    scenario: Scenario
    policy: Policy
    attacker: Attacker
    properties: tuple[str, ...]
    engine: Engine


@dataclass(frozen=True)
class Decided:
    """What came of one cell; `cites` has the statements that each of its rules cites, `unsaved` is its checkpoint's."""

    results: tuple[Result, ...]
    exploration: Exploration
    cites: Mapping[str, tuple[str, ...]]
    unsaved: str = ""


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
        partial: called with the record so far on KeyboardInterrupt, which is then raised again.

    Raises:
        UsageError, ScenarioError: a name that does not exist or does not apply, a scenario file that is wrong.
    """
    began = time.perf_counter()
    cells = plan(request)
    done: list[Decided] = []

    def record(*, cut: bool = False) -> Record:
        return _record(request, cells, done, command, time.perf_counter() - began, cut=cut)

    try:
        for decided in _decide_all(cells, request.workers, progress):
            done.append(decided)
            found = decided.exploration
            progress(
                f"{found.scenario} / {found.attacker}: {found.states:,} states to depth {found.depth}, "
                f"{sum(found.stages.values()):.1f} s ({len(done)} of {len(cells)})"
            )
            for remark in filter(None, (found.shortage, decided.unsaved)):
                progress(f"{found.scenario} / {found.attacker}: {remark}")
    except KeyboardInterrupt:
        if partial is not None:
            partial(record(cut=True))
        raise
    return record()


def plan(request: Request) -> list[Cell]:
    """The cells of the matrix that a request names. Raises UsageError where nothing applies."""
    properties = tuple(check_name(name) for name in request.properties) or NAMES
    cells: list[Cell] = []
    for name in request.scenarios or SHIPPED:
        scenario, readings = load_scenario(name).bounded(dict(request.settings))
        policy = make_policy(readings, request.without, scenario.families, scenario.name)
        for attacker in _attackers(request, scenario):
            world = world_of(scenario, policy, attacker)
            wanted = tuple(p for p in properties if p == PROGRESS or applies(INVARIANTS[p], world))
            if wanted:
                cells.append(Cell(scenario, policy, attacker, wanted, request.engine))
    return cells


def _attackers(request: Request, scenario: Scenario) -> Iterator[Attacker]:
    """The attackers asked for, or all that differ from `off-path` in this scenario."""
    for name in request.attackers or ATTACKERS:
        attacker = attacker_named(name)
        if attacker.needs <= scenario.offers:
            yield attacker
        elif request.attackers and len(request.scenarios) == 1:
            missing = ", ".join(sorted(attacker.needs - scenario.offers))
            raise UsageError(f"attacker '{name}' does not apply to scenario '{scenario.name}': it needs a {missing}")


def _decide_all(cells: list[Cell], workers: int, tell: Callable[[str], None]) -> Iterator[Decided]:
    if workers <= 1 or len(cells) <= 1:
        shared = Shared(tell)
        yield from (decide(cell, shared) for cell in cells)
        return
    with pool_of(workers) as pool:
        alone = {_alone(cell): cell for cell in cells if PROGRESS in cell.properties}
        progress = {key: pool.submit(_decide_progress, cell) for key, cell in alone.items()}
        for cell, decided in zip(cells, in_order(pool, _decide_invariants, zip(cells)), strict=True):
            yield _with_progress(cell, decided, progress[_alone(cell)].result) if _alone(cell) in progress else decided


class Shared:
    """What cells of one run share: z3's answers, `progress`, which no attacker touches, and who is told of depths."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self.tell = tell
        self.decider = Decider()
        self.progress: dict[tuple[str, Policy], Progress] = {}

    def progress_of(self, cell: Cell) -> Progress:
        """The verdict on `progress`, found once for each scenario and policy."""
        if _alone(cell) not in self.progress:
            self.progress[_alone(cell)] = _decide_progress(cell)
        return self.progress[_alone(cell)]


def decide(cell: Cell, shared: Shared | None = None) -> Decided:
    """One cell: ground, explore, let z3 judge what was seen, replay what is violated."""
    shared = shared or Shared()
    watch = telling(f"{cell.scenario.name} / {cell.attacker.name}", shared.tell)
    decided = _decide_invariants(cell, shared.decider, watch)
    return _with_progress(cell, decided, lambda: shared.progress_of(cell)) if PROGRESS in cell.properties else decided


def _decide_invariants(cell: Cell, decider: Decider | None = None, watch: Watch | None = None) -> Decided:
    """All properties of the cell but `progress`."""
    decider = decider or Decider()
    clock = _Stopwatch()
    invariants = tuple(INVARIANTS[name] for name in cell.properties if name != PROGRESS)
    prepared = prepare(cell.scenario, cell.policy, cell.attacker, invariants)
    clock.lap("grounding")
    system = prepared.grounded.system
    explored = cell.engine.explore(system, progress=watch)
    clock.lap("exploration")
    findings = [
        find_violation(decider, prepared, cell.attacker, prop, explored, number)
        for number, prop in enumerate(invariants)
    ]
    clock.lap("z3")
    results = [
        _result(cell, prepared, explored, prop, finding, explored.goals[number])
        for number, (prop, finding) in enumerate(zip(invariants, findings, strict=True))
    ]
    clock.lap("traces")
    results = [replayed(result) for result in results]
    clock.lap("replay")
    share = sum(clock.stages.values()) / max(1, len(results))
    return Decided(
        tuple(replace(result, seconds=share) for result in results),
        _summary(cell, prepared, explored, clock.stages),
        {rule.name: rule.statements for rule in system.rules},
        explored.unsaved,
    )


def _with_progress(cell: Cell, decided: Decided, find: Callable[[], Progress]) -> Decided:
    """The cell with the verdict on `progress`, which no attacker touches, whichever is named."""
    clock = _Stopwatch()
    found = find()
    clock.lap("progress")
    witness = Witness(found.reached is not None, "the honest run is complete", found.reached)
    trace = replace(found.trace, attacker=cell.attacker.name) if found.trace else None
    result = replayed(_finished(cell, PROGRESS, found.verdict, found, found.depth, witness, trace))
    seen = replace(decided.exploration, stages={**decided.exploration.stages, **clock.stages})
    return replace(
        decided, results=(*decided.results, replace(result, seconds=clock.stages["progress"])), exploration=seen
    )


def _alone(cell: Cell) -> tuple[str, Policy]:
    """What `progress` depends on."""
    return cell.scenario.file, cell.policy


def _decide_progress(cell: Cell) -> Progress:
    return decide_progress(cell.scenario, cell.policy, cell.engine)


class _Stopwatch:
    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = now - self._last
        self._last = now


def _result(
    cell: Cell,
    prepared: Prepared,
    explored: Explored,
    prop: Property,
    finding: Finding | None,
    reached: Reached | None,
) -> Result:
    """The verdict of one property with its evidence, replay apart."""
    verdict = verdict_of(broken=finding is not None, complete=explored.complete, witnessed=reached is not None)
    trace = trace_of(prepared, cell.attacker, prop, explored, finding) if finding else None
    name, _ = prop.witness(prepared.start.world)
    witness = Witness(reached is not None, name, reached.depth if reached else None)
    depth = finding.seen.depth if finding else explored.depth
    return _finished(cell, prop.name, verdict, explored, depth, witness, trace)


def _finished(
    cell: Cell,
    prop: str,
    verdict: Verdict,
    explored: Explored | Progress,
    depth: int,
    witness: Witness,
    trace: Trace | None,
) -> Result:
    default = not cell.policy.without and all(cell.policy.reads(n, r.values[0]) for n, r in READINGS.items())
    expected, argument = cell.scenario.expected(cell.attacker.name, prop) if default else ("", "")
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
        needs_attacker=any(step.attacker for step in trace.steps) if trace else None,
        argument=argument,
        expected=expected,
    )


def replayed(result: Result) -> Result:
    """A violation, executed on the second implementation; anything else as it is."""
    if result.trace is None:
        return result
    if result.property == PROGRESS:
        reason = "nothing happens that could be replayed: the goal is out of reach"
        return replace(result, replay=ReplayOutcome(Replay.NOT_APPLICABLE, reason))
    try:
        report = replay_trace(result.trace)
    except ImpossibleTiming as error:
        return replace(result, replay=ReplayOutcome(Replay.DIVERGED, str(error)))
    outcome = ReplayOutcome(report.outcome, report.sentence, report.counterfactual, report.details)
    return replace(result, trace=report.trace or result.trace, replay=outcome)


def replay_trace(trace: Trace, *, pcap: Path | None = None) -> ReplayReport:
    """Solve for times, then execute the trace on real packets; with `pcap`, keep what crossed the links.

    Raises OutputError if the capture cannot be written, ImpossibleTiming if no timestamps fit the constants.
    """
    from pmicheck.concrete.replay import replay

    return replay(trace, times=schedule(trace), pcap=pcap)


def _summary(cell: Cell, prepared: Prepared, explored: Explored, stages: dict[str, float]) -> Exploration:
    """Sizes, coverage and times of one exploration; every rule that never fired is listed."""
    grounded = prepared.grounded
    ground, system = grounded.ground, grounded.system
    coverage = {rule.name: explored.fired[number] for number, rule in enumerate(system.rules)}
    silent = sorted(name for name, fired in coverage.items() if not fired)
    return Exploration(
        scenario=cell.scenario.name,
        attacker=cell.attacker.name,
        readings=dict(cell.policy.readings),
        without=tuple(sorted(cell.policy.without)),
        states=explored.states,
        transitions=explored.transitions,
        depth=explored.depth,
        complete=explored.complete,
        knowledge_sets=explored.knowledge_sets,
        facts=len(system.facts),
        ground_transitions=len(system.transitions),
        cells=len(grounded.fields),
        values=sum(len(field.values) for field in grounded.fields.values()),
        messages=len(ground.messages) + ground.injections,
        bits=sum(field.width for field in system.fields),
        coverage=coverage,
        uncovered=tuple(Uncovered(name, cell.scenario.reason(name, cell.attacker.name)) for name in silent),
        stages=stages,
        stopped_by=explored.stopped_by or "",
        shortage=explored.shortage,
    )


def _record(
    request: Request,
    cells: Iterable[Cell],
    done: Iterable[Decided],
    command: list[str],
    seconds: float,
    *,
    cut: bool,
) -> Record:
    scenarios = {cell.scenario.name: cell.scenario for cell in cells}
    decided = list(done)
    spent: dict[str, float] = {}
    for one in decided:
        for stage, took in one.exploration.stages.items():
            spent[stage] = spent.get(stage, 0.0) + took
    whole = sum(spent.values()) or 1.0
    return Record(
        pmicheck=tool_version(),
        kernel=kernel_in_use(),
        command=tuple(command),
        settings={n: value for n, value in request.settings if n not in READINGS or value != READINGS[n].values[0]},
        bounds={name: vars(scenario.bounds) for name, scenario in scenarios.items()},
        results=tuple(result for one in decided for result in one.results),
        explorations=tuple(one.exploration for one in decided),
        seconds=seconds,
        stages={stage: Stage(took, took / whole) for stage, took in spent.items()},
        partial=cut,
        statements=_cited(decided),
        titles={name: scenario.title for name, scenario in scenarios.items()},
        files={name: _written_in(scenario) for name, scenario in scenarios.items()},
    )


def _written_in(scenario: Scenario) -> str:
    """The scenario's file: as the user named it, or from the project's root."""
    shipped = scenario.file == f"{scenario.name}.toml" and scenario.name in SHIPPED
    return f"{SHIPPED_IN}/{scenario.file}" if shipped else Path(scenario.file).as_posix()


def _cited(done: Iterable[Decided]) -> dict[str, Cited]:
    """The coverage of all cells, by statement instead of by rule."""
    found: dict[str, Cited] = {}
    for one in done:
        for rule, fired in one.exploration.coverage.items():
            for name in one.cites[rule]:
                before = found.get(name, Cited((), 0))
                found[name] = Cited(tuple(sorted({*before.rules, rule})), before.fired + fired)
    return found
