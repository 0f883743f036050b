"""What both correspondents meet after the last step of a run: the binding is deleted, and its nonces are used again.

A trace ends with a violation, so it seldom shows what becomes of nonces (RFC 6275 9.5.3) and of tokens that are too old
(5.2.8). Each packet here has an authenticator that is right for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from ipaddress import IPv6Address

from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.update import Update
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec, tokens
from pmicheck.wire.constants import MAX_NONCE_LIFETIME, SEQUENCE_MODULUS
from pmicheck.wire.packet import MobilityHeader

TOO_OLD = MAX_NONCE_LIFETIME + 10.0
"""Seconds after which no nonce of a run is good any more."""

Change = Callable[[codec.Option], codec.Option]


@dataclasses.dataclass(frozen=True)
class Remade:
    """Updates made anew from one that was accepted, by somebody who knows its home keygen token.

    Attributes:
        policy: says what an authenticator covers; correspondent: the address of the correspondent.
    """

    update: Update
    policy: Policy
    correspondent: IPv6Address

    def deregistration(self, number: int) -> bytes:
        """It deletes the binding, with the home keygen token alone (RFC 6275 5.2.5)."""
        assert self.update.token is not None
        kbm = tokens.binding_management_key(self.update.token, None)
        message = dataclasses.replace(self.update.message, lifetime=0)
        return self._sealed(message, number, kbm, self.update.home_address)

    def again(self, number: int) -> bytes:
        """The same registration with another number."""
        assert self.update.kbm is not None
        return self._sealed(self.update.message, number, self.update.kbm, self.update.mac_address)

    def elsewhere(self, number: int, care_of_address: IPv6Address, index: int, token: bytes) -> bytes:
        """A registration with the same home nonce for another care-of address, which was tested."""
        assert self.update.token is not None

        def moved(option: codec.Option) -> codec.Option:
            match option:
                case codec.NonceIndicesOption():
                    return codec.NonceIndicesOption(option.home, index)
                case codec.AlternateCareOfAddressOption():
                    return codec.AlternateCareOfAddressOption(care_of_address)
                case _:
                    return option

        options = tuple(moved(option) for option in self.update.message.options)
        message = dataclasses.replace(self.update.message, options=options)
        kbm = tokens.binding_management_key(self.update.token, token)
        return self._sealed(message, number, kbm, care_of_address, source=care_of_address)

    def _sealed(
        self,
        message: codec.BindingUpdate,
        number: int,
        kbm: bytes,
        covered: IPv6Address,
        source: IPv6Address | None = None,
    ) -> bytes:
        packet = dataclasses.replace(self.update.packet, source=source or self.update.packet.source)
        octets = codec.seal(
            dataclasses.replace(message, sequence=number % SEQUENCE_MODULUS),
            source=packet.checksum_source,
            destination=packet.checksum_destination,
            authenticate=lambda header: sealing.mac(self.policy, kbm, covered, self.correspondent, header),
        )
        return dataclasses.replace(packet, payload=MobilityHeader(octets)).to_bytes()
