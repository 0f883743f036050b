"""`pmicheck list`, `explain` and `replay`: what there is, what it means, and one trace on real packets."""

from __future__ import annotations

from argparse import Namespace

from pmicheck import analysis, console
from pmicheck.errors import UsageError
from pmicheck.options import hint
from pmicheck.report.files import check_writable
from pmicheck.report.lookup import find, is_finding, trace_in
from pmicheck.report.narration import listing, narrate, tell
from pmicheck.report.record import ReplayOutcome, load, to_text
from pmicheck.verdict import ExitCode, Replay


def list_names(options: Namespace) -> ExitCode:
    """Raises UsageError for a record that cannot be read."""
    if options.kind == "statements":
        return _list_statements(options)
    if options.kind == "claims":
        from pmicheck.review.claims import entries_of

        with console.Progress() as progress:
            entries = entries_of(options.record, progress)
    else:
        entries = analysis.catalogue(options.kind)
    if options.json:
        console.emit_raw(to_text([{"name": name, "description": sentence} for name, sentence in entries]))
    else:
        console.emit(listing(entries, width=console.width()))
    return ExitCode.AS_EXPECTED


def _list_statements(options: Namespace) -> ExitCode:
    """Every statement of the draft, where it went, and which rules cite it, collected from the worlds."""
    from pmicheck.review.traceability import COLUMNS, as_json, trace_statements

    traced = trace_statements()
    if options.json:
        console.emit_raw(to_text([as_json(one) for one in traced]))
    else:
        rows = [COLUMNS, *((one.heading, one.where) for one in traced)]
        console.emit(listing(rows, width=console.width()))
    return ExitCode.AS_EXPECTED


def explain(options: Namespace) -> ExitCode:
    """Raises UsageError for a name that is neither a property nor a finding of the record."""
    known = [name for name, _ in analysis.catalogue("properties")]
    if options.what in known:
        console.emit(analysis.explain_property(options.what).rstrip("\n") + "\n")
    elif is_finding(options.what):
        results = find(options.what, load(options.record), options.record)
        console.emit("\n".join(tell(result, width=console.width()) for result in results))
    else:
        neither = f"{options.what!r} is neither a property, nor a fingerprint, nor scenario/attacker/property"
        raise UsageError(neither + hint(options.what, known, "properties"))
    return ExitCode.AS_EXPECTED


def replay(options: Namespace) -> ExitCode:
    """Raises UsageError, and OutputError for a capture that cannot be written."""
    trace = trace_in(options.trace, options.finding)
    if options.pcap:
        check_writable(options.pcap)
    report = analysis.replay_trace(trace, pcap=options.pcap)
    outcome = ReplayOutcome(report.outcome, report.sentence, report.counterfactual)
    console.emit(narrate(report.trace or trace, replay=outcome, width=console.width()))
    return ExitCode.NOT_TRUSTWORTHY if report.outcome is Replay.DIVERGED else ExitCode.AS_EXPECTED
