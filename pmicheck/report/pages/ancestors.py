"""The draft beside the protocols it comes from: attackers that fare alike against a property share a line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pmicheck.report.record.review import Row, Table

SIGNS = {"better": "▲", "equal": "=", "worse": "▼", "new": "+"}
"""What stands before a relation, so that it is seen at a glance."""


@dataclass(frozen=True)
class Line:
    """Attackers with the same cells and relations, under one property."""

    attackers: tuple[str, ...]
    cells: tuple[str, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """One table; `sums` has a sentence for each ancestor."""

    title: str
    columns: tuple[str, ...]
    sums: tuple[str, ...]
    properties: tuple[tuple[str, tuple[Line, ...]], ...]


def compared(table: Table) -> Compared:
    """The table in as few lines as say the same."""
    rows: dict[str, list[Row]] = {}
    for row in table.rows:
        rows.setdefault(row.property, []).append(row)
    sums = tuple(_sum(table, number, name) for number, name in enumerate(table.columns[:-1]))
    return Compared(table.title, table.columns, sums, tuple((prop, _lines(each)) for prop, each in rows.items()))


def _sum(table: Table, number: int, ancestor: str) -> str:
    counts = Counter(row.relations[number] for row in table.rows)
    words = [word for word in SIGNS if word != "new" or counts[word]]
    return f"Against {ancestor}: " + ", ".join(f"{counts[word]} {word}" for word in words) + "."


def _lines(rows: list[Row]) -> tuple[Line, ...]:
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for row in rows:
        alike.setdefault((row.cells, row.relations), []).append(row.attacker)
    return tuple(Line(tuple(attackers), *key) for key, attackers in alike.items())
