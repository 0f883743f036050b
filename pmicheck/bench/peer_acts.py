"""The acts of agents that shake hands, as calls on them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from pmicheck.bench.names import ATTACKER, CARE_OF, CN_HOME, COA1, HA2, HOA, PMA3
from pmicheck.bench.payload import PACKET
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.peer import context_transfer
from pmicheck.replay.bench import Fields
from pmicheck.replay.knowledge import message_in
from pmicheck.replay.run import Run
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet, UdpDatagram

if TYPE_CHECKING:
    from pmicheck.bench.peer import PeerStage
    from pmicheck.bench.stage import Act


def _ends(run: Run[PeerStage], name: str) -> tuple[IPv6Address, IPv6Address]:
    """The node that an agent serves, and the one that this talks to."""
    home, correspondent = run.bench.addresses[HOA], run.bench.addresses[CN_HOME]
    return (correspondent, home) if name == PMA3 else (home, correspondent)


def _ask_home_agent(run: Run[PeerStage], name: str, _given: Fields) -> None:
    bench, agent = run.bench, run.bench.agents[name]
    agent.start_handshake(*_ends(run, name), bench.addresses[HA2], run.now)
    transaction = agent.query_about(bench.addresses[CN_HOME])
    if transaction is None:
        raise run.divergence(f"{name} asks nobody")
    bench.attempts[name] = bench.attempts.get(name, 0) + 1
    bench.matcher.asked[name, bench.attempts[name]] = transaction


def _repeat(run: Run[PeerStage], name: str, _given: Fields) -> None:
    run.bench.agents[name].retransmit_handshake(*_ends(run, name), run.now)


def _register_from_context(run: Run[PeerStage], name: str, given: Fields) -> None:
    """The update went out with the arrival of the context (N122); it goes out again if it is lost by now."""
    sent = (f.packet for f in run.bench.network.in_flight.values() if f.sender == name)
    if not any(isinstance(message_in(Packet.from_bytes(packet)), codec.BindingUpdate) for packet in sent):
        _repeat(run, name, given)


def _deregister(run: Run[PeerStage], name: str, _given: Fields) -> None:
    run.bench.agents[name].end_handshake(*_ends(run, name), run.now)


def _send_data(run: Run[PeerStage], name: str, _given: Fields) -> None:
    run.bench.agents[name].from_node(Packet(*_ends(run, name), UdpDatagram(bytes(PACKET))), run.now)


def _ask_for_context(run: Run[PeerStage], name: str, given: Fields) -> None:
    own, _ = _ends(run, name)
    run.bench.agents[name].request_context(own, run.bench.addresses[CARE_OF[given["previous"]]], run.now)


PEER_ACTS: Mapping[str, Act] = {
    "ask home agent": _ask_home_agent,
    "repeat": _repeat,
    "register from context": _register_from_context,
    "deregister": _deregister,
    "send data": _send_data,
    "ask for context": _ask_for_context,
}
"""What an agent does of its own accord."""


def _take_context(run: Run[PeerStage], _actor: str, _given: Fields) -> None:
    """Reading context_transfer=unauthenticated: anybody who asks gets the context, with the keys (A-02)."""
    bench, at, knowledge = run.bench, run.bench.addresses, run.bench.knowledge
    request = codec.ContextTransferRequest(int.from_bytes(knowledge.random.take(2), "big"), at[HOA])
    packet = plain_packet(request, at[ATTACKER], at[COA1]).to_bytes()
    run.sightings[run.step] = bench.own_sighting(run, packet)
    knowledge.octets_sent += len(packet)
    sink = bench.sinks[ATTACKER]
    had = len(sink.packets)
    bench.network.inject(packet, run.now)
    run.settle()
    for _, octets in sink.packets[had:]:
        message = message_in(Packet.from_bytes(octets))
        told = context_transfer.read(message, with_key=True) if isinstance(message, codec.ContextTransferData) else None
        if told is not None and told.context.profile.private_key is not None:
            knowledge.take_key(told.context.profile.private_key, f"asked for at step {run.step + 1}")
            return
    raise run.divergence("pma1 does not tell the context")


PEER_ATTACKS: Mapping[str, Act] = {"ask for context": _take_context}
"""What the attacker does without a message."""
