"""From what came of each cell to the record of a run: sizes, coverage, times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pmicheck.attacker.profiles import ATTACKERS
from pmicheck.errors import UsageError
from pmicheck.explore.explorer import kernel_in_use
from pmicheck.grounding.run import Prepared
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import NAMED, SHIPPED_IN, Scenario, load_scenario
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS, PROGRESS_HARM, PROGRESS_VIOLATED_WHEN
from pmicheck.report.record.catalogue import Asked, Catalogue, Opponent
from pmicheck.report.record.record import Cited, Exploration, Record, Result, Stage, Uncovered, tool_version
from pmicheck.verdict import DECIDED
from pmicheck.verify.matrix import Cell, Request
from pmicheck.verify.searching import Searched


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What came of one cell.

    Attributes:
        exploration: None if all was settled by other cells.
        cites: the statements that each of its rules cites.
        searched: what others may share, if they wait for that.
        unsaved: what its checkpoint lacks, as a sentence, or "".
    """

    results: tuple[Result, ...]
    exploration: Exploration | None = None
    cites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    searched: Searched | None = None
    unsaved: str = ""


def remarks(decided: Decided) -> list[str]:
    """What has to be said of a search besides its verdicts: why it was cut, what was not saved."""
    shortage = decided.exploration.shortage if decided.exploration else ""
    return [remark for remark in (shortage, decided.unsaved) if remark]


def summary(cell: Cell, prepared: Prepared, searched: Searched, stages: dict[str, float]) -> Exploration:
    """Sizes, coverage and times of one exploration; if it is whole, every rule that never fired is listed."""
    grounded = prepared.grounded
    ground, system, explored = grounded.ground, grounded.system, searched.explored
    coverage = {rule.name: explored.fired[number] for number, rule in enumerate(system.rules)}
    whole = explored.stopped_by != DECIDED  # else nobody knows what would have fired later
    silent = sorted(name for name, fired in coverage.items() if whole and not fired)
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
        same_as="" if searched.attacker == cell.attacker.name else searched.attacker,
        reductions=cell.engine.reduce,
        stopped_by=explored.stopped_by or "",
        shortage=explored.shortage,
        seconded=explored.seconded,
    )


def record_of(
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
    explorations = tuple(one.exploration for one in decided if one.exploration)
    for each in explorations:
        for stage, took in each.stages.items():
            spent[stage] = spent.get(stage, 0.0) + took
    whole = sum(spent.values()) or 1.0
    return Record(
        pmicheck=tool_version(),
        kernel=kernel_in_use(),
        command=tuple(command),
        settings={n: value for n, value in request.settings if n not in READINGS or value != READINGS[n].values[0]},
        bounds={name: vars(scenario.bounds) for name, scenario in scenarios.items()},
        results=tuple(result for one in decided for result in one.results),
        explorations=explorations,
        seconds=seconds,
        stages={stage: Stage(took, took / whole) for stage, took in spent.items()},
        partial=cut,
        statements=_cited(decided),
        titles={name: scenario.title for name, scenario in scenarios.items()},
        files={name: _written_in(scenario) for name, scenario in scenarios.items()},
        digests=digests_of(scenarios.values()),
        catalogue=catalogue_of(scenarios.values()),
    )


def catalogue_of(scenarios: Iterable[Scenario]) -> Catalogue:
    """What the properties and attackers are, and which of the scenarios are the draft's ancestors."""
    asked = {name: Asked(prop.violated_when, prop.harm, prop.severity) for name, prop in INVARIANTS.items()}
    return Catalogue(
        {**asked, PROGRESS: Asked(PROGRESS_VIOLATED_WHEN, PROGRESS_HARM)},
        {name: Opponent(attacker.who, attacker.rank) for name, attacker in ATTACKERS.items()},
        tuple(scenario.name for scenario in scenarios if scenario.course.ancestor),
    )


def _written_in(scenario: Scenario) -> str:
    """The scenario's file: as the user named it, or from the project's root."""
    return f"{SHIPPED_IN}/{scenario.file}" if scenario.shipped else Path(scenario.file).as_posix()


def digests_of(scenarios: Iterable[Scenario]) -> dict[str, str]:
    """By name, the digest of each scenario's file, and of the one that it widens."""
    found: dict[str, str] = {}
    for scenario in scenarios:
        for each in (scenario, *([load_scenario(scenario.widens)] if scenario.widens else [])):
            found[each.name] = hashlib.sha256(each.text.encode("utf-8", "surrogatepass")).hexdigest()
    return found


def check_unchanged(record: Record, source: Path) -> None:
    """Raises UsageError if a scenario of the record, which was read from `source`, is not what it was any more.

    Where a file is not there any more, nothing can be compared, and nothing is refused.
    """
    for name, digest in record.digests.items():
        file = record.files.get(name, "")
        shipped = name in NAMED and (not file or file.startswith(f"{SHIPPED_IN}/"))
        if not shipped and not Path(file).is_file():
            continue
        try:
            now = digests_of([load_scenario(name if shipped else file)]).get(name)
        except UsageError:
            now = None
        if now != digest:
            problem = f"scenario '{name}' ({file or name}) has changed since this record was made; make it again"
            raise UsageError(f"{source}: {problem}")


def _cited(done: Iterable[Decided]) -> dict[str, Cited]:
    """The coverage of all cells, by statement instead of by rule."""
    found: dict[str, Cited] = {}
    for one in done:
        for rule, fired in one.exploration.coverage.items() if one.exploration else ():
            for name in one.cites[rule]:
                before = found.get(name, Cited((), 0))
                found[name] = Cited(tuple(sorted({*before.rules, rule})), before.fired + fired)
    return found
