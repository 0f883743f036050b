"""Which bench plays a course, what the attacker may do there, and who judges the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmicheck.bench.flows import of_one_flow
from pmicheck.bench.judges import cost, judge
from pmicheck.bench.links import BYSTANDER_LINK, CARE_OF_PATH, CONTEXT, HOME_PATH, QUERY_PATH, STRANGER_LINK, TUNNEL
from pmicheck.bench.local import LocalStage
from pmicheck.bench.names import PMA1, PMA2
from pmicheck.bench.peer import PeerStage
from pmicheck.bench.reverse_tunnel import ReverseTunnelStage
from pmicheck.bench.stage import Stage
from pmicheck.bench.type1 import EnhancedStage, MobileStage, Type1Stage
from pmicheck.bench.type2 import Type2Stage
from pmicheck.errors import UsageError
from pmicheck.nodes.policy import Policy
from pmicheck.replay.records import Powers
from pmicheck.replay.replay import Casting
from pmicheck.replay.run import Run
from pmicheck.trace import Trace

STAGES: Mapping[str, type[Stage]] = {
    "rr-mobile": MobileStage,
    "ero-initial": EnhancedStage,
    "ero-handoff": EnhancedStage,
    "type1-initial": Type1Stage,
    "type1-refresh": Type1Stage,
    "type1-handover": Type1Stage,
    "type1-handover-reactive": Type1Stage,
    "type1-settled": Type1Stage,
    "data-plane": Type1Stage,
    "reverse-tunnel": ReverseTunnelStage,
    "type2-local": LocalStage,
    "type2-rr": Type2Stage,
    "type2-rr-left": Type2Stage,
    "type2-handshake": PeerStage,
    "type2-handshake-handover": PeerStage,
}
"""The nodes that play each course; another course would be played by the wrong ones."""


def stage_for(course: str, policy: Policy) -> Stage:
    """The nodes of a course, about to begin. Raises UsageError if no nodes can play it."""
    if course not in STAGES:
        raise UsageError(f"no nodes are known for the scenario {course!r}")
    return STAGES[course](policy)


def powers_of(attacker: str, policy: Policy) -> Powers:
    """The powers of a profile, or of all that a `+` joins.

    Raises:
        UsageError: no such profile.
    """
    everywhere = {HOME_PATH, CARE_OF_PATH, QUERY_PATH, BYSTANDER_LINK, STRANGER_LINK}
    if not policy.tunnel_protected:
        everywhere.add(TUNNEL)
    if policy.reading("context_transfer") != "protected" or not policy.has("context-transfer-protection"):
        everywhere.add(CONTEXT)
    known = {
        "off-path": Powers(),
        "home-path": Powers(taps=frozenset({HOME_PATH})),
        "careof-path": Powers(taps=frozenset({CARE_OF_PATH})),
        "dolev-yao": Powers(taps=frozenset(everywhere)),
        "malicious-mn": Powers(own_home=True),
        "rogue-previous-pma": Powers(corrupts=frozenset({PMA1})),
        "rogue-next-pma": Powers(corrupts=frozenset({PMA2})),
        "rogue-cn": Powers(rogue_cn=True),
        "past-home-path": Powers(left=frozenset({HOME_PATH})),
        "past-careof-path": Powers(left=frozenset({CARE_OF_PATH})),
    }
    names = attacker.split("+")
    if any(name not in known for name in names):
        raise UsageError(f"there is no attacker {attacker!r}")
    parts = [known[name] for name in names]
    return Powers(
        taps=frozenset().union(*(part.taps for part in parts)),
        left=frozenset().union(*(part.left for part in parts)),
        corrupts=frozenset().union(*(part.corrupts for part in parts)),
        own_home=any(part.own_home for part in parts),
        rogue_cn=any(part.rogue_cn for part in parts),
    )


UNNAMED = {"deleted_number": "forgotten"}
"""What a trace was made under that does not name a reading, if not under its default: it is older than decision 140."""


def staged(trace: Trace, times: Sequence[float], attacked: bool) -> Run[Any]:
    """A trace about to be run, with its attacker or without.

    Raises:
        UsageError: the trace names a scenario, reading, mechanism or attacker that does not exist.
    """
    policy = Policy({**UNNAMED, **trace.readings}, frozenset(trace.without))
    stage = stage_for(trace.course(), policy)
    powers = powers_of(trace.attacker, policy) if attacked else Powers()
    return Run(of_one_flow(trace), times, stage, powers, attacked)


CASTING = Casting(staged, judge, cost)
"""How traces of the draft's scenarios are played."""
