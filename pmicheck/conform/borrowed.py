"""Tokens of the node under test in the hands of the packet node that stands beside it.

Both get the same packets. Their nonces and tokens are random, so an update made with the tokens of one would be refused
by the other. So the packet node takes over each token that the node under test has handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address

from pmicheck.nodes.correspondent.nonces import Nonce, Nonces
from pmicheck.nodes.node import Randomness
from pmicheck.nodes.policy import Policy
from pmicheck.wire import cga, codec, keys, tokens
from pmicheck.wire.constants import TOKEN_OCTETS


class BorrowedNonces(Nonces):
    """Nonces known by their indices, with the keygen tokens that were made from them.

    Args:
        ask: asks the node under test for the index of its current nonce.
        renewed: is told the index of a nonce that it made without being asked.

    Attributes:
        repeated: it had no new nonce where the trace has one, so two nonces of the trace have the same index.
    """

    def __init__(
        self,
        policy: Policy,
        randomness: Randomness,
        ask: Callable[[float], int],
        renewed: Callable[[int], None],
    ) -> None:
        super().__init__(policy, randomness)
        self._ask, self._renewed = ask, renewed
        self.repeated = False
        self._home: dict[tuple[int, IPv6Address], bytes] = {}
        self._care_of: dict[tuple[int, IPv6Address], bytes] = {}

    def rotate(self, now: float) -> Nonce:
        """The current nonce of the node under test, which makes new ones of its own accord."""
        index = self._ask(now)
        self.repeated |= index in self._nonces
        return self._taken(index, now)

    def take_home(self, index: int, home_address: IPv6Address, token: bytes, now: float) -> None:
        """Takes over a home keygen token."""
        self._seen(index, now)
        self._home[index, home_address] = token

    def take_care_of(self, index: int, care_of_address: IPv6Address, token: bytes, now: float) -> None:
        """Takes over a care-of keygen token."""
        self._seen(index, now)
        self._care_of[index, care_of_address] = token

    def _seen(self, index: int, now: float) -> None:
        if index not in self._nonces:
            self._renewed(index)
        self._taken(index, now)

    def _taken(self, index: int, now: float) -> Nonce:
        """The nonce of an index; its age counts from when the index was seen first."""
        nonce = self._nonces.get(index) or Nonce(index, bytes(TOKEN_OCTETS), now)
        self._nonces[index] = self._newest = nonce
        return nonce

    def home_token(self, index: int, home_address: IPv6Address) -> bytes | None:
        """See `Nonces`."""
        return self._home.get((index, home_address)) or super().home_token(index, home_address)

    def care_of_token(self, index: int, care_of_address: IPv6Address) -> bytes | None:
        """See `Nonces`."""
        return self._care_of.get((index, care_of_address)) or super().care_of_token(index, care_of_address)


class Promised(Randomness):
    """Randomness whose next tokens are given in advance."""

    def __init__(self, seed: bytes, owner: bytes) -> None:
        super().__init__(seed, owner)
        self._tokens: list[bytes] = []

    def promise(self, given: Iterable[bytes]) -> None:
        """The tokens that are taken next, in place of those promised before."""
        self._tokens = list(given)

    def take(self, octets: int) -> bytes:
        """See `Randomness`."""
        return self._tokens.pop(0) if octets == TOKEN_OCTETS and self._tokens else super().take(octets)


def opened(update: codec.BindingUpdate, hidden: bytes) -> bytes | None:
    """A token of an answer: as it is, or decrypted with the key of the update; None if that cannot be done."""
    if len(hidden) == TOKEN_OCTETS:
        return hidden
    parameters = codec.option_of(update, codec.CgaParametersOption)
    if parameters is None:
        return None
    try:
        der = cga.public_key_of(parameters.parameters)
    except ValueError:
        return None
    name = next((name for name in keys.NAMES if keys.der_public_key(name) == der), None)
    return None if name is None else tokens.decrypt_token(keys.private_key(name), hidden)
