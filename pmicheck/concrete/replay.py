"""Executes a counterexample on the concrete nodes: does it end in the same bad state, and only with the attacker?

    report = replay(trace, times=schedule(trace), pcap=Path("attack.pcap"))

`confirmed` takes both: the nodes reach the bad state by the packets of the trace, and with the attacker's packets and
corruptions taken out they do not, unless the trace has no step of the attacker's in the first place. Anything else is
`diverged`, with a sentence that names the step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from pmicheck.concrete.casting import judge, staged
from pmicheck.concrete.execution import Run
from pmicheck.concrete.judgement import Finding, cost
from pmicheck.concrete.records import Divergence
from pmicheck.concrete.stage import Powers
from pmicheck.concrete.telling import told
from pmicheck.trace import Trace
from pmicheck.verdict import Replay
from pmicheck.wire import pcap as capture_file

NO_ATTACKER = "No attacker takes part: honest nodes alone reach the bad state."
"""What the counterfactual says of a trace that has no step of the attacker's and needs none."""


@dataclass(frozen=True)
class ReplayReport:
    """What became of a trace.

    Attributes:
        sentence: the bad state as the concrete nodes show it, or where and how they diverge.
        counterfactual: what happens with the attacker's packets taken out.
        details: figures of the bad state, its `cost` (see `judgement.cost`), and which honest steps the
            counterfactual had to leave out.
        trace: with time and octets of each step filled in.
    """

    outcome: Replay
    sentence: str
    counterfactual: str
    details: Mapping[str, Any]
    trace: Trace


def replay(trace: Trace, *, times: Sequence[float], pcap: Path | None = None) -> ReplayReport:
    """Runs a trace with and without its attacker.

    Args:
        times: seconds of each step, from `pmicheck.symbolic.schedule`.
        pcap: where to write the packets of the run with the attacker.

    Raises:
        UsageError: the trace names a reading, mechanism or attacker that does not exist.
        OutputError: the capture cannot be written.
        ValueError: there is not one time for each step.
    """
    if len(times) != len(trace.steps):
        raise ValueError(f"{len(trace.steps)} steps need as many times, not {len(times)}")
    run = staged(trace, times, attacked=True)
    diverged, finding = "", None
    try:
        run.run()
        finding = judge(run)
    except Divergence as error:
        diverged = str(error)
    if pcap is not None:
        packets = sorted(run.stage.network.capture, key=lambda record: record[0])
        capture_file.write(pcap, ((capture_file.EPOCH + at, octets) for at, octets in packets))
    seen = _told(trace, run)
    if finding is None:
        sentence = diverged or "The nodes follow every step, but the bad state is not there at the end."
        return ReplayReport(Replay.DIVERGED, sentence, "", {}, seen)
    priced = dataclasses.replace(finding, details={**finding.details, "cost": cost(run, finding)})
    return _with_counterfactual(trace, times, priced, seen, run.powers)


def _told(trace: Trace, run: Run) -> Trace:
    """The trace with what its packets show."""
    steps = (told(step, run.sightings.get(index), run.time_of(index)) for index, step in enumerate(trace.steps))
    return structs.replace(trace, steps=tuple(steps))


def _with_counterfactual(
    trace: Trace, times: Sequence[float], finding: Finding, seen: Trace, powers: Powers
) -> ReplayReport:
    """The same again without the attacker."""
    without = staged(trace, times, attacked=False)
    without.run()
    details = {**finding.details, "honest_steps_left_out": [index + 1 for index in without.skipped]}
    found = judge(without)
    taken_out = _taken_out(trace, powers)
    if found is not None and not any(step.attacker for step in trace.steps):
        return ReplayReport(Replay.CONFIRMED, finding.sentence, NO_ATTACKER, details, seen)
    if found is not None:
        sentence = f"With {taken_out} the bad state is there all the same: {found.sentence}"
        return ReplayReport(Replay.DIVERGED, sentence, sentence, details, seen)
    counterfactual = f"With {taken_out} the bad state is not reached."
    return ReplayReport(Replay.CONFIRMED, finding.sentence, counterfactual, details, seen)


def _taken_out(trace: Trace, powers: Powers) -> str:
    """What the counterfactual leaves out, in words."""
    packets = sum(step.action in ("inject", "test") for step in trace.steps)
    if packets:
        return f"the attacker's {packets} packets taken out" if packets > 1 else "the attacker's packet taken out"
    if powers.corrupts or powers.rogue_cn:
        return "the corruption taken out (the attacker sends nothing, it only takes what the agent held)"
    return "the attacker's reading taken out (it sends nothing)"
