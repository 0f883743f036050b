"""Whether a run of agents that shake hands ended in the bad state of a property (the draft's 4.2).

An entry does harm where it carries traffic: payload is really sent by the node that is at the agent, and counted where
it arrives. What happened in a trace's prologue is no part of what it shows.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from pmicheck.concrete.attack import innermost
from pmicheck.concrete.judgement import Finding, data_origin
from pmicheck.concrete.network import Flight
from pmicheck.concrete.payload import PACKET
from pmicheck.concrete.peer_run import PeerAcceptance, PeerRun, Place
from pmicheck.concrete.stage import ATTACKER, ATTACKER_HOME, BYSTANDER, CARE_OF, CN_HOME, COA3, HOA
from pmicheck.wire.packet import Packet, UdpDatagram

Judge = Callable[[PeerRun], Finding | None]


def judge(run: PeerRun) -> Finding | None:
    """The bad state of the trace's property in the run's last state, None if it is not there."""
    finding = JUDGES[run.trace.property](run)
    if finding is None or finding.victim_octets is not None:
        return finding
    return dataclasses.replace(finding, victim_octets=_diverted(run))


def _accepted(run: PeerRun) -> Iterator[PeerAcceptance]:
    """Updates for honest nodes that were accepted after the prologue."""
    steps = run.trace.steps
    for accepted in run.accepted:
        if not steps[accepted.step].prologue and accepted.home_address in (HOA, CN_HOME):
            yield accepted


def _last(run: PeerRun, place: Place, before: int | None = None) -> PeerAcceptance | None:
    """The last accepted update for an entry, if it is of a step before the one given."""
    found = [a for a in run.accepted if a.place == place and (before is None or a.step < before)]
    return found[-1] if found else None


def _attacker_addresses(run: PeerRun) -> set[str]:
    return {ATTACKER, *(CARE_OF[pma] for pma in run.corrupted)} if run.attacked else set()


# Payload.


def _send(run: PeerRun, place: Place, octets: int = PACKET) -> Counter[str]:
    """The node at an agent sends data to a home address; octets by the name of the place where they end."""
    agent, home = place
    source = run.served_by(agent)
    arrived: Counter[str] = Counter()
    if source is None:
        return arrived
    at, network = run.stage.addresses, run.stage.network
    while octets > 0:
        size = min(PACKET, octets)
        run.stage.agents[agent].from_node(Packet(at[source], at[home], UdpDatagram(bytes(size))), run.now)
        arrived += _follow(run)
        octets -= size
    for flight_id in list(network.in_flight):
        network.drop(flight_id)
    return arrived


def _follow(run: PeerRun) -> Counter[str]:
    """Lets payload travel until it rests; octets by the name of the place where that is."""
    arrived: Counter[str] = Counter()
    while flights := [flight for flight in run.stage.network.collect(run.now) if _octets(flight.packet)]:
        for flight in flights:
            rests = _hop(run, flight)
            if rests is not None:
                arrived[rests] += _octets(flight.packet)
    return arrived


def _hop(run: PeerRun, flight: Flight) -> str | None:
    """Delivers payload; where it rests by name, None if it travels on. The attacker's agents keep what they get."""
    stage, towards = run.stage, run.stage.name_of(flight.destination)
    if towards in _attacker_addresses(run) - {ATTACKER}:
        stage.network.drop(flight.flight_id)
        return towards
    logged = {name: len(agent.log) for name, agent in stage.agents.items()}
    reached = stage.network.deliver(flight.flight_id, run.now)
    if reached in stage.sinks:
        return reached
    events = stage.agents[reached].log[logged[reached] :] if reached in stage.agents else []
    kept = any(event.kind == "delivered" for event in events)
    return stage.name_of(innermost(Packet.from_bytes(flight.packet)).destination) if kept else None


def _octets(packet: bytes) -> int:
    payload = innermost(Packet.from_bytes(packet)).payload
    return len(payload.data) if isinstance(payload, UdpDatagram) else 0


def _diverted(run: PeerRun) -> int:
    """How much of one payload packet the last update of the attacker's diverts to it or to a bystander."""
    for accepted in reversed(run.accepted):
        if not accepted.honest:
            arrived = _send(run, accepted.place)
            return sum(arrived[name] for name in {BYSTANDER, *_attacker_addresses(run)})
    return 0


# Where an entry leads.


def _no_redirection(run: PeerRun) -> Finding | None:
    for place, entry in run.all_entries().items():
        last, (agent, home) = _last(run, place), place
        if entry is None or last is None or last.honest or home not in (HOA, CN_HOME):
            continue
        care_of = run.stage.name_of(entry.care_of_address)
        left = _send(run, place)[care_of] if care_of in _attacker_addresses(run) else 0
        if left:
            sentence = (
                f"{agent}'s entry for {home} holds {care_of}, and {left} octets that its node sent to {home} arrived "
                "there."
            )
            details = {"agent": agent, "care_of_address": str(entry.care_of_address), "octets_received": left}
            return Finding(sentence, details, left)
    return None


def _no_careof_flooding(run: PeerRun) -> Finding | None:
    """Nothing limits what goes to an address that the handshake never tested (4.2)."""
    numbers, sink = run.trace.numbers, run.stage.sinks[BYSTANDER]
    for place, entry in run.all_entries().items():
        if entry is None or entry.care_of_address != sink.address:
            continue
        earned = _send_back(run, place, int(numbers.get("octets_earned", 0)))
        received = _send(run, place, int(numbers.get("octets_to_bystander", PACKET)))[BYSTANDER]
        allowed = earned * 7 // 8
        details = {
            "octets_to_bystander": received,
            "octets_earned": earned,
            "octets_allowed": allowed,
            "octets_attacker_sent": run.knowledge.octets_sent,
        }
        if received > allowed:
            sentence = (
                f"The bystander received {received} octets of payload for {place[1]} that it never asked for, where "
                f"{allowed} octets would be fair; the attacker sent {run.knowledge.octets_sent} octets in all."
            )
            return Finding(sentence, details, received)
    return None


def _send_back(run: PeerRun, place: Place, octets: int) -> int:
    """The attacker sends payload as if from the bystander; what its victim's agent takes would have earned credit."""
    agent, home = place
    served, at, taken = run.served_by(agent), run.stage.addresses, 0
    while served is not None and octets > 0:
        size = min(PACKET, octets)
        inner = Packet(at[home], at[served], UdpDatagram(bytes(size)))
        packet = Packet(at[BYSTANDER], at[CARE_OF[agent]], inner).to_bytes()
        run.knowledge.octets_sent += len(packet)
        run.stage.network.inject(packet, run.now)
        taken += size if run.stage.agents[agent].log[-1].kind == "delivered" else 0
        octets -= size
    return taken


def _no_home_flooding(run: PeerRun) -> Finding | None:
    for place, entry in run.all_entries().items():
        agent, home = place
        made = [a for a in run.accepted if a.place == place and not a.honest and a.after is not None]
        if not made or entry is not None:
            continue
        if home != ATTACKER_HOME and made[-1].care_of_address not in _attacker_addresses(run):
            continue
        left = _send(run, place)[home]
        if left:
            what = "which its host has left" if home == ATTACKER_HOME else "where the attacker never was"
            sentence = f"After the attacker's entry at {agent} ended, {left} octets went to {home}, {what}."
            details = {
                "agent": agent,
                "home_address": str(run.stage.addresses[home]),
                "octets_to_home_address": left,
                "fallback_at": run.now,
            }
            return Finding(sentence, details, left)
    return None


# What was accepted.


def _binding_agreement(run: PeerRun) -> Finding | None:
    for accepted in _accepted(run):
        if not accepted.honest:
            sentence = (
                f"{accepted.at} accepted octets a second time that an honest agent sent once."
                if accepted.again
                else f"{accepted.at} accepted an update whose octets no honest agent ever emitted."
            )
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _binding_freshness(run: PeerRun) -> Finding | None:
    for accepted in _accepted(run):
        if accepted.again and accepted.before != accepted.after:
            sentence = f"{accepted.at} accepted the octets of an old update a second time, and its entry changed."
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _no_unauthorised_deregistration(run: PeerRun) -> Finding | None:
    for accepted in _accepted(run):
        earlier = _last(run, accepted.place, accepted.step)
        serving = COA3 if accepted.home_address == CN_HOME else accepted.serving
        address = run.stage.addresses.get(serving)
        entered = accepted.home_address == CN_HOME  # by the agent itself, whose peer it is: true if it serves the node
        if accepted.honest or earlier is None or not (earlier.honest or entered):
            continue
        before, after = accepted.before, accepted.after
        if before is None or before.care_of_address != address:
            continue
        if after is None or after.care_of_address != address:
            what = "is gone" if after is None else f"now holds {run.stage.name_of(after.care_of_address)}"
            sentence = (
                f"The honest entry of {accepted.home_address} at {accepted.at} with {serving} {what} after a packet "
                "that nobody entitled sent."
            )
            return Finding(sentence, {"step": accepted.step + 1})
    return None


def _former_pma_powerless(run: PeerRun) -> Finding | None:
    for accepted in _accepted(run):
        rogues = sorted(pma for pma in run.powers.corrupts if CARE_OF[pma] != accepted.serving)
        own = run.attacked and rogues and not accepted.honest
        if own and accepted.secrets is not None and accepted.before != accepted.after:
            sentence = (
                f"{accepted.at} changed its entry of {accepted.home_address} upon a packet of {' and '.join(rogues)}, "
                "which does not serve the node."
            )
            return Finding(sentence, {"step": accepted.step + 1, "made_with": list(accepted.secrets)})
    return None


def _stateless(run: PeerRun) -> Finding | None:
    unfounded = run.stage.policy.reading("pma_auth") == "none"
    for accepted in _accepted(run):
        if unfounded and accepted.before is None and accepted.after is not None:
            sentence = f"{accepted.at} made an entry upon a packet in which nothing that it checks takes a secret."
            return Finding(sentence, {"step": accepted.step + 1, "checks_in_force": []})
    return None


def _acknowledgement_agreement(run: PeerRun) -> Finding | None:
    for belief in run.beliefs:
        if not belief.emitted:
            sentence = f"{belief.who} acted upon {BELIEVED[belief.what]} whose octets no honest node ever emitted."
            return Finding(sentence, {"step": belief.step + 1, "who": belief.who})
    return None


BELIEVED = {
    "accepted-binding-cache-acknowledgement": "a Binding Cache Acknowledgement",
    "installed-context": "Context Transfer Data",
    "accepted-peer-update": "a Proxy Binding Update that answers its own",
}


JUDGES: Mapping[str, Judge] = {
    "no-redirection": _no_redirection,
    "binding-freshness": _binding_freshness,
    "no-careof-flooding": _no_careof_flooding,
    "no-home-flooding": _no_home_flooding,
    "binding-agreement": _binding_agreement,
    "no-unauthorised-deregistration": _no_unauthorised_deregistration,
    "former-pma-powerless": _former_pma_powerless,
    "stateless-before-authentication": _stateless,
    "acknowledgement-agreement": _acknowledgement_agreement,
    "data-origin": data_origin,
}
