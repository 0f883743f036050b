"""The nodes of RFC 4866 that the tests share: home agent, correspondent, and a mobile node of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from world import (
    CARE_OF_1,
    CARE_OF_2,
    CORRESPONDENT,
    CORRESPONDENT_IDENTITY,
    HOME,
    HOME_AGENT,
    HOME_IDENTITY,
    SEED,
    identity,
    kinds,
    message_in,
)

from pmicheck.bench.links import Links
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import Registration
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.replay.network import Flight
from pmicheck.wire import codec
from pmicheck.wire.constants import Status
from pmicheck.wire.packet import Packet

STRANGER = identity("attacker", "2001:db8:bad:1::")[1]
Update, Acknowledgement = codec.BindingUpdate, codec.BindingAcknowledgement


@dataclass
class World:
    """A home agent, a correspondent and a mobile node that is away at CARE_OF_1."""

    policy: Policy = field(default_factory=Policy)
    mobile: CgaIdentity = HOME_IDENTITY
    correspondent: CgaIdentity = CORRESPONDENT_IDENTITY

    def __post_init__(self) -> None:
        self.ha = HomeAgent(HOME_AGENT, self.policy, SEED)
        self.cn = CorrespondentNode(CORRESPONDENT, self.policy, SEED, identity=self.correspondent)
        self.mn = EnhancedMobileNode(HOME, HOME_AGENT, self.policy, SEED, identity=self.mobile)
        self.network = Links({"ha": self.ha, "cn": self.cn, "mn": self.mn})
        self.ha.register(HOME, CARE_OF_1, proxy=False)
        self.mn.attach(CARE_OF_1, CORRESPONDENT)

    def begin(self, what: str, now: float) -> None:
        """Starts first contact, a handoff to the other care-of address, or the return home."""
        if what == "initial":
            self.mn.start_tests(CORRESPONDENT, now)
        elif what == "handoff":
            target = CARE_OF_2 if self.mn.care_of_address == CARE_OF_1 else CARE_OF_1
            self.ha.register(HOME, target, proxy=False)
            self.mn.attach(target, CORRESPONDENT)
            self.mn.register_with_permanent_token(CORRESPONDENT, now)
        else:
            self.ha.deregister(HOME)
            self.mn.return_home(CORRESPONDENT, now)

    def run(self, what: str, now: float) -> None:
        self.begin(what, now)
        self.network.settle(now)

    def step_until(self, kind: str, now: float) -> Flight:
        """Delivers packets until the node's last word is `kind`; what it sent then stays in flight."""
        for _ in range(20):
            flights = self.network.collect(now)
            if kinds(self.mn)[-1] == kind and flights:
                return flights[-1]
            self.network.deliver(min(self.network.in_flight), now)
        raise AssertionError(f"{kind} never came")

    def mine(self) -> Registration:
        registration = self.mn.registration(CORRESPONDENT)
        assert registration is not None
        return registration

    def entry(self) -> Entry:
        entry = self.cn.entry(HOME)
        assert entry is not None
        return entry

    def sent(self, kind: type[codec.Message], since: int = 0) -> list[tuple[Packet, codec.Message]]:
        """The packets of the capture whose message, outside tunnels, is of a kind."""
        found = [(Packet.from_bytes(packet), message_in(packet)) for _, packet in self.network.capture[since:]]
        return [(packet, message) for packet, message in found if isinstance(message, kind)]

    def answer(self, status: Status, sequence: int) -> None:
        """Somebody sends an acknowledgement without a MAC, as statuses 136 to 138 have none."""
        message = codec.BindingAcknowledgement(status, sequence, 0)
        to = self.mn.care_of_address or HOME
        self.network.inject(plain_packet(message, CORRESPONDENT, to).to_bytes(), 1)


def names(message: codec.Message) -> list[str]:
    return [type(option).__name__.removesuffix("Option") for option in message.options]


def registered() -> World:
    world = World()
    world.run("initial", 0)
    return world


def forget(world: World) -> None:
    """The node loses its permanent token, the correspondent does not."""
    world.mine().permanent = None


def agree(world: World) -> bool:
    """Both ends hold the same verified binding and the same permanent token."""
    entry, mine = world.cn.entry(HOME), world.mine()
    if mine.outstanding is not None or mine.cookie is not None:
        return False
    if world.mn.care_of_address is None:
        return entry is None and mine.permanent is None and mine.expires_at is None
    return (
        entry is not None
        and entry.verified
        and entry.care_of_address == world.mn.care_of_address
        and entry.permanent_token == mine.permanent
        and entry.sequence == mine.sequence
    )
