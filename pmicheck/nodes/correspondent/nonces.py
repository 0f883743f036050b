"""The nonces of a correspondent and the keygen tokens made from them (RFC 6275 5.2.2-5.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from pmicheck.nodes import sealing
from pmicheck.nodes.node import Randomness
from pmicheck.nodes.policy import Policy
from pmicheck.wire.constants import MAX_NONCE_LIFETIME, MAX_TOKEN_LIFETIME, NODE_KEY_OCTETS

PERMANENT_INDEX = 0
"""Home nonce index that says "permanent home keygen token" (RFC 4866 4.1, N092)."""
HANDOVER_INDEX = 0xFFFF
"""Home nonce index of a proxy update that says "handover home keygen token" (A-08 leaves it open)."""
EARLY_INDEX = 0
"""Care-of nonce index of an update without a care-of token (RFC 4866 4.1)."""

_NONCE_OCTETS = 8


@dataclass(frozen=True)
class Nonce:
    """A random number under a 16-bit name."""

    index: int
    octets: bytes
    created: float


class Nonces:
    """The nonces that a correspondent accepts, and its secret Kcn.

    Nothing here depends on who asks: a test init message leaves no state behind (RFC 6275 5.2.5).
    """

    def __init__(self, policy: Policy, randomness: Randomness) -> None:
        self._policy = policy
        self._randomness = randomness
        self._kcn = randomness.take(NODE_KEY_OCTETS)
        self._nonces: dict[int, Nonce] = {}
        self._newest: Nonce | None = None

    def rotate(self, now: float) -> Nonce:
        """Makes a new nonce the current one; the earlier ones stay good until they are too old."""
        index = 1 if self._newest is None else self._newest.index + 1
        while index % 0x10000 in (PERMANENT_INDEX, HANDOVER_INDEX):
            index += 1
        self._newest = Nonce(index % 0x10000, self._randomness.take(_NONCE_OCTETS), now)
        self._nonces[self._newest.index] = self._newest
        return self._newest

    def current(self, now: float) -> Nonce:
        """The nonce for new tokens; one that no token could be used with for long is replaced first."""
        if self._newest is None or now - self._newest.created > MAX_TOKEN_LIFETIME:
            return self.rotate(now)
        return self._newest

    def is_fresh(self, index: int, now: float) -> bool:
        """Whether the nonce of this name exists and is younger than MAX_NONCE_LIFETIME."""
        return self.is_young(index, now) or (index in self._nonces and not self._policy.has("nonce-freshness"))

    def is_young(self, index: int, now: float) -> bool:
        """The same, whether that is checked of updates or not."""
        nonce = self._nonces.get(index)
        return nonce is not None and now - nonce.created < MAX_NONCE_LIFETIME

    def home_token(self, index: int, home_address: IPv6Address) -> bytes | None:
        """T, or None if there is no such nonce; eight zero octets while the home test is switched off."""
        if not self._policy.has("home-test"):
            return sealing.ZERO_TOKEN
        nonce = self._nonces.get(index)
        if nonce is None:
            return None
        return sealing.home_token(self._policy, self._kcn, home_address, nonce.octets)

    def care_of_token(self, index: int, care_of_address: IPv6Address) -> bytes | None:
        """C, or None if there is no such nonce; eight zero octets while the care-of test is switched off."""
        if not self._policy.has("careof-test"):
            return sealing.ZERO_TOKEN
        nonce = self._nonces.get(index)
        if nonce is None:
            return None
        return sealing.care_of_token(self._policy, self._kcn, care_of_address, nonce.octets)
