"""The Internet checksum over an IPv6 pseudo-header (RFC 8200 8.1, RFC 1071)."""

from __future__ import annotations

from ipaddress import IPv6Address


def ones_complement_sum(data: bytes) -> int:
    """16-bit one's complement sum of `data`, an odd last octet filled up with a zero octet."""
    if len(data) % 2:
        data += b"\0"
    # 2^16 is 1 modulo 2^16 - 1, so the sum of the 16-bit words is the number itself modulo 2^16 - 1. What
    # differs is zero: folded carries give 0xffff unless every word is zero.
    number = int.from_bytes(data, "big")
    return number % 0xFFFF or (0xFFFF if number else 0)


def pseudo_header(source: IPv6Address, destination: IPv6Address, length: int, next_header: int) -> bytes:
    """The 40 octets of RFC 8200 8.1; `length` in octets is that of the upper-layer packet."""
    return source.packed + destination.packed + length.to_bytes(4, "big") + bytes(3) + bytes([next_header])


def checksum(source: IPv6Address, destination: IPv6Address, next_header: int, data: bytes) -> int:
    """Value of the checksum field, if `data` holds zero there."""
    return 0xFFFF - ones_complement_sum(pseudo_header(source, destination, len(data), next_header) + data)


def is_valid(source: IPv6Address, destination: IPv6Address, next_header: int, data: bytes) -> bool:
    """Whether `data`, its checksum field included, sums up as it should."""
    return ones_complement_sum(pseudo_header(source, destination, len(data), next_header) + data) == 0xFFFF
