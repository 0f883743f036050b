"""Which addresses a node of ours may send to, answer, or register."""

from __future__ import annotations

from ipaddress import IPv6Address

UNSPECIFIED = IPv6Address("::")


def is_routable_unicast(address: IPv6Address) -> bool:
    """Whether packets can be routed from and to one node at this address.

    RFC 6275 6.1.7 excludes multicast addresses, the unspecified one, the loopback one and link-local ones from care-of
    addresses, its 9.5.1 and 9.3.1 ask for a "unicast routable" home address, its 9.3.3 and 9.5.4 for a unicast source.
    """
    return not (address.is_multicast or address.is_unspecified or address.is_loopback or address.is_link_local)
