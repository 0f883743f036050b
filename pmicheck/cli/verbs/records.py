"""`pmicheck report`, `review` and `diff`: what can be done with stored records."""

from __future__ import annotations

import datetime
from argparse import Namespace
from pathlib import Path

from pmicheck.cli import console, delivery
from pmicheck.cli.options import decided_all
from pmicheck.cli.verbs.ending import keeping
from pmicheck.cli.verbs.known import known_findings
from pmicheck.errors import UsageError
from pmicheck.report.files import check_writable
from pmicheck.report.gate.baseline import compare
from pmicheck.report.gate.difference import difference
from pmicheck.report.gate.difference_text import as_markdown, as_text
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import load, save
from pmicheck.report.words.characters import harmless
from pmicheck.verdict import ExitCode
from pmicheck.verify.recording import check_unchanged


def report(options: Namespace) -> ExitCode:
    """Raises UsageError if no output is named or a file cannot be used, OutputError."""
    if not (options.report or options.sarif or options.junit or options.markdown):
        raise UsageError("name an output: --report DIR, --sarif FILE, --junit FILE or --markdown FILE")
    record = load(options.record)
    baseline = known_findings(options.baseline)
    delivery.check(options)
    complete = decided_all(record.command)
    delivery.deliver(record, compare(record, baseline, datetime.date.today(), complete=complete), options)
    if record.partial:
        console.say(f"pmicheck: {options.record} is of an interrupted run: what it lacks was not decided.\n")
    return ExitCode.AS_EXPECTED


def review(options: Namespace) -> ExitCode:
    """Raises UsageError for a partial record, OutputError; Stopped and LimitReached leave the record as it was."""
    path: Path = options.record
    record = load(path)
    if record.partial:
        raise UsageError(f"{path}: a partial record cannot be reviewed; let a run finish first")
    check_unchanged(record, path)
    check_writable(path)
    stored = options.report is not None and path.resolve() == (options.report / "record.json").resolve()
    if options.report:
        delivery.check_directory(options.report, own_record=stored)
    with keeping(lambda why: f"{why}; {path} is as it was"), console.Progress() as progress:
        from pmicheck.review.gather import enrich

        record = enrich(record, progress=progress, workers=options.workers)
    save(record, path)
    if options.report:
        from pmicheck.report.directory import write_reports

        write_reports(delivery.as_stored(record), options.report, store=not stored)
    return ExitCode.AS_EXPECTED


def diff(options: Namespace) -> ExitCode:
    """Raises UsageError for what is no record."""
    found = difference(load(options.old), load(options.new))
    if options.json:
        console.emit_json(to_text(found))
    elif options.markdown:
        console.emit_raw(harmless(as_markdown(found)))
    else:
        console.emit(as_text(found, width=console.width()))
    return ExitCode.NEW_VIOLATION if found.new else ExitCode.AS_EXPECTED
