"""`pmicheck verify`: decide, put the outputs where the options say, and end as the baseline says."""

from __future__ import annotations

import datetime
from argparse import Namespace

from pmicheck import console, delivery
from pmicheck.commands.known import known_findings
from pmicheck.errors import LimitReached, UsageError
from pmicheck.options import asks_for_all, request_of
from pmicheck.report import text
from pmicheck.report.gate.baseline import Comparison, compare, exit_code
from pmicheck.report.record import Record, tool_version
from pmicheck.verdict import ExitCode

REASONS = {
    ExitCode.NEW_VIOLATION: "a violation that the baseline does not know",
    ExitCode.INCONCLUSIVE: "a limit stands between a property and its verdict",
    ExitCode.NOT_TRUSTWORTHY: "a verdict is vacuous, or its trace was not borne out on real packets",
    ExitCode.STALE_BASELINE: "the baseline has stale or expired entries",
}


def verify(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError, and LimitReached and KeyboardInterrupt once the partial record is kept."""
    baseline = known_findings(options.baseline)
    record = delivery.as_stored(_decided(options))
    if not record.results:
        raise UsageError("there is nothing to decide: no chosen property applies to the chosen scenarios")
    comparison = compare(record, baseline, datetime.date.today(), complete=asks_for_all(options))
    delivery.deliver(record, comparison, options)
    _tell(record, comparison, options)
    if delivery.on_github():
        delivery.tell_github(record, comparison, alone=options.json == "-")
    code = exit_code(record, comparison)
    return code if code is ExitCode.AS_EXPECTED else console.complain(REASONS[code], code)


def _decided(options: Namespace) -> Record:
    """The record of the run; if it is interrupted, what was decided so far is kept first."""
    kept: list[Record] = []
    with console.interruptible_once():
        try:
            from pmicheck import analysis
            from pmicheck.checkpoints import claimed

            request = request_of(options)
            request.engine.check()
            delivery.check(options)
            with claimed(request), console.Progress() as progress:
                return analysis.verify(request, command=options.command, progress=progress, partial=kept.append)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_kept("interrupted", kept, options)) from None
        except LimitReached as error:
            raise LimitReached(_kept(str(error), kept, options)) from error


def _kept(why: str, kept: list[Record], options: Namespace) -> str:
    """Why the run ends, and where the partial record was written to, if an option names a place for it."""
    place = delivery.keep(kept[0] if kept else _nothing(options), options)
    return f"{why}; what was decided so far is in {place}" if place else why


def _nothing(options: Namespace) -> Record:
    """The record of a run that was interrupted before it had decided anything."""
    return Record(pmicheck=tool_version(), kernel="", command=tuple(options.command), partial=True)


def _tell(record: Record, comparison: Comparison, options: Namespace) -> None:
    """Tables and summary on stdout; only the summary, and on stderr, if stdout belongs to the record."""
    width = console.width()
    ending = text.differences(comparison, width=width, baseline=options.baseline is not None)
    ending += text.summary(record, comparison) + text.grounding(record)
    if options.json == "-":
        console.say(ending)
    else:
        console.emit(*text.verdict_parts(record, width=width), "\n" + ending)
