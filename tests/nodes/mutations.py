"""Hypothesis strategies: a valid packet with any of its fields changed, and its checksums right all the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any

from exchanges import UNUSABLE, message, said
from hypothesis import assume
from hypothesis import strategies as st
from wire_strategies import addresses, known_messages, plain_options, unknown_messages
from world import ATTACKER, CARE_OF_1, CARE_OF_2, CORRESPONDENT, HOME, HOME_AGENT, PLAIN_HOME, PMA1, PMA2

from pmicheck.errors import WireError
from pmicheck.wire import codec
from pmicheck.wire.constants import NextHeader
from pmicheck.wire.packet import MobilityHeader, OtherPayload, Packet, Payload, UdpDatagram

NAMED = (ATTACKER, CARE_OF_1, CARE_OF_2, CORRESPONDENT, HOME, HOME_AGENT, PLAIN_HOME, PMA1, PMA2)


def some_address(*more: IPv6Address) -> st.SearchStrategy[IPv6Address]:
    """One that a node of the tests has, one that none can have, or any."""
    return st.sampled_from((*NAMED, *more)) | st.sampled_from(UNUSABLE) | addresses


def _changed_value(value: Any, place: st.SearchStrategy[IPv6Address]) -> st.SearchStrategy[Any]:
    match value:
        case IPv6Address():
            return place
        case bytes():
            return st.binary(min_size=len(value), max_size=len(value))
        case int():
            near = st.sampled_from([0, 1, int(value) + 1, 0x8000, 0xFFFF]) | st.integers(0, 0xFFFF)
            return near.map(type(value))
        case _:
            return st.just(value)


@st.composite
def _changed_fields(draw: st.DrawFn, thing: Any, place: st.SearchStrategy[IPv6Address]) -> Any:
    """A message or option with one of its fields changed; its options are no field."""
    names = [field.name for field in dataclasses.fields(thing) if field.name != "options"]
    if not names:
        return thing
    name = draw(st.sampled_from(names))
    return dataclasses.replace(thing, **{name: draw(_changed_value(getattr(thing, name), place))})


@st.composite
def _changed_options(
    draw: st.DrawFn, options: Sequence[codec.Option], place: st.SearchStrategy[IPv6Address]
) -> tuple[codec.Option, ...]:
    """One option more, one less, one changed, or two that have changed places."""
    changed = list(options)
    how = draw(st.sampled_from(["more", "less", "changed", "moved"]))
    at = draw(st.integers(0, max(0, len(changed) - 1)))
    if how == "more" or not changed:
        changed.insert(at, draw(plain_options))
    elif how == "less":
        del changed[at]
    elif how == "changed":
        changed[at] = draw(_changed_fields(changed[at], place))
    else:
        changed.insert(draw(st.integers(0, len(changed) - 1)), changed.pop(at))
    return tuple(changed)


@st.composite
def _changed_message(draw: st.DrawFn, content: codec.Message, place: st.SearchStrategy[IPv6Address]) -> codec.Message:
    """Another message altogether, or the same with a field or an option changed."""
    if isinstance(content, codec.UnknownMessage) or draw(st.integers(0, 9)) == 0:
        another: codec.Message = draw(known_messages | unknown_messages)
        return another
    if draw(st.booleans()):
        changed: codec.Message = draw(_changed_fields(content, place))
        return changed
    return dataclasses.replace(content, options=draw(_changed_options(content.options, place)))


@st.composite
def mutated(draw: st.DrawFn, packet: Packet, *more: IPv6Address) -> Packet:
    """The packet with one to three changes to its headers, its message, or the packet inside it.

    Args:
        more: addresses that may come in, besides those of `some_address`.
    """
    place = some_address(*more)
    payload = packet.payload
    content = message(packet) if isinstance(payload, MobilityHeader) else None
    for _ in range(draw(st.integers(1, 3))):
        what = draw(st.sampled_from(["payload", "payload", "source", "home_address", "routing_home_address"]))
        if what == "source":
            packet = dataclasses.replace(packet, source=draw(place))
        elif what == "home_address":
            packet = dataclasses.replace(packet, home_address=draw(st.none() | place))
        elif what == "routing_home_address":
            packet = dataclasses.replace(packet, routing_home_address=draw(st.none() | place))
        elif content is not None:
            content = draw(_changed_message(content, place))
        elif isinstance(payload, Packet):
            payload = draw(mutated(payload, *more))
        else:
            payload = draw(_payloads)
    if content is None:
        return dataclasses.replace(packet, payload=payload)
    headers = {"home_address": packet.home_address, "routing_home_address": packet.routing_home_address}
    try:
        return said(content, packet.source, packet.destination, **headers)
    except WireError:
        assume(False)
        raise


_payloads: st.SearchStrategy[Payload] = st.binary(max_size=20).flatmap(
    lambda octets: st.sampled_from([UdpDatagram(octets), OtherPayload(NextHeader.NONE, octets)])
)
