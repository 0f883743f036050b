"""Figure 7 of the draft as nodes: two home agents, three proxy agents, a node at the first and one at the third."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network

from world import ATTACKER, HOME, HOME_AGENT, PMA1, PMA2, PROFILE, SEED, identity, message_in

from pmicheck.bench.links import Links
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.peer.peer_agent import PeerAgent
from pmicheck.nodes.peer.peer_messages import PeerUpdate, association_key, update_packet
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.replay.network import Flight

HOME_AGENT_2 = IPv6Address("2001:db8:5::1")
PMA3 = IPv6Address("2001:db8:13::1")
ROGUE = IPv6Address("2001:db8:14::1")
CN_HOME, CN_IDENTITY = identity("correspondent_node", "2001:db8:5::")
CN_PROFILE = MobileProfile(CN_HOME, CN_IDENTITY.private_key, CN_IDENTITY.cga_parameters)
HOME_AGENTS = {IPv6Network("2001:db8:1::/64"): HOME_AGENT, IPv6Network("2001:db8:5::/64"): HOME_AGENT_2}
AGENTS = (PMA1, PMA2, PMA3, ROGUE)


def key_of(one: IPv6Address, other: IPv6Address) -> bytes:
    return association_key(SEED, one, other)


@dataclass
class PeerWorld:
    """The mobile node is at PMA1, the correspondent at PMA3; ROGUE is a fourth agent, which tests play."""

    policy: Policy = field(default_factory=Policy)
    lifetime: int = 400

    def __post_init__(self) -> None:
        own = identity("pma1", "2001:db8:99::")[1]
        self.ha1, self.ha2 = (HomeAgent(address, self.policy, SEED) for address in (HOME_AGENT, HOME_AGENT_2))
        self.pma1, self.pma2, self.pma3 = (
            PeerAgent(
                address,
                HOME_AGENT_2 if address == PMA3 else HOME_AGENT,
                self.policy,
                SEED,
                identity=own,
                lifetime=self.lifetime,
                home_agents=HOME_AGENTS,
                associations={peer: key_of(address, peer) for peer in AGENTS if peer != address},
            )
            for address in (PMA1, PMA2, PMA3)
        )
        self.network = Links(
            {"ha1": self.ha1, "ha2": self.ha2, "pma1": self.pma1, "pma2": self.pma2, "pma3": self.pma3}
        )
        self.pma1.attach(PROFILE, 0)
        self.ha1.register(HOME, PMA1)
        self.pma3.attach(CN_PROFILE, 0)
        self.ha2.register(CN_HOME, PMA3)

    def handshake(self, now: float = 0.0) -> None:
        """From the question to the third message."""
        self.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, now)
        self.network.settle(now)

    def send_all(self, now: float = 0.0) -> list[Flight]:
        """What the nodes have to send now, left in flight."""
        return self.network.collect(now)

    def pass_on(self, count: int, now: float = 0.0) -> None:
        """Delivers packets in the order of sending, and leaves what they cause in flight."""
        for _ in range(count):
            self.network.collect(now)
            self.network.deliver(min(self.network.in_flight), now)
        self.network.collect(now)

    def drop_all(self, now: float = 0.0) -> None:
        """Loses what is in flight."""
        self.network.collect(now)
        for flight_id in list(self.network.in_flight):
            self.network.drop(flight_id)

    def move_to_pma2(self, now: float) -> None:
        """The mobile node goes to PMA2, which registers it and asks PMA1 for the context (figure 8)."""
        self.ha1.register(HOME, PMA2)
        self.pma2.request_context(HOME, PMA1, now)


def forged_update(
    chosen: Policy,
    *,
    source: IPv6Address = ATTACKER,
    sequence: int = 1000,
    home_address: IPv6Address = HOME,
    correspondent: IPv6Address = CN_HOME,
    receiver: IPv6Address = PMA3,
    lifetime: int = 100,
    answers: bool = False,
    key: bytes | None = None,
) -> bytes:
    """An update between agents with exactly these contents."""
    update = PeerUpdate(
        home_address=home_address,
        care_of_address=source,
        correspondent=correspondent,
        receiver=receiver,
        sequence=sequence,
        lifetime=lifetime,
        answers=answers,
    )
    return update_packet(chosen, update, key).to_bytes()


def names(world: PeerWorld) -> list[str]:
    """The messages of the capture, by class."""
    return [type(message_in(packet)).__name__ for _, packet in world.network.capture]


def leads_to(world: PeerWorld, now: float = 0.0) -> IPv6Address | None:
    """Where PMA3 sends what its node says to the mobile node, but for the home agent."""
    return world.pma3.peer_of(CN_HOME, HOME, now)
