"""The values of fields in words. A reader takes the octets of one field and the names of addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from pmicheck.wire.constants import LIFETIME_UNIT, TOKEN_OCTETS, Flags, Numbers

Names = Mapping[str, tuple[str, ...]]
"""What an IPv6 address (in its usual spelling) is called, address names first, then principals."""
Reader = Callable[[bytes, Names], str]


def number_of(octets: bytes) -> int:
    """An unsigned number in network order."""
    return int.from_bytes(octets, "big")


def called(octets: bytes) -> str:
    """An IPv6 address as it is written."""
    return str(IPv6Address(octets))


def number(what: str) -> Reader:
    """`what` followed by the number."""
    return lambda octets, names: f"{what} {number_of(octets)}"


def counted(what: str, of: type[Numbers]) -> Reader:
    """The number and its meaning; one that has none is unknown `what`."""
    words = {each.value: each.words for each in of}
    return lambda octets, names: f"{number_of(octets)}: {words.get(number_of(octets), f'unknown {what}')}"


def status(of: type[Numbers]) -> Reader:
    """A status, and what it says."""
    read = counted("status", of)
    return lambda octets, names: f"status {read(octets, names)}"


def flags(of: type[Flags]) -> Reader:
    """The flags that are set, and bits that have no name."""

    def read(octets: bytes, names: Names) -> str:
        word = number_of(octets)
        told = [flag.words for flag in of if word & flag]
        rest = word & ~sum(of)
        told += [f"reserved bits {rest:#x}"] if rest else []
        return "; ".join(told) or "none set"

    return read


def opaque(what: str) -> Reader:
    """What octets without inner order are."""
    return lambda octets, names: f"{_octets(len(octets))}: {what}"


def token(what: str) -> Reader:
    """A keygen token: as it is in clear, or as long as an RSA modulus where it is encrypted (RFC 4866 4.7)."""
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
