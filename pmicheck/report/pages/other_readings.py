"""What other answers to the draft's open questions change, as far as they were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from pmicheck.report.pages.matrix import Matrix
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Change


@dataclass(frozen=True)
class Reading:
    """One set of readings away from their defaults.

    Attributes:
        name: as it is chosen: "reading=value", several joined by commas.
        changes: what was found of it.
        cells: the verdict by the anchor of a cell on page one, for the cells that were tried.
    """

    name: str
    changes: list[Change] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)

    @property
    def view(self) -> str:
        """The address that chooses it on page one, with the cells that it changes if any were tried."""
        chosen = {"reading": self.name, **({"verdict": "changed"} if self.cells else {})}
        return "#" + urlencode(chosen, errors="replace")


def other_readings(record: Record, tables: Sequence[Matrix]) -> tuple[Reading, ...]:
    """Every set of readings that the record knows something of, by name: tried by a review, or a table of its own."""
    found: dict[str, Reading] = {}
    cells = _default_cells(tables)
    for change in record.review.changes:
        reading = found.setdefault(name_of(change), Reading(name_of(change)))
        reading.changes.append(change)
        for attacker in change.attackers:
            for prop in change.properties:
                cell = cells.get((change.scenario, attacker, prop))
                if cell is not None:
                    reading.cells[cell] = change.verdict
    for table in tables:
        if table.reading:
            found.setdefault(table.reading, Reading(table.reading))
    return tuple(found[name] for name in sorted(found))


def name_of(change: Change) -> str:
    """Its settings as they are chosen."""
    return ", ".join(f"{name}={value}" for name, value in change.settings)


def script_data(readings: Sequence[Reading]) -> dict[str, Any]:
    """What the script of page one has to know: the cells tried, by reading."""
    return {reading.name: reading.cells for reading in readings if reading.cells}


def _default_cells(tables: Sequence[Matrix]) -> dict[tuple[str, str, str], str]:
    """Anchors by names, of the tables that a change is a change of: all at its default, nothing switched off."""
    return {
        (table.scenario, attacker, prop): cell.id
        for table in tables
        if not table.marks
        for prop, cells in table.rows
        for attacker, cell in zip(table.attackers, cells, strict=True)
        if cell is not None
    }
