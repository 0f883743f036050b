"""Whether a packet in flight is the message that a step of a trace delivers.

Each field that the step names is compared with the row of the packet that carries it. A field for which there is no
comparison, and one that the packet does not have, agrees with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pmicheck.bench.links import TUNNEL
from pmicheck.bench.names import AT_HOME, HOA
from pmicheck.bench.stage import Stage
from pmicheck.replay.knowledge import innermost, message_in
from pmicheck.replay.network import Flight
from pmicheck.wire import codec
from pmicheck.wire.dissection import carried, dissect
from pmicheck.wire.packet import Packet, UdpDatagram
from pmicheck.wire.places import place

Fields = Mapping[str, Any]
Indices = Callable[[Fields], tuple[int, int]]

TUNNELS = (TUNNEL, "tunnel2")
"""The links on which a packet is in the tunnel of a home agent: the mobile node's, or the correspondent's."""

KINDS: Mapping[str, type[codec.KnownMessage]] = {
    "HoTI": codec.HomeTestInit,
    "CoTI": codec.CareOfTestInit,
    "PHoTI": codec.ProxyHomeTestInit,
    "HoT": codec.HomeTest,
    "CoT": codec.CareOfTest,
    "PHoT": codec.ProxyHomeTest,
    "Update": codec.BindingUpdate,
    "Acknowledgement": codec.BindingAcknowledgement,
    "PeerUpdate": codec.BindingUpdate,
    "PeerAcknowledgement": codec.BindingAcknowledgement,
    "CacheRequest": codec.BindingCacheRequest,
    "CacheAnswer": codec.BindingCacheAcknowledgement,
    "ContextRequest": codec.ContextTransferRequest,
    "ContextData": codec.ContextTransferData,
}
"""The class of a message, by its kind where the trace gives one, else by its type."""


@dataclass(frozen=True)
class Seen:
    """What a packet has for the message of a trace that it may be.

    Attributes:
        carried: the values of its rows by what they carry.
    """

    stage: Stage
    message: Fields
    carried: Mapping[str, Any]

    def value(self, field: str) -> Any:
        """What the packet has for a field of the message, None if it has nothing."""
        return self.carried.get(place(self.message["type"], field, self.carried))


Compare = Callable[[Seen, Any, Any], bool]
"""From a packet, the value that it has for a field and the one that the message has, to whether they agree."""


def agrees(stage: Stage, packet: Packet, message: Fields, comparisons: Mapping[str, Compare]) -> bool:
    """Whether a packet holds a message of this kind, and each field of it has its comparison and passes it.

    Args:
        comparisons: by field, or by type and field where the type has one of its own ("Update.care_of").
    """
    kind = message["type"]
    if not isinstance(message_in(packet), KINDS.get(message.get("kind", kind), ())):
        return False
    seen = Seen(stage, message, carried(dissect(packet.to_bytes())))
    compared = ((field, comparisons.get(f"{kind}.{field}", comparisons.get(field))) for field in message)
    return all(compare and compare(seen, seen.value(field), message[field]) for field, compare in compared)


def settled(seen: Seen, value: Any, wanted: Any) -> bool:
    """Of a field that is compared elsewhere, or that only the receiver can check, which it does."""
    return True


def same(seen: Seen, value: Any, wanted: Any) -> bool:
    return bool(value == wanted)


def same_address(seen: Seen, value: Any, wanted: Any) -> bool:
    """The packet has the address of that name; where the message names none any will do."""
    return wanted is None or value == seen.stage.addresses[wanted]


def as_given(seen: Seen, value: Any, wanted: Any) -> bool:
    """The packet has something there, or a number that is not zero, if and only if the message has."""
    return bool(value) == bool(wanted)


def _proxy(seen: Seen, value: Any, wanted: Any) -> bool:
    return bool(bool(value & type(value).PROXY_REGISTRATION) == wanted)


def _cookie(seen: Seen, value: Any, wanted: Any) -> bool:
    """A cookie without a name is nobody's but the attacker's."""
    of, *name = wanted
    cookies = seen.stage.cookies
    return bool(value == cookies.get(tuple(name)) if of == "cookie" else value not in cookies.values())


def _nonce(seen: Seen, value: Any, wanted: Any) -> bool:
    return bool(value == seen.stage.nonces.get(wanted))


def _home_address_option(seen: Seen, value: Any, wanted: Any) -> bool:
    """The model names it where a proxy update has one; a mobile node's own update always does away from home."""
    return not seen.message["proxy"] or as_given(seen, value, wanted)


def _care_of_of_update(seen: Seen, value: Any, wanted: Any) -> bool:
    """A deregistration may come from anywhere."""
    return not seen.message["lifetime"] or same_address(seen, value, wanted)


def _receiver_of_answer(seen: Seen, value: Any, wanted: Any) -> bool:
    """An answer goes to the care-of address, or at home to the home address."""
    return value in (seen.stage.addresses[wanted], seen.stage.addresses[HOA])


def _tokens(seen: Seen, value: Any, wanted: Any) -> bool:
    return len({"PT", "HT"} & set(seen.carried)) == len(wanted)


COMPARISONS: Mapping[str, Compare] = {
    **dict.fromkeys(("type", "kind", "link", "to", "at", "token", "credential", "mac", "sig", "proof"), settled),
    **dict.fromkeys(("address", "home", "care_of"), same_address),
    **dict.fromkeys(("seq", "status"), same),
    **dict.fromkeys(("lifetime", "key", "test", "care_of_token"), as_given),
    "cookie": _cookie,
    "proxy": _proxy,
    "tokens": _tokens,
    "TestInit.hao": same_address,
    "Test.nonce": _nonce,
    "Update.hao": _home_address_option,
    "Update.care_of": _care_of_of_update,
    "Update.care_of_nonce": settled,
    "Acknowledgement.home": settled,
    "Acknowledgement.care_of": _receiver_of_answer,
    "Acknowledgement.care_of_nonce": settled,
}
"""How a field of a message is compared; `matches` compares both nonce indices of an update."""


def matches(stage: Stage, flight: Flight, message: Fields, indices: Indices) -> bool:
    """Whether the packet is the message: kind, link, addresses, numbers and cookie are what the step names.

    Args:
        indices: from a message of the trace to the nonce indices that stand for its credential and nonces.
    """
    packet = Packet.from_bytes(flight.packet)
    if message["type"] == "Data":
        return is_data(stage, packet, message)
    tunnelled = isinstance(packet.payload, Packet)
    if (message["link"] in TUNNELS) != tunnelled and stage.serving != AT_HOME:
        return False

    def has_indices(seen: Seen, value: Any, wanted: Any) -> bool:
        return (value or 0, seen.value("care_of_nonce") or 0) == indices(seen.message)

    return agrees(stage, packet, message, {**COMPARISONS, "Update.nonce": has_indices})


def is_data(stage: Stage, packet: Packet, message: Fields) -> bool:
    """Whether the packet is payload with these sources, destination and routing header.

    With a type 2 routing header the destination that upper layers are to see stands in it.
    """
    inner, at = innermost(packet), stage.addresses
    tunnelled = inner is not packet
    return (
        isinstance(inner.payload, UdpDatagram)
        and inner.source == at[message["source"]]
        and (inner.routing_home_address or inner.destination) == at[message["destination"]]
        and inner.routing_home_address == at.get(message["routing"])
        and (packet.source if tunnelled else None) == at.get(message["outer"])
    )
