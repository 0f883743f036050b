"""Who has which address: the record does not list them, but its messages name what stands in their packets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pmicheck.report.octets.symbols import message_of
from pmicheck.trace import Step
from pmicheck.wire.dissection import Piece
from pmicheck.wire.places import place
from pmicheck.wire.words import called

CORRESPONDENT = "cn"
"""The principal that has an address of its own and nobody who speaks for it (a type 1 correspondent)."""
HOME_TUNNEL = "tunnel"
"""The link between the home agent of the mobile node and where that is; here a step's source is the sender."""
ADDRESS_OCTETS = 16

_ADDRESSES = ("address", "home", "care_of", "peer", "source", "destination", "outer", "routing")
"""Fields of messages that name an address."""
_BETWEEN_TWO = ("CacheRequest", "CacheAnswer", "ContextRequest", "ContextData")
_TO_ITS_RECEIVER = (*_BETWEEN_TWO, "Update", "PeerUpdate", "PeerAcknowledgement")
"""Kinds of messages whose source has the address of the sender, and whose destination has that of the receiver."""


@dataclass(slots=True)
class _Heard:
    """What an address was called: as an address ("CoA1"), or by who is behind it ("pma1").

    `perhaps` is what it may be called where nothing else names it.
    """

    addresses: set[str] = field(default_factory=set)
    principals: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)

    def names(self) -> tuple[str, ...]:
        """The names that nothing contradicts."""
        heard = (self.addresses or self.perhaps, self.principals)
        return tuple(dict.fromkeys(next(iter(each)) for each in heard if len(each) == 1))


def names_in(steps: Iterable[tuple[Step, tuple[Piece, ...]]]) -> Mapping[str, tuple[str, ...]]:
    """What the addresses in some packets are called."""
    heard: dict[str, _Heard] = {}
    for step, pieces in steps:
        addresses = [piece for piece in reversed(pieces) if piece.row.carries and len(piece.octets) == ADDRESS_OCTETS]
        found = {piece.row.carries: called(piece.octets) for piece in addresses}
        for name, kind, key in _named(step, found):
            if name and key in found:
                entry = heard.setdefault(found[key], _Heard())
                getattr(entry, kind).add(name)
    named = {address: entry.names() for address, entry in heard.items()}
    return {address: names for address, names in sorted(named.items()) if names}


def _named(step: Step, found: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Names that the message of a step has for addresses of its packet: name, kind of name, where it stands."""
    message = message_of(step)
    # A packet of the attacker's making has any address for its source, and no principal.
    sender = "" if step.attacker and step.action != "deliver" else step.source
    texts = {key: value for key, value in message.items() if isinstance(value, str)}
    kind, to = texts.get("type", ""), texts.get("to", "")
    for name in _ADDRESSES:
        # An acknowledgement goes to the source of the update that it answers, and a deregistration may be repeated
        # from anywhere: their care-of address is a guess.
        doubtful = name == "care_of" and (kind == "Acknowledgement" or not message.get("lifetime", True))
        yield texts.get(name, ""), "perhaps" if doubtful else "addresses", place(kind, name, found)
    if kind in _BETWEEN_TWO:
        yield sender, "principals", "source"
    if kind in _TO_ITS_RECEIVER:
        yield to, "principals", "destination"
    yield to, "principals", "outer-destination"
    if texts.get("link") == HOME_TUNNEL:
        yield sender, "principals", "outer-source"
    at = texts.get("at", "")
    if kind == "Acknowledgement":
        yield at, "principals", "source"
    elif kind == "TestInit":
        yield _asked(step, texts, found), "principals", "destination"
    elif kind == "Test":
        yield (at if texts.get("kind") == "CoT" else _alone(at)), "principals", "source"


def _asked(step: Step, message: Mapping[str, str], found: Collection[str]) -> str:
    """Who is at the destination of a test init: a home test goes to the home address even of a correspondent whose
    agent answers it, and the attacker's own test to whatever the correspondent is."""
    if step.action == "test":
        return "" if "care_of" in found else _alone(step.destination)
    at = message.get("at", "")
    asks_the_agent = message.get("kind") == "CoTI" and at == message.get("to") and "outer-destination" not in found
    return at if asks_the_agent else _alone(at)


def _alone(principal: str) -> str:
    """The name of the correspondent if nobody speaks for it, else nothing."""
    return principal if principal == CORRESPONDENT else ""
