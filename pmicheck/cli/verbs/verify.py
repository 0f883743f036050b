"""`pmicheck verify`: decide, put the outputs where the options say, and end as the baseline says."""

from __future__ import annotations

import datetime
from argparse import Namespace

from pmicheck.cli import console, delivery
from pmicheck.cli.options import asks_for_all, request_of
from pmicheck.cli.verbs.ending import keeping
from pmicheck.cli.verbs.known import known_findings
from pmicheck.errors import UsageError
from pmicheck.report.gate.baseline import Comparison, compare, exit_code
from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.record import Record, tool_version
from pmicheck.report.text import tables
from pmicheck.verdict import ExitCode

REASONS = {
    ExitCode.NEW_VIOLATION: "a violation that the baseline does not know",
    ExitCode.INCONCLUSIVE: "a limit stands between a property and its verdict",
    ExitCode.NOT_TRUSTWORTHY: "a verdict is vacuous, or its trace was not borne out on real packets",
    ExitCode.STALE_BASELINE: "the baseline has stale or expired entries",
}


def verify(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError, LimitReached and Stopped; what was decided is kept before, whatever is raised."""
    baseline = known_findings(options.baseline)
    kept: list[Record] = []
    with keeping(lambda why: _kept(why, kept, options)):
        record = delivery.as_stored(_decided(options, kept))
        if not record.results:
            raise UsageError("there is nothing to decide: no chosen property applies to the chosen scenarios")
        comparison = compare(record, baseline, datetime.date.today(), complete=asks_for_all(options))
        delivery.deliver(record, comparison, options)
        _tell(record, comparison, options)
        if delivery.on_github():
            delivery.tell_github(record, comparison, alone=options.json == "-")
        console.flush()
    code = exit_code(record, comparison)
    if code is ExitCode.AS_EXPECTED:
        return code
    alone = code is ExitCode.NEW_VIOLATION and not comparison.baseline_given
    return console.complain("a property is violated" if alone else REASONS[code], code)


def _decided(options: Namespace, kept: list[Record]) -> Record:
    """The record of the run. The last of `kept` is what there is of it by then, whatever the end of the run."""
    from pmicheck.verify import analysis
    from pmicheck.verify.checkpoints import claimed

    request = request_of(options)
    request.engine.check()
    delivery.check(options)
    with claimed(request), console.Progress() as progress:
        kept.append(_nothing(options))
        kept.append(analysis.verify(request, command=options.command, progress=progress, partial=kept.append))
        return kept[-1]


def _nothing(options: Namespace) -> Record:
    """The record of a run that has decided nothing yet."""
    return Record(
        pmicheck=tool_version(),
        kernel="",
        command=tuple(options.command),
        settings={},
        bounds={},
        results=(),
        explorations=(),
        seconds=0.0,
        stages={},
        partial=True,
        catalogue=Catalogue(),
    )


def _kept(why: str, kept: list[Record], options: Namespace) -> str:
    """Why the run ends, and where the record was written to, if an option names a place for it."""
    place = delivery.keep(kept[-1], options) if kept else None
    what = "what was decided so far is" if kept and kept[-1].partial else "all was decided, and is"
    return f"{why}; {what} in {place}" if place else why


def _tell(record: Record, comparison: Comparison, options: Namespace) -> None:
    """Tables and summary on stdout; only the summary, and on stderr, if stdout belongs to the record."""
    width = console.width()
    ending = tables.differences(comparison, width=width)
    ending += tables.summary(record, comparison) + tables.grounding(record)
    ending += tables.second_opinion(record) if options.second_opinion else ""
    if options.json == "-":
        console.say(ending)
    else:
        console.emit(*tables.verdict_parts(record, width=width), "\n" + ending)
