"""Fields of fixed layout: how messages and options are read and written from one table each.

A layout is a tuple of fields in wire order. Reading and writing by table keeps one place that checks lengths
and ranges, so that no message or option can forget to. All offsets count octets from the start of the
mobility header.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from pmicheck.errors import WireError


@dataclass(frozen=True, slots=True)
class Number:
    """Unsigned integer of `size` octets in network order; `kind` turns it into an enum or flag type."""

    name: str
    size: int
    kind: Callable[[int], int] = int


@dataclass(frozen=True, slots=True)
class Octets:
    """Exactly `size` octets."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class OctetsOrNone:
    """`octets` octets or, where the option ends before them, None; only as the last field of an option."""

    name: str
    octets: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """All octets up to the end of an option, none included; only as the last field of an option."""

    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv6 address."""

    name: str
    size: int = 16


@dataclass(frozen=True, slots=True)
class AddressV4:
    """An IPv4 address."""

    name: str
    size: int = 4


@dataclass(frozen=True, slots=True)
class Reserved:
    """Octets sent as zero and ignored on receipt."""

    size: int
    name: str = "reserved octets"


Field = Number | Octets | OctetsOrNone | Rest | Address | AddressV4 | Reserved
Layout = tuple[Field, ...]


def size_of(layout: Layout) -> int:
    """Octets that a layout takes, an empty last field assumed."""
    return sum(field.size for field in layout)


def write_fields(values: object, layout: Layout, offset: int) -> bytes:
    """Octets of the attributes of `values` that `layout` names; `offset` is where they will stand.

    Raises:
        WireError: a value does not fit its field.
    """
    written = bytearray()
    for field in layout:
        value = None if isinstance(field, Reserved) else getattr(values, field.name)
        written += _write(field, value, offset + len(written))
    return bytes(written)


def _write(field: Field, value: Any, offset: int) -> bytes:
    match field:
        case Number(name, size, _):
            largest = (1 << 8 * size) - 1
            if not 0 <= value <= largest:
                raise WireError(offset, f"{name} between 0 and {largest}", str(int(value)))
            return int(value).to_bytes(size, "big")
        case OctetsOrNone() if value is None:
            return b""
        case Octets(name, size) | OctetsOrNone(name, size):
            if len(value) != size:
                raise WireError(offset, f"{name} of {size} octets", f"{len(value)} octets")
            return bytes(value)
        case Rest():
            return bytes(value)
        case Address():
            return IPv6Address(value).packed
        case AddressV4():
            return IPv4Address(value).packed
        case Reserved(size, _):
            return bytes(size)


def read_fields(data: bytes, start: int, end: int, layout: Layout) -> tuple[Mapping[str, Any], int]:
    """Values of `layout` in `data[start:end]`, by name, and the offset after them.

    Raises:
        WireError: the octets end before the layout does.
    """
    values: dict[str, Any] = {}
    at = start
    for field in layout:
        size = _size_on_wire(field, end - at)
        if at + size > end:
            raise WireError(at, f"{size} octets of {field.name}", f"{end - at} octets")
        octets = data[at : at + size]
        match field:
            case Number(name, _, kind):
                values[name] = kind(int.from_bytes(octets, "big"))
            case Octets(name, _) | Rest(name, _):
                values[name] = octets
            case OctetsOrNone(name, _, _):
                values[name] = octets or None
            case Address(name, _):
                values[name] = IPv6Address(octets)
            case AddressV4(name, _):
                values[name] = IPv4Address(octets)
            case Reserved():
                pass
        at += size
    return values, at


def _size_on_wire(field: Field, left: int) -> int:
    """Octets of a field of which `left` octets are there at most."""
    match field:
        case Rest():
            return left
        case OctetsOrNone(_, octets, _):
            return octets if left else 0
        case _:
            return field.size
