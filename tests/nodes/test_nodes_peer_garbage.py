"""Nothing that arrives makes an agent among agents, or a home agent, raise (the draft's 4.1-4.2.1)."""

from __future__ import annotations

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from peer_world import CN_HOME, HOME_AGENT_2, PMA3, PeerWorld
from wire_strategies import known_messages
from world import ATTACKER, HOME, HOME_AGENT, PMA1, PMA2, policy

from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import Policy
from pmicheck.wire import checksum, codec
from pmicheck.wire.codec import CHECKSUM
from pmicheck.wire.constants import NextHeader
from pmicheck.wire.packet import MobilityHeader, Packet

OPEN = policy("mac", "mac-of-ack", "sequence-number", context_transfer="unauthenticated")
STRICT = policy(pma_auth="attachment", handshake_effective="third")


def ready(chosen: Policy) -> PeerWorld:
    """Agents that wait for every kind of answer."""
    world = PeerWorld(chosen)
    world.handshake()
    world.move_to_pma2(1)
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 1)
    world.pma3.start_handshake(CN_HOME, HOME, HOME_AGENT, 1)
    world.network.collect(1)
    return world


def corpus() -> list[bytes]:
    """Every packet of a handshake and a handover."""
    world = ready(OPEN)
    world.network.settle(1)
    return [packet for _, packet in world.network.capture]


CORPUS = corpus()


def give_to_all(packet: bytes) -> None:
    for chosen in (OPEN, STRICT):
        for node in ready(chosen).network.nodes.values():
            node.receive(packet, 2)
            node.receive(packet, 2, protected=True)
            for answer in node.packets_to_send():
                Packet.from_bytes(answer)


@given(st.sampled_from(CORPUS), st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), max_size=4))
def test_changed_packets_with_a_good_checksum(packet: bytes, changes: list[tuple[int, int]]) -> None:
    parsed = Packet.from_bytes(packet)
    assert isinstance(parsed.payload, MobilityHeader)
    header = bytearray(parsed.payload.octets)
    for offset, value in changes:
        header[offset % len(header)] = value
    header[CHECKSUM] = bytes(2)
    value = checksum.checksum(parsed.source, parsed.destination, NextHeader.MOBILITY, bytes(header))
    header[CHECKSUM] = value.to_bytes(2, "big")
    give_to_all(Packet(parsed.source, parsed.destination, MobilityHeader(bytes(header))).to_bytes())


@given(
    known_messages,
    st.sampled_from([PMA1, PMA2, PMA3, HOME_AGENT_2]),
    st.sampled_from([PMA1, PMA2, PMA3, HOME_AGENT, HOME_AGENT_2, ATTACKER]),
)
def test_any_message_from_anybody(message: codec.KnownMessage, destination: IPv6Address, source: IPv6Address) -> None:
    give_to_all(plain_packet(message, source, destination).to_bytes())
