"""The nodes that the tests of the concrete protocol share, and the packets that an attacker would make."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from pmicheck.bench.links import Links
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.replay.network import Flight
from pmicheck.wire import cga, codec, keys
from pmicheck.wire.constants import BindingUpdateFlag, Status
from pmicheck.wire.packet import MobilityHeader, Packet

SEED = b"the same in every test"
HOME_AGENT = IPv6Address("2001:db8:1::1")
PMA1 = IPv6Address("2001:db8:11::1")
PMA2 = IPv6Address("2001:db8:12::1")
PLAIN_HOME = IPv6Address("2001:db8:1::77")
CARE_OF_1 = IPv6Address("2001:db8:21::77")
CARE_OF_2 = IPv6Address("2001:db8:22::77")
ATTACKER = IPv6Address("2001:db8:bad::1")


def identity(name: str, prefix: str) -> tuple[IPv6Address, CgaIdentity]:
    """An address made from a principal's key, with what proves it."""
    network = IPv6Address(prefix).packed[:8]
    address, parameters = cga.generate(keys.der_public_key(name), network, 0, modifier=bytes(16))
    return address, CgaIdentity(keys.private_key(name), parameters)


HOME, HOME_IDENTITY = identity("mobile_node", "2001:db8:1::")
CORRESPONDENT, CORRESPONDENT_IDENTITY = identity("correspondent_node", "2001:db8:2::")
PROFILE = MobileProfile(HOME, HOME_IDENTITY.private_key, HOME_IDENTITY.cga_parameters)


def policy(*without: str, **readings: str) -> Policy:
    """A policy that differs from the default in the readings and mechanisms named."""
    return Policy(readings, frozenset(without))


@dataclass
class ProxyWorld:
    """A home agent, a type 1 correspondent and two proxy mobile agents; the mobile node is at the first."""

    policy: Policy = field(default_factory=Policy)
    lifetime: int = 86400

    def __post_init__(self) -> None:
        self.ha = HomeAgent(HOME_AGENT, self.policy, SEED)
        self.cn = CorrespondentNode(CORRESPONDENT, self.policy, SEED, identity=CORRESPONDENT_IDENTITY)
        own = {name: identity(name, "2001:db8:99::")[1] for name in ("pma1", "pma2")}
        self.pma1, self.pma2 = (
            ProxyMobileAgent(address, HOME_AGENT, self.policy, SEED, identity=own[name], lifetime=self.lifetime)
            for name, address in (("pma1", PMA1), ("pma2", PMA2))
        )
        self.network = Links({"ha": self.ha, "cn": self.cn, "pma1": self.pma1, "pma2": self.pma2})
        self.pma1.attach(PROFILE, 0)
        self.ha.register(HOME, PMA1, proxy=True)

    def register(self, now: float = 0.0) -> None:
        """The initial registration, from PHoTI to the tokens."""
        self.pma1.start_home_test(HOME, CORRESPONDENT, now)
        self.network.settle(now)

    def step_until(self, agent: ProxyMobileAgent, kind: str, now: float) -> Flight:
        """Delivers packets until an agent has sent its `kind` of update, which stays in flight."""
        for _ in range(100):
            flights = self.network.collect(now)
            if agent.log and agent.log[-1].kind == kind and flights:
                return flights[-1]
            self.network.deliver(min(self.network.in_flight), now)
        raise AssertionError(f"{kind} was never sent")


def checks(node: Node) -> list[str]:
    """What a node has refused, by the names of the checks."""
    return [str(event.detail["check"]) for event in node.log if event.kind == "rejected"]


def kinds(node: Node) -> list[str]:
    """What has happened at a node."""
    return [event.kind for event in node.log]


def statuses(node: Node) -> list[object]:
    """The statuses with which a correspondent has refused."""
    return [event.detail.get("status") for event in node.log if event.kind == "rejected"]


def message_in(packet: bytes) -> codec.Message:
    """The mobility message in a packet, or in the packet inside it."""
    parsed = Packet.from_bytes(packet)
    if isinstance(parsed.payload, Packet):
        parsed = parsed.payload
    assert isinstance(parsed.payload, MobilityHeader)
    return codec.decode(parsed.payload.octets, source=parsed.checksum_source, destination=parsed.checksum_destination)


def status_of(packet: bytes) -> Status:
    """The status of a binding acknowledgement."""
    message = message_in(packet)
    assert isinstance(message, codec.BindingAcknowledgement)
    return Status(message.status)


def mobile_world(chosen: Policy) -> tuple[Links, MobileNode, CorrespondentNode, HomeAgent]:
    """RFC 6275 without proxies."""
    ha = HomeAgent(HOME_AGENT, chosen, SEED)
    cn = CorrespondentNode(CORRESPONDENT, chosen, SEED, identity=CORRESPONDENT_IDENTITY)
    mn = MobileNode(PLAIN_HOME, HOME_AGENT, chosen, SEED)
    return Links({"ha": ha, "cn": cn, "mn": mn}), mn, cn, ha


PROXY_FLAGS = BindingUpdateFlag.ACKNOWLEDGE | BindingUpdateFlag.PROXY_REGISTRATION
