"""IPv6 packets: headers, tunnels, and which addresses a checksum counts (RFC 8200; RFC 6275 6.1-6.4)."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_strategies import addresses, known_messages, octet, word

from pmicheck.errors import WireError
from pmicheck.wire import codec
from pmicheck.wire.constants import NextHeader
from pmicheck.wire.packet import MAX_NESTING, MobilityHeader, OtherPayload, Packet, Payload, UdpDatagram

HOME = IPv6Address("2001:db8:1::1")
CARE_OF = IPv6Address("2001:db8:2::1")
CORRESPONDENT = IPv6Address("2001:db8:3::1")
AGENT = IPv6Address("2001:db8:4::1")

INTERPRETED = set(NextHeader) - {NextHeader.NONE}
plain_payloads: st.SearchStrategy[Payload] = st.one_of(
    st.builds(MobilityHeader, st.binary(max_size=40)),
    st.builds(UdpDatagram, st.binary(max_size=40), word, word),
    st.builds(OtherPayload, octet.filter(lambda number: number not in INTERPRETED), st.binary(max_size=40)),
)


def packets_around(payloads: st.SearchStrategy[Payload]) -> st.SearchStrategy[Packet]:
    maybe = st.none() | addresses
    return st.builds(Packet, addresses, addresses, payloads, octet, maybe, maybe)


packets = packets_around(plain_payloads | packets_around(plain_payloads | packets_around(plain_payloads)))


@given(packets)
def test_a_packet_comes_back_from_its_octets(packet: Packet) -> None:
    assert Packet.from_bytes(packet.to_bytes()) == packet


@given(packets, st.data())
def test_a_packet_cut_anywhere_is_a_wire_error(packet: Packet, data: st.DataObject) -> None:
    octets = packet.to_bytes()
    with pytest.raises(WireError):
        Packet.from_bytes(octets[: data.draw(st.integers(0, len(octets) - 1))])


@given(st.binary(max_size=120))
def test_arbitrary_octets_are_a_packet_or_a_wire_error(data: bytes) -> None:
    packet_or_wire_error(data)


@given(packets, st.data())
def test_damaged_octets_are_a_packet_or_a_wire_error(packet: Packet, data: st.DataObject) -> None:
    octets = bytearray(packet.to_bytes())
    for at in data.draw(st.lists(st.integers(0, len(octets) - 1), min_size=1, max_size=4)):
        octets[at] ^= 1 << data.draw(st.integers(0, 7))
    packet_or_wire_error(bytes(octets))


def packet_or_wire_error(data: bytes) -> None:
    try:
        packet = Packet.from_bytes(data)
    except WireError:
        return
    assert Packet.from_bytes(packet.to_bytes()) == packet


def test_the_header_has_the_layout_of_rfc_8200() -> None:
    octets = Packet(HOME, CORRESPONDENT, MobilityHeader(bytes(8)), hop_limit=63).to_bytes()
    assert octets[:8].hex() == "6000000000088" + "73f"
    assert octets[8:24] == HOME.packed
    assert octets[24:40] == CORRESPONDENT.packed
    assert octets[40:] == bytes(8)


def test_the_home_address_option_has_the_layout_of_rfc_6275_and_its_alignment() -> None:
    octets = Packet(CARE_OF, CORRESPONDENT, MobilityHeader(bytes(8)), home_address=HOME).to_bytes()
    assert octets[6] == 60
    assert octets[40:48].hex() == "87020102" + "0000c910"
    assert octets[48:64] == HOME.packed
    assert octets[64:] == bytes(8)


def test_the_type_2_routing_header_has_the_layout_of_rfc_6275() -> None:
    octets = Packet(CORRESPONDENT, CARE_OF, MobilityHeader(bytes(8)), routing_home_address=HOME).to_bytes()
    assert octets[6] == 43
    assert octets[40:48].hex() == "8702020100000000"
    assert octets[48:64] == HOME.packed


def test_the_routing_header_stands_before_the_home_address_option() -> None:
    octets = Packet(
        CORRESPONDENT, CARE_OF, MobilityHeader(bytes(8)), home_address=AGENT, routing_home_address=HOME
    ).to_bytes()
    assert (octets[6], octets[40], octets[64]) == (43, 60, 135)


def test_the_other_order_of_extension_headers_is_read_too() -> None:
    packet = Packet(CORRESPONDENT, CARE_OF, MobilityHeader(bytes(8)), 64, AGENT, HOME)
    octets = packet.to_bytes()
    routing, options = bytearray(octets[40:64]), bytearray(octets[64:88])
    routing[0], options[0] = 135, 43
    other = octets[:6] + b"\x3c" + octets[7:40] + options + routing + octets[88:]
    assert Packet.from_bytes(other) == packet


def test_a_home_address_stands_in_for_the_source_in_checksums() -> None:
    packet = Packet(CARE_OF, CORRESPONDENT, MobilityHeader(b""), home_address=HOME)
    assert (packet.checksum_source, packet.checksum_destination) == (HOME, CORRESPONDENT)


def test_the_address_in_a_routing_header_stands_in_for_the_destination_in_checksums() -> None:
    packet = Packet(CORRESPONDENT, CARE_OF, MobilityHeader(b""), routing_home_address=HOME)
    assert (packet.checksum_source, packet.checksum_destination) == (CORRESPONDENT, HOME)


def test_without_either_the_addresses_of_the_header_count() -> None:
    packet = Packet(HOME, CORRESPONDENT, MobilityHeader(b""))
    assert (packet.checksum_source, packet.checksum_destination) == (HOME, CORRESPONDENT)


@given(known_messages)
def test_a_message_survives_its_way_through_a_packet(message: codec.KnownMessage) -> None:
    empty = Packet(CARE_OF, CORRESPONDENT, MobilityHeader(b""), home_address=HOME)
    header = codec.encode(message, source=empty.checksum_source, destination=empty.checksum_destination)
    packet = Packet(CARE_OF, CORRESPONDENT, MobilityHeader(header), home_address=HOME)
    received = Packet.from_bytes(packet.to_bytes())
    assert isinstance(received.payload, MobilityHeader)
    found = codec.decode(
        received.payload.octets, source=received.checksum_source, destination=received.checksum_destination
    )
    assert found == message


def test_a_tunnel_is_a_packet_in_a_packet() -> None:
    inner = Packet(HOME, CORRESPONDENT, UdpDatagram(b"payload"))
    octets = Packet(CARE_OF, AGENT, inner).to_bytes()
    assert octets[6] == 41
    assert octets[40:] == inner.to_bytes()
    assert Packet.from_bytes(octets).payload == inner


def nested(depth: int) -> Packet:
    packet = Packet(HOME, CORRESPONDENT, UdpDatagram(b""))
    for _ in range(depth):
        packet = Packet(HOME, CORRESPONDENT, packet)
    return packet


def test_tunnels_inside_tunnels_have_an_end() -> None:
    assert Packet.from_bytes(nested(MAX_NESTING).to_bytes()) == nested(MAX_NESTING)
    with pytest.raises(WireError, match="at most 4 tunnels inside each other"):
        nested(MAX_NESTING + 1).to_bytes()


def test_a_thousand_tunnels_from_the_network_are_a_wire_error() -> None:
    octets = b""
    for _ in range(1000):
        octets = b"\x60\0\0\0" + len(octets).to_bytes(2, "big") + b"\x29\x40" + bytes(32) + octets
    with pytest.raises(WireError, match="octet 200: expected at most 4 tunnels"):
        Packet.from_bytes(octets)


DATAGRAM = Packet(HOME, CORRESPONDENT, UdpDatagram(b"payload", 1000, 2000)).to_bytes()


def test_a_udp_datagram_has_ports_length_and_checksum() -> None:
    assert DATAGRAM[40:46].hex() == "03e807d0000f"
    words = HOME.packed + CORRESPONDENT.packed + bytes([0, 0, 0, 15, 0, 0, 0, 17]) + DATAGRAM[40:] + b"\0"
    total = sum(int.from_bytes(words[i : i + 2], "big") for i in range(0, len(words), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    assert total == 0xFFFF


@pytest.mark.parametrize("at", range(40, len(DATAGRAM)))
def test_a_damaged_udp_datagram_is_refused(at: int) -> None:
    with pytest.raises(WireError):
        Packet.from_bytes(DATAGRAM[:at] + bytes([DATAGRAM[at] ^ 1]) + DATAGRAM[at + 1 :])


def test_a_udp_checksum_of_zero_is_sent_as_ones() -> None:
    sums = [Packet(HOME, CORRESPONDENT, UdpDatagram(n.to_bytes(2, "big"))).to_bytes()[46:48] for n in range(0x10000)]
    assert b"\0\0" not in sums
    assert b"\xff\xff" in sums


def test_a_udp_datagram_without_checksum_is_refused() -> None:
    with pytest.raises(WireError, match="octet 46: expected a UDP checksum, found none"):
        Packet.from_bytes(DATAGRAM[:46] + bytes(2) + DATAGRAM[48:])


def with_payload_length(octets: bytes) -> bytes:
    return octets[:4] + (len(octets) - 40).to_bytes(2, "big") + octets[6:]


def extended(next_header: int, extension: str) -> bytes:
    """A packet with one extension header, given in hexadecimal, and nothing behind it."""
    return with_payload_length(
        b"\x60\0\0\0\0\0" + bytes([next_header, 64]) + HOME.packed + CORRESPONDENT.packed + bytes.fromhex(extension)
    )


BAD_EXTENSIONS = [
    ("routing type 0", 43, "3b020001 00000000" + "00" * 16, "octet 42: expected routing type 2, found 0"),
    (
        "two addresses",
        43,
        "3b040201 00000000" + "00" * 32,
        "octet 41: expected length 2 of a type 2 routing header",
    ),
    ("no segment left", 43, "3b020200 00000000" + "00" * 16, "octet 43: expected one segment left, found 0"),
    (
        "twice",
        60,
        "3c00 010400000000" + "3b00 010400000000",
        "octet 48: expected header 60 once, found twice",
    ),
    ("longer than packet", 60, "3b01 010400000000", "octet 48: expected 16 octets of an extension header"),
    ("option too long", 60, "3b00 010500000000", "octet 42: expected a destination option that fits"),
    ("option cut short", 60, "3b00 0103000000 01", "octet 47: expected a destination option that fits"),
    (
        "short home address",
        60,
        "3b00 c90400000000",
        "octet 43: expected one Home Address option of 16 octets",
    ),
    (
        "unknown option",
        60,
        "3b00 450400000000",
        "octet 42: expected a destination option that may be skipped",
    ),
]


@pytest.mark.parametrize(
    ("next_header", "extension", "problem"),
    [case[1:] for case in BAD_EXTENSIONS],
    ids=[c[0] for c in BAD_EXTENSIONS],
)
def test_a_wrong_extension_header_is_named_with_its_offset(next_header: int, extension: str, problem: str) -> None:
    with pytest.raises(WireError, match=problem):
        Packet.from_bytes(extended(next_header, extension))


def test_a_destination_option_that_may_be_skipped_is_skipped() -> None:
    packet = Packet.from_bytes(extended(60, "3b00 0504 00000000"))
    assert packet == Packet(HOME, CORRESPONDENT, OtherPayload(59, b""))


def test_a_packet_of_another_ip_version_is_refused() -> None:
    with pytest.raises(WireError, match="octet 0: expected IP version 6, found 4"):
        Packet.from_bytes(b"\x45" + DATAGRAM[1:])


def test_octets_after_the_packet_are_refused() -> None:
    with pytest.raises(WireError, match="octet 55: expected 15 octets after the header, found 16"):
        Packet.from_bytes(DATAGRAM + b"\0")


@pytest.mark.parametrize(
    ("packet", "problem"),
    [
        (Packet(HOME, AGENT, MobilityHeader(b""), hop_limit=256), "octet 7: expected hop_limit between 0 and 255"),
        (Packet(HOME, AGENT, MobilityHeader(bytes(65536))), "at most 65535 octets after the IPv6 header"),
        (Packet(HOME, AGENT, OtherPayload(17, b"")), "next header that has no class of its own"),
        (Packet(HOME, AGENT, OtherPayload(256, b"")), "next header that has no class of its own"),
        (Packet(HOME, AGENT, UdpDatagram(b"", source_port=65536)), "octet 0: expected source_port between 0 and 65535"),
        (
            Packet(HOME, AGENT, UdpDatagram(bytes(65528))),
            "octet 4: expected length between 0 and 65535, found 65536",
        ),
    ],
)
def test_a_packet_that_does_not_fit_is_refused(packet: Packet, problem: str) -> None:
    with pytest.raises(WireError, match=problem):
        packet.to_bytes()
