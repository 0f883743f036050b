"""What every page has in common: where one can go from it, and who made it."""

from __future__ import annotations

from typing import Any

from pmicheck.report.record.record import Record


def frame(record: Record, here: str) -> dict[str, Any]:
    """The values that `base.html` asks for; `here` is the page's own path."""
    sections = [("index.html", "Overview")]
    if record.review.statements:
        sections.append(("statements.html", "Statements"))
    if record.review.claims:
        sections.append(("claims.html", "Claims"))
    if record.graphs:
        sections.append(("graphs/index.html", "State graphs"))
    current = {target: _current(target, here) for target, _ in sections}
    return {"sections": sections, "current": current, "here": here, "version": record.pmicheck}


def _current(target: str, here: str) -> str:
    """The `aria-current` of a link to `target`: the page itself, or the list that it belongs to; "" for neither."""
    folder, _, _ = target.rpartition("/")
    belongs = bool(folder) and here.startswith(f"{folder}/")
    return "page" if target == here else "true" if belongs else ""
