"""The stage of a replay: concrete nodes, addresses and links for the names that a trace uses.

Names are the model's: "HoA", "attacker's HoA", "stranger's HoA", "CoA1", "CoA2", "attacker", "bystander", "cn",
"ha". Everything is drawn from one seed, so two replays give the same octets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv6Address
from typing import TypeVar

from pmicheck.concrete.correspondents import Correspondent
from pmicheck.concrete.local_stage import SharedAgent
from pmicheck.concrete.network import CARE_OF_PATH, HOME_PATH, INTERNET, QUERY_PATH, TUNNEL, Flight, Network
from pmicheck.errors import UsageError
from pmicheck.nodes.agent.forwarding_agent import ForwardingAgent
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import cga, keys
from pmicheck.wire.packet import Packet

SEED = b"pmicheck replay"

HOA, ATTACKER_HOME, STRANGER_HOME = "HoA", "attacker's HoA", "stranger's HoA"
HOMES = (HOA, ATTACKER_HOME, STRANGER_HOME)
CN_HOME = "CN's HoA"
"""Home address of a correspondent node that is a mobile node itself (type 2)."""
COA1, COA2, ATTACKER, BYSTANDER = "CoA1", "CoA2", "attacker", "bystander"
CN, HA, MN, PMA1, PMA2, ROGUE_CN = "cn", "ha", "mn", "pma1", "pma2", "rogue-cn"
HA2, PMA3, COA3 = "ha2", "pma3", "CoA3"
"""The home agent of a type 2 correspondent, its proxy agent, and that agent's address."""
PMA4, COA4, PMA5, COA5 = "pma4", "CoA4", "pma5", "CoA5"
"""The agents after a second and a third handover, and their addresses."""
CARE_OF = {PMA1: COA1, PMA2: COA2, PMA3: COA3, PMA4: COA4, PMA5: COA5}
AGENTS = (PMA1, PMA2, PMA4, PMA5)
"""Who serves the mobile node, one after the other."""
AWAY, AT_HOME = "away", "home"
MOBILE = ("rr-mobile", "ero-initial", "ero-handoff")
"""Scenarios without proxy agents: the mobile node speaks for itself."""

K = TypeVar("K")
V = TypeVar("V")

BYSTANDER_LINK, STRANGER_LINK, CONTEXT = "bystander", "stranger", "context"
"""Links that nobody but a Dolev-Yao attacker reads; the context transfer only where it is readable (A-02)."""


def other_end(home: str) -> str:
    """The home address of the node that the one with this home address talks to (type 2)."""
    return HOA if home == CN_HOME else CN_HOME


@cache
def identity_of(name: str, prefix: str) -> tuple[IPv6Address, CgaIdentity]:
    """An address made from a principal's key in a network, with what proves it (RFC 3972)."""
    network = IPv6Address(prefix).packed[:8]
    address, parameters = cga.generate(keys.der_public_key(name), network, 0, modifier=bytes(16))
    return address, CgaIdentity(keys.private_key(name), parameters)


class Named(dict[K, V]):
    """What a trace has names for; asking for what is not there is a mistake of the trace.

    Raises:
        UsageError: nothing has that name.
    """

    def __missing__(self, name: K) -> V:
        raise UsageError(f"nothing here has the name {name!r}")


@dataclass(frozen=True)
class Powers:
    """What the attacker's profile allows it (DESIGN section 4).

    Args:
        taps: links that it reads, under the policy in force.
        corrupts: proxy agents that become its own.
        own_home: it has home addresses made from its own key.
        rogue_cn: the serving proxy agent registers with a correspondent of its own.
    """

    taps: frozenset[str] = frozenset()
    corrupts: frozenset[str] = frozenset()
    own_home: bool = False
    rogue_cn: bool = False

    @classmethod
    def of(cls, attacker: str, policy: Policy) -> Powers:
        """The powers of a profile, or of all that a `+` joins.

        Raises:
            UsageError: no such profile.
        """
        everywhere = {HOME_PATH, CARE_OF_PATH, QUERY_PATH, BYSTANDER_LINK, STRANGER_LINK}
        if not policy.tunnel_protected:
            everywhere.add(TUNNEL)
        if policy.reading("context_transfer") != "protected" or not policy.has("context-transfer-protection"):
            everywhere.add(CONTEXT)
        known = {
            "off-path": cls(),
            "home-path": cls(taps=frozenset({HOME_PATH})),
            "careof-path": cls(taps=frozenset({CARE_OF_PATH})),
            "dolev-yao": cls(taps=frozenset(everywhere)),
            "malicious-mn": cls(own_home=True),
            "rogue-previous-pma": cls(corrupts=frozenset({PMA1})),
            "rogue-next-pma": cls(corrupts=frozenset({PMA2})),
            "rogue-cn": cls(rogue_cn=True),
        }
        parts = attacker.split("+")
        if any(part not in known for part in parts):
            raise UsageError(f"there is no attacker {attacker!r}")
        return cls(
            taps=frozenset().union(*(known[part].taps for part in parts)),
            corrupts=frozenset().union(*(known[part].corrupts for part in parts)),
            own_home=any(known[part].own_home for part in parts),
            rogue_cn=any(known[part].rogue_cn for part in parts),
        )


def _addresses() -> Named[str, IPv6Address]:
    addresses = {
        HOA: identity_of("mobile_node", "2001:db8:1::")[0],
        ATTACKER_HOME: identity_of("attacker", "2001:db8:bad:1::")[0],
        STRANGER_HOME: identity_of("attacker", "2001:db8:3::")[0],
        COA1: IPv6Address("2001:db8:11::1"),
        COA2: IPv6Address("2001:db8:12::1"),
        COA3: IPv6Address("2001:db8:13::1"),
        COA4: IPv6Address("2001:db8:15::1"),
        COA5: IPv6Address("2001:db8:16::1"),
        ATTACKER: IPv6Address("2001:db8:bad::1"),
        ROGUE_CN: IPv6Address("2001:db8:bad::2"),
        BYSTANDER: IPv6Address("2001:db8:4::1"),
        HA: IPv6Address("2001:db8:1::1"),
        HA2: IPv6Address("2001:db8:5::1"),
        CN_HOME: identity_of("correspondent_node", "2001:db8:5::")[0],
        CN: identity_of("correspondent_node", "2001:db8:2::")[0],
    }
    return Named(addresses)


@dataclass
class Stage:
    """All nodes of a scenario, with the mobile node registered at home agent from CoA1.

    Attributes:
        serving: where the mobile node is reached now: "CoA1", "CoA2", "home" or "away" (ground truth).
        nonces: concrete nonce index by the model's number.
        cookies: octets of a cookie by (owner, attempt), as numbered by the model.
        pairs: what the correspondent issued for a home address, (PT, HT), in order.
        shared: the agent of both nodes and the link that they share, in the scenario that has one.
        handing_over: handover tokens on their way through the home agent: (token, sequence number, receiver).
    """

    scenario: str
    policy: Policy
    addresses: Mapping[str, IPv6Address] = field(default_factory=_addresses)
    serving: str = COA1
    nonces: Named[int, int] = field(default_factory=Named)
    cookies: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    pairs: dict[str, list[tuple[bytes | None, bytes | None]]] = field(default_factory=dict)
    handing_over: list[tuple[bytes, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        policy, at = self.policy, self.addresses
        self.proxied = self.scenario not in MOBILE
        home_identity = identity_of("mobile_node", "2001:db8:1::")[1]
        self.profile = MobileProfile(at[HOA], home_identity.private_key, home_identity.cga_parameters)
        correspondent_identity = identity_of("correspondent_node", "2001:db8:2::")[1]
        self.cn: Correspondent = CorrespondentNode(at[CN], policy, SEED, identity=correspondent_identity)
        self.ha = HomeAgent(at[HA], policy, SEED)
        self.pmas: dict[str, ProxyMobileAgent] = {}
        self.mn: MobileNode | None = None
        nodes: dict[str, Node] = {CN: self.cn, HA: self.ha}
        self.shared: SharedAgent | None = None
        if self.scenario == "type2-local":
            nodes |= self._share_one_agent()
        elif self.proxied:
            for name in AGENTS:
                own = identity_of(name, "2001:db8:99::")[1]
                self.pmas[name] = ForwardingAgent(at[CARE_OF[name]], at[HA], policy, SEED, identity=own)
            nodes |= self.pmas
            self.pmas[PMA1].attach(self.profile, 0)
        else:
            self.mn = (
                MobileNode(at[HOA], at[HA], policy, SEED)
                if self.scenario == "rr-mobile"
                else EnhancedMobileNode(at[HOA], at[HA], policy, SEED, identity=home_identity)
            )
            self.mn.attach(at[COA1], at[CN])
            nodes[MN] = self.mn
        if self.shared is None:
            self.ha.register(at[HOA], at[COA1], proxy=self.proxied)
        self.network = Network(nodes)
        self.sinks = {
            name: self.network.add_sink(name, at[name]) for name in (ATTACKER, BYSTANDER, ATTACKER_HOME, STRANGER_HOME)
        }
        self.nonces[1] = self.cn.rotate_nonce(0.0)

    def _share_one_agent(self) -> Mapping[str, Node]:
        """PMA1 for the mobile node and for a correspondent of another home agent; it has registered neither yet."""
        at, identity = self.addresses, identity_of("correspondent_node", "2001:db8:5::")[1]
        other = HomeAgent(at[HA2], self.policy, SEED)
        peer = MobileProfile(at[CN_HOME], identity.private_key, identity.cga_parameters)
        served = {at[HOA]: (self.profile, self.ha), at[CN_HOME]: (peer, other)}
        self.shared = SharedAgent.of(at[COA1], served, self.policy, SEED)
        self.pmas[PMA1] = self.shared.agent
        return {HA2: other, **self.pmas}

    @property
    def receiver(self) -> IPv6Address:
        """Where updates for the correspondent go."""
        return self.addresses[CN]

    @property
    def named(self) -> IPv6Address:
        """What stands for the correspondent in MACs and signatures."""
        return self.addresses[CN]

    @property
    def tested(self) -> IPv6Address:
        """Where home tests of the correspondent go."""
        return self.addresses[CN]

    def name_of(self, address: IPv6Address) -> str:
        """The name of an address, or the address itself in letters."""
        return next((name for name, known in self.addresses.items() if known == address), str(address))

    def owner_of(self, flight: Flight) -> str | None:
        """The node that a packet in flight will reach."""
        return self.network.owner(flight.destination)

    def link_of(self, flight: Flight) -> str:
        """The link that a packet crosses, by who sent it and where it goes (protocol-facts 1.5)."""
        packet = Packet.from_bytes(flight.packet)
        towards = self.name_of(packet.destination)
        if flight.sender == CN:
            by_name = {HOA: HOME_PATH, **{CARE_OF[name]: CARE_OF_PATH for name in AGENTS}}
            return by_name.get(
                towards, {BYSTANDER: BYSTANDER_LINK, STRANGER_HOME: STRANGER_LINK}.get(towards, INTERNET)
            )
        if isinstance(packet.payload, Packet) and (flight.sender == HA or towards == HA):
            return TUNNEL
        if towards != CN:
            return INTERNET
        at_home = flight.sender == HA or (flight.sender == MN and self.serving == AT_HOME)
        return HOME_PATH if at_home else CARE_OF_PATH

    def move(self, target: str, now: float) -> None:
        """The mobile node goes elsewhere, and the home agent hears of it (N020, N032; RFC 6275 11.5)."""
        at = self.addresses
        self.serving = target
        if target in (AWAY, AT_HOME):
            self.ha.deregister(at[HOA])
        else:
            self.ha.register(at[HOA], at[target], proxy=self.proxied)
        if self.mn is not None:
            self.mn.attach(None if target == AT_HOME else at[target], at[CN])
        for serial, name in enumerate(AGENTS, 1):
            if self.proxied and CARE_OF[name] == target:
                self.pmas[name].attach(dataclasses.replace(self.profile, serial=serial), now)

    def tick(self, phase: int, now: float) -> None:
        """A phase of the model's clock begins; with it comes a new nonce where the model has one, and
        nothing that was under way arrives any more."""
        self.cn.advance(now)
        if phase in _NONCE_OF_PHASE:
            self.nonces[_NONCE_OF_PHASE[phase]] = self.cn.rotate_nonce(now)
        for flight_id in list(self.network.in_flight):
            self.network.drop(flight_id)
        self.handing_over.clear()

    def note_pairs(self, homes: Iterable[str] = HOMES) -> None:
        """Remembers tokens that the correspondent has issued since the last look."""
        for home in homes:
            address = self.addresses[home]
            permanent = self.cn.permanent_tokens(address)[:1]
            handover = self.cn.handover_tokens(address)[:1]
            newest = (permanent[0] if permanent else None, handover[0] if handover else None)
            issued = self.pairs.setdefault(home, [])
            if newest[0] is not None and newest[0] not in {pair[0] for pair in issued}:
                issued.append(newest)


_NONCE_OF_PHASE = {1: 2, 3: 3, 4: 4}
"""Which of the model's nonces is made when a phase begins: at 210 s, at 450 s and after a day."""
