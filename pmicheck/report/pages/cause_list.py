"""The root causes on page one: what the text has wrong, whom it lets do what, and what a change of it is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmicheck.report.pages.places import Places
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Cause
from pmicheck.report.words.causes import Harms, Remedy, harms, ranked, remedy, title, unexplained


@dataclass(frozen=True)
class Sentence:
    """A statement at fault; `section` and `says` are empty where the record has no statements."""

    name: str
    section: str
    says: str


@dataclass(frozen=True)
class Deed:
    """What an attacker does against one property: (scenario, page) of each finding, "" without a page."""

    property: str
    where: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Listed:
    """One cause as page one shows it."""

    title: str
    cause: Cause
    sentences: tuple[Sentence, ...]
    harms: tuple[tuple[str, tuple[Deed, ...]], ...]
    remedy: Remedy
    left: tuple[tuple[str, tuple[Deed, ...]], ...]


def listed_causes(record: Record, places: Places) -> tuple[Listed, ...]:
    """The causes of the record's review, worst first."""
    return tuple(_listed(cause, record, places) for cause in ranked(record))


def unexplained_findings(record: Record, places: Places) -> tuple[tuple[str, str], ...]:
    """(names, page) of each violation that no cause explains; none if the review knows no causes."""
    found = unexplained(record) if record.review.causes else ()
    return tuple(("/".join(each.names()), places.of(each)) for each in found)


def _listed(cause: Cause, record: Record, places: Places) -> Listed:
    found = remedy(cause, record.catalogue)
    return Listed(
        title=title(cause),
        cause=cause,
        sentences=tuple(_sentence(name, record) for name in cause.statements),
        harms=tuple(_linked(harms(cause.cells, record.catalogue), places)),
        remedy=found,
        left=tuple(_linked(found.left, places)),
    )


def _sentence(name: str, record: Record) -> Sentence:
    known = record.review.statements.get(name)
    return Sentence(name, known.section, known.says) if known else Sentence(name, "", "")


def _linked(rows: tuple[Harms, ...], places: Places) -> Iterator[tuple[str, tuple[Deed, ...]]]:
    for row in rows:
        deeds = (
            Deed(prop, tuple((scenario, _page(scenario, row.attacker, prop, places)) for scenario in scenarios))
            for prop, scenarios in row.properties
        )
        yield row.attacker, tuple(deeds)


def _page(scenario: str, attacker: str, prop: str, places: Places) -> str:
    found = places.find(scenario, attacker, prop)
    return places.of(found) if found else ""
