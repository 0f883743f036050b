"""Nodes joined by links: what is sent stays in flight until the caller delivers or drops it, so any order
can be replayed.

Links have the names of the attacker positions: "ha-cn" (home agent or home link to correspondent), "careof-
cn" (proxy agent or visiting mobile node to correspondent), "tunnel" (home agent to care-of address), "pma-pma"
(between proxy agents), "pma-ha" (questions of a proxy agent to any home agent), and "internet" for all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from pmicheck.errors import UsageError, WireError
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.home_agent import HomeAgent, message_type
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.peer.peer_messages import context_protection
from pmicheck.nodes.policy import Policy
from pmicheck.wire.constants import MessageType
from pmicheck.wire.packet import Packet, UdpDatagram

HOME_PATH = "ha-cn"
CARE_OF_PATH = "careof-cn"
TUNNEL = "tunnel"
PEER_PATH = "pma-pma"
QUERY_PATH = "pma-ha"
INTERNET = "internet"
ACCESS_LINK = "access"
"""Between a node and its agent; what crosses it is no flight (`local_stage`)."""
LINKS = (HOME_PATH, CARE_OF_PATH, TUNNEL, PEER_PATH, QUERY_PATH, INTERNET)
_CONTEXT_MESSAGES = (MessageType.CONTEXT_TRANSFER_REQUEST, MessageType.CONTEXT_TRANSFER_DATA)


@dataclass(frozen=True)
class Flight:
    """A packet on its way.

    Args:
        sender: name of the node that sent it.
        link: which link it crosses.
        protected: under the security association of the home agent's tunnel, or of a context transfer.
    """

    flight_id: int
    sender: str
    packet: bytes
    link: str
    protected: bool

    @property
    def destination(self) -> IPv6Address:
        """Where the outermost header says that it goes."""
        return Packet.from_bytes(self.packet).destination


@dataclass
class Sink:
    """An address that takes whatever comes, such as an attacker's or a flooding victim's.

    Args:
        packets: with the time of each.
        octets: of whole packets.
        payload_octets: of the data in them, as credit counts them.
    """

    address: IPv6Address
    packets: list[tuple[float, bytes]] = field(default_factory=list)
    octets: int = 0
    payload_octets: int = 0

    def receive(self, packet: bytes, now: float) -> None:
        """Takes a packet and counts it."""
        self.packets.append((now, packet))
        self.octets += len(packet)
        try:
            parsed = Packet.from_bytes(packet)
        except WireError:
            return
        while isinstance(parsed.payload, Packet):
            parsed = parsed.payload
        if isinstance(parsed.payload, UdpDatagram):
            self.payload_octets += len(parsed.payload.data)


class Network:
    """A set of named nodes and what flies between them.

    Args:
        nodes: by name.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = dict(nodes)
        self.sinks: dict[str, Sink] = {}
        self.in_flight: dict[int, Flight] = {}
        self.capture: list[tuple[float, bytes]] = []
        self.injected: list[bytes] = []
        self.unroutable: list[tuple[float, bytes]] = []
        self._next_id = 1

    def add_sink(self, name: str, address: IPv6Address) -> Sink:
        """Lets packets for an address end in a sink."""
        self.sinks[name] = Sink(address)
        return self.sinks[name]

    def collect(self, now: float) -> list[Flight]:
        """Takes over what the nodes want to send; each packet gets an id and crosses its link into the
        capture."""
        collected = []
        for name, node in self.nodes.items():
            for packet in node.packets_to_send():
                parsed = Packet.from_bytes(packet)
                link = self._link(node, parsed)
                flight = Flight(self._next_id, name, packet, link, _is_protected(link, parsed, node.policy))
                self._next_id += 1
                self.in_flight[flight.flight_id] = flight
                self.capture.append((now, packet))
                collected.append(flight)
        return collected

    def deliver(self, flight_id: int, now: float) -> str | None:
        """Ends a flight at the node or sink that owns the destination; returns its name, None if there is
        none.

        Raises:
            UsageError: no such packet is in flight.
        """
        flight = self._take(flight_id)
        return self._route(flight.packet, now, flight.protected)

    def drop(self, flight_id: int) -> bytes:
        """Ends a flight nowhere; returns the packet, which whoever dropped it may keep.

        Raises:
            UsageError: no such packet is in flight.
        """
        return self._take(flight_id).packet

    def inject(self, packet: bytes, now: float, *, via: str = INTERNET, protected: bool = False) -> str | None:
        """Sends a packet of an attacker's making; it arrives at once. Returns as `deliver` does.

        Args:
            via: the link on which the attacker sits.
            protected: the attacker holds the security association of the tunnel, or the one between two proxy
                agents, as a rogue proxy agent does.

        Raises:
            UsageError: no such link.
        """
        if via not in LINKS:
            raise UsageError(f"a link is one of {', '.join(LINKS)}, not {via!r}")
        self.capture.append((now, packet))
        self.injected.append(packet)
        return self._route(packet, now, protected and via in (TUNNEL, PEER_PATH))

    def settle(self, now: float, *, limit: int = 1000) -> int:
        """Delivers everything in the order of sending until nothing flies; returns how many packets that
        took.

        Raises:
            UsageError: nodes keep answering each other beyond the limit.
        """
        for count in range(limit):
            self.collect(now)
            if not self.in_flight:
                return count
            self.deliver(min(self.in_flight), now)
        raise UsageError(f"after {limit} packets nodes still answer each other")

    def _take(self, flight_id: int) -> Flight:
        if flight_id not in self.in_flight:
            raise UsageError(f"packet {flight_id} is not in flight")
        return self.in_flight.pop(flight_id)

    def _route(self, packet: bytes, now: float, protected: bool) -> str | None:
        try:
            destination = Packet.from_bytes(packet).destination
        except WireError:
            self.unroutable.append((now, packet))
            return None
        owner = self.owner(destination)
        if owner is not None:
            self.nodes[owner].receive(packet, now, protected=protected)
            return owner
        for name, sink in self.sinks.items():
            if sink.address == destination:
                sink.receive(packet, now)
                return name
        self.unroutable.append((now, packet))
        return None

    def owner(self, address: IPv6Address) -> str | None:
        """The node that gets packets for an address; a home agent comes first, since it intercepts (RFC
        6275 10.4.1)."""
        owners = [name for name, node in self.nodes.items() if address in node.addresses]
        owners.sort(key=lambda name: not isinstance(self.nodes[name], HomeAgent))
        return owners[0] if owners else None

    def _link(self, sender: Node, packet: Packet) -> str:
        name = self.owner(packet.destination)
        ends = {_place(sender), None if name is None else _place(self.nodes[name])}
        if ends == {"home", "correspondent"}:
            return HOME_PATH
        if ends == {"away", "correspondent"}:
            return CARE_OF_PATH
        if ends == {"home", "away"} and isinstance(packet.payload, Packet):
            return TUNNEL
        receiver = None if name is None else self.nodes[name]
        if isinstance(sender, ProxyMobileAgent) and isinstance(receiver, ProxyMobileAgent):
            return PEER_PATH
        if ends == {"home", "away"}:
            return QUERY_PATH
        if "correspondent" in ends and isinstance(sender, CorrespondentNode):
            # Towards an address where nobody lives: the path to a care-of address, whoever has claimed it.
            return CARE_OF_PATH if packet.routing_home_address is not None else INTERNET
        return INTERNET


def _is_protected(link: str, packet: Packet, policy: Policy) -> bool:
    """Whether a security association covers a packet on its link (A-02, A-26)."""
    if link == TUNNEL:
        return policy.tunnel_protected
    transfers = link == PEER_PATH and message_type(packet) in _CONTEXT_MESSAGES
    return transfers and context_protection(policy) == "protected"


def _place(node: Node) -> str | None:
    """Where a node is, for naming the path between two: a mobile node at home is on the home agent's link."""
    match node:
        case CorrespondentNode():
            return "correspondent"
        case HomeAgent():
            return "home"
        case ProxyMobileAgent():
            return "away"
        case MobileNode():
            return "home" if node.care_of_address is None else "away"
        case _:
            return None
