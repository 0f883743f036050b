"""`pmicheck conform`: somebody else's correspondent node beside the packet node, on every trace of a record."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pmicheck.cli import console
from pmicheck.cli.requests import check_names
from pmicheck.conform.answers import Lean
from pmicheck.conform.node import factory_named
from pmicheck.conform.playing import Difference, has_correspondent, is_playable, play
from pmicheck.conform.table import table
from pmicheck.conform.udp import factory_over_udp
from pmicheck.report.record.lookup import stored_in
from pmicheck.trace import Trace
from pmicheck.verdict import ExitCode, gravest
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.recording import check_unchanged
from pmicheck.verify.walking import walks

WALKED_UNDER = "dolev-yao"
"""The attacker of random walks, which can do most."""


def conform(options: Namespace) -> ExitCode:
    """Raises UsageError for a target, a record or a scenario that does not exist."""
    check_names("scenarios", options.scenarios)
    factory = factory_named(options.target) if options.target else factory_over_udp(options.udp, options.patience)
    traces = [trace for trace in _traces_in(options.record) if _is_wanted(trace, options.scenarios)]
    given = len(traces)
    differences: list[Difference] = []
    packets, cut = 0, 0
    with console.Progress() as progress:
        if options.walks:
            traces += _walks(options, progress)
        for number, trace in enumerate(traces, 1):
            progress(f"{trace.scenario} / {trace.attacker} / {trace.property} ({number} of {len(traces)})")
            played = play(trace, factory)
            differences += played.differences
            packets += played.packets
            cut += not played.in_time or not (played.followed or number > given)
    text = "\n".join(table(differences, console.width()))
    sums = ", ".join((_count(len(traces), "trace"), _count(packets, "packet"), _count(len(differences), "difference")))
    console.emit(f"{text}\n{sums}.\n" if text else f"{sums}.\n")
    if cut:
        console.say(f"pmicheck: {_count(cut, 'trace')} could not be played to the end.\n")
    return gravest([_code(differences, packets), ExitCode.INCONCLUSIVE if cut else ExitCode.AS_EXPECTED])


def _traces_in(path: Path) -> Sequence[Trace]:
    """The traces of a record, or the one of a file with a trace. Raises UsageError for any other file."""
    record = stored_in(path)
    if isinstance(record, Trace):
        return (record,)
    check_unchanged(record, path)
    return [result.trace for result in record.results if result.trace is not None]


def _walks(options: Namespace, progress: Callable[[str], None]) -> Iterator[Trace]:
    """Random walks of each scenario that is wanted. Where the nodes keep more than the model, a walk may end early."""
    for cell in plan(Request(tuple(options.scenarios), (WALKED_UNDER,))):
        if not has_correspondent(cell.scenario.course.plays):
            continue
        for number, trace in enumerate(walks(cell, options.walks), 1):
            progress(f"{trace.scenario} / {trace.attacker} / {trace.property} ({number} of {options.walks})")
            yield trace


def _is_wanted(trace: Trace, scenarios: Sequence[str]) -> bool:
    return is_playable(trace) and (not scenarios or trace.scenario in scenarios)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else f"no {what}s"


def _code(differences: Sequence[Difference], packets: int) -> ExitCode:
    leans = {difference.found.lean for difference in differences}
    if leans & {Lean.WEAKER, Lean.BROKEN}:
        return ExitCode.NEW_VIOLATION
    if not packets:
        return console.complain("no trace was played", ExitCode.NOT_TRUSTWORTHY)
    return ExitCode.INCONCLUSIVE if leans else ExitCode.AS_EXPECTED
