"""A proxy mobile agent that takes data from correspondents and from other agents as `data_plane` says (the
draft's 6 and 9)."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.nodes import data_plane
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.wire.packet import Packet, UdpDatagram


class ForwardingAgent(ProxyMobileAgent):
    """A proxy mobile agent with a data plane; what fills its proxy binding cache comes with subclasses."""

    def peer_of(self, home_address: IPv6Address, peer: IPv6Address, now: float) -> IPv6Address | None:
        """The care-of address that the proxy binding cache has for a peer of an attached node (N006, N139)."""
        return None

    def _handle(self, packet: Packet, now: float, protected: bool) -> None:
        if packet.destination != self.address or packet.routing_home_address is None:
            super()._handle(packet, now, protected)
            return
        outcome = self._deliverable(packet, now)
        if isinstance(outcome, str):
            self._reject(now, "packet", outcome, home_address=packet.routing_home_address)
        else:
            self._deliver(outcome.home_address, outcome.packet, now)

    def _on_tunnelled(self, outer: Packet, inner: Packet, now: float, protected: bool) -> None:
        """What is not the home agent's tunnel is one from another agent (N117)."""
        if outer.source == self.home_agent_of(inner.destination):
            super()._on_tunnelled(outer, inner, now, protected)
            return
        outcome = self._deliverable(outer, now)
        if isinstance(outcome, str):
            self._reject(now, "tunnelled-packet", outcome, source=outer.source)
        else:
            self._deliver_from_peer(outcome, outer.source, now)

    def _deliverable(self, packet: Packet, now: float) -> data_plane.Delivery | str:
        def proxy_cache(home_address: IPv6Address, peer: IPv6Address) -> IPv6Address | None:
            return self.peer_of(home_address, peer, now)

        return data_plane.deliverable(self.policy, packet, self._profiles, proxy_cache)

    def _deliver_from_peer(self, delivery: data_plane.Delivery, care_of_address: IPv6Address, now: float) -> None:
        self._deliver(delivery.home_address, delivery.packet, now)

    def _send_to_peer(
        self, care_of_address: IPv6Address, home_address: IPv6Address, peer: IPv6Address, octets: int
    ) -> None:
        """Data of an attached node, in the tunnel to the agent of its peer (N117, N161)."""
        self._send(Packet(self.address, care_of_address, Packet(home_address, peer, UdpDatagram(bytes(octets)))))
