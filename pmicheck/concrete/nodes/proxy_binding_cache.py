"""The Proxy Binding Cache: where the nodes of other proxy mobile agents are to be reached (the draft's 2, 4.2, 6).

A binding that waits for the third message of its handshake stands beside the one in force, so that a handover
does not interrupt what the old one carries (reading handshake_effective, A-24).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv6Address


@dataclass(frozen=True)
class ProxyBinding:
    """One entry.

    Args:
        care_of_address: the agent that serves the node.
        effective: it is used for forwarding.
        sequence: greatest number accepted.
        expires_at: seconds.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    effective: bool
    sequence: int
    expires_at: float


class ProxyBindingCache:
    """Proxy bindings by home address."""

    def __init__(self) -> None:
        self._effective: dict[IPv6Address, ProxyBinding] = {}
        self._waiting: dict[IPv6Address, ProxyBinding] = {}

    def newest(self, home_address: IPv6Address) -> ProxyBinding | None:
        """The entry made last, whether it is used for forwarding or not."""
        return self._waiting.get(home_address) or self._effective.get(home_address)

    def effective(self, home_address: IPv6Address) -> ProxyBinding | None:
        """The entry that is used for forwarding."""
        return self._effective.get(home_address)

    def put(self, binding: ProxyBinding) -> None:
        """Stores an entry; one that waits leaves the effective one alone."""
        self._waiting.pop(binding.home_address, None)
        cache = self._effective if binding.effective else self._waiting
        cache[binding.home_address] = binding

    def confirm(self, home_address: IPv6Address, care_of_address: IPv6Address) -> None:
        """The third message has come: the entry that waits for this address is effective from now on."""
        waiting = self._waiting.get(home_address)
        if waiting is not None and waiting.care_of_address == care_of_address:
            self.put(replace(waiting, effective=True))

    def delete(self, home_address: IPv6Address) -> None:
        """Removes the entry of a home address, and one that waits beside it."""
        for cache in (self._effective, self._waiting):
            cache.pop(home_address, None)

    def expire(self, now: float) -> tuple[ProxyBinding, ...]:
        """Removes the entries whose lifetime is over and returns them."""
        over = []
        for cache in (self._effective, self._waiting):
            over += [binding for binding in cache.values() if now >= binding.expires_at]
            for binding in [binding for binding in cache.values() if now >= binding.expires_at]:
                del cache[binding.home_address]
        return tuple(over)
