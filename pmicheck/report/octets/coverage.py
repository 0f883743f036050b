"""Which fields of a packet its authenticator and its signature cover (RFC 6275 6.2.7, RFC 4866 4.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pmicheck.wire.dissection import Piece
from pmicheck.wire.headers import CHECKSUM, MOBILITY_HEADER
from pmicheck.wire.option_kinds import CgaParametersOption
from pmicheck.wire.words import Names, called, number_of

MAC, SIGNATURE = "MAC", "signature"
ENDS = ("source", "destination")
"""The addresses of the header that carries the message: one is the care-of address, the other the correspondent."""


def coverage(pieces: Sequence[Piece], message: Mapping[str, Any], names: Names) -> dict[int, tuple[str, ...]]:
    """What covers the piece that begins at an octet: MAC, signature, both; a piece that nothing covers is left out.

    The Mobility Header is covered but for its checksum and the authenticator itself, by a signature up to the last CGA
    Parameters option. The addresses outside of it are covered if the symbolic message says so by their names.
    """
    header = _mobility_header(pieces)
    covered: dict[int, tuple[str, ...]] = {}
    for what, end in ((MAC, _end_of_mac(header)), (SIGNATURE, _end_of_signature(header))):
        if not end:
            continue
        inside = [piece for piece in header if piece.end <= end and piece.row is not CHECKSUM]
        for piece in (*_ends(pieces, message, names, what), *inside):
            covered[piece.start] = (*covered.get(piece.start, ()), what)
    return covered


def _mobility_header(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces of the Mobility Header, none if the packet has none or not all of it."""
    begin = next((piece for piece in pieces if piece.format is MOBILITY_HEADER), None)
    if begin is None:
        return []
    length = [piece for piece in pieces if piece.row is MOBILITY_HEADER.rows[1]]
    end = begin.start + 8 * (number_of(length[0].octets) + 1) if length else 0
    return [piece for piece in pieces if begin.start <= piece.start < end] if pieces[-1].end >= end else []


def _end_of_mac(header: Sequence[Piece]) -> int:
    """Where the authenticator begins, 0 if the header does not end with one."""
    return header[-1].start if header and header[-1].row.carries == "mac" else 0


def _end_of_signature(header: Sequence[Piece]) -> int:
    """Where the last CGA Parameters option ends, 0 if there is none or no signature."""
    if not any(piece.row.carries == "sig" for piece in header):
        return 0
    return max((piece.end for piece in header if piece.format.kind is CgaParametersOption), default=0)


def _ends(pieces: Sequence[Piece], message: Mapping[str, Any], names: Names, what: str) -> list[Piece]:
    """The addresses before the Mobility Header that are covered, too: those that the symbolic term names.

    Where a MAC has no term of its own it is that of two agents (reading pma_auth), which covers source and destination.
    """
    term = message.get({MAC: "mac", SIGNATURE: "sig"}[what])
    agents = what == MAC and bool(message) and term is None
    under: set[str] = set()
    if isinstance(term, (list, tuple)):
        care_of_at = {MAC: 2, SIGNATURE: 3}[what]
        under = {name for name in term[care_of_at : care_of_at + 2] if isinstance(name, str)}
    chosen = []
    for piece in pieces:
        known = names.get(called(piece.octets), ()) if piece.row.carries in (*ENDS, "hao") else ()
        if (piece.row.carries in ENDS and agents) or under & set(known):
            chosen.append(piece)
    return chosen
