"""The headers around and before a message: a class each, with its rows of the table.

RFC 8200 3, 4.4 and 4.6, RFC 6275 6.1.1, 6.3 and 6.4.1, RFC 2473 3, RFC 768. `packet` writes and reads them.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Annotated

from pmicheck.wire import words
from pmicheck.wire.constants import MessageType, NextHeader
from pmicheck.wire.fields import FORMATS, Format, Row, described
from pmicheck.wire.option_kinds import PAD1, PADN

_NEXT_HEADER = words.counted("next header", NextHeader)
_FollowedBy = Annotated[int, Row(0, 1, "Next Header", _NEXT_HEADER)]
_ExtensionLength = Annotated[int, Row(1, 1, "Hdr Ext Len", words.units_of_eight)]


@described("IPv6 header", "RFC 8200 3")
class Ipv6Header:
    """RFC 8200 3; `flow` begins with the version, whose bits are the first four."""

    flow: Annotated[int, Row(0, 4, "Version, Traffic Class, Flow Label", words.version)]
    payload_length: Annotated[int, Row(4, 2, "Payload Length", words.octets_after)]
    next_header: Annotated[int, Row(6, 1, "Next Header", _NEXT_HEADER)]
    hop_limit: Annotated[int, Row(7, 1, "Hop Limit", words.number("hop limit"))]
    source: Annotated[IPv6Address, Row(8, 16, "Source Address", words.address, "source")]
    destination: Annotated[IPv6Address, Row(24, 16, "Destination Address", words.address, "destination")]


@described("type 2 routing header", "RFC 6275 6.4.1")
class RoutingHeader:
    """Type 2, whose one segment is a home address."""

    next_header: _FollowedBy
    length: _ExtensionLength
    routing_type: Annotated[int, Row(2, 1, "Routing Type", words.number("routing type"))]
    segments_left: Annotated[int, Row(3, 1, "Segments Left", words.number("segments left"))]
    home_address: Annotated[IPv6Address, Row(8, 16, "Home Address", words.address, "routing")]


@described("Destination Options header", "RFC 8200 4.6")
class DestinationHeader:
    """Before destination options."""

    next_header: _FollowedBy
    length: _ExtensionLength


@described("Home Address option", "RFC 6275 6.3", number=0xC9)
class HomeAddressOption:
    """Destination option: where a mobile node is at home."""

    home_address: Annotated[IPv6Address, Row(0, 16, "Home Address", words.address, "hao")]


@described("UDP header", "RFC 768")
class UdpHeader:
    """With the data behind it."""

    source_port: Annotated[int, Row(0, 2, "Source Port", words.number("port"))]
    destination_port: Annotated[int, Row(2, 2, "Destination Port", words.number("port"))]
    length: Annotated[int, Row(4, 2, "Length", words.number("octets in all:"))]
    checksum: Annotated[int, Row(6, 2, "Checksum", words.checksum)]
    data: Annotated[bytes, Row(8, None, "data octets", words.payload, "data")]


@described("Mobility Header", "RFC 6275 6.1.1")
class MobilityHeaderStart:
    """What all Mobility Headers begin with."""

    payload_proto: Annotated[int, Row(0, 1, "Payload Proto", _NEXT_HEADER)]
    length: Annotated[int, Row(1, 1, "Header Len", words.units_of_eight)]
    message_type: Annotated[int, Row(2, 1, "MH Type", words.counted("message", MessageType), "type")]
    checksum: Annotated[int, Row(4, 2, "Checksum", words.checksum)]


IPV6_HEADER, ROUTING_HEADER, DESTINATION_HEADER, HOME_ADDRESS_OPTION, UDP_HEADER, MOBILITY_HEADER = (
    FORMATS[kind]
    for kind in (Ipv6Header, RoutingHeader, DestinationHeader, HomeAddressOption, UdpHeader, MobilityHeaderStart)
)
TUNNEL_HEADER = Format(
    "IPv6 header of the tunnel",
    "RFC 2473 3",
    tuple(replace(row, carries=row.carries and f"outer-{row.carries}") for row in IPV6_HEADER.rows),
)
"""The same octets as an IPv6 header that has no other one behind it, to another end."""
DESTINATION_OPTIONS = {
    PAD1: Format("padding", "RFC 8200 4.2"),
    PADN: Format("padding", "RFC 8200 4.2"),
    HOME_ADDRESS_OPTION.number: HOME_ADDRESS_OPTION,
}
CHECKSUM = next(row for row in MOBILITY_HEADER.rows if row.value == "checksum")
"""Of a Mobility Header; MAC and signature take it as zero."""
