"""Stages with a proxy mobile agent on each side (the draft's Figures 1 and 7): the mobile node is at PMA1, its
correspondent at PMA3, each with a home agent of its own."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from pmicheck.concrete.correspondents import CorrespondentBehind
from pmicheck.concrete.network import (
    CARE_OF_PATH,
    HOME_PATH,
    INTERNET,
    QUERY_PATH,
    TUNNEL,
    Flight,
    Network,
)
from pmicheck.concrete.stage import (
    ATTACKER,
    ATTACKER_HOME,
    BYSTANDER,
    BYSTANDER_LINK,
    CARE_OF,
    CN_HOME,
    COA1,
    CONTEXT,
    HA,
    HA2,
    HOA,
    PMA1,
    PMA3,
    SEED,
    STRANGER_HOME,
    STRANGER_LINK,
    Stage,
    identity_of,
)
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.agent.type2_correspondent import Type2Correspondent
from pmicheck.nodes.agent.type2_sender import Type2Sender
from pmicheck.nodes.home_agent import HomeAgent, message_type
from pmicheck.nodes.node import Node
from pmicheck.nodes.peer.peer_agent import PeerAgent
from pmicheck.nodes.peer.peer_messages import association_key
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.wire.constants import MessageType
from pmicheck.wire.packet import Packet

HOME_AGENTS = (HA, HA2)
CONTEXT_MESSAGES = (MessageType.CONTEXT_TRANSFER_REQUEST, MessageType.CONTEXT_TRANSFER_DATA)


@dataclass
class AgentStage(Stage):
    """What such stages share: two home agents, both nodes attached, and the links between all of them."""

    def __post_init__(self) -> None:
        at = self.addresses
        self.proxied, self.shared, self.mn = True, None, None
        mobile, correspondent = (
            identity_of(*name)[1] for name in (("mobile_node", "2001:db8:1::"), ("correspondent_node", "2001:db8:5::"))
        )
        self.profile = MobileProfile(at[HOA], mobile.private_key, mobile.cga_parameters)
        self.peer_profile = MobileProfile(at[CN_HOME], correspondent.private_key, correspondent.cga_parameters)
        self.ha, self.ha2 = (HomeAgent(at[name], self.policy, SEED) for name in HOME_AGENTS)
        self.pmas = dict(self._agents())
        nodes: dict[str, Node] = {HA: self.ha, HA2: self.ha2, **self.pmas}
        self.network = Network(nodes)
        self.sinks = {
            name: self.network.add_sink(name, at[name]) for name in (ATTACKER, BYSTANDER, ATTACKER_HOME, STRANGER_HOME)
        }
        self.pmas[PMA1].attach(self.profile, 0)
        self.pmas[PMA3].attach(self.peer_profile, 0)
        self.ha.register(at[HOA], at[COA1])
        self.ha2.register(at[CN_HOME], at[CARE_OF[PMA3]])

    def _agents(self) -> dict[str, ProxyMobileAgent]:
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
        known = {BYSTANDER: BYSTANDER_LINK, STRANGER_HOME: STRANGER_LINK}
        return CARE_OF_PATH if towards in CARE_OF.values() else known.get(towards, INTERNET)


@dataclass
class PeerStage(AgentStage):
    """Agents that shake hands (the draft's 4.2); each pair of them shares a key, and one at the attacker's address is
    an agent like any other (A-24)."""

    def _agents(self) -> dict[str, ProxyMobileAgent]:
        at = self.addresses
        peers = [at[name] for name in (*CARE_OF.values(), ATTACKER)]
        home_agents = {
            IPv6Network((at[home], 64), strict=False): at[agent] for home, agent in ((HOA, HA), (CN_HOME, HA2))
        }
        self.agents = {
            name: PeerAgent(
                at[care_of],
                at[HA2 if name == PMA3 else HA],
                self.policy,
                SEED,
                identity=identity_of(PMA1, "2001:db8:99::")[1],
                home_agents=home_agents,
                associations={peer: association_key(SEED, at[care_of], peer) for peer in peers if peer != at[care_of]},
            )
            for name, care_of in CARE_OF.items()
        }
        return dict(self.agents)

    def move(self, target: str, now: float) -> None:
        """The mobile node goes to another agent, which gets its profile (N102), or away."""
        super().move(target, now)
        for name, care_of in CARE_OF.items():
            if care_of == target:
                self.agents[name].attach(self.profile, now)

    def tick(self, phase: int, now: float) -> None:
        """A phase of the model's clock begins, and nothing that was under way arrives any more."""
        for agent in self.agents.values():
            agent.advance(now)
        for flight_id in list(self.network.in_flight):
            self.network.drop(flight_id)

    def note_pairs(self, homes: object = ()) -> None:
        """No tokens here."""


@dataclass
class Type2Stage(AgentStage):
    """Return routability with a type 2 correspondent (the draft's 4.3): its agent takes its part."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.behind = CorrespondentBehind(self.receiving, self.addresses[CN_HOME], self._pass_on)
        self.cn = self.behind
        self.nonces[1] = self.cn.rotate_nonce(0.0)

    def _agents(self) -> dict[str, ProxyMobileAgent]:
        at = self.addresses
        identity = identity_of(PMA1, "2001:db8:99::")[1]
        self.sending = Type2Sender(at[COA1], at[HA], self.policy, SEED, identity=identity)
        address, own = at[CARE_OF[PMA3]], identity_of("pma2", "2001:db8:99::")[1]
        self.receiving = Type2Correspondent(address, at[HA2], self.policy, SEED, identity=own)
        return {PMA1: self.sending, PMA3: self.receiving}

    def _pass_on(self, now: float) -> None:
        for flight in self.network.collect(now):
            if self.owner_of(flight) == HA2:
                self.network.deliver(flight.flight_id, now)

    @property
    def receiver(self) -> IPv6Address:
        """Where updates for the correspondent go: to its care-of address (N134)."""
        return self.addresses[CARE_OF[PMA3]]

    @property
    def named(self) -> IPv6Address:
        """What stands for the correspondent in MACs and signatures (A-22)."""
        return self.tested if self.policy.reading("kcn_scope") == "cn" else self.receiver

    @property
    def tested(self) -> IPv6Address:
        """Where home tests of the correspondent go: to its home address (N126)."""
        return self.addresses[CN_HOME]
