"""A packet cut into fields by the layouts: every octet stands in exactly one piece, whatever the octets are.

What no layout explains becomes a piece that is not understood and says why; nothing here raises an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pmicheck.report.octets import words
from pmicheck.report.octets.layouts import (
    DESTINATION,
    DESTINATION_HEADER,
    DESTINATION_OPTIONS,
    IPV6,
    IPV6_HEADER,
    MESSAGES,
    MOBILITY,
    MOBILITY_HEADER,
    OPTIONS,
    PAD1,
    PADN,
    ROUTING,
    ROUTING_HEADER,
    ROUTING_TYPE,
    TUNNEL_HEADER,
    UDP,
    UDP_HEADER,
    Layout,
    Part,
)
from pmicheck.report.octets.words import Names, Reader

LOST = "not understood"
"""Name and key of a piece that no layout explains."""
FULL_SLICE = 255
"""Octets of an option that a further slice may follow (RFC 4866 5.1)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A field as it stands in a packet; `start` counts octets from the packet's beginning."""

    layout: Layout
    part: Part
    start: int
    octets: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.octets)


@dataclass(slots=True)
class _Walk:
    """Where the dissection stands: the octets before `at` are in pieces, those from `end` on belong to no header."""

    data: bytes
    end: int
    at: int = 0
    pieces: list[Piece] = field(default_factory=list)

    def take(self, layout: Layout, part: Part, end: int) -> bytes:
        """The octets of the next field, which must not go beyond `end`; none if it does."""
        left = end - self.at
        count = left if part.octets is None else part.octets
        if part.optional and not left:
            return b""
        if count > left:
            self.lose(layout, end, f"{left} of the {count} octets of {part.name}")
            return b""
        octets = self.data[self.at : self.at + count]
        if octets:
            self.pieces.append(Piece(layout, part, self.at, octets))
            self.at += count
        return octets

    def fill(self, layout: Layout, parts: tuple[Part, ...], end: int) -> dict[str, bytes]:
        """The octets of some fields by name; those from the first that goes beyond `end` are left out."""
        found: dict[str, bytes] = {}
        for part in parts:
            found[part.name] = self.take(layout, part, end)
        return found

    def lose(self, layout: Layout, end: int, why: str) -> None:
        """The octets up to `end` are not understood."""
        if self.at < end:
            part = Part(LOST, None, _saying(f"{LOST}: {why}"), LOST)
            self.pieces.append(Piece(layout, part, self.at, self.data[self.at : end]))
            self.at = end


def _saying(text: str) -> Reader:
    def read(octets: bytes, names: Names) -> str:
        return text

    return read


def dissect(data: bytes) -> tuple[Piece, ...]:
    """The fields of an IPv6 packet, in order."""
    walk = _Walk(data, len(data))
    headers = {IPV6: _ipv6, ROUTING: _routing, DESTINATION: _destination, UDP: _udp, MOBILITY: _mobility}
    following = IPV6
    while walk.at < walk.end:
        if following not in headers:
            known = words.NEXT_HEADERS.get(following, "unknown")
            walk.lose(IPV6_HEADER, walk.end, f"next header {following}, {known}")
        else:
            following = headers[following](walk)
    walk.lose(IPV6_HEADER, len(data), "octets after the end of the packet")
    return _with_tunnels(walk.pieces)


def _with_tunnels(pieces: list[Piece]) -> tuple[Piece, ...]:
    """All IPv6 headers but the last are those of tunnels."""
    version = IPV6_HEADER.parts[0]
    last = max((piece.start for piece in pieces if piece.part is version), default=0)
    outer = dict(zip(IPV6_HEADER.parts, TUNNEL_HEADER.parts, strict=True))
    return tuple(
        replace(piece, layout=TUNNEL_HEADER, part=outer[piece.part])
        if piece.start < last and piece.part in outer and piece.layout is IPV6_HEADER
        else piece
        for piece in pieces
    )


def _ipv6(walk: _Walk) -> int:
    if walk.data[walk.at] >> 4 != 6:
        walk.lose(IPV6_HEADER, walk.end, "no IPv6 header")
        return IPV6
    found = walk.fill(IPV6_HEADER, IPV6_HEADER.parts, walk.end)
    walk.end = min(walk.end, walk.at + words.number_of(found["Payload Length"]))
    return words.number_of(found["Next Header"])


def _routing(walk: _Walk) -> int:
    end = _extension_end(walk)
    if walk.data[walk.at + 2 : walk.at + 3] != bytes([ROUTING_TYPE]):
        following = walk.data[walk.at]
        walk.lose(ROUTING_HEADER, end, "a routing header of another type")
        return following
    found = walk.fill(ROUTING_HEADER, ROUTING_HEADER.parts, end)
    walk.lose(ROUTING_HEADER, end, "octets after the Home Address")
    return words.number_of(found["Next Header"])


def _destination(walk: _Walk) -> int:
    end = _extension_end(walk)
    found = walk.fill(DESTINATION_HEADER, DESTINATION_HEADER.parts, end)
    _options(walk, DESTINATION_HEADER, DESTINATION_OPTIONS, end)
    return words.number_of(found["Next Header"])


def _extension_end(walk: _Walk) -> int:
    """Where an extension header ends: its second octet counts units of 8 octets after the first."""
    length = walk.data[walk.at + 1 : walk.at + 2]
    return min(walk.end, walk.at + 8 * (words.number_of(length) + 1))


def _udp(walk: _Walk) -> int:
    length = words.number_of(walk.data[walk.at + 4 : walk.at + 6])
    walk.end = min(walk.end, walk.at + max(length, sum(part.octets or 0 for part in UDP_HEADER.parts)))
    walk.fill(UDP_HEADER, UDP_HEADER.parts, walk.end)
    return UDP


def _mobility(walk: _Walk) -> int:
    walk.end = _extension_end(walk)
    found = walk.fill(MOBILITY_HEADER, MOBILITY_HEADER.parts, walk.end)
    message = MESSAGES.get(words.number_of(found["MH Type"]))
    if message is None:
        walk.lose(MOBILITY_HEADER, walk.end, "message data of an unknown MH Type")
        return MOBILITY
    walk.fill(message, message.parts, walk.end)
    _options(walk, message, OPTIONS, walk.end)
    return MOBILITY


def _options(walk: _Walk, header: Layout, known: dict[int, Layout], end: int) -> None:
    """Options of Type, Length and data up to `end` (RFC 6275 6.2.1, RFC 8200 4.2)."""
    before = None
    while walk.at < end:
        kind, start = walk.data[walk.at], walk.at
        if kind == PAD1:
            walk.take(known[PAD1], Part("Pad1", 1, words.padding), end)
            continue
        length = walk.data[walk.at + 1] if walk.at + 1 < end else FULL_SLICE
        stop = walk.at + 2 + length
        if stop > end:
            walk.lose(header, end, f"an option of type {kind} that ends outside of its header")
        elif kind == PADN:
            walk.take(known[PADN], Part("PadN", 2 + length, words.padding), stop)
        elif kind in known:
            _option(walk, known[kind], stop, before == (kind, start))
        else:
            walk.lose(header, stop, f"option {kind} is not known")
        before = (kind, stop) if length == FULL_SLICE else None


def _option(walk: _Walk, layout: Layout, stop: int, continues: bool) -> None:
    """One option; `continues` says that a full slice of the same type stands before it."""
    told = f"option {walk.data[walk.at]}, {stop - walk.at - 2} octets of data"
    walk.take(layout, Part("Type, Length", 2, _saying(told), layout.key), stop)
    if continues and layout.further:
        walk.take(layout, layout.further, stop)
        return
    walk.fill(layout, layout.parts, stop)
    walk.lose(layout, stop, "more octets than the option has")
