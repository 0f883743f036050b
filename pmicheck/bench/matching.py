"""Whether a packet in flight is the message that a step of a trace delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pmicheck.bench.links import TUNNEL
from pmicheck.bench.names import AT_HOME, HOA
from pmicheck.bench.stage import Stage
from pmicheck.replay.knowledge import innermost, message_in, update_in
from pmicheck.replay.network import Flight
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingAcknowledgementFlag
from pmicheck.wire.packet import Packet, UdpDatagram

Fields = Mapping[str, Any]
Indices = Callable[[Fields], tuple[int, int]]

TUNNELS = (TUNNEL, "tunnel2")
"""The links on which a packet is in the tunnel of a home agent: the mobile node's, or the correspondent's."""

KINDS: Mapping[str, type[codec.Message]] = {
    "HoTI": codec.HomeTestInit,
    "CoTI": codec.CareOfTestInit,
    "PHoTI": codec.ProxyHomeTestInit,
    "HoT": codec.HomeTest,
    "CoT": codec.CareOfTest,
    "PHoT": codec.ProxyHomeTest,
}


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
    match message["type"]:
        case "TestInit" | "Test":
            return _is_test(stage, packet, message)
        case "Update":
            return _is_update(stage, packet, message, indices)
        case "Acknowledgement":
            return _is_acknowledgement(stage, packet, message)
    return False


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


def _is_test(stage: Stage, packet: Packet, message: Fields) -> bool:
    found = message_in(packet)
    if not isinstance(found, KINDS[message["kind"]]) or not _has_cookie(stage, found, message["cookie"]):
        return False
    if message.get("care_of") and getattr(found, "care_of_address", None) != stage.addresses[message["care_of"]]:
        return False
    inner = innermost(packet)
    ends = (inner.source, inner.destination)
    return stage.addresses[message["address"]] in ends


def _has_cookie(stage: Stage, found: codec.Message, cookie: Sequence[Any]) -> bool:
    """Whether a test message has the cookie of a name; one without a name is nobody's but the attacker's."""
    octets = getattr(found, "cookie", b"")
    if cookie[0] != "cookie":
        return octets not in stage.cookies.values()
    return bool(octets == stage.cookies.get((cookie[1], cookie[2], cookie[3])))


def _is_update(stage: Stage, packet: Packet, message: Fields, indices: Indices) -> bool:
    found = update_in(packet)
    if found is None:
        return False
    at = stage.addresses
    same_place = not message["lifetime"] or found.care_of_address == at[message["care_of"]]
    return (
        same_place
        and found.proxy == message["proxy"]
        and found.home_address == at[message["home"]]
        and found.message.sequence == message["seq"]
        and bool(found.message.lifetime) == message["lifetime"]
        and (found.cga_parameters is not None) == (message["key"] is not None)
        and found.indices == indices(message)
    )


def _is_acknowledgement(stage: Stage, packet: Packet, message: Fields) -> bool:
    found = message_in(packet)
    if not isinstance(found, codec.BindingAcknowledgement):
        return False
    inner = innermost(packet)
    kinds = [type(option) for option in found.options]
    brings = codec.CareOfTestOption in kinds or codec.EncryptedCareOfTestOption in kinds
    issued = (codec.PermanentHomeKeygenTokenOption, codec.HandoverHomeKeygenTokenOption)
    return (
        bool(found.flags & BindingAcknowledgementFlag.PROXY_REGISTRATION) == message["proxy"]
        and found.sequence == message["seq"]
        and found.status == message["status"]
        and brings == (message["care_of_token"] is not None)
        and sum(kind in issued for kind in kinds) == len(message["tokens"])
        and inner.destination in (stage.addresses[message["care_of"]], stage.addresses[HOA])
    )
