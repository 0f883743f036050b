"""The baseline that a command names, with every name in it checked: an entry that can never match is a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pmicheck.cli.requests import hint
from pmicheck.errors import UsageError
from pmicheck.report.gate.baseline import Baseline, Finding, load_baseline
from pmicheck.verify.catalogue import catalogue


def known_findings(path: Path | None) -> Baseline:
    """The baseline in `path`, an empty one if there is none.

    Raises:
        UsageError: it cannot be read, or an entry names an attacker, property, reading, bound or mechanism that does
            not exist. A scenario may be one of the user's own, of which nothing is known here.
    """
    if path is None:
        return Baseline()
    baseline = load_baseline(path)
    catalogues: dict[str, list[str]] = {}
    for entry in baseline.findings:
        for kind, singular, name in _names(entry):
            if kind not in catalogues:
                catalogues[kind] = [each for part in kind.split("+") for each, _ in catalogue(part)]
            if name not in catalogues[kind]:
                place = f"{path}:{entry.line}" if entry.line is not None else str(path)
                nearest = hint(name, catalogues[kind], kind.partition("+")[0])
                raise UsageError(f"{place}: there is no {singular} {name!r}{nearest}")
    return baseline


def _names(entry: Finding) -> Iterator[tuple[str, str, str]]:
    """What the entry names: kinds of the catalogue, one of them in words, name."""
    for name in entry.attacker.split("+"):
        yield "attackers", "attacker", name
    yield "properties", "property", entry.property
    for name in entry.settings:
        yield "readings+bounds", "reading or bound", name
    for name in entry.without:
        yield "mechanisms", "mechanism", name
