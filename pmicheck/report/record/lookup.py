"""Finding a result or a trace in a file by the names a person types."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from pmicheck.errors import UsageError
from pmicheck.report.record.record import Record, Result, load, load_json, load_trace, record_from
from pmicheck.trace import Trace

USUAL = Path("reports/record.json")


def is_finding(text: str) -> bool:
    """True if `text` looks like a fingerprint (six digits of it are enough) or scenario/attacker/property."""
    return text.count("/") == 2 or re.fullmatch(r"[0-9a-f]{6,12}", text) is not None


def find(what: str, record: Record, path: Path) -> list[Result]:
    """The results of `record` (read from `path`) that `what` names. Raises UsageError if there are none."""
    names = tuple(what.split("/"))
    hits = [each for each in record.results if each.names() == names or each.fingerprint.startswith(what)]
    if not hits:
        known = ["/".join(each.names()) for each in record.results]
        near = difflib.get_close_matches(what, known, 1, 0.6)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{path}: the record has no finding {what!r}{hint}")
    return hits


def record_with(what: str) -> Path:
    """The record of this directory, or of one in it, that has a finding.

    The usual place comes first, then all files named *.json, the newest first. Raises UsageError if none has it.
    """
    here = [path for pattern in ("*.json", "*/record.json") for path in Path().glob(pattern) if path.is_file()]
    newest = sorted(here, key=lambda path: (-path.stat().st_mtime_ns, str(path)))
    usual = [USUAL] if USUAL.is_file() else []
    for path in dict.fromkeys([*usual, *newest]):
        try:
            find(what, load(path), path)
        except UsageError:
            continue
        return path
    if usual:
        find(what, load(USUAL), USUAL)  # says what is like it there
    raise UsageError(
        f"{USUAL}: there is no such file, and no other record here has a finding {what!r}; name one: --record"
    )


def stored_in(path: Path) -> Trace | Record:
    """The record that `path` holds, or the one trace. Raises UsageError if the file is neither."""
    stored = load_json(path)
    if not isinstance(stored, dict) or "results" not in stored:
        return load_trace(stored, path)
    return record_from(stored, path)


def trace_in(path: Path, finding: str | None) -> tuple[Trace, Record | None]:
    """The trace in `path`: the file's own, or that of `finding` (or of the only violation) in a record, and the record.

    Raises UsageError if the file is neither a trace nor a record, or if not exactly one trace is meant.
    """
    record = stored_in(path)
    if isinstance(record, Trace):
        return record, None
    chosen = find(finding, record, path) if finding else list(record.results)
    traces = [each.trace for each in chosen if each.trace is not None]
    if not traces:
        raise UsageError(f"{path}: there is no trace to replay" + (f" for {finding!r}" if finding else ""))
    if len(traces) > 1:
        raise UsageError(f"{path}: there are {len(traces)} traces; name one with --finding FINGERPRINT")
    return traces[0], record
