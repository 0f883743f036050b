"""What the files of a report are called: safe on every file system, whatever a scenario is named."""

from __future__ import annotations

import re

from pmicheck.report.record.record import Record, Result
from pmicheck.verdict import Verdict

LONGEST = 120
"""Characters of a stem; what is longer is cut and told apart by a fingerprint."""


def finding_names(record: Record) -> dict[int, str]:
    """For each violated result, by its position in `record.results`, the stem of its files; no two are equal.

    The same finding may stand in one record under several readings: then they are numbered.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for position, result in enumerate(record.results):
        if result.verdict is Verdict.VIOLATED:
            names[position] = _unused(_stem(result), taken)
    return names


def graph_names(record: Record) -> tuple[str, ...]:
    """For each state graph the stem of its files; no two are equal, and none is that of the list of graphs."""
    taken = {"index"}
    return tuple(_unused(safe_name(graph.scenario), taken) for graph in record.graphs)


def safe_name(text: str) -> str:
    """`text` as part of a file name: letters, digits, `+._-`; never empty, hidden or too long."""
    plain = re.sub(r"[^A-Za-z0-9+._-]", "_", text).lstrip(".") or "_"
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 13]


def _unused(stem: str, taken: set[str]) -> str:
    """`stem`, numbered where a name like it is taken already, whatever the case; it is taken then."""
    name, number = stem, 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.lower())
    return name


def _stem(result: Result) -> str:
    whole = "-".join(result.names())
    plain = safe_name(whole)
    return plain if len(whole) <= LONGEST else f"{plain[: LONGEST - 13]}-{result.fingerprint}"
