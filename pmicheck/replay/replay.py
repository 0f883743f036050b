"""Executes a counterexample on the concrete nodes: does it end in the same bad state, and only with the attacker?

    report = replay(trace, times=schedule(trace), casting=CASTING, pcap=Path("attack.pcap"))

`confirmed` takes both: the nodes reach the bad state by the packets of the trace, and with the attacker's packets and
corruptions taken out they do not, unless the trace has no step of the attacker's in the first place. Anything else is
`diverged`, with a sentence that names the step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from pmicheck.replay.records import Divergence, Finding, Powers
from pmicheck.replay.run import Run
from pmicheck.trace import Trace
from pmicheck.verdict import Replay
from pmicheck.wire import pcap as capture_file

NO_ATTACKER = "No attacker takes part: honest nodes alone reach the bad state."
"""What the counterfactual says of a trace that has no step of the attacker's and needs none."""


class Casting(NamedTuple):
    """How the traces of a protocol are played.

    Attributes:
        staged: a trace with its times, about to be run with its attacker or without. Raises UsageError if no bench can
            play it.
        judge: the bad state of the trace's property in the run's last state, None if it is not there.
        cost: what the bad state took, to be asked right after `judge`.
    """

    staged: Callable[[Trace, Sequence[float], bool], Run[Any]]
    judge: Callable[[Run[Any]], Finding | None]
    cost: Callable[[Run[Any], Finding], Mapping[str, float]]


@dataclass(frozen=True)
class ReplayReport:
    """What became of a trace.

    Attributes:
        sentence: the bad state as the concrete nodes show it, or where and how they diverge.
        counterfactual: what happens with the attacker's packets taken out.
        details: figures of the bad state, its cost (see `Casting`), and which honest steps the
            counterfactual had to leave out.
        trace: with time and octets of each step filled in.
    """

    outcome: Replay
    sentence: str
    counterfactual: str
    details: Mapping[str, Any]
    trace: Trace


def replay(trace: Trace, *, times: Sequence[float], casting: Casting, pcap: Path | None = None) -> ReplayReport:
    """Runs a trace with and without its attacker.

    Args:
        times: seconds of each step, from `pmicheck.symbolic.schedule`.
        casting: which bench plays it, and who judges it.
        pcap: where to write the packets of the run with the attacker.

    Raises:
        UsageError: the trace names a reading, mechanism or attacker that does not exist.
        OutputError: the capture cannot be written.
        ValueError: there is not one time for each step.
    """
    if len(times) != len(trace.steps):
        raise ValueError(f"{len(trace.steps)} steps need as many times, not {len(times)}")
    run = casting.staged(trace, times, True)
    diverged, finding = "", None
    try:
        run.run()
        finding = casting.judge(run)
    except Divergence as error:
        diverged = str(error)
    if pcap is not None:
        packets = sorted(run.bench.network.capture, key=lambda record: record[0])
        capture_file.write(pcap, ((capture_file.EPOCH + at, octets) for at, octets in packets))
    seen = _told(trace, run)
    if finding is None:
        sentence = diverged or "The nodes follow every step, but the bad state is not there at the end."
        return ReplayReport(Replay.DIVERGED, sentence, "", {}, seen)
    details = {**finding.details, "cost": casting.cost(run, finding)}
    without = casting.staged(trace, times, False)
    without.run()
    found = casting.judge(without)
    details["honest_steps_left_out"] = [index + 1 for index in without.skipped]
    return _compared(trace, ReplayReport(Replay.CONFIRMED, finding.sentence, "", details, seen), found, run.powers)


def _told(trace: Trace, run: Run[Any]) -> Trace:
    """The trace with what its packets show."""
    sightings, bench = run.sightings, run.bench
    steps = (bench.told(step, sightings.get(at), run.time_of(at)) for at, step in enumerate(trace.steps))
    return structs.replace(trace, steps=tuple(steps))


def _compared(trace: Trace, report: ReplayReport, found: Finding | None, powers: Powers) -> ReplayReport:
    """The report of a run that ended in the bad state, with what became of it without the attacker."""
    taken_out = _taken_out(trace, powers)
    if found is None:
        return dataclasses.replace(report, counterfactual=f"With {taken_out} the bad state is not reached.")
    if not any(step.attacker for step in trace.steps):
        return dataclasses.replace(report, counterfactual=NO_ATTACKER)
    sentence = f"With {taken_out} the bad state is there all the same: {found.sentence}"
    return dataclasses.replace(report, outcome=Replay.DIVERGED, sentence=sentence, counterfactual=sentence)


def _taken_out(trace: Trace, powers: Powers) -> str:
    """What the counterfactual leaves out, in words."""
    packets = sum(step.action in ("inject", "test") for step in trace.steps)
    if packets:
        return f"the attacker's {packets} packets taken out" if packets > 1 else "the attacker's packet taken out"
    if powers.corrupts or powers.rogue_cn:
        return "the corruption taken out (the attacker sends nothing, it only takes what the agent held)"
    return "the attacker's reading taken out (it sends nothing)"
