"""Single packets given to a node, and what it answers; no network around it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from ipaddress import IPv6Address

from world import CARE_OF_1, CORRESPONDENT, PLAIN_HOME, SEED, message_in, policy

from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec, tokens
from pmicheck.wire.constants import BindingUpdateFlag
from pmicheck.wire.packet import MobilityHeader, Packet

COOKIE = b"a cookie"
UNUSABLE = tuple(map(IPv6Address, ("::", "::1", "fe80::1", "ff02::1", "ff0e::101")))
"""Unspecified, loopback, link-local and two multicast addresses: none is an address at which one node is reached."""


def correspondent(chosen: Policy | None = None, *, keeps_numbers: bool = False) -> CorrespondentNode:
    return CorrespondentNode(CORRESPONDENT, chosen or policy(), SEED, keeps_numbers=keeps_numbers)


def ask(node: Node, packet: Packet, now: float = 0.0, *, protected: bool = False) -> list[Packet]:
    """What a node sends when this packet has come."""
    node.receive(packet.to_bytes(), now, protected=protected)
    return [Packet.from_bytes(octets) for octets in node.packets_to_send()]


def message(packet: Packet) -> codec.Message:
    return message_in(packet.to_bytes())


def said(
    content: codec.Message,
    source: IPv6Address,
    destination: IPv6Address = CORRESPONDENT,
    *,
    home_address: IPv6Address | None = None,
    routing_home_address: IPv6Address | None = None,
) -> Packet:
    """A message in a packet with these headers."""
    blank = Packet(
        source,
        destination,
        MobilityHeader(b""),
        home_address=home_address,
        routing_home_address=routing_home_address,
    )
    octets = codec.encode(content, source=blank.checksum_source, destination=blank.checksum_destination)
    return dataclasses.replace(blank, payload=MobilityHeader(octets))


@dataclass(frozen=True)
class Tokens:
    """What both tests of return routability brought."""

    home: codec.HomeTest
    care_of: codec.CareOfTest


def return_routability(
    cn: CorrespondentNode, care_of_address: IPv6Address = CARE_OF_1, home: IPv6Address = PLAIN_HOME, now: float = 0.0
) -> Tokens:
    (hot,) = ask(cn, said(codec.HomeTestInit(COOKIE), home), now)
    (cot,) = ask(cn, said(codec.CareOfTestInit(COOKIE), care_of_address), now)
    home_test, care_of_test = message(hot), message(cot)
    assert isinstance(home_test, codec.HomeTest)
    assert isinstance(care_of_test, codec.CareOfTest)
    return Tokens(home_test, care_of_test)


def plain_update(
    tests: Tokens,
    *,
    source: IPv6Address = CARE_OF_1,
    home: IPv6Address = PLAIN_HOME,
    home_address_option: bool = True,
    alternate: IPv6Address | None = None,
    sequence: int = 7,
    lifetime: int = 100,
    flags: BindingUpdateFlag = BindingUpdateFlag.ACKNOWLEDGE,
    deletes: bool = False,
    early: bool = False,
    others: tuple[codec.Option, ...] = (),
) -> Packet:
    """A binding update by return routability, its MAC made as RFC 6275 5.2.5 and 6.2.7 and RFC 4866 4.1 say.

    Args:
        deletes: the key is made of the home token alone, and the MAC covers the home address.
        early: the care-of token in the key is zero, and its index too.
        others: options that go before the Nonce Indices.
    """
    care_of_token = bytes(8) if early else tests.care_of.token
    kbm = tokens.binding_management_key(tests.home.token, None if deletes else care_of_token)
    care_of_address = home if deletes else alternate or source
    options = list(others)
    if alternate is not None:
        options.append(codec.AlternateCareOfAddressOption(alternate))
    care_of_index = 0 if early or deletes else tests.care_of.nonce_index
    options += [
        codec.NonceIndicesOption(tests.home.nonce_index, care_of_index),
        codec.BindingAuthorizationDataOption(),
    ]
    blank = Packet(source, CORRESPONDENT, MobilityHeader(b""), home_address=home if home_address_option else None)
    octets = codec.seal(
        codec.BindingUpdate(sequence, lifetime, flags, options=tuple(options)),
        source=blank.checksum_source,
        destination=CORRESPONDENT,
        authenticate=lambda header: tokens.authenticator(kbm, care_of_address, CORRESPONDENT, header),
    )
    return dataclasses.replace(blank, payload=MobilityHeader(octets))


def acknowledgement(packets: list[Packet]) -> codec.BindingAcknowledgement:
    """The only answer, which is an acknowledgement."""
    (packet,) = packets
    answer = message(packet)
    assert isinstance(answer, codec.BindingAcknowledgement)
    return answer
