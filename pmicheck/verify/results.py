"""From what a search showed, or another cell settled, to the results of a cell, and each violation to its replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from pmicheck.explore.result import Exploration
from pmicheck.grounding.run import Prepared
from pmicheck.model.readings import READINGS
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record.record import ReplayOutcome, Result, Witness
from pmicheck.symbolic.schedule import ImpossibleTiming, schedule
from pmicheck.trace import Trace
from pmicheck.verdict import Replay, Verdict, as_searched, verdict_of
from pmicheck.verify.evidence import trace_of
from pmicheck.verify.matrix import Cell
from pmicheck.verify.progress import Progress
from pmicheck.verify.searching import Searched

if TYPE_CHECKING:
    from pmicheck.replay.replay import ReplayReport


def result_of(cell: Cell, prepared: Prepared, searched: Searched, number: int) -> Result:
    """The verdict of one property of the prepared system (by its place) with its evidence, replay apart."""
    prop, way, explored = prepared.properties[number], searched.ways[number], searched.explored
    reached = explored.goals[number]
    verdict = verdict_of(broken=way is not None, complete=explored.complete, witnessed=reached is not None)
    name, _ = prop.witness(prepared.start.world)
    return _result(
        cell,
        prop.name,
        verdict,
        explored,
        depth=way.depth if way else explored.depth,
        witness=Witness(reached is not None, name, reached.depth if reached else None),
        trace=trace_of(prepared, prop, way) if way else None,
    )


def result_of_progress(cell: Cell, found: Progress) -> Result:
    """The verdict on `progress` with its evidence, under the attacker of the cell, who has no part in it."""
    reached = found.explored.goals[-1]
    return _result(
        cell,
        PROGRESS,
        found.verdict,
        found.explored,
        depth=found.depth,
        witness=Witness(reached is not None, "the honest run is complete", reached.depth if reached else None),
        trace=replace(found.trace, attacker=cell.attacker.name) if found.trace else None,
    )


def _result(
    cell: Cell,
    prop: str,
    verdict: Verdict,
    explored: Exploration,
    *,
    depth: int,
    witness: Witness,
    trace: Trace | None,
) -> Result:
    expected, argument = expected_of(cell, prop)
    return Result(
        scenario=cell.scenario.name,
        attacker=cell.attacker.name,
        property=prop,
        readings=dict(cell.policy.readings),
        without=tuple(sorted(cell.policy.without)),
        verdict=verdict,
        bounds=cell.scenario.bounds_sentence(),
        states=explored.states,
        transitions=explored.transitions,
        depth=depth,
        seconds=0.0,
        witness=witness,
        trace=trace,
        replay=None,
        needs_attacker=any(step.attacker for step in trace.steps) if trace else None,
        argument=argument,
        expected=expected,
    )


def taken(cell: Cell, by: Result, witness: Result) -> Result:
    """The verdict of another cell that implies this one's, its proof apart; what is violated is replayed under this
    attacker's name."""
    expected, argument = expected_of(cell, by.property)
    return replayed(
        replace(
            by,
            attacker=cell.attacker.name,
            verdict=as_searched(by.verdict),
            bounds=cell.scenario.bounds_sentence(),
            never_known=UNSET,
            seconds=0.0,
            witness=witness.witness,
            trace=replace(by.trace, attacker=cell.attacker.name) if by.trace else None,
            replay=None,
            argument=argument,
            expected=expected,
            settled_by=by.settled_by or by.attacker,
        )
    )


def expected_of(cell: Cell, prop: str) -> tuple[str, str]:
    """The verdict that the scenario file expects, and why; of the readings and mechanisms that it speaks of."""
    default = not cell.policy.without and all(cell.policy.reads(n, r.values[0]) for n, r in READINGS.items())
    return cell.scenario.expected(cell.attacker.name, prop) if default else ("", "")


def replayed(result: Result) -> Result:
    """A violation, executed on the second implementation; anything else as it is."""
    if result.trace is None:
        return result
    if result.property == PROGRESS:
        reason = "nothing happens that could be replayed: the goal is out of reach"
        return replace(result, replay=ReplayOutcome(Replay.NOT_APPLICABLE, reason))
    try:
        report = replay_trace(result.trace)
    except ImpossibleTiming as error:
        return replace(result, replay=ReplayOutcome(Replay.DIVERGED, str(error)))
    outcome = ReplayOutcome(report.outcome, report.sentence, report.counterfactual, report.details)
    return replace(result, trace=report.trace or result.trace, replay=outcome)


def replay_trace(trace: Trace, *, pcap: Path | None = None) -> ReplayReport:
    """Solve for times, then execute the trace on real packets; with `pcap`, keep what crossed the links.

    Raises OutputError if the capture cannot be written, ImpossibleTiming if no timestamps fit the constants.
    """
    from pmicheck.bench.cast import CASTING
    from pmicheck.replay.replay import replay

    return replay(trace, times=schedule(trace), casting=CASTING, pcap=pcap)
