"""A packet cut into fields by the table: every octet is in exactly one piece, whatever the octets are.

What no format explains becomes a piece that is not understood and says why; nothing here raises an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pmicheck.wire import words
from pmicheck.wire.constants import MAX_OPTION_DATA_OCTETS, TYPE_2_ROUTING, NextHeader
from pmicheck.wire.fields import Format, Row, value_of
from pmicheck.wire.headers import (
    DESTINATION_HEADER,
    DESTINATION_OPTIONS,
    IPV6_HEADER,
    MOBILITY_HEADER,
    ROUTING_HEADER,
    TUNNEL_HEADER,
    UDP_HEADER,
)
from pmicheck.wire.messages import MESSAGES
from pmicheck.wire.option_kinds import OPTIONS, PAD1, PADN
from pmicheck.wire.words import Names, Reader, number_of

LOST = "not understood"
"""Name of a piece that no format explains, and what it carries."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A field of a packet; `start` counts octets from the packet's beginning."""

    format: Format
    row: Row
    start: int
    octets: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.octets)

    @property
    def value(self) -> Any:
        """What the codec reads it as."""
        return value_of(self.row, self.octets)


@dataclass(slots=True)
class _Walk:
    """How far the dissection is: the octets before `at` are in pieces, those from `end` on belong to no header."""

    data: bytes
    end: int
    at: int = 0
    pieces: list[Piece] = field(default_factory=list)

    def take(self, format: Format, row: Row, end: int) -> bytes:
        """The octets of the next field, which must not go beyond `end`; none if it does."""
        left = end - self.at
        count = row.size(left)
        if count > left:
            self.lose(format, end, f"{left} of the {count} octets of {row.name}")
            return b""
        octets = self.data[self.at : self.at + count]
        if octets:
            self.pieces.append(Piece(format, row, self.at, octets))
            self.at += count
        return octets

    def fill(self, format: Format, end: int) -> dict[str, bytes]:
        """The octets of the fields of a format by attribute; none from the first on that goes beyond `end`."""
        leaves = (leaf for row in format.rows for leaf in row.parts or (row,))
        return {row.value: self.take(format, row, end) for row in leaves}

    def lose(self, format: Format, end: int, why: str) -> None:
        """The octets up to `end` are not understood."""
        if self.at < end:
            row = Row(0, None, LOST, _saying(f"{LOST}: {why}"), LOST)
            self.pieces.append(Piece(format, row, self.at, self.data[self.at : end]))
            self.at = end


def _saying(text: str) -> Reader:
    def read(octets: bytes, names: Names) -> str:
        return text

    return read


def dissect(data: bytes) -> tuple[Piece, ...]:
    """The fields of an IPv6 packet, in order."""
    walk = _Walk(data, len(data))
    headers: dict[int, Callable[[_Walk], int]] = {
        NextHeader.IPV6: _ipv6,
        NextHeader.ROUTING: _routing,
        NextHeader.DESTINATION_OPTIONS: _destination,
        NextHeader.UDP: _udp,
        NextHeader.MOBILITY: _mobility,
    }
    known = {each.value: each.words for each in NextHeader}
    following: int = NextHeader.IPV6
    while walk.at < walk.end:
        if following in headers:
            following = headers[following](walk)
        else:
            walk.lose(IPV6_HEADER, walk.end, f"next header {following}, {known.get(following, 'unknown')}")
    walk.lose(IPV6_HEADER, len(data), "octets after the end of the packet")
    return _with_tunnels(walk.pieces)


def carried(pieces: tuple[Piece, ...]) -> Mapping[str, Any]:
    """The values of the pieces by what they carry, the first of several that carry the same."""
    return {piece.row.carries: piece.value for piece in reversed(pieces) if piece.row.carries}


def _with_tunnels(pieces: list[Piece]) -> tuple[Piece, ...]:
    """All IPv6 headers but the last are those of tunnels."""
    version = IPV6_HEADER.rows[0]
    last = max((piece.start for piece in pieces if piece.row is version), default=0)
    outer = dict(zip(IPV6_HEADER.rows, TUNNEL_HEADER.rows, strict=True))
    return tuple(
        replace(piece, format=TUNNEL_HEADER, row=outer[piece.row])
        if piece.start < last and piece.row in outer and piece.format is IPV6_HEADER
        else piece
        for piece in pieces
    )


def _ipv6(walk: _Walk) -> int:
    if walk.data[walk.at] >> 4 != 6:
        walk.lose(IPV6_HEADER, walk.end, "no IPv6 header")
        return NextHeader.IPV6
    found = walk.fill(IPV6_HEADER, walk.end)
    walk.end = min(walk.end, walk.at + number_of(found["payload_length"]))
    return number_of(found["next_header"])


def _routing(walk: _Walk) -> int:
    end = _extension_end(walk)
    if walk.data[walk.at + 2 : walk.at + 3] != bytes([TYPE_2_ROUTING]):
        following = walk.data[walk.at]
        walk.lose(ROUTING_HEADER, end, "a routing header of another type")
        return following
    found = walk.fill(ROUTING_HEADER, end)
    walk.lose(ROUTING_HEADER, end, "octets after the Home Address")
    return number_of(found["next_header"])


def _destination(walk: _Walk) -> int:
    end = _extension_end(walk)
    found = walk.fill(DESTINATION_HEADER, end)
    _options(walk, DESTINATION_HEADER, DESTINATION_OPTIONS, end)
    return number_of(found["next_header"])


def _extension_end(walk: _Walk) -> int:
    """Where an extension header ends: its second octet counts units of 8 octets after the first."""
    length = walk.data[walk.at + 1 : walk.at + 2]
    return min(walk.end, walk.at + 8 * (number_of(length) + 1))


def _udp(walk: _Walk) -> int:
    length = number_of(walk.data[walk.at + 4 : walk.at + 6])
    walk.end = min(walk.end, walk.at + max(length, UDP_HEADER.end))
    walk.fill(UDP_HEADER, walk.end)
    return NextHeader.UDP


def _mobility(walk: _Walk) -> int:
    walk.end = _extension_end(walk)
    found = walk.fill(MOBILITY_HEADER, walk.end)
    message = MESSAGES.get(number_of(found["message_type"]))
    if message is None:
        walk.lose(MOBILITY_HEADER, walk.end, "message data of an unknown MH Type")
    else:
        walk.fill(message, walk.end)
        _options(walk, message, OPTIONS, walk.end)
    return NextHeader.MOBILITY


def _options(walk: _Walk, header: Format, known: Mapping[int, Format], end: int) -> None:
    """Options of Type, Length and data up to `end` (RFC 6275 6.2.1, RFC 8200 4.2)."""
    before = None
    while walk.at < end:
        kind, start = walk.data[walk.at], walk.at
        if kind == PAD1:
            walk.take(known[PAD1], Row(0, 1, "Pad1", words.padding), end)
            continue
        length = walk.data[walk.at + 1] if walk.at + 1 < end else MAX_OPTION_DATA_OCTETS
        stop = walk.at + 2 + length
        if stop > end:
            walk.lose(header, end, f"an option of type {kind} that ends outside of its header")
        elif kind == PADN:
            walk.take(known[PADN], Row(0, 2 + length, "PadN", words.padding), stop)
        elif kind in known:
            _option(walk, known[kind], stop, before == (kind, start))
        else:
            walk.lose(header, stop, f"option {kind} is not known")
        before = (kind, stop) if length == MAX_OPTION_DATA_OCTETS else None


def _option(walk: _Walk, format: Format, stop: int, continues: bool) -> None:
    """One option; `continues` says that a full slice of the same type precedes it."""
    what = f"option {walk.data[walk.at]}, {stop - walk.at - 2} octets of data"
    walk.take(format, Row(0, 2, "Type, Length", _saying(what), format.carries), stop)
    if continues and format.further:
        walk.take(format, format.further, stop)
        return
    walk.fill(format, stop)
    walk.lose(format, stop, "more octets than the option has")
