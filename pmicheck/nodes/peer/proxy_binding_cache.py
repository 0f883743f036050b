"""The Proxy Binding Cache: where the nodes of other proxy mobile agents are to be reached (the draft's 2, 4.2, 6).

There is one entry for a node ("the Binding Cache entry for the MN1", 4.2; RFC 6275 9.1). By the reading
handshake_effective an update that waits for its third message stands in it already, and nothing is forwarded by it
meanwhile (A-24).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv6Address


@dataclass(frozen=True, kw_only=True)
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
        self._bindings: dict[IPv6Address, ProxyBinding] = {}

    def get(self, home_address: IPv6Address) -> ProxyBinding | None:
        """The entry, whether it is used for forwarding or not."""
        return self._bindings.get(home_address)

    def effective(self, home_address: IPv6Address) -> ProxyBinding | None:
        """The entry if it is used for forwarding."""
        found = self._bindings.get(home_address)
        return found if found is not None and found.effective else None

    def put(self, binding: ProxyBinding) -> None:
        """Stores an entry in place of the one that was there."""
        self._bindings[binding.home_address] = binding

    def confirm(self, home_address: IPv6Address, care_of_address: IPv6Address) -> None:
        """The third message has come from this address: the entry that leads there is effective from now on."""
        found = self._bindings.get(home_address)
        if found is not None and found.care_of_address == care_of_address:
            self.put(replace(found, effective=True))

    def delete(self, home_address: IPv6Address) -> None:
        """Removes an entry."""
        self._bindings.pop(home_address, None)

    def expire(self, now: float) -> tuple[ProxyBinding, ...]:
        """Removes the entries whose lifetime is over and returns them."""
        over = tuple(binding for binding in self._bindings.values() if now >= binding.expires_at)
        for binding in over:
            del self._bindings[binding.home_address]
        return over
