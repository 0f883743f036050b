"""Who has which address: the record does not list them, but its messages name what stands in their packets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pmicheck.report.octets.dissection import Piece
from pmicheck.report.octets.symbols import CARE_OF, HOME, Keys, message_of
from pmicheck.report.octets.words import called
from pmicheck.trace import Step

CORRESPONDENT = "cn"
"""The principal that has an address of its own and nobody who speaks for it (a type 1 correspondent)."""
HOME_TUNNEL = "tunnel"
"""The link between the home agent of the mobile node and where that is; here a step's source is the sender."""
ADDRESS_OCTETS = 16

_ADDRESSES: Mapping[str, Mapping[str, Keys]] = {
    "TestInit": {"address": ("home-option", "source"), "care_of": ("care-of",)},
    "Test": {"address": ("destination",), "care_of": ("care-of",)},
    "Update": {"home": HOME, "care_of": CARE_OF},
    "Acknowledgement": {"home": ("routing-home",), "care_of": ("destination",)},
    "PeerUpdate": {"home": ("mn-home",), "care_of": ("source",)},
    "PeerAcknowledgement": {"home": ("cn-home",)},
    "CacheRequest": {"home": ("home",)},
    "CacheAnswer": {"home": ("home",), "care_of": ("care-of",)},
    "ContextRequest": {"home": ("home",)},
    "ContextData": {"home": ("home",), "peer": ("entry-care-of",)},
    "Data": {
        "source": ("source",),
        "destination": ("destination",),
        "outer": ("outer-source",),
        "routing": ("routing-home",),
    },
}
"""Which field of a packet has the address that a field of the symbolic message names.

An acknowledgement goes to the source of the update that it answers, and a deregistration may be repeated from
anywhere, so that where nothing else names an address their care-of address is a guess.
"""
_BETWEEN_TWO: Mapping[str, Keys] = {"from": ("source",), "to": ("destination",)}
_PRINCIPALS: Mapping[str, Mapping[str, Keys]] = {
    "Update": {"to": ("destination",)},
    "Acknowledgement": {"at": ("source",)},
    "PeerUpdate": {"to": ("destination",)},
    "PeerAcknowledgement": {"to": ("destination",)},
    "CacheRequest": _BETWEEN_TWO,
    "CacheAnswer": _BETWEEN_TWO,
    "ContextRequest": _BETWEEN_TWO,
    "ContextData": _BETWEEN_TWO,
}
"""Where the address of a principal stands; "from" is the step's own source."""


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
        found = {piece.part.key: piece.octets for piece in reversed(pieces) if len(piece.octets) == ADDRESS_OCTETS}
        for name, kind, candidates in _named(step, found):
            key = next((key for key in candidates if key in found), None)
            if name and key is not None:
                entry = heard.setdefault(called(found[key]), _Heard())
                getattr(entry, kind).add(name)
    named = {address: entry.names() for address, entry in heard.items()}
    return {address: names for address, names in sorted(named.items()) if names}


def _named(step: Step, found: Collection[str]) -> Iterator[tuple[str, str, Keys]]:
    """Names that the message of a step has for addresses of its packet: name, kind of name, where it stands."""
    message = message_of(step)
    # A packet of the attacker's making has any address for its source, and no principal.
    sender = "" if step.attacker and step.action != "deliver" else step.source
    texts = {key: value for key, value in message.items() if isinstance(value, str)} | {"from": sender}
    kind = texts.get("type", "")
    for field_name, where in _ADDRESSES.get(kind, {}).items():
        doubtful = kind == "Acknowledgement" or not message.get("lifetime", True)
        perhaps = doubtful and field_name == "care_of"
        yield texts.get(field_name, ""), "perhaps" if perhaps else "addresses", where
    for field_name, where in _PRINCIPALS.get(kind, {}).items():
        yield texts.get(field_name, ""), "principals", where
    yield texts.get("to", ""), "principals", ("outer-destination",)
    if texts.get("link") == HOME_TUNNEL:
        yield sender, "principals", ("outer-source",)
    if kind == "TestInit":
        yield _asked(step, texts, found), "principals", ("destination",)
    elif kind == "Test":
        at = texts.get("at", "")
        yield (at if texts.get("kind") == "CoT" else _alone(at)), "principals", ("source",)


def _asked(step: Step, message: Mapping[str, str], found: Collection[str]) -> str:
    """Who is at the destination of a test init: a home test goes to the home address even of a correspondent whose
    agent answers it, and the attacker's own test to whatever the correspondent is."""
    if step.action == "test":
        return "" if "care-of" in found else _alone(step.destination)
    at = message.get("at", "")
    asks_the_agent = message.get("kind") == "CoTI" and at == message.get("to") and "outer-destination" not in found
    return at if asks_the_agent else _alone(at)


def _alone(principal: str) -> str:
    """The name of the correspondent if nobody speaks for it, else nothing."""
    return principal if principal == CORRESPONDENT else ""
