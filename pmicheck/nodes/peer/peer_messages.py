"""What two proxy mobile agents send each other, and the MAC under the key they share (the draft's 4.2, 9).

A handshake is request, answer, acknowledgement (N113-N115): two Proxy Binding Updates and a Proxy Binding
Acknowledgement. The draft leaves open how a receiver tells them apart and whom they speak of, so:

* the A flag tells request from answer: a request is acknowledged by an update, so it asks for no Binding
  Acknowledgement; the answer does;
* option 241 holds the home address that is registered, option 243 that of the node which it is registered for;
* the acknowledgement repeats both options and the sequence number of the answer.

An answer is matched to its request by the two home addresses and by the address it comes from, no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from pmicheck.nodes import sealing
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec, tokens
from pmicheck.wire.constants import (
    BindingAcknowledgementFlag,
    BindingUpdateFlag,
    Status,
)
from pmicheck.wire.packet import MobilityHeader, Packet


@dataclass(frozen=True, kw_only=True)
class PeerUpdate:
    """A Proxy Binding Update between agents.

    Args:
        home_address: of the node that is registered.
        care_of_address: the agent that registers it, the source.
        correspondent: home address of the node at the receiver.
        receiver: the agent that it goes to.
        lifetime: in units of four seconds.
        answers: it answers such an update.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    correspondent: IPv6Address
    receiver: IPv6Address
    sequence: int
    lifetime: int
    answers: bool

    @property
    def deregisters(self) -> bool:
        """By its lifetime, or since the node is where its home address is (RFC 6275 9.5.1)."""
        return self.lifetime == 0 or self.care_of_address == self.home_address


def association_key(seed: bytes, one: IPv6Address, other: IPv6Address) -> bytes:
    """The pairwise key of two agents, 20 octets, the same whichever is named first (A-24)."""
    first, second = sorted((one, other))
    return tokens.hmac_sha1(seed, first.packed + second.packed)


def context_protection(policy: Policy) -> str:
    """How a context transfer is protected in fact: "protected", "readable" or "unauthenticated" (A-02)."""
    reading = policy.reading("context_transfer")
    stripped = reading == "protected" and not policy.has("context-transfer-protection")
    return "readable" if stripped else reading


def sealed(
    policy: Policy, message: codec.KnownMessage, source: IPv6Address, destination: IPv6Address, key: bytes | None
) -> Packet:
    """A message as a packet, with a Binding Authorization Data option under `key` if there is one.

    Raises:
        WireError: the message is too long.
    """
    if key is None:
        return plain_packet(message, source, destination)
    message = replace(message, options=(*message.options, codec.BindingAuthorizationDataOption()))
    octets = codec.seal(
        message,
        source=source,
        destination=destination,
        authenticate=lambda header: sealing.mac(policy, key, source, destination, header),
    )
    return Packet(source, destination, MobilityHeader(octets))


def mac_is_valid(policy: Policy, packet: Packet, message: codec.Message, key: bytes) -> bool:
    """Whether a message ends with the MAC that `sealed` would have given it."""
    assert isinstance(packet.payload, MobilityHeader)
    option = codec.option_of(message, codec.BindingAuthorizationDataOption)
    expected = sealing.mac(policy, key, packet.source, packet.destination, packet.payload.octets)
    return option is not None and option.authenticator == expected


def update_packet(policy: Policy, update: PeerUpdate, key: bytes | None) -> Packet:
    """N113, N114; without a Home Address option, as every proxy update (N157)."""
    flags = BindingUpdateFlag.PROXY_REGISTRATION
    if update.answers:
        flags |= BindingUpdateFlag.ACKNOWLEDGE
    message = codec.BindingUpdate(update.sequence, update.lifetime, flags, options=_parties(update))
    return sealed(policy, message, update.care_of_address, update.receiver, key)


def acknowledgement_packet(
    policy: Policy, update: PeerUpdate, status: Status, sequence: int, lifetime: int, key: bytes | None
) -> Packet:
    """The third message (N115), or a refusal of either of the first two; back to where the update came from."""
    message = codec.BindingAcknowledgement(
        status, sequence, lifetime, BindingAcknowledgementFlag.PROXY_REGISTRATION, options=_parties(update)
    )
    return sealed(policy, message, update.receiver, update.care_of_address, key)


def _parties(update: PeerUpdate) -> tuple[codec.Option, ...]:
    return (
        codec.MobileNodeHomeAddressOption(update.home_address),
        codec.CorrespondentHomeAddressOption(update.correspondent),
    )


def read_update(packet: Packet, message: codec.BindingUpdate) -> PeerUpdate | None:
    """The update in a message; None if it does not say which two nodes it is about."""
    home = codec.option_of(message, codec.MobileNodeHomeAddressOption)
    correspondent = codec.option_of(message, codec.CorrespondentHomeAddressOption)
    if home is None or correspondent is None:
        return None
    return PeerUpdate(
        home_address=home.address,
        care_of_address=packet.source,
        correspondent=correspondent.address,
        receiver=packet.destination,
        sequence=message.sequence,
        lifetime=message.lifetime,
        answers=bool(message.flags & BindingUpdateFlag.ACKNOWLEDGE),
    )
