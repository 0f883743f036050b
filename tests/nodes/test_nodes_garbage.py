"""Nothing that arrives makes a node raise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from world import (
    CARE_OF_1,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    PLAIN_HOME,
    PMA1,
    ProxyWorld,
    mobile_world,
    policy,
)

from pmicheck.bench.links import Links
from pmicheck.errors import WireError
from pmicheck.wire import checksum
from pmicheck.wire.constants import NextHeader
from pmicheck.wire.packet import MobilityHeader, Packet


def _corpus() -> list[bytes]:
    """Every packet of an honest life."""
    world = ProxyWorld()
    world.register()
    world.pma1.refresh(HOME, CORRESPONDENT, 0)
    world.network.settle(0)
    world.pma1.send_payload(HOME, CORRESPONDENT, 10, 0)
    world.cn.send_payload(HOME, 10, 0)
    world.network.settle(0)
    world.pma1.deregister(HOME, CORRESPONDENT, 0)
    world.network.settle(0)
    network, mn, _, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    return [packet for _, packet in world.network.capture + network.capture]


CORPUS = _corpus()


def _ready(*without: str) -> list[Links]:
    """Nodes that wait for every kind of answer."""
    world = ProxyWorld(policy(*without))
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    world.step_until(world.pma1, "sent-early", 0)
    network, mn, _, ha = mobile_world(policy(*without))
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.collect(0)
    return [world.network, network]


def _give_to_all(packet: bytes, *without: str) -> None:
    for network in _ready(*without):
        for node in network.nodes.values():
            node.receive(packet, 1)
            node.receive(packet, 1, protected=True)
            for answer in node.packets_to_send():
                Packet.from_bytes(answer)


@given(st.binary(max_size=200))
def test_octets(octets: bytes) -> None:
    _give_to_all(octets)


@given(st.sampled_from(CORPUS), st.integers(0, 600))
def test_truncated_packets(packet: bytes, length: int) -> None:
    _give_to_all(packet[:length])


@given(st.sampled_from(CORPUS), st.lists(st.tuples(st.integers(0, 599), st.integers(0, 255)), max_size=4))
def test_changed_packets(packet: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(packet)
    for offset, value in changes:
        changed[offset % len(changed)] = value
    _give_to_all(_with_checksum(bytes(changed)))


@given(st.sampled_from(CORPUS), st.lists(st.tuples(st.integers(0, 599), st.integers(0, 255)), max_size=4))
def test_changed_packets_where_nothing_is_checked(packet: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(packet)
    for offset, value in changes:
        changed[offset % len(changed)] = value
    _give_to_all(
        _with_checksum(bytes(changed)),
        "mac",
        "mac-of-ack",
        "signature",
        "cga",
        "cookie",
        "dereg-auth",
        "sequence-number",
        "token-encryption",
        "tunnel-esp",
    )


@given(
    st.integers(0, 255),
    st.binary(max_size=120),
    st.sampled_from([CORRESPONDENT, PMA1, CARE_OF_1, HOME_AGENT]),
    st.sampled_from([HOME, PLAIN_HOME, CORRESPONDENT]),
)
def test_mobility_headers_with_a_good_checksum(
    message_type: int, data: bytes, destination: object, source: object
) -> None:
    body = data + bytes(-(len(data) + 6) % 8)
    header = bytes([59, (len(body) + 6) // 8 - 1, message_type, 0, 0, 0]) + body
    packet = Packet(source, destination, MobilityHeader(header))  # type: ignore[arg-type]
    _give_to_all(_with_checksum(packet.to_bytes()))


def _with_checksum(packet: bytes) -> bytes:
    """The packet with the checksum of its Mobility Header put right, if it has one that can be found."""
    try:
        parsed = Packet.from_bytes(packet)
    except WireError:
        return packet
    if not isinstance(parsed.payload, MobilityHeader) or len(parsed.payload.octets) < 8:
        return packet
    header = parsed.payload.octets
    blank = header[:4] + bytes(2) + header[6:]
    value = checksum.checksum(parsed.checksum_source, parsed.checksum_destination, NextHeader.MOBILITY, blank)
    return packet[: -len(header)] + blank[:4] + value.to_bytes(2, "big") + blank[6:]
