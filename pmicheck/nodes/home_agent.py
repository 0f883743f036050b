"""A home agent: it forwards what comes out of its tunnels, intercepts what goes to the home addresses it
serves, and tells proxy agents where those are registered.

RFC 6275 10.4, the draft's 4.2 and 5. Home registration itself is protected by IPsec and outside the draft's
section 3: here it is a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from pmicheck.errors import WireError
from pmicheck.nodes.addresses import UNSPECIFIED, is_routable_unicast
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec
from pmicheck.wire.constants import MessageType
from pmicheck.wire.packet import MAX_NESTING, MobilityHeader, Packet

_MESSAGE_TYPE_OFFSET = 2
NO_BINDING = UNSPECIFIED
"""The care-of address in the answer about a home address that is not registered."""


@dataclass(frozen=True)
class HomeBinding:
    """A home registration; `proxy` is its P flag."""

    care_of_address: IPv6Address
    proxy: bool


class HomeAgent(Node):
    """A home agent with its bindings."""

    def __init__(self, address: IPv6Address, policy: Policy, seed: bytes) -> None:
        super().__init__(address, policy, seed)
        self._bindings: dict[IPv6Address, HomeBinding] = {}

    @property
    def addresses(self) -> frozenset[IPv6Address]:
        """Its own address and the home addresses that it intercepts packets for."""
        return frozenset({self.address, *self._bindings})

    def register(self, home_address: IPv6Address, care_of_address: IPv6Address, proxy: bool = True) -> None:
        """A home registration: packets for the home address go to the care-of address from now on."""
        self._bindings[home_address] = HomeBinding(care_of_address, proxy)

    def deregister(self, home_address: IPv6Address) -> None:
        """Ends a home registration; packets for the home address reach the node at home from now on."""
        self._bindings.pop(home_address, None)

    def binding(self, home_address: IPv6Address) -> HomeBinding | None:
        """The home registration of an address."""
        return self._bindings.get(home_address)

    def is_registered_at(self, home_address: IPv6Address, care_of_address: IPv6Address) -> bool:
        """Whether a home address is registered at this care-of address."""
        binding = self._bindings.get(home_address)
        return binding is not None and binding.care_of_address == care_of_address

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        if packet.destination in self._bindings:
            self._intercept(packet, now)
        elif packet.destination != self.address:
            self._reject(now, "packet", "destination", destination=packet.destination)
        elif packet.routing_home_address is not None:
            # RFC 6275 6.4: it would have to be a home address of this node, which has none.
            self._reject(now, "packet", "routing-header", home_address=packet.routing_home_address)
        elif isinstance(packet.payload, Packet):
            self._forward(packet.source, packet.payload, now, protected)
        elif isinstance(packet.payload, MobilityHeader):
            self._on_mobility_header(packet, now)
        else:
            self._reject(now, "packet", "not-for-a-home-agent")

    def _on_mobility_header(self, packet: Packet, now: float) -> None:
        """N109, N111, N112: whoever asks for a binding is told (A-25)."""
        message = self._decode(packet, now)
        if isinstance(message, codec.BindingCacheRequest):
            binding = self._bindings.get(message.home_address)
            care_of_address = NO_BINDING if binding is None else binding.care_of_address
            answer = codec.BindingCacheAcknowledgement(message.transaction, message.home_address, care_of_address)
            self._send_message(answer, self.address, packet.source)
            self._note(
                now,
                "answered-binding-cache-request",
                home_address=message.home_address,
                care_of_address=care_of_address,
                asker=packet.source,
            )
        elif isinstance(message, codec.UnknownMessage):
            self._refuse_unknown(packet, message, now)
        elif message is not None:
            self._reject(now, "packet", "not-for-a-home-agent", source=packet.source)

    def _intercept(self, packet: Packet, now: float) -> None:
        """RFC 6275 10.4.1, N127: into the tunnel to the care-of address."""
        care_of_address = self._bindings[packet.destination].care_of_address
        tunnelled = Packet(self.address, care_of_address, packet)
        try:
            self._send(tunnelled)
        except WireError as error:
            self._reject(now, "packet", "tunnel-limit", reason=str(error), nesting=MAX_NESTING)
            return
        self._note(now, "tunnelled", home_address=packet.destination, care_of_address=care_of_address)

    def _forward(self, outer_source: IPv6Address, inner: Packet, now: float, protected: bool) -> None:
        """Out of the tunnel towards the correspondent (RFC 6275 10.4.5; N126, N136, N137).

        Nothing leaves to an address that is not routed (RFC 4291 2.5.2, 2.5.3, 2.5.6); there is no multicast here.
        """
        if not self._has_answerable_source(inner, now):
            return
        binding = self._bindings.get(inner.source)
        if self.policy.tunnel_protected and not protected:
            self._reject(now, "tunnelled-packet", "tunnel-esp", outer_source=outer_source)
            return
        if not self.is_registered_at(inner.source, outer_source) and self.policy.has("ha-outer-source-check"):
            self._reject(now, "tunnelled-packet", "ha-outer-source-check", outer_source=outer_source)
            return
        if (
            binding is not None
            and binding.proxy
            and message_type(inner) == MessageType.HOME_TEST_INIT
            and self.policy.has("ha-drops-hoti")
        ):
            self._reject(now, "home-test-init", "ha-drops-hoti", home_address=inner.source)
            return
        if not is_routable_unicast(inner.destination):
            self._reject(now, "tunnelled-packet", "destination", destination=inner.destination)
            return
        self._send(inner)
        self._note(now, "forwarded", source=inner.source, destination=inner.destination)


def message_type(packet: Packet) -> int | None:
    """MH Type of a packet, None if it holds no Mobility Header; a node on the way reads no further than that."""
    if not isinstance(packet.payload, MobilityHeader):
        return None
    octets = packet.payload.octets
    return octets[_MESSAGE_TYPE_OFFSET] if len(octets) > _MESSAGE_TYPE_OFFSET else None
