"""What a correspondent keeps: binding cache entries, credit, burnt nonces, and the handover tokens beside
them.

RFC 6275 9.1 and 9.5, RFC 4866 4.10 and 4.11, the draft's 2 and 3.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from pmicheck.nodes.correspondent.nonces import Nonces
from pmicheck.nodes.policy import Policy
from pmicheck.wire.constants import (
    CREDIT_AGING_FACTOR,
    CREDIT_AGING_INTERVAL,
    MAX_CGA_BINDING_LIFETIME,
)

HOME_TEST_INIT = "home-test-init"
"""Method of an entry that a PHoTI made and no update has changed yet (N130)."""


@dataclass(frozen=True)
class Entry:
    """One binding.

    Args:
        verified: the care-of address has answered a care-of test (RFC 4866 4.2).
        proxy: made by a proxy binding update.
        sequence: greatest sequence number accepted; None while no update has been.
        expires_at: seconds.
        method: what authenticated the last update: "temporary", "cga", "permanent" or "handover"; or
            HOME_TEST_INIT.
        nonces: home and care-of nonce index of the last update; a home index only if T was used, a care-of
            index only if C was. These are what deletion burns.
        permanent_token: PT, if one was issued.
        older_tokens: permanent tokens that stay usable because replacement is switched off.
        credit: octets that may go to the care-of address while it is unverified.
        credit_aged_at: when the credit was last reduced.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    verified: bool
    proxy: bool
    sequence: int | None
    expires_at: float
    method: str
    nonces: tuple[int | None, int | None]
    permanent_token: bytes | None = None
    older_tokens: tuple[bytes, ...] = ()
    credit: int = 0
    credit_aged_at: float = 0.0

    @property
    def permanent_tokens(self) -> tuple[bytes, ...]:
        """Every permanent token that authenticates for this binding, the newest first."""
        newest = () if self.permanent_token is None else (self.permanent_token,)
        return newest + self.older_tokens


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """Nonces that made a binding which is gone (RFC 6275 9.5.3); a care-of index of None stands for any."""

    home_index: int
    care_of_index: int | None
    home_address: IPv6Address
    care_of_address: IPv6Address | None


class BindingCache:
    """Bindings by home address, and what outlives them where the policy says so.

    Args:
        keeps_numbers: the number of a deleted binding is kept as long as its nonces live (RFC 6275 5.2.8).
    """

    def __init__(self, policy: Policy, nonces: Nonces, keeps_numbers: bool = False) -> None:
        self._policy = policy
        self._nonces = nonces
        self._keeps_numbers = keeps_numbers
        self._entries: dict[IPv6Address, Entry] = {}
        self._sequences: dict[IPv6Address, int] = {}
        self._named: dict[IPv6Address, frozenset[int]] = {}
        self._unrevoked: dict[IPv6Address, tuple[bytes, ...]] = {}
        self._tombstones: list[Tombstone] = []

    def entries(self) -> Iterable[Entry]:
        """All bindings."""
        return tuple(self._entries.values())

    def get(self, home_address: IPv6Address) -> Entry | None:
        """The binding of a home address."""
        return self._entries.get(home_address)

    def put(self, entry: Entry) -> None:
        """Stores a binding in place of the one that its home address had."""
        self._entries[entry.home_address] = entry

    def remember_sequence(self, home_address: IPv6Address, sequence: int, nonces: frozenset[int]) -> None:
        """Keeps the number of an accepted update beyond the life of the entry: for ever, if the policy wants that
        (A-14), or as long as a nonce lives that an accepted update named (RFC 6275 5.2.8)."""
        named = self.named_nonces(home_address) | nonces if self._keeps_numbers else frozenset()
        if named:
            self._named[home_address] = named
        if named or self._policy.reading("sequence_scope") == "home-address":
            self._sequences[home_address] = sequence

    def named_nonces(self, home_address: IPv6Address) -> frozenset[int]:
        """The live nonces that keep the last number of a home address (RFC 6275 5.2.8)."""
        return self._named.get(home_address, frozenset())

    def last_sequence(self, home_address: IPv6Address) -> int | None:
        """The number that the next one has to exceed; None if any will do (RFC 6275 9.5.1)."""
        entry = self._entries.get(home_address)
        if entry is None or entry.sequence is None:
            return self._sequences.get(home_address)
        return entry.sequence

    def permanent_tokens(self, home_address: IPv6Address) -> tuple[bytes, ...]:
        """Every permanent token that authenticates for a home address, the newest first."""
        entry = self._entries.get(home_address)
        own = () if entry is None else entry.permanent_tokens
        return own + self._unrevoked.get(home_address, ())

    def deregister(self, entry: Entry) -> None:
        """Deletes a binding on request; its permanent tokens are revoked with it (N072)."""
        if not self._policy.has("pt-revocation"):
            kept = self._unrevoked.get(entry.home_address, ())
            self._unrevoked[entry.home_address] = entry.permanent_tokens + kept
        self._delete(entry)

    def replace_permanent_tokens(self, entry: Entry, token: bytes) -> None:
        """A new permanent token takes the place of all others, unless replacement is switched off."""
        replaces = self._policy.has("pt-replacement")
        if replaces:
            self._unrevoked.pop(entry.home_address, None)
        older = () if replaces else entry.permanent_tokens
        self.put(replace(entry, permanent_token=token, older_tokens=older))

    def expire(self, now: float) -> list[Entry]:
        """Deletes the bindings whose lifetime is over (N160) and returns them; forgets tombstones and numbers whose
        nonces are too old."""
        over = [entry for entry in self._entries.values() if now >= entry.expires_at]
        for entry in over:
            self._delete(entry)
            self._unrevoked.pop(entry.home_address, None)
        self._tombstones = [stone for stone in self._tombstones if self._still_needed(stone, now)]
        self._forget_numbers(now)
        return over

    def _forget_numbers(self, now: float) -> None:
        for home_address, named in tuple(self._named.items()):
            self._named[home_address] = frozenset(index for index in named if self._nonces.is_young(index, now))
            if not self._named[home_address]:
                del self._named[home_address]
                if self._policy.reading("sequence_scope") == "entry":
                    del self._sequences[home_address]

    def _still_needed(self, stone: Tombstone, now: float) -> bool:
        care_of = stone.care_of_index
        return self._nonces.is_fresh(stone.home_index, now) and (care_of is None or self._nonces.is_fresh(care_of, now))

    def _delete(self, entry: Entry) -> None:
        """Removes a binding with its credit, sequence number and token, and burns the nonces that made it."""
        del self._entries[entry.home_address]
        home_index, care_of_index = entry.nonces
        reading = self._policy.reading("tombstone")
        if reading == "none" or not self._policy.has("tombstone") or home_index is None:
            return
        home_address = entry.home_address
        if care_of_index is not None:
            self._tombstones.append(
                Tombstone(
                    home_index=home_index,
                    care_of_index=care_of_index,
                    home_address=home_address,
                    care_of_address=entry.care_of_address,
                )
            )
        if reading == "full":
            self._tombstones.append(
                Tombstone(home_index=home_index, care_of_index=None, home_address=home_address, care_of_address=None)
            )

    def is_burnt(
        self,
        home_index: int,
        care_of_index: int | None,
        home_address: IPv6Address,
        care_of_address: IPv6Address,
    ) -> bool:
        """Whether these nonces made a binding that is gone (RFC 6275 5.2.8, A-15).

        Args:
            care_of_index: None for an early update or a deregistration, which name no care-of nonce.
        """
        for stone in self._tombstones:
            if stone.home_index != home_index or stone.home_address != home_address:
                continue
            if stone.care_of_index is None:
                return True
            if stone.care_of_index == care_of_index and stone.care_of_address == care_of_address:
                return True
        return False


def aged(entry: Entry, policy: Policy, now: float) -> Entry:
    """The entry with the credit that is left: 7/8 of it after each whole interval (RFC 4866 4.11)."""
    intervals = int((now - entry.credit_aged_at) // CREDIT_AGING_INTERVAL)
    if intervals <= 0 or not policy.has("credit-aging"):
        return entry
    numerator, denominator = CREDIT_AGING_FACTOR
    credit = entry.credit
    for _ in range(intervals):
        if not credit:
            break
        credit = credit * numerator // denominator
    aged_at = entry.credit_aged_at + intervals * CREDIT_AGING_INTERVAL
    return replace(entry, credit=credit, credit_aged_at=aged_at)


@dataclass(frozen=True)
class HandoverToken:
    """HT with the time of its issue."""

    token: bytes
    issued_at: float


class HandoverTokens:
    """Handover tokens by home address, outside the entries since they outlive them (N015, A-06)."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._tokens: dict[IPv6Address, list[HandoverToken]] = {}

    def usable(self, home_address: IPv6Address, now: float) -> tuple[bytes, ...]:
        """The tokens that authenticate now, the newest first."""
        held = self._tokens.get(home_address, [])
        if self._policy.reading("ht_lifetime") == "finite":
            held = [item for item in held if now < item.issued_at + MAX_CGA_BINDING_LIFETIME]
        return tuple(item.token for item in reversed(held))

    def issue(self, home_address: IPv6Address, token: bytes, now: float) -> None:
        """Stores a new token and ends the old ones (N062, A-06), at once or at its first use (A-13)."""
        held = self._tokens.setdefault(home_address, [])
        if self._policy.reading("ht_rotation") == "replace" and self._policy.has("ht-rotation"):
            grace = self._policy.reading("rotation_grace") == "until-used"
            del held[: len(held) - 1 if grace and held else len(held)]
        held.append(HandoverToken(token, now))

    def used(self, home_address: IPv6Address, token: bytes) -> None:
        """Notes that a token authenticated an update: at its first use a new one ends the one before it."""
        held = self._tokens.get(home_address, [])
        rotates = self._policy.reading("ht_rotation") == "replace" and self._policy.has("ht-rotation")
        if rotates and held and held[-1].token == token:
            del held[:-1]

    def deregister(self, home_address: IPv6Address) -> None:
        """Ends the tokens of a home address where they do not survive its deregistration (A-06)."""
        if self._policy.reading("ht_survives_dereg") == "no":
            self._tokens.pop(home_address, None)
