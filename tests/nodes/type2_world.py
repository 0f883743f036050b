"""A mobile node and two type 2 correspondents, each behind its proxy mobile agent and home agent (Figure 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from world import HOME, HOME_AGENT, PMA1, PROFILE, SEED, identity

from pmicheck.bench.links import Links
from pmicheck.nodes.agent.type2_correspondent import Type2Correspondent
from pmicheck.nodes.agent.type2_sender import Type2Sender
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire.packet import Packet

HOME_AGENT_2 = IPv6Address("2001:db8:2::1")
PMA3, PMA3_IDENTITY = identity("pma2", "2001:db8:13::")
CN4, CN4_IDENTITY = identity("correspondent_node", "2001:db8:2::")
CN5, CN5_IDENTITY = identity("attacker", "2001:db8:2::")


@dataclass
class Type2World:
    """MN1 at PMA1 and HA1, CN4 (and CN5, if wanted) at PMA3 and HA2."""

    policy: Policy = field(default_factory=Policy)
    second: bool = False

    def __post_init__(self) -> None:
        own = identity("pma1", "2001:db8:99::")[1]
        self.ha1 = HomeAgent(HOME_AGENT, self.policy, SEED)
        self.ha2 = HomeAgent(HOME_AGENT_2, self.policy, SEED)
        self.pma1 = Type2Sender(PMA1, HOME_AGENT, self.policy, SEED, identity=own)
        self.pma3 = Type2Correspondent(PMA3, HOME_AGENT_2, self.policy, SEED, identity=PMA3_IDENTITY)
        self.network = Links({"ha1": self.ha1, "ha2": self.ha2, "pma1": self.pma1, "pma3": self.pma3})
        self.pma1.attach(PROFILE, 0)
        self.ha1.register(HOME, PMA1, proxy=True)
        self.attach(CN4, CN4_IDENTITY)
        if self.second:
            self.attach(CN5, CN5_IDENTITY)

    def attach(self, address: IPv6Address, proof: CgaIdentity) -> None:
        """Attaches a correspondent to PMA3."""
        self.pma3.attach(MobileProfile(address, proof.private_key, proof.cga_parameters), 0)
        self.ha2.register(address, PMA3, proxy=True)

    def register(self, now: float = 0.0, correspondent: IPv6Address = CN4) -> None:
        """The whole exchange of Figure 9."""
        self.pma1.start_home_test(HOME, correspondent, now)
        self.network.settle(now)

    def ways(self, now: float) -> list[tuple[IPv6Address, IPv6Address]]:
        """Delivers all that flies; returns source and destination of each outermost header, in order."""
        before = len(self.network.capture)
        self.network.settle(now)
        packets = [Packet.from_bytes(octets) for _, octets in self.network.capture[before:]]
        return [(packet.source, packet.destination) for packet in packets]
