"""What all nodes have in common: packets in, packets out, a log, and randomness that a replay can repeat."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from pmicheck.errors import WireError
from pmicheck.nodes.addresses import UNSPECIFIED, is_routable_unicast
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingErrorStatus
from pmicheck.wire.packet import MobilityHeader, Packet


@dataclass(frozen=True)
class Event:
    """A decision of a node.

    Args:
        time: seconds, on the clock that the caller passes in.
        kind: "rejected", "accepted-binding-update", …
        detail: what was decided upon; of a rejection, `check` names the check that refused and `message`
            its object.
    """

    time: float
    kind: str
    detail: Mapping[str, object] = field(default_factory=dict)


class Randomness:
    """Octets that look random and are the same in every replay: HMAC-SHA256 of a counter under the seed.

    Args:
        seed: shared by all nodes of a replay, if one likes; `owner` keeps them apart.
    """

    def __init__(self, seed: bytes, owner: bytes) -> None:
        self._key = hmac.digest(seed, owner, "sha256")
        self._counter = 0

    def take(self, octets: int) -> bytes:
        """The next octets, at most 32."""
        if octets > 32:
            raise ValueError(f"at most 32 octets at a time, not {octets}")
        self._counter += 1
        return hmac.digest(self._key, self._counter.to_bytes(8, "big"), "sha256")[:octets]


class Node:
    """A node without I/O: `receive` a packet, then `packets_to_send` what it caused."""

    def __init__(self, address: IPv6Address, policy: Policy, seed: bytes) -> None:
        self.address = address
        self.policy = policy
        self.log: list[Event] = []
        self._randomness = Randomness(seed, address.packed)
        self._outbox: list[bytes] = []

    @property
    def addresses(self) -> frozenset[IPv6Address]:
        """The addresses at which the network delivers to this node now."""
        return frozenset({self.address})

    def receive(self, packet: bytes, now: float, *, protected: bool = False) -> None:
        """Takes a whole IPv6 packet; what is wrong with it ends in the log, never in an exception.

        Args:
            protected: it came under the security association of the home agent's tunnel.
        """
        self.advance(now)
        try:
            parsed = Packet.from_bytes(packet)
        except WireError as error:
            self._reject(now, "packet", "wire", reason=str(error))
            return
        if self._has_answerable_source(parsed, now):
            self._handle(parsed, now, protected)

    def packets_to_send(self) -> list[bytes]:
        """Takes out all that waits to be sent, oldest first."""
        packets, self._outbox = self._outbox, []
        return packets

    def advance(self, now: float) -> None:
        """Lets time pass without a packet."""

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        raise NotImplementedError

    def _send(self, packet: Packet) -> None:
        self._outbox.append(packet.to_bytes())

    def _send_message(self, message: codec.KnownMessage, source: IPv6Address, destination: IPv6Address) -> None:
        self._send(plain_packet(message, source, destination))

    def _has_answerable_source(self, packet: Packet, now: float) -> bool:
        """Whether a packet, or a packet out of a tunnel, comes from an address that one node can have.

        No answer may go to any other address (RFC 6275 9.3.3, 9.5.4), nor is that a source (RFC 4291 2.5.2, 2.5.3, 2.7)
        that a router forwards (2.5.6). So the packet is discarded, and logged.
        """
        if is_routable_unicast(packet.source):
            return True
        self._reject(now, "packet", "source", source=packet.source)
        return False

    def _send_binding_error(self, packet: Packet, status: BindingErrorStatus) -> None:
        """RFC 6275 9.3.3: to the source, with the home address of the Home Address option, or :: without one."""
        error = codec.BindingError(status, packet.home_address or UNSPECIFIED)
        self._send_message(error, packet.checksum_destination, packet.source)

    def _refuse_unknown(self, packet: Packet, message: codec.UnknownMessage, now: float) -> None:
        """RFC 6275 9.2: whatever node gets a message of a type that it does not know says so."""
        self._reject(now, "mobility-header", "message-type", message_type=message.message_type)
        self._send_binding_error(packet, BindingErrorStatus.UNRECOGNISED_MESSAGE_TYPE)

    def _note(self, now: float, kind: str, **detail: object) -> None:
        self.log.append(Event(now, kind, detail))

    def _reject(self, now: float, message: str, check: str, **detail: object) -> None:
        self._note(now, "rejected", message=message, check=check, **detail)

    def _decode(self, packet: Packet, now: float) -> codec.Message | None:
        """The message in a packet whose payload is a Mobility Header; None, and a log entry, if it is bad, or if a
        Home Address option names no unicast routable address (RFC 6275 9.3.1)."""
        assert isinstance(packet.payload, MobilityHeader)
        if packet.home_address is not None and not is_routable_unicast(packet.home_address):
            self._reject(now, "mobility-header", "home-address", home_address=packet.home_address)
            return None
        try:
            return codec.decode(
                packet.payload.octets,
                source=packet.checksum_source,
                destination=packet.checksum_destination,
            )
        except WireError as error:
            self._reject(now, "mobility-header", "wire", reason=str(error))
            return None


def plain_packet(message: codec.KnownMessage, source: IPv6Address, destination: IPv6Address) -> Packet:
    """A packet that holds one Mobility Header and no extension headers."""
    octets = codec.encode(message, source=source, destination=destination)
    return Packet(source, destination, MobilityHeader(octets))
