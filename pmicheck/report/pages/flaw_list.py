"""The ranked flaws of page one: who does what, at what cost, what mends it, and every finding that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmicheck.report.pages.places import Places
from pmicheck.report.record.record import Record, Result
from pmicheck.report.text.findings import cost, mounted_by, repairs, title_of
from pmicheck.report.words.flaws import Flaw, flaws


@dataclass(frozen=True)
class Listed:
    """One flaw as page one shows it.

    Attributes:
        page: the page of its main finding.
        who: the attackers, each with what it needs; backticks stand around names.
        repairs: the smallest sets of changes that mend it, each as text.
        inherited: the scenarios of the ancestors that have it too.
        findings: (harm, scenario, ((attacker, page), …)) for everything that comes in by it.
    """

    title: str
    page: str
    who: tuple[str, ...]
    cost: str
    replay: str
    harms: tuple[str, ...]
    repairs: tuple[str, ...]
    inherited: tuple[str, ...]
    findings: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    count: int


def listed_flaws(record: Record, places: Places) -> tuple[Listed, ...]:
    """The flaws of the record, worst first."""
    return tuple(_listed(flaw, record, places) for flaw in flaws(record))


def _listed(flaw: Flaw, record: Record, places: Places) -> Listed:
    main = flaw.main
    return Listed(
        title=title_of(flaw),
        page=places.of(main),
        who=tuple(mounted_by(flaw, record.review)),
        cost=cost(main),
        replay=str(main.replay.outcome) if main.replay else "not replayed",
        harms=tuple(dict.fromkeys(each.property for each in flaw.results)),
        repairs=tuple(repairs(main, record.review)),
        inherited=flaw.inherited,
        findings=_findings(flaw.results, places),
        count=len(flaw.results),
    )


def _findings(results: Sequence[Result], places: Places) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for each in results:
        rows.setdefault((each.property, each.scenario), []).append((each.attacker, places.of(each)))
    return tuple((prop, scenario, tuple(links)) for (prop, scenario), links in rows.items())
