"""The table "symbolic term, octets on the wire, section" of a trace: what a reader needs to believe a packet.

    for packet in rows(trace):
        for field in packet.fields: …

All of it is a function of the trace. Every octet of a packet stands in exactly one field.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.report.octets.addresses import names_in
from pmicheck.report.octets.coverage import coverage
from pmicheck.report.octets.symbols import carried, message_of
from pmicheck.trace import Step, Trace
from pmicheck.wire.dissection import dissect
from pmicheck.wire.words import Names


@dataclass(frozen=True, slots=True)
class Field:
    """One row.

    Attributes:
        header: the header, message or option that the field belongs to; the format's name.
        name: as the specification has it, "not understood" for octets that fit nowhere.
        start, length: octets, counted from the packet's beginning.
        octets: in hexadecimal.
        meaning: the value in words.
        term: the part of the step's symbolic term that the field carries, "" if the model abstracts from it.
        section: where the field is specified.
        covered: which of "MAC" and "signature" cover it.
        plain: whether no message of the model has such a field, so that a page may fold it away.
    """

    header: str
    name: str
    start: int
    length: int
    octets: str
    meaning: str
    term: str
    section: str
    covered: tuple[str, ...]
    plain: bool


@dataclass(frozen=True, slots=True)
class Packet:
    """The packet of one step; `number` counts the steps of its trace from 1."""

    number: int
    step: Step
    fields: tuple[Field, ...]


def rows(trace: Trace) -> tuple[Packet, ...]:
    """The packets of a trace, in the order of its steps, with all their fields."""
    known = names(trace)
    return tuple(
        Packet(number, step, fields(step, known)) for number, step in enumerate(trace.steps, 1) if octets_of(step)
    )


def fields(step: Step, known: Names | None = None) -> tuple[Field, ...]:
    """The fields of the packet of a step, which tile it; none if the step has no packet.

    Args:
        known: what addresses are called, from `names`; without it only what this step tells is known.
    """
    pieces = dissect(octets_of(step))
    known = names_in([(step, pieces)]) if known is None else known
    terms = carried(step, {piece.row.carries for piece in pieces})
    covered = coverage(pieces, message_of(step), known)
    return tuple(
        Field(
            header=piece.format.title,
            name=piece.row.name,
            start=piece.start,
            length=len(piece.octets),
            octets=piece.octets.hex(),
            meaning=piece.row.in_words(piece.octets, known),
            term=terms.pop(piece.row.carries, ""),
            section=piece.row.section or piece.format.section,
            covered=covered.get(piece.start, ()),
            plain=not piece.row.carries,
        )
        for piece in pieces
    )


def names(trace: Trace) -> Names:
    """What each IPv6 address of the packets is called, as far as the messages tell without contradiction.

    Names of addresses ("CoA1") come before those of principals ("pma1").
    """
    return names_in((step, dissect(octets_of(step))) for step in trace.steps)


def octets_of(step: Step) -> bytes:
    """The packet of a step; empty if it has none, or something that is no packet in hexadecimal."""
    try:
        return bytes.fromhex(step.octets or "")
    except ValueError:
        return b""
