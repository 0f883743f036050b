"""Page one: every verdict of the run at a glance, the root causes, the ranked flaws, and what was not checked."""

from __future__ import annotations

from collections.abc import Iterable

from pmicheck.report.pages.ancestors import SIGNS, compared
from pmicheck.report.pages.cause_list import listed_causes, unexplained_findings
from pmicheck.report.pages.environment import page
from pmicheck.report.pages.flaw_list import listed_flaws
from pmicheck.report.pages.matrix import matrices
from pmicheck.report.pages.other_readings import other_readings, script_data
from pmicheck.report.pages.outcome import outcome
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.sections import frame
from pmicheck.report.pages.unchecked import unchecked
from pmicheck.report.record.record import Record
from pmicheck.verdict import Verdict


def overview_page(record: Record, places: Places) -> str:
    """The HTML of `index.html`."""
    tables = matrices(record, places)
    readings = other_readings(record, tables)
    flaws = listed_flaws(record, places)
    shown = {result.verdict for result in record.results}
    return page(
        "overview.html",
        root="",
        outcome=outcome(record, len(flaws)),
        settings=sorted(record.settings.items()),
        causes=listed_causes(record, places),
        unexplained=unexplained_findings(record, places),
        flaws=flaws,
        tables=tables,
        readings=readings,
        changed=script_data(readings),
        choices={
            "scenario": _distinct(result.scenario for result in record.results),
            "reading": [reading.name for reading in readings],
            "verdict": [str(verdict) for verdict in Verdict if verdict in shown],
            "attacker": _distinct(result.attacker for result in record.results),
            "property": _distinct(result.property for result in record.results),
        },
        attackers={
            name: record.catalogue.who(name) for name in _distinct(result.attacker for result in record.results)
        },
        harms={name: asked.harm for name, asked in record.catalogue.properties.items()},
        total=len(record.results),
        compared=[compared(table) for table in record.review.tables if table.rows],
        signs=SIGNS,
        unchecked=unchecked(record, tables, places),
        **frame(record, "index.html"),
    )


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
