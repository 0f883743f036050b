"""The command line: the only module that prints, or ends the process.

Data goes to stdout, progress and complaints to stderr. What is slow to import (z3, networkx, rich,
jsonschema) is imported by the verb that needs it. The verbs talk to `pmicheck.analysis` and to the renderers.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pmicheck.errors import LimitReached, OutputError, PmicheckError, UsageError
from pmicheck.options import HelpWanted, hint, parser, request_of
from pmicheck.verdict import ExitCode, Replay

if TYPE_CHECKING:
    from pmicheck.report.baseline import Comparison
    from pmicheck.report.record import Record

NARROWEST = 40

REASONS = {
    ExitCode.NEW_VIOLATION: "a violation that the baseline does not know",
    ExitCode.INCONCLUSIVE: "a limit stands between a property and its verdict",
    ExitCode.NOT_TRUSTWORTHY: "a verdict is vacuous, or its trace was not borne out on real packets",
    ExitCode.STALE_BASELINE: "the baseline has stale or expired entries",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (`sys.argv` if None) and returns its exit code. Lets no exception out."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(arguments)
        _flush()
    except LimitReached as error:
        return _complain(str(error), ExitCode.INCONCLUSIVE)
    except PmicheckError as error:
        return _complain(str(error), ExitCode.USAGE)
    except KeyboardInterrupt as error:
        return _complain(str(error) or "interrupted", ExitCode.INTERRUPTED)
    except Exception as error:
        if os.environ.get("PMICHECK_TRACEBACK"):
            import traceback

            traceback.print_exc()
        hint = "PMICHECK_TRACEBACK=1 shows the traceback"
        return _complain(f"internal error: {type(error).__name__}: {error} ({hint})", ExitCode.CRASH)
    return code


def _dispatch(arguments: list[str]) -> ExitCode:
    try:
        options = parser().parse_args(arguments)
    except HelpWanted as wanted:
        _emit(wanted.text, coloured=False)
        return ExitCode.AS_EXPECTED
    except SystemExit:  # the parser has said what is wrong
        return ExitCode.USAGE
    options.command = ["pmicheck", *arguments]
    if options.version:
        _emit(_version())
        return ExitCode.AS_EXPECTED
    if not options.verb:
        raise UsageError(
            "name a verb: verify, ablate, readings, repair, list, explain, replay or baseline; --help says more"
        )
    return VERBS[options.verb](options)


def _verify(options: argparse.Namespace) -> ExitCode:
    from pmicheck import analysis
    from pmicheck.report.baseline import Baseline, compare, exit_code, load_baseline
    from pmicheck.report.files import check_writable, make_directory

    baseline = load_baseline(options.baseline) if options.baseline else Baseline()
    request = request_of(options)
    if options.report:
        make_directory(options.report)
    if options.json not in (None, "-"):
        check_writable(Path(options.json))
    progress = Progress(sys.stderr)

    def interrupted(record: Record) -> None:
        progress.clear()
        with _deaf():
            _deliver(record, options)
        kept.append(record)

    kept: list[Record] = []
    try:
        record = analysis.verify(request, command=options.command, progress=progress, partial=interrupted)
    except KeyboardInterrupt:
        if not kept:
            interrupted(_nothing(options.command))
        place = options.json if options.json not in (None, "-") else None
        left = f"; what was decided so far is in {place}" if place else ""
        raise KeyboardInterrupt(f"interrupted{left}") from None
    finally:
        progress.clear()
    if not record.results:
        raise UsageError("there is nothing to decide: no chosen property applies to the chosen scenarios")
    whole = not (request.scenarios or request.attackers or request.properties or request.without)
    comparison = compare(record, baseline, datetime.date.today(), complete=whole)
    _deliver(record, options)
    _tell_outcome(record, comparison, options)
    code = exit_code(record, comparison)
    if code in REASONS:
        _complain(REASONS[code], code)
    return code


def _deliver(record: Record, options: argparse.Namespace) -> None:
    """Puts the record, and the reports made of it, where the options say."""
    from pmicheck.report.directory import write_reports
    from pmicheck.report.record import dumps, save

    if options.json == "-":
        _emit(dumps(record), coloured=False)
    elif options.json is not None:
        save(record, Path(options.json))
    if not options.report:
        return
    target = options.report / "record.json"
    stored = options.json not in (None, "-") and Path(options.json).resolve() == target.resolve()
    if not record.partial:
        write_reports(record, options.report, store=not stored)
    elif not stored:
        save(record, target)


def _tell_outcome(record: Record, comparison: Comparison, options: argparse.Namespace) -> None:
    """Tables and summary on stdout; only the summary, and on stderr, if stdout belongs to the record."""
    from pmicheck.report import text

    ending = text.differences(comparison, width=_width(), baseline=options.baseline is not None)
    ending += text.summary(record, comparison)
    if options.json == "-":
        _write_stderr(ending)
    else:
        _emit(text.verdicts(record, width=_width()) + "\n" + ending)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Lets no second Ctrl-C cut short what the first one left to be written."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing(command: list[str]) -> Record:
    """The record of a run that was interrupted before it had decided anything."""
    from pmicheck.report.record import Record, tool_version

    return Record(pmicheck=tool_version(), kernel="", command=tuple(command), partial=True)


def _review(options: argparse.Namespace) -> ExitCode:
    """The verbs that change a scenario to see what comes of it."""
    from pmicheck.report.files import check_writable, write_text
    from pmicheck.report.record import to_text
    from pmicheck.review.verbs import run

    request = request_of(options)
    if options.json not in (None, "-"):
        check_writable(Path(options.json))
    progress = Progress(sys.stderr)
    try:
        told = run(options, request, progress=progress)
    finally:
        progress.clear()
    if options.json == "-":
        _emit(to_text(told.values), coloured=False)
    else:
        if options.json is not None:
            write_text(Path(options.json), to_text(told.values))
        _emit(told.text(_width()))
    return ExitCode.AS_EXPECTED if told.complete else _complain(REASONS[ExitCode.INCONCLUSIVE], ExitCode.INCONCLUSIVE)


def _list(options: argparse.Namespace) -> ExitCode:
    from pmicheck import analysis
    from pmicheck.report.narration import listing
    from pmicheck.report.record import to_text

    if options.kind == "statements":
        return _list_statements(options)
    if options.kind == "claims":
        from pmicheck.review.claims import entries_of

        entries = entries_of(options.record, Progress(sys.stderr))
    else:
        entries = analysis.catalogue(options.kind)
    if options.json:
        named = [{"name": name, "description": sentence} for name, sentence in entries]
        _emit(to_text(named), coloured=False)
    else:
        _emit(listing(entries, width=_width()))
    return ExitCode.AS_EXPECTED


def _list_statements(options: argparse.Namespace) -> ExitCode:
    """Every statement of the draft, where it went, and which rules cite it, collected from the worlds."""
    from pmicheck.report.narration import listing
    from pmicheck.report.record import to_text
    from pmicheck.review.traceability import COLUMNS, as_json, trace_statements

    traced = trace_statements()
    if options.json:
        _emit(to_text([as_json(one) for one in traced]), coloured=False)
    else:
        _emit(listing([COLUMNS, *((one.heading, one.where) for one in traced)], width=_width()))
    return ExitCode.AS_EXPECTED


def _explain(options: argparse.Namespace) -> ExitCode:
    from pmicheck import analysis
    from pmicheck.report.lookup import find, is_finding
    from pmicheck.report.narration import tell
    from pmicheck.report.record import load

    known = [name for name, _ in analysis.catalogue("properties")]
    if options.what in known:
        _emit(analysis.explain_property(options.what).rstrip("\n") + "\n")
    elif is_finding(options.what):
        results = find(options.what, load(options.record), options.record)
        _emit("\n".join(tell(result, width=_width()) for result in results))
    else:
        neither = f"{options.what!r} is neither a property, nor a fingerprint, nor scenario/attacker/property"
        raise UsageError(neither + hint(options.what, known, "properties"))
    return ExitCode.AS_EXPECTED


def _replay(options: argparse.Namespace) -> ExitCode:
    from pmicheck import analysis
    from pmicheck.report.files import check_writable
    from pmicheck.report.lookup import trace_in
    from pmicheck.report.narration import narrate
    from pmicheck.report.record import ReplayOutcome

    trace = trace_in(options.trace, options.finding)
    if options.pcap:
        check_writable(options.pcap)
    report = analysis.replay_trace(trace, pcap=options.pcap)
    outcome = ReplayOutcome(report.outcome, report.sentence, report.counterfactual)
    _emit(narrate(report.trace or trace, replay=outcome, width=_width()))
    return ExitCode.NOT_TRUSTWORTHY if report.outcome is Replay.DIVERGED else ExitCode.AS_EXPECTED


def _write_baseline(options: argparse.Namespace) -> ExitCode:
    from pmicheck.report.baseline import load_baseline, render
    from pmicheck.report.files import write_text
    from pmicheck.report.record import load

    record = load(options.record)
    if record.partial:
        raise UsageError(f"{options.record}: a partial record makes no baseline; let a run finish first")
    old = load_baseline(options.output) if options.output != Path("-") and options.output.exists() else None
    text = render(record, {}, old)
    if options.output == Path("-"):
        _emit(text)
    else:
        write_text(options.output, text)
    unargued = text.count('\nreason = ""\n')
    if unargued:
        _write_stderr(f"pmicheck: {unargued} findings lack a reason; write one in before the file is used.\n")
    return ExitCode.AS_EXPECTED


class Progress:
    """Progress on stderr: in a terminal one line that is written over, elsewhere one plain line per message.

    A message that begins with a carriage return is of the moment and is left out where nobody watches.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"

    def __call__(self, message: str) -> None:
        momentary, words = message.startswith("\r"), message.strip()
        if self.live:
            room = max(shutil.get_terminal_size().columns - 1, NARROWEST)
            _write_stderr(f"\r\x1b[K{words[:room]}" if momentary else f"\r\x1b[K{words}\n")
        elif not momentary:
            _write_stderr(words + "\n")

    def clear(self) -> None:
        if self.live:
            _write_stderr("\r\x1b[K")


def _emit(text: str, *, coloured: bool = True) -> None:
    """Writes `text` to stdout. A reader gone away ends the output, not the run. Raises OutputError."""
    if sys.stdout is None:
        raise OutputError("standard output: cannot be written: it is closed")
    try:
        if coloured:
            from pmicheck.report.text import show

            show(text, sys.stdout, width=_width())
        else:
            sys.stdout.write(text)
    except BrokenPipeError:
        _mute()
    except OSError as error:
        _mute()
        raise OutputError(f"standard output: cannot be written: {error.strerror}") from error
    _flush()


def _flush() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _mute()
    except OSError as error:
        _mute()
        raise OutputError(f"standard output: cannot be written: {error.strerror}") from error


def _mute() -> None:
    """Lets what is still buffered for stdout go nowhere, so that the interpreter can end in peace."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _write_stderr(text: str) -> None:
    with contextlib.suppress(OSError, AttributeError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _complain(sentence: str, code: ExitCode) -> ExitCode:
    """One sentence on stderr; returns `code`."""
    words = " ".join(sentence.split())
    _write_stderr(f"pmicheck: {words}{'' if words.endswith(('.', '?', '!')) else '.'}\n")
    return code


def _width() -> int:
    return max(shutil.get_terminal_size((80, 24)).columns, NARROWEST)


def _version() -> str:
    from pmicheck.explore.explorer import kernel_in_use
    from pmicheck.report.record import tool_version

    return f"pmicheck {tool_version()} (explorer kernel: {kernel_in_use()})\n"


VERBS: dict[str, Callable[[argparse.Namespace], ExitCode]] = {
    "verify": _verify,
    "ablate": _review,
    "readings": _review,
    "repair": _review,
    "list": _list,
    "explain": _explain,
    "replay": _replay,
    "baseline write": _write_baseline,
}

if __name__ == "__main__":
    sys.exit(main())
