"""What makes agents that shake hands act in a replay: spontaneous rules of the model as calls on concrete nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pmicheck.concrete import wire
from pmicheck.concrete.attack import message_in
from pmicheck.concrete.nodes import context_transfer
from pmicheck.concrete.nodes.node import plain_packet
from pmicheck.concrete.packet import Packet, UdpDatagram
from pmicheck.concrete.payload import PACKET
from pmicheck.concrete.stage import ATTACKER, CARE_OF, CN_HOME, COA1, HA2, HOA, PMA1, PMA3
from pmicheck.concrete.telling import own_sighting

if TYPE_CHECKING:
    from pmicheck.concrete.peer_run import Entries, PeerRun


def start_at_agents(run: PeerRun, rule: str, data: Mapping[str, Any], before: Entries) -> None:
    """Does what a spontaneous rule of the trace says.

    Args:
        before: the agents' entries before this step.

    Raises:
        Divergence: the nodes do not do it, or the rule is not known.
        UsageError: an agent is asked for something that it has nothing for.
    """
    if "phase" in data:
        run.stage.tick(data["phase"], run.now)
    elif found := re.fullmatch(r"mobile node moves to (\w+)", rule):
        run.stage.move(found[1], run.now)
        if PMA1 in run.powers.corrupts:
            run.corrupt(PMA1)
    elif found := re.fullmatch(r"entry of (.*?) ends(?: at (pma\d))?", rule):
        _end(run, found[2] or PMA3, found[1], before)
    elif rule == "attacker asks pma1 for the handover context":
        _ask_for_context(run)
    elif found := re.fullmatch(r"(pma\d) (.*)", rule):
        _agent(run, found[1], found[2])
    else:
        raise run.divergence(f"the rule {rule!r} is not known")


def _agent(run: PeerRun, name: str, what: str) -> None:
    agent, at = run.stage.agents[name], run.stage.addresses
    own, other = (at[CN_HOME], at[HOA]) if name == PMA3 else (at[HOA], at[CN_HOME])
    match what:
        case "asks HA2 for the binding":
            agent.start_handshake(own, other, at[HA2], run.now)
            _number_request(run, name)
        case "repeats its handshake PBU":
            agent.retransmit_handshake(own, other, run.now)
        case "registers with the peer in the context":
            _register_from_context(run, name)
        case "deregisters with the peer":
            agent.end_handshake(own, other, run.now)
        case "tunnels the mobile node's data" | "sends data to the mobile node":
            agent.from_node(Packet(own, other, UdpDatagram(bytes(PACKET))), run.now)
        case _ if found := re.fullmatch(r"asks (pma\d) for the context", what):
            agent.request_context(own, at[CARE_OF[found[1]]], run.now)
        case _:
            raise run.divergence(f"{name} has no rule {what!r}")


def _number_request(run: PeerRun, name: str) -> None:
    transaction = run.stage.agents[name].query_about(run.stage.addresses[CN_HOME])
    if transaction is None:
        raise run.divergence(f"{name} asks nobody")
    run.attempts[name] = run.attempts.get(name, 0) + 1
    run.matcher.asked[name, run.attempts[name]] = transaction


def _register_from_context(run: PeerRun, name: str) -> None:
    """The update went out with the arrival of the context (N122); it goes out again if it is lost by now."""
    at = run.stage.addresses
    sent = (f.packet for f in run.stage.network.in_flight.values() if f.sender == name)
    if not any(isinstance(message_in(Packet.from_bytes(packet)), wire.BindingUpdate) for packet in sent):
        run.stage.agents[name].retransmit_handshake(at[HOA], at[CN_HOME], run.now)


def _ask_for_context(run: PeerRun) -> None:
    """Reading context_transfer=unauthenticated: whoever asks is told, keys and all (A-02)."""
    at = run.stage.addresses
    request = wire.ContextTransferRequest(int.from_bytes(run.knowledge.random.take(2), "big"), at[HOA])
    packet = plain_packet(request, at[ATTACKER], at[COA1]).to_bytes()
    run.sightings[run.step] = own_sighting(run, packet)
    run.knowledge.octets_sent += len(packet)
    sink = run.stage.sinks[ATTACKER]
    had = len(sink.packets)
    run.stage.network.inject(packet, run.now)
    run.settle()
    for _, octets in sink.packets[had:]:
        message = message_in(Packet.from_bytes(octets))
        told = context_transfer.read(message, with_key=True) if isinstance(message, wire.ContextTransferData) else None
        if told is not None and told.context.profile.private_key is not None:
            run.knowledge.take_key(told.context.profile.private_key, f"asked for at step {run.step + 1}")
            return
    raise run.divergence("pma1 does not tell the context")


def _end(run: PeerRun, agent: str, home: str, before: Entries) -> None:
    """The lifetime of an entry is over."""
    if before[agent, home] is None or run.entry(agent, home) is not None:
        raise run.divergence(f"the entry of {home} at {agent} does not end at {run.now} s")
