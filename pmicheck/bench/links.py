"""The links between the draft's nodes, by the names of the attacker positions: "ha-cn" (home agent or home link to
correspondent), "careof-cn" (proxy agent or visiting mobile node to correspondent), "tunnel" (home agent to care-of
address), "pma-pma" (between proxy agents), "pma-ha" (questions of a proxy agent to any home agent), and "internet" for
all else."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.errors import UsageError
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.home_agent import HomeAgent, message_type
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.node import Node
from pmicheck.nodes.peer.peer_messages import context_protection
from pmicheck.nodes.policy import Policy
from pmicheck.replay.network import INTERNET, Network
from pmicheck.wire.constants import MessageType
from pmicheck.wire.packet import Packet

HOME_PATH = "ha-cn"
CARE_OF_PATH = "careof-cn"
TUNNEL = "tunnel"
PEER_PATH = "pma-pma"
QUERY_PATH = "pma-ha"
ACCESS_LINK = "access"
"""Between a node and its agent; what crosses it is no flight (`local`)."""
BYSTANDER_LINK, STRANGER_LINK, CONTEXT = "bystander", "stranger", "context"
"""Links that nobody but a Dolev-Yao attacker reads; the context transfer only where it is readable (A-02)."""
LINKS = (HOME_PATH, CARE_OF_PATH, TUNNEL, PEER_PATH, QUERY_PATH, INTERNET)
CONTEXT_MESSAGES = (MessageType.CONTEXT_TRANSFER_REQUEST, MessageType.CONTEXT_TRANSFER_DATA)


class Links(Network):
    """The draft's nodes and what flies between them."""

    def owner(self, address: IPv6Address) -> str | None:
        """The node that gets packets for an address; a home agent comes first, since it intercepts (RFC
        6275 10.4.1)."""
        owners = [name for name, node in self.nodes.items() if address in node.addresses]
        owners.sort(key=lambda name: not isinstance(self.nodes[name], HomeAgent))
        return owners[0] if owners else None

    def inject(self, packet: bytes, now: float, *, via: str = INTERNET, protected: bool = False) -> str | None:
        """See `Network`.

        Args:
            via: the link on which the attacker sits.
            protected: the attacker holds the security association of the tunnel, or the one between two proxy
                agents, as a rogue proxy agent does.

        Raises:
            UsageError: no such link.
        """
        if via not in LINKS:
            raise UsageError(f"a link is one of {', '.join(LINKS)}, not {via!r}")
        return super().inject(packet, now, protected=protected and via in (TUNNEL, PEER_PATH))

    def crosses(self, sender: Node, packet: Packet) -> tuple[str, bool]:
        """The link by its two ends, and whether a security association covers the packet there (A-02, A-26)."""
        link = self._link(sender, packet)
        if link == TUNNEL:
            return link, sender.policy.tunnel_protected
        return link, link == PEER_PATH and _is_protected_transfer(packet, sender.policy)

    def _link(self, sender: Node, packet: Packet) -> str:
        name = self.owner(packet.destination)
        receiver = None if name is None else self.nodes[name]
        ends = {_place(sender), None if receiver is None else _place(receiver)}
        if ends == {"home", "correspondent"}:
            return HOME_PATH
        if ends == {"away", "correspondent"}:
            return CARE_OF_PATH
        if ends == {"home", "away"} and isinstance(packet.payload, Packet):
            return TUNNEL
        if isinstance(sender, ProxyMobileAgent) and isinstance(receiver, ProxyMobileAgent):
            return PEER_PATH
        if ends == {"home", "away"}:
            return QUERY_PATH
        if "correspondent" in ends and isinstance(sender, CorrespondentNode):
            # Towards an address where nobody lives: the path to a care-of address, whoever has claimed it.
            return CARE_OF_PATH if packet.routing_home_address is not None else INTERNET
        return INTERNET


def _is_protected_transfer(packet: Packet, policy: Policy) -> bool:
    return message_type(packet) in CONTEXT_MESSAGES and context_protection(policy) == "protected"


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
