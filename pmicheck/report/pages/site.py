"""All pages of a report, as a pure function of the record: relative path and content of every file."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.report.pages.claims import claims_page
from pmicheck.report.pages.environment import ASSETS, asset
from pmicheck.report.pages.finding import finding_pages
from pmicheck.report.pages.graphs import graph_pages
from pmicheck.report.pages.overview import overview_page
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.statements import statements_page
from pmicheck.report.record.record import Record


def pages(record: Record) -> Iterator[tuple[str, str]]:
    """(path from the report's directory, text) of every page, style sheet and script."""
    for name in ASSETS:
        yield f"assets/{name}", asset(name)
    places = Places(record)
    yield "index.html", overview_page(record, places)
    if record.review.statements:
        yield "statements.html", statements_page(record, places)
    if record.review.claims:
        yield "claims.html", claims_page(record, places)
    yield from finding_pages(record, places)
    yield from graph_pages(record, places)
