"""A proxy mobile agent on each side (the draft's Figures 1 and 7): the mobile node is at PMA1, its correspondent at
PMA3, each with a home agent of its own."""

from __future__ import annotations

from collections.abc import Mapping

from pmicheck.bench.links import CARE_OF_PATH, CONTEXT, CONTEXT_MESSAGES, HOME_PATH, QUERY_PATH, TUNNEL
from pmicheck.bench.names import CARE_OF, CN_HOME, COA1, COA3, HA, HA2, HOA, PMA1, PMA3, SEED, profile_of
from pmicheck.bench.stage import Stage
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.home_agent import HomeAgent, message_type
from pmicheck.nodes.node import Node
from pmicheck.replay.network import Flight
from pmicheck.wire.packet import Packet

HOME_AGENTS = (HA, HA2)


class TwoSided(Stage):
    """Both nodes are attached and registered at home, and there are links between all agents."""

    def _nodes(self) -> Mapping[str, Node]:
        at = self.addresses
        self.pmas.update(self._agents())
        self.pmas[PMA1].attach(self.profile, 0)
        self.pmas[PMA3].attach(profile_of(CN_HOME), 0)
        other = HomeAgent(at[HA2], self.policy, SEED)
        self.ha.register(at[HOA], at[COA1])
        other.register(at[CN_HOME], at[COA3])
        return {HA: self.ha, HA2: other, **self.pmas}

    def _agents(self) -> Mapping[str, ProxyMobileAgent]:
        """All agents by name."""
        raise NotImplementedError

    def link_of(self, flight: Flight) -> str:
        """The link that a packet crosses; both home agents have a tunnel to their agents (N125, N127)."""
        packet = Packet.from_bytes(flight.packet)
        towards, homes = self.name_of(packet.destination), HOME_AGENTS
        if isinstance(packet.payload, Packet) and (flight.sender in homes or towards in homes):
            return TUNNEL
        if towards in (HOA, CN_HOME):
            return HOME_PATH
        if flight.sender in homes or towards in homes:
            return QUERY_PATH
        if message_type(packet) in CONTEXT_MESSAGES:
            return CONTEXT
        return CARE_OF_PATH if towards in CARE_OF.values() else self.link_beyond(towards)
