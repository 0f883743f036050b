"""`pmicheck replay`: one trace on real packets. The trace is input: nothing that it holds crashes or hangs a run."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pmicheck.cli import console
from pmicheck.cli.requests import check_names
from pmicheck.errors import PmicheckError, UsageError
from pmicheck.report.files import check_writable
from pmicheck.report.record.lookup import trace_in
from pmicheck.report.record.record import ReplayOutcome
from pmicheck.report.words.narration import narrate
from pmicheck.trace import Trace
from pmicheck.verdict import ExitCode, Replay
from pmicheck.verify.recording import check_unchanged
from pmicheck.verify.results import replay_trace

if TYPE_CHECKING:
    from pmicheck.replay.replay import ReplayReport

LARGEST = 10**8
"""Octets, seconds and numbers of packets beyond which no trace of the checker goes."""
LONGEST = 300.0
"""Seconds that a replay may take; those of the checker take a few."""


def replay(options: Namespace) -> ExitCode:
    """Raises UsageError for a trace that cannot be executed, and OutputError for a capture that cannot be written."""
    trace, record = trace_in(options.trace, options.finding)
    if record is not None:
        check_unchanged(record, options.trace)
    if options.pcap:
        check_writable(options.pcap)
    report = _executed(trace, options.trace, options.pcap)
    outcome = ReplayOutcome(report.outcome, report.sentence, report.counterfactual)
    console.emit(narrate(report.trace or trace, replay=outcome, width=console.width()))
    return ExitCode.NOT_TRUSTWORTHY if report.outcome is Replay.DIVERGED else ExitCode.AS_EXPECTED


def _executed(trace: Trace, path: Path, pcap: Path | None) -> ReplayReport:
    check_names("attackers", trace.attacker.split("+"))
    check_names("properties", [trace.property])
    _check_numbers(msgspec.to_builtins((trace.observation, trace.numbers, trace.steps)))
    try:
        with _limited(path):
            return replay_trace(trace, pcap=pcap)
    except (PmicheckError, OSError, MemoryError):
        raise
    except Exception as error:  # anything but a trace of the checker makes no sense somewhere
        raise UsageError(f"{path}: the trace cannot be executed: {type(error).__name__}: {error}") from error


def _check_numbers(value: Any) -> None:
    """Raises UsageError for a number that no trace of the checker holds."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            _check_numbers(each)
    elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= LARGEST):
        raise UsageError(f"the trace holds the number {value:.4g}, which is too large to be played")


@contextlib.contextmanager
def _limited(path: Path) -> Iterator[None]:
    """Raises UsageError in the block once it has taken too long."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise UsageError(f"{path}: the trace takes more than {LONGEST:.0f} s to play")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
