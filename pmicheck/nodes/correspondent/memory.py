"""What a correspondent remembers for the amendments of this project: it outlives entries and tokens."""

from __future__ import annotations

from ipaddress import IPv6Address


class Memory:
    """Care-of addresses that tokens belong to, and the newest delegation of each home address."""

    def __init__(self) -> None:
        self._places: dict[tuple[IPv6Address, bytes | None], IPv6Address] = {}
        self._serials: dict[IPv6Address, int] = {}

    def tie(self, home_address: IPv6Address, token: bytes | None, care_of_address: IPv6Address) -> None:
        """Ties a token of a home address to a care-of address, for ever; None stands for one that nobody looked at."""
        self._places.setdefault((home_address, token), care_of_address)

    def place_of(self, home_address: IPv6Address, token: bytes | None) -> IPv6Address | None:
        """The care-of address that a token belongs to; None if it may come from anywhere still."""
        return self._places.get((home_address, token))

    def newest_serial(self, home_address: IPv6Address) -> int:
        """The highest serial number of a delegation that was accepted for a home address, 0 before the first."""
        return self._serials.get(home_address, 0)

    def accept_serial(self, home_address: IPv6Address, serial: int) -> None:
        """Notes that an update with this delegation was accepted."""
        self._serials[home_address] = max(serial, self.newest_serial(home_address))
