"""The values of fields in words. A reader takes the octets of one field and the names of addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

Names = Mapping[str, tuple[str, ...]]
"""What an IPv6 address (in its usual spelling) is called, address names first, then principals."""
Reader = Callable[[bytes, Names], str]

LIFETIME_UNIT = 4
"""Seconds (RFC 6275 6.1.7)."""
TOKEN_OCTETS = 8

NEXT_HEADERS = {
    17: "UDP",
    41: "IPv6",
    43: "Routing header",
    59: "nothing",
    60: "Destination Options header",
    135: "Mobility Header",
}

UPDATE_FLAGS = (
    (0x8000, "A: acknowledgement requested"),
    (0x4000, "H: home registration"),
    (0x2000, "L: link-local address compatibility"),
    (0x1000, "K: key management mobility capability"),
    (0x0800, "M: registration with a mobility anchor point"),
    (0x0400, "R: mobile router"),
    (0x0200, "P: proxy registration"),
)
"""RFC 6275 6.1.7, RFC 5380, RFC 3963, RFC 5213 8.1."""
ACKNOWLEDGEMENT_FLAGS = (
    (0x80, "K: key management mobility capability"),
    (0x40, "R: mobile router"),
    (0x20, "P: proxy registration"),
)
"""RFC 6275 6.1.8, RFC 3963, RFC 5213 8.2."""

STATUSES = {
    0: "Binding Update accepted",
    1: "accepted but prefix discovery necessary",
    128: "reason unspecified",
    129: "administratively prohibited",
    130: "insufficient resources",
    131: "home registration not supported",
    132: "not home subnet",
    133: "not home agent for this mobile node",
    134: "Duplicate Address Detection failed",
    135: "sequence number out of window",
    136: "expired home nonce index",
    137: "expired care-of nonce index",
    138: "expired nonces",
    139: "registration type change disallowed",
    147: "permanent home keygen token unavailable",
    148: "CGA and signature verification failed",
    149: "permanent home keygen token exists",
    150: "non-null home nonce index expected",
    152: "proxy registration not enabled",
    153: "not local mobility anchor for this mobile node",
    154: "not authorised for proxy registration",
    155: "not authorised for the home network prefix",
    156: "timestamp mismatch",
    157: "timestamp lower than previously accepted",
    158: "Home Network Prefix option missing",
    159: "prefixes do not match those of the binding",
    160: "Mobile Node Identifier option missing",
    161: "Handoff Indicator option missing",
    162: "Access Technology Type option missing",
    174: "invalid care-of address",
}
"""RFC 6275 6.1.8, RFC 4866 5.7, RFC 5213 8.9."""
ERROR_STATUSES = {1: "unknown binding for a Home Address destination option", 2: "unrecognised MH Type"}
"""RFC 6275 6.1.9."""


def number_of(octets: bytes) -> int:
    """An unsigned number in network order."""
    return int.from_bytes(octets, "big")


def called(octets: bytes) -> str:
    """An IPv6 address as it is written."""
    return str(IPv6Address(octets))


def number(what: str) -> Reader:
    """`what` followed by the number."""
    return lambda octets, names: f"{what} {number_of(octets)}"


def counted(what: str, of: Mapping[int, str]) -> Reader:
    """The number and what it stands for; one that stands for nothing is unknown `what`."""
    return lambda octets, names: f"{number_of(octets)}: {of.get(number_of(octets), f'unknown {what}')}"


def status(of: Mapping[int, str]) -> Reader:
    """A status, and what it says."""
    return lambda octets, names: f"status {counted('status', of)(octets, names)}"


def flags(of: tuple[tuple[int, str], ...]) -> Reader:
    """The flags that are set, and bits that have no name."""

    def read(octets: bytes, names: Names) -> str:
        word = number_of(octets)
        told = [says for bit, says in of if word & bit]
        rest = word & ~sum(bit for bit, _ in of)
        told += [f"reserved bits {rest:#x}"] if rest else []
        return "; ".join(told) or "none set"

    return read


def opaque(what: str) -> Reader:
    """What octets without inner order are."""
    return lambda octets, names: f"{_octets(len(octets))}: {what}"


def token(what: str) -> Reader:
    """A keygen token: 8 octets in clear, or as long as an RSA modulus where it is encrypted (RFC 4866 4.7)."""
    return lambda octets, names: (
        f"{what} in clear" if len(octets) <= TOKEN_OCTETS else f"{_octets(len(octets))}: {what}, encrypted"
    )


def address(octets: bytes, names: Names) -> str:
    """The address, and who is known under it."""
    written = called(octets)
    return ", ".join((written, *names.get(written, ())))


def address_or_none(octets: bytes, names: Names) -> str:
    """The address; :: stands for none."""
    return "::, none" if not any(octets) else address(octets, names)


def address_v4(octets: bytes, names: Names) -> str:
    return str(IPv4Address(octets))


def prefix(octets: bytes, names: Names) -> str:
    """The upper half of an address (RFC 3972 3)."""
    return f"{called(octets.ljust(16, bytes(1)))}/64"


def prefix_length(octets: bytes, names: Names) -> str:
    """RFC 5555 3.1.1: six bits, a flag, nine reserved bits."""
    word = number_of(octets)
    return f"prefix length {word >> 10}" + (", P: prefix requested" if word & 0x200 else "")


def version(octets: bytes, names: Names) -> str:
    word = number_of(octets)
    return f"version {word >> 28}, traffic class {word >> 20 & 0xFF}, flow label {word & 0xFFFFF}"


def octets_after(octets: bytes, names: Names) -> str:
    """A length that counts octets."""
    return _octets(number_of(octets)) + " after this header"


def units_of_eight(octets: bytes, names: Names) -> str:
    """A length in units of 8 octets that does not count the first."""
    return f"{number_of(octets)}: {8 * (number_of(octets) + 1)} octets"


def seconds(octets: bytes, names: Names) -> str:
    """A time in units of 4 seconds."""
    return f"{LIFETIME_UNIT * number_of(octets)} s"


def lifetime(octets: bytes, names: Names) -> str:
    """The lifetime that an update asks for."""
    return seconds(octets, names) + ("" if any(octets) else ": deregistration")


def checksum(octets: bytes, names: Names) -> str:
    return f"{number_of(octets):#06x}"


def reserved(octets: bytes, names: Names) -> str:
    return "not zero, which receivers ignore" if any(octets) else "zero"


def padding(octets: bytes, names: Names) -> str:
    return _octets(len(octets)) + " of padding"


def payload(octets: bytes, names: Names) -> str:
    return _octets(len(octets)) + (", all zero" if octets and not any(octets) else "")


def text(octets: bytes, names: Names) -> str:
    """Text of a sender's choice: shown only where it is plain."""
    return (
        octets.decode("ascii") if octets.isascii() and octets.decode("ascii").isprintable() else payload(octets, names)
    )


def _octets(count: int) -> str:
    return f"{count} octet" + ("" if count == 1 else "s")
