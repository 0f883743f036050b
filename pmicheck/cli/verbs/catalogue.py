"""`pmicheck list` and `explain`: what there is, and what it means."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from pmicheck.cli import console
from pmicheck.cli.requests import hint
from pmicheck.errors import UsageError
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.lookup import find, is_finding, record_with
from pmicheck.report.record.record import load
from pmicheck.report.words.narration import listing, tell
from pmicheck.verdict import ExitCode
from pmicheck.verify.catalogue import catalogue, explain_property
from pmicheck.verify.recording import check_unchanged


def list_names(options: Namespace) -> ExitCode:
    """Raises UsageError for a record that cannot be read."""
    if options.files:
        return _list_files(options)
    if options.kind == "statements":
        return _list_statements(options)
    if options.kind == "claims":
        from pmicheck.review.claims import entries_of

        with console.Progress() as progress:
            entries = entries_of(options.record, progress)
    else:
        entries = catalogue(options.kind)
    if options.json:
        console.emit_json(to_text([{"name": name, "description": sentence} for name, sentence in entries]))
    else:
        console.emit(listing(entries, width=console.width()))
    return ExitCode.AS_EXPECTED


def _list_files(options: Namespace) -> ExitCode:
    """Which of the files hold a scenario, be it a wrong one; a hook asks so, and decides these."""
    from pmicheck.model.scenario_kind import holds_scenario

    if options.kind != "scenarios":
        raise UsageError(f"`pmicheck list {options.kind}` takes no files")
    found = [name for name in options.files if holds_scenario(Path(name))]
    if options.json:
        console.emit_json(to_text(found))
    else:
        console.emit("".join(f"{name}\n" for name in found))
    return ExitCode.AS_EXPECTED


def _list_statements(options: Namespace) -> ExitCode:
    """Every statement of the draft, where it went, and which rules cite it, collected from the worlds."""
    from pmicheck.review.traceability import COLUMNS, as_json, trace_statements

    traced = trace_statements()
    if options.json:
        console.emit_json(to_text([as_json(one) for one in traced]))
    else:
        rows = [COLUMNS, *((one.heading, one.where) for one in traced)]
        console.emit(listing(rows, width=console.width()))
    return ExitCode.AS_EXPECTED


def explain(options: Namespace) -> ExitCode:
    """Raises UsageError for a name that is neither a property nor a finding of the record."""
    known = [name for name, _ in catalogue("properties")]
    if options.what in known:
        console.emit(explain_property(options.what).rstrip("\n") + "\n")
    elif is_finding(options.what):
        path = options.record or record_with(options.what)
        record = load(path)
        check_unchanged(record, path)
        results = find(options.what, record, path)
        console.emit("\n".join(tell(result, width=console.width()) for result in results))
    else:
        neither = f"{options.what!r} is neither a property, nor a fingerprint, nor scenario/attacker/property"
        raise UsageError(neither + hint(options.what, known, "properties"))
    return ExitCode.AS_EXPECTED
