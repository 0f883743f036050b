"""The packets of a trace: symbolic term, octets on the wire, section; first what decides, then all other fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from pmicheck.report.octets.table import Field, rows
from pmicheck.trace import Trace

LONGEST = 24
"""Octets of a field that are written out; of longer ones the beginning is."""


@dataclass(frozen=True)
class Row:
    """A decisive field. Cells of equal content share one: `source` and `covered` are None below the first of them.

    `source` and `covered` are (text, rows that it stands for).
    """

    term: str
    start: int
    octets: str
    meaning: str
    source: tuple[str, int] | None
    covered: tuple[str, int] | None


@dataclass(frozen=True)
class Packet:
    """The packet of a step: the fields that carry parts of the symbolic term, and a listing of those that do not."""

    number: int
    title: str
    attacker: bool
    decisive: tuple[Row, ...]
    others: int
    listing: str


def packets(trace: Trace) -> tuple[Packet, ...]:
    """All packets of a trace, in the order of its steps."""
    return tuple(
        Packet(
            number=row.number,
            title=f"{row.step.message or 'packet'}, {sum(field.length for field in row.fields)} octets",
            attacker=row.step.attacker,
            decisive=_rows([field for field in row.fields if not field.plain]),
            others=sum(field.plain for field in row.fields),
            listing="\n".join(_listing(field for field in row.fields if field.plain)),
        )
        for row in rows(trace)
    )


def _spaced(octets: str) -> str:
    """Hexadecimal digits in groups of two octets, cut after `LONGEST` of them."""
    groups = [octets[at : at + 4] for at in range(0, min(len(octets), 2 * LONGEST), 4)]
    return " ".join(groups) + (" …" if len(octets) > 2 * LONGEST else "")


def _rows(fields: list[Field]) -> tuple[Row, ...]:
    sources = _spans(_source(field) for field in fields)
    covered = _spans(", ".join(field.covered) for field in fields)
    return tuple(
        Row(field.term, field.start, _spaced(field.octets), _told(field), *cells)
        for field, *cells in zip(fields, sources, covered, strict=True)
    )


def _spans(texts: Iterable[str]) -> Iterator[tuple[str, int] | None]:
    for text, same in groupby(texts):
        count = len(list(same))
        yield text, count
        yield from [None] * (count - 1)


def _listing(fields: Iterable[Field]) -> Iterator[str]:
    """A line for each field under a line for its header."""
    for (source, covered), same in groupby(fields, key=lambda field: (_source(field), ", ".join(field.covered))):
        yield source + (f"; covered by {covered}" if covered else "")
        for field in same:
            yield f"{field.start:5}  {_spaced(field.octets)}  {_told(field)}"


def _source(field: Field) -> str:
    return f"{field.header}, {field.section}"


def _told(field: Field) -> str:
    return f"{field.name}: {field.meaning}"
