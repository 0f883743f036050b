"""Headers between two fixed addresses, for the tests of the wire format."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.wire import checksum, codec
from pmicheck.wire.constants import NextHeader

SOURCE = IPv6Address("2001:db8:1::1")
DESTINATION = IPv6Address("2001:db8:3::1")
COOKIE = bytes.fromhex("0102030405060708")
TOKEN = bytes.fromhex("a1a2a3a4a5a6a7a8")
ADDRESS = IPv6Address("2001:db8:2::5")


def encode(message: codec.Message) -> bytes:
    return codec.encode(message, source=SOURCE, destination=DESTINATION)


def decode(data: bytes) -> codec.Message:
    return codec.decode(data, source=SOURCE, destination=DESTINATION)


def with_checksum(header: bytes) -> bytes:
    """The header with the checksum it should have: a forger gets that right."""
    blank = header[:4] + bytes(2) + header[6:]
    value = checksum.checksum(SOURCE, DESTINATION, NextHeader.MOBILITY, blank)
    return blank[:4] + value.to_bytes(2, "big") + blank[6:]


def raw(message_type: int, data: str) -> bytes:
    """A header of a type around Message Data in hexadecimal."""
    octets = bytes.fromhex(data)
    assert len(octets) % 8 == 2
    return with_checksum(bytes([59, (6 + len(octets)) // 8 - 1, message_type, 0, 0, 0]) + octets)
