"""Which optimised data a receiver takes, and what its node gets to see: the draft's 6, 7 and 9.

Two kinds arrive. A type 1 correspondent sends with a type 2 routing header (N150, N164), another proxy mobile
agent in a tunnel (N117, N161). Nothing here has state: bindings come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from pmicheck.nodes.policy import Policy
from pmicheck.wire.packet import MobilityHeader, Packet

ProxyCache = Callable[[IPv6Address, IPv6Address], IPv6Address | None]
"""From the home address of an attached node and that of its peer to the peer's care-of address, if there is an
entry (N006; one for each pair, N139)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Data for an attached node.

    Args:
        home_address: whose data.
        packet: as the node sees it.
    """

    home_address: IPv6Address
    packet: Packet


def refused_at_correspondent(
    policy: Policy,
    outer_source: IPv6Address,
    inner_source: IPv6Address,
    care_of_addresses: Mapping[IPv6Address, IPv6Address],
) -> str | None:
    """The check that a type 1 correspondent's tunnelled data does not pass; None if it passes.

    N162 holds the outer source against "the" binding: of anybody, or of the inner source (A-20).

    Args:
        care_of_addresses: of all bindings, by home address.
    """
    if policy.has("outer-source-check") and outer_source not in care_of_addresses.values():
        return "outer-source-check"
    if _is_pairwise(policy) and care_of_addresses.get(inner_source) != outer_source:
        return "pairwise-data-check"
    return None


def deliverable(
    policy: Policy, packet: Packet, served: Collection[IPv6Address], proxy_cache: ProxyCache
) -> Delivery | str:
    """What a proxy mobile agent makes of data that came to its own address; the name of the check if it is
    refused.

    Args:
        packet: with a tunnelled packet, or with a type 2 routing header.
        served: home addresses of the attached nodes, the first to attach first.
    """
    if isinstance(packet.payload, Packet) and packet.routing_home_address is None:
        return _from_tunnel(policy, packet.source, packet.payload, served, proxy_cache)
    if policy.reading("rh2_address") == "source":
        return _with_source_replaced(packet, served)
    return _with_destination_replaced(packet, served)


def _from_tunnel(
    policy: Policy,
    outer_source: IPv6Address,
    inner: Packet,
    served: Collection[IPv6Address],
    proxy_cache: ProxyCache,
) -> Delivery | str:
    """N177 asks that there is an entry for the inner source, not that the outer one fits to it (A-20).

    Signalling does not come this way: home tests use the home agent's tunnel (N125), updates use none.
    """
    if inner.destination not in served:
        return "not-attached"
    if isinstance(inner.payload, MobilityHeader):
        return "inner-packet"
    care_of_address = proxy_cache(inner.destination, inner.source)
    if policy.has("pma-tunnel-bce-check") and care_of_address is None:
        return "pma-tunnel-bce-check"
    if _is_pairwise(policy) and care_of_address != outer_source:
        return "pairwise-data-check"
    return Delivery(inner.destination, inner)


def _with_destination_replaced(packet: Packet, served: Collection[IPv6Address]) -> Delivery | str:
    """RFC 6275 6.4, what N152 must mean (E-02): the node sees itself as destination; the header is gone
    (N153)."""
    home_address = packet.routing_home_address
    if home_address is None or home_address not in served:
        return "routing-header"
    return Delivery(home_address, replace(packet, destination=home_address, routing_home_address=None))


def _with_source_replaced(packet: Packet, served: Collection[IPv6Address]) -> Delivery | str:
    """N152 to the letter (E-02): the source is overwritten, the destination stays the agent's, nothing is
    checked.

    "The MN" (N154) is the attached node with that home address, else the only attached one: of several there
    is none that the packet names. The correspondent's address is lost, and a transport checksum that was made
    with it does not fit any more.
    """
    home_address = packet.routing_home_address
    if home_address is None:
        return "routing-header"
    node = home_address if home_address in served else next(iter(served), None)
    if node is None or (node != home_address and len(served) > 1):
        return "routing-header"
    return Delivery(node, replace(packet, source=home_address, routing_home_address=None))


def _is_pairwise(policy: Policy) -> bool:
    return policy.reading("data_check") == "pairwise" and policy.has("pairwise-data-check")
