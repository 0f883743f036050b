"""The pipeline of DESIGN section 2 for one cell of the matrix; read it from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from msgspec import structs

from pmicheck.explore.result import Progress as Watch
from pmicheck.explore.result import telling
from pmicheck.model.policy import Policy
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.record.record import Result
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict
from pmicheck.verify.deciding import Stopwatch, search
from pmicheck.verify.matrix import Cell
from pmicheck.verify.progress import Progress, decide_progress
from pmicheck.verify.proving import with_proofs
from pmicheck.verify.recording import Decided, summary
from pmicheck.verify.results import replayed, result_of, result_of_progress, taken
from pmicheck.verify.searching import Searched


@dataclass(frozen=True, kw_only=True)
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


class Shared:
    """What cells of one run share: z3's answers, `progress`, which no attacker touches, and who is told of depths."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self.tell = tell
        self.decider = Decider()
        self.progress: dict[tuple[str, Policy], Progress] = {}

    def progress_of(self, cell: Cell) -> Progress:
        """The verdict on `progress`, found once for each scenario and policy."""
        if cell.alone not in self.progress:
            self.progress[cell.alone] = decide_progress(cell)
        return self.progress[cell.alone]


def verdicts_of(cell: Cell, shared: Shared) -> dict[str, Verdict]:
    """The verdict of each property of a cell, as `decide` gives it, without trace and replay.

    Raises ScenarioError if the scenario's prologue does not fit its bounds.
    """
    invariants = tuple(INVARIANTS[name] for name in cell.invariants)
    prepared = cell.engine.prepare(cell.scenario, cell.policy, cell.attacker, invariants)
    found = search(prepared, shared.decider, engine=cell.engine).verdicts()
    return found | ({PROGRESS: shared.progress_of(cell).verdict} if PROGRESS in cell.properties else {})


def decide(cell: Cell, shared: Shared | None = None, given: Given = Given()) -> Decided:
    """One cell: ground, explore, let z3 judge what was seen, replay what is violated."""
    shared = shared or Shared()
    watch = telling(f"{cell.scenario.name} / {cell.attacker.name}", shared.tell)
    decided = decide_invariants(cell, given, shared.decider, watch)
    return with_progress(cell, decided, lambda: shared.progress_of(cell)) if PROGRESS in cell.properties else decided


def decide_invariants(cell: Cell, given: Given, decider: Decider | None = None, watch: Watch | None = None) -> Decided:
    """All properties of the cell but `progress`. Raises Disagreement if what is violated is proved."""
    decider = decider or Decider()
    decided = _searched(cell, given, decider, watch)
    return with_proofs(cell, decided, decider) if cell.prove else decided


def _searched(cell: Cell, given: Given, decider: Decider, watch: Watch | None) -> Decided:
    """What a search finds, or other cells settled."""
    found = {prop: taken(cell, *pair) for prop, pair in given.settled.items()}
    invariants = tuple(INVARIANTS[name] for name in cell.invariants if name not in found)
    if found and not invariants:
        return Decided(results=tuple(found[name] for name in cell.invariants))
    clock = Stopwatch()
    prepared = cell.engine.prepare(cell.scenario, cell.policy, cell.attacker, invariants)
    clock.lap("cache" if prepared.kept else "grounding")
    searched = given.twin
    if searched is None or not searched.answers(prepared):
        judged = search(prepared, decider, engine=cell.engine, witnesses=True, watch=watch, clock=clock)
        searched = Searched.of(cell.attacker.name, judged, decider)
    results = [result_of(cell, prepared, searched, number) for number in range(len(invariants))]
    clock.lap("traces")
    results = [replayed(result) for result in results]
    clock.lap("replay")
    share = sum(clock.stages.values()) / max(1, len(results))
    found |= {result.property: structs.replace(result, seconds=share) for result in results}
    return Decided(
        results=tuple(found[name] for name in cell.invariants),
        exploration=summary(cell, prepared, searched, clock.stages),
        cites={rule.name: rule.statements for rule in prepared.grounded.system.rules},
        searched=searched if given.shares else None,
        unsaved=searched.explored.unsaved,
    )


def with_progress(cell: Cell, decided: Decided, find: Callable[[], Progress]) -> Decided:
    """The cell with the verdict on `progress`, which no attacker touches, whichever is named."""
    clock = Stopwatch()
    found = find()
    clock.lap("progress")
    result = structs.replace(replayed(result_of_progress(cell, found)), seconds=clock.stages["progress"])
    seen = decided.exploration
    if seen is not None:
        seen = structs.replace(seen, stages={**seen.stages, **clock.stages})
    return replace(decided, results=(*decided.results, result), exploration=seen)
