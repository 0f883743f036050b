"""Whether a run of return routability with a type 2 correspondent ended in the bad state of a property (4.3).

Both agents keep entries: the correspondent's for the mobile node, which is judged as that of a correspondent node, and
the mobile node's for the correspondent, by which the node's own data go.
"""

from __future__ import annotations

from pmicheck.concrete import judgement
from pmicheck.concrete.attack import innermost
from pmicheck.concrete.impersonation import Impersonator
from pmicheck.concrete.judgement import Finding
from pmicheck.concrete.payload import PACKET
from pmicheck.concrete.stage import ATTACKER, CN_HOME, HOA, PMA1, PMA3
from pmicheck.concrete.type2_run import Type2Run
from pmicheck.wire.packet import Packet, UdpDatagram


def judge(run: Type2Run) -> Finding | None:
    """The bad state of the trace's property in the run's last state, None if it is not there."""
    match run.trace.property:
        case "no-redirection":
            by_correspondent = judgement.judge(run) if run.stage.behind.is_used(run.stage.addresses[HOA]) else None
            return by_correspondent or _redirected_by_mobile_agent(run)
        case "no-home-flooding":
            return judgement.judge(run) or _fallback_at_mobile_agent(run)
        case _:
            return judgement.judge(run)


def _was_misled(run: Type2Run) -> bool:
    """The mobile node's agent has taken a PHoT that the correspondent's agent never sent."""
    return any(belief.who == PMA1 and not belief.emitted for belief in run.beliefs)


def _redirected_by_mobile_agent(run: Type2Run) -> Finding | None:
    """The attacker completes the registration in the correspondent's place, and the node's data come to it."""
    chosen = run.forger.chosen
    if run.peer() != ATTACKER or not _was_misled(run) or chosen is None:
        return None
    if not Impersonator(run, *chosen).complete():
        return None
    left = _send(run).get(ATTACKER, 0)
    if not left:
        return None
    sentence = (
        f"{PMA1}'s entry for {CN_HOME} holds {ATTACKER}; the attacker answered the updates that went there, and {left} "
        f"octets that the mobile node sent to {CN_HOME} arrived at its address."
    )
    details = {"care_of_address": str(run.stage.addresses[ATTACKER]), "octets_received": left}
    return Finding(sentence, details, left)


def _fallback_at_mobile_agent(run: Type2Run) -> Finding | None:
    """The false entry is over, and the node's data go to the correspondent's home address."""
    if run.peer() is not None or not _was_misled(run):
        return None
    left = _send(run).get(CN_HOME, 0)
    if not left:
        return None
    sentence = f"After the attacker's entry at {PMA1} ended, {left} octets went to {CN_HOME}, where it never was."
    details = {
        "home_address": str(run.stage.addresses[CN_HOME]),
        "octets_to_home_address": left,
        "fallback_at": run.now,
    }
    return Finding(sentence, details, left)


def _send(run: Type2Run) -> dict[str, int]:
    """The mobile node sends a packet to the correspondent; octets by the name of where it ends."""
    stage, at, arrived = run.stage, run.stage.addresses, dict[str, int]()
    stage.sending.send_payload(at[HOA], at[CN_HOME], PACKET, run.now)
    while flights := stage.network.collect(run.now):
        for flight in flights:
            inner = innermost(Packet.from_bytes(flight.packet))
            logged = len(stage.receiving.log)
            reached = stage.network.deliver(flight.flight_id, run.now)
            if not isinstance(inner.payload, UdpDatagram):
                continue
            delivered = any(event.kind == "delivered" for event in stage.receiving.log[logged:])
            if reached in stage.sinks or (reached == PMA3 and delivered):
                arrived[CN_HOME if reached == PMA3 else str(reached)] = len(inner.payload.data)
    return arrived
