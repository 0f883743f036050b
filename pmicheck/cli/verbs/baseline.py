"""`pmicheck baseline write` and `prune`: make the file of known findings from a record, and clean it by one."""

from __future__ import annotations

import datetime
from argparse import Namespace
from pathlib import Path

from pmicheck.cli import console
from pmicheck.cli.options import decided_all
from pmicheck.cli.verbs.known import known_findings
from pmicheck.errors import UsageError
from pmicheck.report.files import write_text
from pmicheck.report.gate.baseline import compare, load_baseline, render
from pmicheck.report.gate.baseline_lines import without_entries
from pmicheck.report.record.record import Record, load
from pmicheck.verdict import ExitCode


def write(options: Namespace) -> ExitCode:
    """Raises UsageError for a record or an old baseline that cannot be used, OutputError."""
    record = _finished(options.record)
    old = load_baseline(options.output) if options.output != Path("-") and options.output.exists() else None
    text = render(record, {}, old)
    if options.output == Path("-"):
        console.emit_json(text)  # strings of TOML have the escapes of JSON
    else:
        write_text(options.output, text)
    unargued = text.count('\nreason = ""\n')
    if unargued:
        console.say(f"pmicheck: {unargued} findings lack a reason; write one in before the file is used.\n")
    return ExitCode.AS_EXPECTED


def prune(options: Namespace) -> ExitCode:
    """Raises UsageError for a partial record, or for stale entries that are not written as [[finding]]; OutputError."""
    record = _finished(options.record)
    path: Path = options.baseline
    known = known_findings(path)
    today = datetime.date.today()  # decides what has expired, and not what is stale
    stale = compare(record, known, today, complete=decided_all(record.command)).stale
    if not stale:
        console.emit(f"{path}: no entry is stale.\n")
        return ExitCode.AS_EXPECTED
    starts = {entry.line: entry for entry in stale if entry.line is not None}
    if len(starts) < len(stale):
        raise UsageError(f"{path}: entries that do not begin with [[finding]] cannot be removed; do it by hand")
    text, gone = without_entries(path.read_bytes().decode("utf-8"), starts)
    write_text(path, text)
    lines = (
        f"{path}:{first}-{last}: removed {'/'.join(starts[first].names())} {starts[first].fingerprint}\n"
        for first, last in gone
    )
    console.emit("".join(lines))
    return ExitCode.AS_EXPECTED


def _finished(path: Path) -> Record:
    record = load(path)
    if record.partial:
        raise UsageError(f"{path}: a partial record says nothing of what is missing; let a run finish first")
    return record
