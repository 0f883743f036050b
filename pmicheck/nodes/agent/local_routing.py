"""A proxy mobile agent on its access link: what its nodes send, and which of it stays there (the draft's 4.1).

In cases 1 and 2 both ends are attached here, so no signalling is needed (N104): a packet for a home address
that this agent has registered goes out on the connected interface (N105, N106), whatever the trigger mode.
That mode governs signalling, and is part of the profile that comes with access authentication (N100-N103).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Any

from pmicheck.errors import WireError
from pmicheck.nodes.agent.forwarding_agent import ForwardingAgent
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.wire.packet import MobilityHeader, Packet


class TriggerMode(Enum):
    """Who decides that a path is optimised: the agent, or the mobile node by a message (N099-N101)."""

    IMPLICIT = "implicit"
    EXPLICIT = "explicit"


class LocalRoutingAgent(ForwardingAgent):
    """A proxy mobile agent that routes between its own nodes.

    Args:
        home_agents: home agent by home network, as far as known; `home_agent` serves the attached nodes of
            all other networks.
        ingress_filtering: only home addresses of attached nodes may be sources on the access link (BCP 38).
        args, options: as of `ProxyMobileAgent`.
    """

    def __init__(
        self,
        *args: Any,
        home_agents: Mapping[IPv6Network, IPv6Address] = MappingProxyType({}),
        ingress_filtering: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.ingress_filtering = ingress_filtering
        self._home_agents = dict(home_agents)
        self._modes: dict[IPv6Address, TriggerMode] = {}
        self._triggered: set[tuple[IPv6Address, IPv6Address]] = set()

    def attach(self, profile: MobileProfile, now: float, *, mode: TriggerMode = TriggerMode.IMPLICIT) -> None:
        """A mobile node has come; `mode` comes from the policy store with its profile (N102, N103)."""
        super().attach(profile, now)
        self._modes[profile.home_address] = mode

    def detach(self, home_address: IPv6Address) -> None:
        """Forgets a mobile node, with what it has asked for."""
        super().detach(home_address)
        self._modes.pop(home_address, None)
        self._triggered = {pair for pair in self._triggered if pair[0] != home_address}

    def known_home_agent(self, home_address: IPv6Address) -> IPv6Address | None:
        """The home agent of any home address, if its network is known."""
        return next((agent for network, agent in self._home_agents.items() if home_address in network), None)

    def home_agent_of(self, home_address: IPv6Address) -> IPv6Address:
        """The home agent of an attached node; in case 2 that is not the same for all."""
        return self.known_home_agent(home_address) or self.home_agent

    def trigger(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """The mobile node asks for an optimised path (N099, N101); the draft gives that message no format.

        Raises:
            UsageError: no such mobile node is attached.
        """
        self._profile(home_address)
        self._triggered.add((home_address, correspondent))
        self._note(now, "triggered", home_address=home_address, correspondent=correspondent)
        self._optimise(home_address, correspondent, now)

    def is_registered(self, home_address: IPv6Address) -> bool:
        """Whether the home address is in the list by which packets stay here (N105, N141)."""
        return home_address in self._profiles

    def is_triggered(self, home_address: IPv6Address, correspondent: IPv6Address) -> bool:
        """Whether the agent keeps that the mobile node has asked for an optimised path to a correspondent."""
        return (home_address, correspondent) in self._triggered

    def from_node(self, packet: Packet, now: float) -> None:
        """A packet from the access link, to the node it is for, to the agent of that node, or to the home
        agent (N105, N106, N117).

        Mobility messages of the node itself always go to the home agent, which filters them (N136).
        """
        source, destination = packet.source, packet.destination
        if source not in self._profiles and self.ingress_filtering:
            self._reject(now, "access-packet", "ingress-filter", source=source, destination=destination)
        elif isinstance(packet.payload, MobilityHeader):
            self._tunnel(self.home_agent_of(source), packet, now)
        elif destination in self._profiles:
            self._note(now, "routed-locally", source=source, home_address=destination)
            self._deliver(destination, packet, now)
        else:
            self._forward(packet, now)

    def _forward(self, packet: Packet, now: float) -> None:
        """Into the tunnel to the peer's agent or to the home agent; in implicit mode that starts signalling."""
        source, destination = packet.source, packet.destination
        attached = source in self._profiles
        peer = self.peer_of(source, destination, now) if attached else None
        self._tunnel(self.home_agent_of(source) if peer is None else peer, packet, now)
        if attached and self._may_optimise(source, destination):
            self._optimise(source, destination, now)

    def _may_optimise(self, home_address: IPv6Address, correspondent: IPv6Address) -> bool:
        """N100, N101: by itself in implicit mode, in explicit mode once the node has asked."""
        explicit = self._modes.get(home_address) is TriggerMode.EXPLICIT
        return not explicit or self.is_triggered(home_address, correspondent)

    def _optimise(self, home_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """Starts the signalling for an optimised path, where the agent knows any."""

    def _tunnel(self, far_end: IPv6Address, packet: Packet, now: float) -> None:
        try:
            self._send(Packet(self.address, far_end, packet))
        except WireError as error:
            self._reject(now, "access-packet", "tunnel-limit", reason=str(error))
            return
        self._note(now, "tunnelled", far_end=far_end, source=packet.source, destination=packet.destination)
