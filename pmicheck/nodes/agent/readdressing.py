"""Signalling that is sealed for one node and goes to another (the draft's 4.3)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

from pmicheck.wire import checksum, codec
from pmicheck.wire.constants import NextHeader
from pmicheck.wire.packet import MobilityHeader, Packet


def readdressed(packet: Packet, *, source: IPv6Address | None = None, destination: IPv6Address | None = None) -> Packet:
    """A packet between other ends; of its Mobility Header only the checksum changes, which neither MAC nor
    signature covers (RFC 6275 6.2.7, RFC 4866 4.5)."""
    assert isinstance(packet.payload, MobilityHeader)
    moved = replace(packet, source=source or packet.source, destination=destination or packet.destination)
    octets = packet.payload.octets
    before, after = octets[: codec.CHECKSUM.start], octets[codec.CHECKSUM.stop :]
    value = checksum.checksum(
        moved.checksum_source, moved.checksum_destination, NextHeader.MOBILITY, before + bytes(2) + after
    )
    return replace(moved, payload=MobilityHeader(before + value.to_bytes(2, "big") + after))
