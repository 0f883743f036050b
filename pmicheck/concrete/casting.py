"""Which stage, which run and which judges a scenario takes."""

from __future__ import annotations

from collections.abc import Sequence

from pmicheck.concrete import judgement, peer_judgement, type2_judgement
from pmicheck.concrete.agent_stage import PeerStage, Type2Stage
from pmicheck.concrete.execution import Run
from pmicheck.concrete.flows import of_one_flow
from pmicheck.concrete.judgement import Finding
from pmicheck.concrete.peer_run import PeerRun
from pmicheck.concrete.stage import MOBILE, Powers, Stage
from pmicheck.concrete.type2_run import Type2Run
from pmicheck.errors import UsageError
from pmicheck.nodes.policy import Policy
from pmicheck.trace import Trace

RETURN_ROUTABILITY = "type2-rr"
HANDSHAKES = ("type2-handshake", "type2-handshake-handover")
COURSES = (
    *MOBILE,
    "type1-initial",
    "type1-refresh",
    "type1-handover",
    "type1-handover-reactive",
    "type1-settled",
    "type2-local",
    *HANDSHAKES,
    RETURN_ROUTABILITY,
    "data-plane",
)
"""Every course that the nodes can play; another one would be played by the wrong nodes."""


def staged(trace: Trace, times: Sequence[float], *, attacked: bool) -> Run:
    """A trace about to be run, with its attacker or without.

    Raises:
        UsageError: the trace names a scenario, reading, mechanism or attacker that does not exist.
    """
    if trace.course() not in COURSES:
        raise UsageError(f"no nodes are known for the scenario {trace.course()!r}")
    trace = of_one_flow(trace)
    policy = Policy(dict(trace.readings), frozenset(trace.without))
    powers = Powers.of(trace.attacker, policy) if attacked else Powers()
    if trace.course() in HANDSHAKES:
        return PeerRun(trace, times, PeerStage(trace.course(), policy), powers, attacked)
    if trace.course() == RETURN_ROUTABILITY:
        return Type2Run(trace, times, Type2Stage(trace.course(), policy), powers, attacked)
    return Run(trace, times, Stage(trace.course(), policy), powers, attacked)


def judge(run: Run) -> Finding | None:
    """The bad state of the trace's property in the run's last state, None if it is not there."""
    match run:
        case PeerRun():
            return peer_judgement.judge(run)
        case Type2Run():
            return type2_judgement.judge(run)
        case _:
            return judgement.judge(run)
