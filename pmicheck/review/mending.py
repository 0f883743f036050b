"""What the changes of the draft that the root causes propose are worth: each is decided by runs.

Every cell that a cause explains is decided with the cause's change in force; where it is still violated, and where the
cause has no change of its own, with the changes of all causes in force. No limit cuts these runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import load_scenario
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Cause, Explained
from pmicheck.review.causes import RootCause, explained, root_causes
from pmicheck.review.cells import Cell, Settings, Verdicts
from pmicheck.verdict import Verdict


def judge_causes(record: Record, progress: Callable[[str], None]) -> tuple[Cause, ...]:
    """Every root cause with the cells that it explains and what its change makes of them, in the order of their file.

    The record has violations of shipped scenarios only. `progress` is called with one sentence per run.
    """
    verdicts = Verdicts(progress, most_states=None)
    cells = explained(record)
    return tuple(judge(cause, (*cells[cause.name], *cause.shown), verdicts) for cause in root_causes())


def judge(cause: RootCause, cells: tuple[Cell, ...], verdicts: Verdicts) -> Cause:
    """One cause with those of the cells that are violated: of the cells that it shows under other readings, a run says
    whether they are."""
    violated = tuple(cell for cell in cells if cell not in cause.shown or verdicts.of(cell) is Verdict.VIOLATED)
    alone = _decided(violated, cause.settings, verdicts) if cause.settings else {}
    open_cells = tuple(cell for cell in violated if alone.get(cell) is not Verdict.HOLDS)
    together = _decided(open_cells, all_settings(), verdicts)
    return Cause(
        name=cause.name,
        says=cause.says,
        statements=cause.statements,
        readings=cause.readings,
        inherited=cause.inherited,
        change=cause.change,
        settings=cause.settings,
        cells=tuple(
            Explained(
                scenario=cell.scenario,
                attacker=cell.attacker,
                property=cell.property,
                settings=cell.settings,
                alone=str(alone.get(cell, "")),
                together=str(together.get(cell, "")),
            )
            for cell in violated
        ),
        stuck=tuple(_stuck(violated, cause.settings, verdicts)) if cause.settings else (),
    )


def all_settings() -> Settings:
    """What puts the changes of all causes in force."""
    return tuple(sorted({answer for cause in root_causes() for answer in cause.settings}))


def _decided(cells: Iterable[Cell], settings: Settings, verdicts: Verdicts) -> Mapping[Cell, Verdict]:
    """By cell its verdict with the settings in force; a cell in whose scenario none applies is left out."""
    changed = {cell: _under(cell, settings) for cell in cells}
    asked = {cell: other for cell, other in changed.items() if other.settings != cell.settings}
    verdicts.decide(asked.values())
    return {cell: verdicts.known[other] for cell, other in asked.items() if other in verdicts.known}


def _stuck(cells: Iterable[Cell], settings: Settings, verdicts: Verdicts) -> Iterator[str]:
    """The scenarios of the cells whose goal is out of reach with the settings in force, or not shown to be in reach."""
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        goal = _under(Cell(scenario, "off-path", PROGRESS), settings)
        if verdicts.of(goal) is not Verdict.HOLDS:
            yield scenario


def _under(cell: Cell, settings: Settings) -> Cell:
    """The cell with those of the settings in force that apply to its scenario, at their defaults or not."""
    families = load_scenario(cell.scenario).families
    wanted = {name: value for name, value in settings if READINGS[name].families & families}
    chosen = {**dict(cell.settings), **wanted}
    away = {name: value for name, value in chosen.items() if value != READINGS[name].values[0]}
    return replace(cell, settings=tuple(sorted(away.items())))
