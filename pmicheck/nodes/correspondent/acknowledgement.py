"""How a correspondent answers a binding update, and the tokens that it hands out with the answer.

RFC 6275 9.5.4, RFC 4866 4.3 and 4.7, the draft's 3.3-3.5 and 8.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.update import Correspondence, Credential, Refusal, Update
from pmicheck.nodes.node import Randomness
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec, keys, tokens
from pmicheck.wire.constants import (
    TOKEN_OCTETS,
    BindingAcknowledgementFlag,
    BindingUpdateFlag,
    Status,
)
from pmicheck.wire.packet import MobilityHeader, Packet

_SEED_OCTETS = 32


@dataclass(frozen=True)
class NewTokens:
    """Tokens issued with one answer; None where nothing is issued."""

    permanent: bytes | None = None
    handover: bytes | None = None


class Acknowledger:
    """Makes the packets that answer binding updates."""

    def __init__(self, here: Correspondence, randomness: Randomness, identity: CgaIdentity | None) -> None:
        self._here = here
        self._randomness = randomness
        self._identity = identity

    def issue(self, update: Update) -> NewTokens:
        """New tokens for an accepted update with a valid signature (N059, N062, N093, RFC 4866 4.2; A-07)."""
        if not update.signed or update.deregisters:
            return NewTokens()
        if not self._here.by_draft(update):
            return NewTokens(permanent=self._randomness.take(TOKEN_OCTETS))
        if update.early and self._here.policy.reading("token_issue_at") == "complete":
            return NewTokens()
        permanent = self._randomness.take(TOKEN_OCTETS)
        return NewTokens(permanent, self._randomness.take(TOKEN_OCTETS))

    def acceptance(self, update: Update, lifetime: int, issued: NewTokens) -> Packet | None:
        """The answer to an accepted update; None if none is due.

        RFC 6275 9.5.4 wants one if the A flag was set, RFC 4866 4.2 whenever CGA options were there, and for a
        Care-of Test Init in an early update.
        """
        asks_for_test = self._asks_for_test(update)
        wanted = bool(update.message.flags & BindingUpdateFlag.ACKNOWLEDGE) or update.cga_parameters is not None
        if not wanted and not (asks_for_test and update.early):
            return None
        options = self._token_options(update, issued)
        if issued.permanent is not None and self._signs(update):
            options += self._own_cga_options()
        if asks_for_test:
            options += self._care_of_test_options(update)
        message = codec.BindingAcknowledgement(
            status=Status.ACCEPTED,
            sequence=update.message.sequence,
            lifetime=lifetime,
            flags=_flags(update),
            options=tuple(options),
        )
        return self._seal(update, message, authenticated=True)

    def _asks_for_test(self, update: Update) -> bool:
        """A Care-of Test Init (N052) is ignored in a deregistration, which has no care-of address to test.

        A care-of keygen token is not used there (RFC 6275 5.2.5), the Alternate Care-of Address is in no MAC, and
        the address that is, the home address, is no care-of address.

        It is ignored beside an Alternate Care-of Address, too, that is not the source.
        The answer goes to the source (RFC 6275 9.5.4), which would get the token of somebody else's address.
        Where the source is the home address by the reading, it goes there as the reading says (A-04).
        """
        if update.deregisters or codec.option_of(update.message, codec.CareOfTestInitOption) is None:
            return False
        by_source = update.proxy and self._here.policy.reading("hoa_conveyance") == "source"
        return by_source or update.care_of_address == update.packet.source

    def refusal(self, update: Update, refusal: Refusal) -> Packet | None:
        """The answer to a refused update; None if silence is due.

        What is refused before its MAC was checked is answered without one: a MAC there would be made to
        order for anybody.
        """
        if refusal.status is None:
            return None
        sequence = update.message.sequence if refusal.sequence is None else refusal.sequence
        message = codec.BindingAcknowledgement(refusal.status, sequence, 0, _flags(update))
        return self._seal(update, message, authenticated=refusal.authenticated)

    def _token_options(self, update: Update, issued: NewTokens) -> list[codec.Option]:
        options: list[codec.Option] = []
        if issued.permanent is not None:
            options.append(codec.PermanentHomeKeygenTokenOption(self._hide(update, issued.permanent)))
        if issued.handover is not None:
            options.append(codec.HandoverHomeKeygenTokenOption(self._hide(update, issued.handover)))
        return options

    def _hide(self, update: Update, token: bytes) -> bytes:
        """A token under the public key of the update that it answers (N093, N174)."""
        if not self._here.policy.has("token-encryption"):
            return token
        return self._encrypt(update, token)

    def _encrypt(self, update: Update, token: bytes) -> bytes:
        assert update.public_key is not None
        return tokens.encrypt_token(update.public_key, token, self._randomness.take(_SEED_OCTETS))

    def _signs(self, update: Update) -> bool:
        """To a mobile node that asks for it (RFC 4866 4.3, 5.6), to a proxy agent by the reading (N096)."""
        if update.proxy:
            return self._here.policy.reading("cn_cga_on_pba") == "on"
        return codec.option_of(update.message, codec.CgaParametersRequestOption) is not None

    def _own_cga_options(self) -> list[codec.Option]:
        """The correspondent's CGA Parameters and a place for its signature, which covers the tokens before
        them; nothing if its address is not made from a key."""
        if self._identity is None:
            return []
        placeholder = bytes((self._identity.private_key.key_size + 7) // 8)
        return [
            codec.CgaParametersOption(self._identity.cga_parameters),
            codec.SignatureOption(placeholder),
        ]

    def _care_of_test_options(self, update: Update) -> list[codec.Option]:
        """C and, since the option has no room for it, the index of its nonce (N052, N078; E-13)."""
        here = self._here
        index = here.nonces.current(here.now).index
        token = here.nonces.care_of_token(index, update.care_of_address)
        assert token is not None
        indices = codec.NonceIndicesOption(0, index)
        if self._careof_token_is_hidden(update):
            return [codec.EncryptedCareOfTestOption(self._encrypt(update, token)), indices]
        return [codec.CareOfTestOption(token), indices]

    def _careof_token_is_hidden(self, update: Update) -> bool:
        policy = self._here.policy
        if not update.proxy or update.public_key is None or not policy.has("careof-token-encryption"):
            return False
        match policy.reading("encrypted_careof_token"):
            case "handover":
                return update.credential is Credential.HANDOVER
            case "always":
                return True
            case _:
                return False

    def _seal(self, update: Update, message: codec.BindingAcknowledgement, *, authenticated: bool) -> Packet:
        """The packet: to the source of the update, with a type 2 routing header if the update named its
        home address so.

        RFC 6275 9.5.4, 6.1.1; the MAC is made with the key of the update.
        """
        policy, address, kbm = self._here.policy, self._here.address, update.kbm
        if authenticated and kbm is not None:
            ending = codec.BindingAuthorizationDataOption()
            options = (*message.options, ending)
            message = codec.BindingAcknowledgement(
                message.status, message.sequence, message.lifetime, message.flags, options=options
            )
        blank = Packet(
            source=address,
            destination=update.packet.source,
            payload=MobilityHeader(b""),
            routing_home_address=update.packet.home_address,
        )
        octets = codec.seal(
            message,
            source=blank.checksum_source,
            destination=blank.checksum_destination,
            sign=self._signer(update) if codec.option_of(message, codec.SignatureOption) else None,
            authenticate=(
                (lambda header: sealing.mac(policy, kbm, update.mac_address, address, header))
                if authenticated and kbm is not None
                else None
            ),
        )
        return Packet(
            blank.source,
            blank.destination,
            MobilityHeader(octets),
            routing_home_address=blank.routing_home_address,
        )

    def _signer(self, update: Update) -> _Signer:
        assert self._identity is not None
        return _Signer(self._here.policy, self._identity.private_key, update.mac_address, self._here.address)


@dataclass(frozen=True)
class _Signer:
    policy: Policy
    key: rsa.RSAPrivateKey
    care_of_address: IPv6Address
    correspondent: IPv6Address

    def __call__(self, signed_part: bytes) -> bytes:
        data = sealing.signed_data(self.policy, self.care_of_address, self.correspondent, signed_part)
        return keys.sign(self.key, data)


def _flags(update: Update) -> BindingAcknowledgementFlag:
    return BindingAcknowledgementFlag.PROXY_REGISTRATION if update.proxy else BindingAcknowledgementFlag(0)
