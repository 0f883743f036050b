"""Two mobile nodes at one proxy agent with a home agent each, and the link between them (the draft's 4.1, case 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network

from pmicheck.nodes.agent.local_routing import LocalRoutingAgent, TriggerMode
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.wire.packet import Packet


@dataclass
class SharedAgent:
    """An agent, and for each of its two nodes profile, home agent and whether it is there still.

    Attributes:
        nodes: profile and home agent of a node by its home address.
        gone: home addresses of nodes that have left the link.
        packets: sent on the access link and not yet received, with the home address of the sender.
        wishes: triggers of nodes for route optimisation on that link, as (mobile node, correspondent); the draft gives
            them no format, so no packet shows them (N101).
    """

    agent: LocalRoutingAgent
    nodes: Mapping[IPv6Address, tuple[MobileProfile, HomeAgent]]
    gone: set[IPv6Address] = field(default_factory=set)
    packets: list[tuple[IPv6Address, Packet]] = field(default_factory=list)
    wishes: list[tuple[IPv6Address, IPv6Address]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        address: IPv6Address,
        nodes: Mapping[IPv6Address, tuple[MobileProfile, HomeAgent]],
        policy: Policy,
        seed: bytes,
    ) -> SharedAgent:
        """An agent that knows whose home agent is whose and has registered nobody yet."""
        home_agents = {IPv6Network((home, 64), strict=False): agent.address for home, (_, agent) in nodes.items()}
        first = next(iter(home_agents.values()))
        return cls(LocalRoutingAgent(address, first, policy, seed, home_agents=home_agents), nodes)

    def register(self, home: IPv6Address, now: float) -> None:
        """Profile and trigger mode come with access authentication, and the home agent is told (N102, N103)."""
        profile, home_agent = self.nodes[home]
        mode = TriggerMode(self.agent.policy.reading("ro_trigger"))
        self.agent.attach(profile, now, mode=mode)
        home_agent.register(home, self.agent.address)

    def forget(self, home: IPv6Address) -> None:
        """What is kept for a node that has left goes (N140)."""
        self.agent.detach(home)
        self.nodes[home][1].deregister(home)
