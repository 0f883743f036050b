"""Whole IPv6 packets as the nodes exchange them (RFC 8200; RFC 6275 6.3, 6.4; RFC 2473; RFC 768).

    IPv6 header | [type 2 routing header] | [Destination Options with Home Address] | payload

That is the order RFC 6275 6.3 asks for; on receipt the two headers may come in either order, each at most
once. Traffic class and flow label are sent as zero and ignored. Offsets in errors count octets from
the start of the outermost packet in `from_bytes`, from the start of the header in question in `to_bytes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from pmicheck.errors import WireError
from pmicheck.wire import checksum
from pmicheck.wire.constants import TYPE_2_ROUTING, NextHeader
from pmicheck.wire.fields import read, write
from pmicheck.wire.headers import (
    HOME_ADDRESS_OPTION,
    IPV6_HEADER,
    ROUTING_HEADER,
    UDP_HEADER,
    Ipv6Header,
    RoutingHeader,
    UdpHeader,
)
from pmicheck.wire.option_kinds import PAD1, PADN

EXTENSION_OCTETS = 24
"""Size of a type 2 routing header, and of a Destination Options header with just a Home Address option."""
VERSION = 6
"""The version, in the first four bits of a packet."""
MAX_PAYLOAD_LENGTH = 0xFFFF
MAX_NESTING = 4
"""Tunnels inside each other: the default limit of RFC 2473 6.6; it also bounds the decoder's recursion."""

_DISCARD_PORT = 9
"""RFC 863: payload that nobody needs to understand."""


@dataclass(frozen=True, slots=True)
class MobilityHeader:
    """A Mobility Header as it stands on the wire; `wire.decode` reads it."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class UdpDatagram:
    """Payload data: a UDP datagram around `data`; length and checksum are filled in and checked here."""

    data: bytes
    source_port: int = _DISCARD_PORT
    destination_port: int = _DISCARD_PORT


@dataclass(frozen=True, slots=True)
class OtherPayload:
    """Anything else after the headers, uninterpreted."""

    next_header: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Packet:
    """One IPv6 packet.

    Args:
        source, destination: the addresses of the IPv6 header.
        payload: a Packet stands for IP-in-IP.
        home_address: of a Home Address destination option, if there is one.
        routing_home_address: of a type 2 routing header with one segment left, if there is one.
    """

    source: IPv6Address
    destination: IPv6Address
    payload: Payload
    hop_limit: int = 64
    home_address: IPv6Address | None = None
    routing_home_address: IPv6Address | None = None

    @property
    def checksum_source(self) -> IPv6Address:
        """Source in the pseudo-header of the payload: a Home Address option stands in (RFC 6275 6.1.1)."""
        return self.source if self.home_address is None else self.home_address

    @property
    def checksum_destination(self) -> IPv6Address:
        """Destination in the pseudo-header: the final one, from a type 2 routing header if any (RFC 8200)."""
        return self.destination if self.routing_home_address is None else self.routing_home_address

    def to_bytes(self) -> bytes:
        """The packet as octets.

        Raises:
            WireError: a value does not fit, or the packet is nested too deeply.
        """
        return _encode(self, 0)

    @classmethod
    def from_bytes(cls, data: bytes) -> Packet:
        """The packet that fills `data` exactly.

        A Mobility Header inside is not looked at; a UDP datagram is checked.

        Raises:
            WireError: truncation, octets left over, or a header that is not one of those above.
        """
        return _decode(data, 0, 0)


Payload = MobilityHeader | UdpDatagram | OtherPayload | Packet


def _encode(packet: Packet, depth: int) -> bytes:
    if depth > MAX_NESTING:
        raise WireError(0, f"at most {MAX_NESTING} tunnels inside each other", "more")
    next_header, body = _encode_payload(packet, depth)
    if packet.home_address is not None:
        # 8n+6 puts the option behind a PadN of four octets (RFC 6275 6.3).
        padding = bytes([PADN, 2, 0, 0])
        option = bytes([HOME_ADDRESS_OPTION.number, HOME_ADDRESS_OPTION.end]) + packet.home_address.packed
        body = bytes([next_header, EXTENSION_OCTETS // 8 - 1]) + padding + option + body
        next_header = NextHeader.DESTINATION_OPTIONS
    if packet.routing_home_address is not None:
        length = EXTENSION_OCTETS // 8 - 1
        routing = RoutingHeader(next_header, length, TYPE_2_ROUTING, 1, packet.routing_home_address)
        body = write(routing, ROUTING_HEADER.rows, 0) + body
        next_header = NextHeader.ROUTING
    if len(body) > MAX_PAYLOAD_LENGTH:
        raise WireError(4, f"at most {MAX_PAYLOAD_LENGTH} octets after the IPv6 header", f"{len(body)} octets")
    header = Ipv6Header(VERSION << 28, len(body), next_header, packet.hop_limit, packet.source, packet.destination)
    return write(header, IPV6_HEADER.rows, 0) + body


def _encode_payload(packet: Packet, depth: int) -> tuple[int, bytes]:
    match packet.payload:
        case Packet():
            return NextHeader.IPV6, _encode(packet.payload, depth + 1)
        case MobilityHeader(octets):
            return NextHeader.MOBILITY, octets
        case UdpDatagram():
            return NextHeader.UDP, _encode_udp(packet.payload, packet)
        case OtherPayload(next_header, octets):
            if next_header in _INTERPRETED or not 0 <= next_header <= 255:
                raise WireError(6, "a next header that has no class of its own in an OtherPayload", str(next_header))
            return next_header, octets


_INTERPRETED = frozenset(NextHeader) - {NextHeader.NONE}


def _encode_udp(datagram: UdpDatagram, packet: Packet) -> bytes:
    length = UDP_HEADER.end + len(datagram.data)
    header = UdpHeader(datagram.source_port, datagram.destination_port, length, 0, datagram.data)
    blank = write(header, UDP_HEADER.rows, 0)
    value = checksum.checksum(packet.checksum_source, packet.checksum_destination, NextHeader.UDP, blank)
    # Zero would mean "no checksum", which IPv6 does not have: its other spelling is sent (RFC 8200 8.1).
    return write(replace(header, checksum=value or 0xFFFF), UDP_HEADER.rows, 0)


def _decode(data: bytes, start: int, depth: int) -> Packet:
    if depth > MAX_NESTING:
        raise WireError(start, f"at most {MAX_NESTING} tunnels inside each other", "more")
    _need(data, start, IPV6_HEADER.end, "an IPv6 header")
    if data[start] >> 4 != VERSION:
        raise WireError(start, f"IP version {VERSION}", str(data[start] >> 4))
    values, at = read(data, start, len(data), IPV6_HEADER.rows)
    header = Ipv6Header(**values)
    length = header.payload_length
    if len(data) - at != length:
        raise WireError(min(len(data), at + length), f"{length} octets after the header", f"{len(data) - at} octets")
    next_header = header.next_header
    found: dict[int, IPv6Address | None] = {}
    while next_header in (NextHeader.ROUTING, NextHeader.DESTINATION_OPTIONS):
        if next_header in found:
            raise WireError(at, f"header {next_header} once", "twice")
        _need(data, at, 8, "an extension header")
        size = 8 * (data[at + 1] + 1)
        _need(data, at, size, "an extension header")
        address_in = _type_2_address if next_header == NextHeader.ROUTING else _home_address
        found[next_header] = address_in(data, at, at + size)
        next_header, at = data[at], at + size
    packet = Packet(
        source=header.source,
        destination=header.destination,
        payload=OtherPayload(next_header, data[at:]),
        hop_limit=header.hop_limit,
        home_address=found.get(NextHeader.DESTINATION_OPTIONS),
        routing_home_address=found.get(NextHeader.ROUTING),
    )
    return replace(packet, payload=_decode_payload(packet, next_header, data, at, depth))


def _need(data: bytes, at: int, octets: int, what: str) -> None:
    if len(data) - at < octets:
        raise WireError(len(data), f"{octets} octets of {what}", f"{max(0, len(data) - at)} octets")


def _type_2_address(data: bytes, at: int, end: int) -> IPv6Address:
    """RFC 6275 6.4.1: exactly one address, one segment left."""
    if data[at + 2] != TYPE_2_ROUTING:
        raise WireError(at + 2, f"routing type {TYPE_2_ROUTING}", str(data[at + 2]))
    if end - at != EXTENSION_OCTETS:
        raise WireError(at + 1, f"length {EXTENSION_OCTETS // 8 - 1} of a type 2 routing header", str(data[at + 1]))
    header = RoutingHeader(**read(data, at, end, ROUTING_HEADER.rows)[0])
    if header.segments_left != 1:
        raise WireError(at + 3, "one segment left", str(header.segments_left))
    return header.home_address


def _home_address(data: bytes, at: int, end: int) -> IPv6Address | None:
    """The Home Address option among the destination options, if there; others must allow skipping."""
    address: IPv6Address | None = None
    at += 2
    while at < end:
        kind = data[at]
        if kind == PAD1:
            at += 1
            continue
        if at + 2 > end or at + 2 + data[at + 1] > end:
            raise WireError(at, "a destination option that fits into its header")
        value = data[at + 2 : at + 2 + data[at + 1]]
        if kind == HOME_ADDRESS_OPTION.number:
            if len(value) != HOME_ADDRESS_OPTION.end or address is not None:
                raise WireError(at + 1, "one Home Address option of 16 octets")
            address = IPv6Address(value)
        elif kind >> 6:
            # RFC 8200 4.2: the two highest bits tell whether a node that does not know the option may go on.
            raise WireError(at, "a destination option that may be skipped", f"{kind:#04x}")
        at += 2 + len(value)
    return address


def _decode_payload(packet: Packet, next_header: int, data: bytes, at: int, depth: int) -> Payload:
    match next_header:
        case NextHeader.IPV6:
            return _decode(data, at, depth + 1)
        case NextHeader.MOBILITY:
            return MobilityHeader(data[at:])
        case NextHeader.UDP:
            return _decode_udp(packet, data, at)
        case _:
            return OtherPayload(next_header, data[at:])


def _decode_udp(packet: Packet, data: bytes, at: int) -> UdpDatagram:
    _need(data, at, UDP_HEADER.end, "a UDP header")
    header = UdpHeader(**read(data, at, len(data), UDP_HEADER.rows)[0])
    if header.length != len(data) - at:
        raise WireError(at + 4, f"UDP length {len(data) - at}", str(header.length))
    if not header.checksum:
        raise WireError(at + 6, "a UDP checksum", "none")
    if not checksum.is_valid(packet.checksum_source, packet.checksum_destination, NextHeader.UDP, data[at:]):
        raise WireError(at + 6, "a UDP checksum that fits", f"{header.checksum:04x}")
    return UdpDatagram(header.data, header.source_port, header.destination_port)
