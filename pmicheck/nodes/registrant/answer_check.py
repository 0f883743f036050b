"""What a proxy mobile agent or mobile node checks of an acknowledgement (RFC 6275 11.7.3, RFC 4866 4.4 and
4.8)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.authorisation import is_greater
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import (
    UNAUTHENTICATED_STATUSES,
    KeygenToken,
    Outstanding,
    Registration,
)
from pmicheck.wire import cga, codec, keys, tokens
from pmicheck.wire.constants import TOKEN_OCTETS, Status
from pmicheck.wire.packet import MobilityHeader, Packet


@dataclass(frozen=True)
class Answer:
    """An acknowledgement and the outstanding update that it answers; `header` is the acknowledgement's octets."""

    registration: Registration
    outstanding: Outstanding
    message: codec.BindingAcknowledgement
    header: bytes

    @property
    def is_authenticated(self) -> bool:
        """Whether it has an authenticator, which `refused_by` compares; without one it may be anybody's."""
        return codec.option_of(self.message, codec.BindingAuthorizationDataOption) is not None


def answer_to(
    registration: Registration | None, packet: Packet, message: codec.BindingAcknowledgement
) -> Answer | None:
    """The acknowledgement in a packet as an answer to what is outstanding; None if nothing is."""
    assert isinstance(packet.payload, MobilityHeader)
    if registration is None or registration.outstanding is None:
        return None
    return Answer(registration, registration.outstanding, message, packet.payload.octets)


def refused_by(policy: Policy, answer: Answer) -> str | None:
    """The check that an acknowledgement does not pass; None if it answers the outstanding update.

    "Sequence number out of window" names another number, which must be one that the outstanding update does
    not exceed. An older answer under the same key, as a permanent token makes it for every early update, would
    lead back to numbers that were used (RFC 4866 4.9).
    """
    message, outstanding = answer.message, answer.outstanding
    option = codec.option_of(message, codec.BindingAuthorizationDataOption)
    may_lack_mac = message.status in UNAUTHENTICATED_STATUSES or not policy.has("mac-of-ack")
    if option is None and not may_lack_mac:
        return "mac-of-ack"
    if option is not None and policy.has("mac-of-ack"):
        correspondent = answer.registration.correspondent
        expected = sealing.mac(policy, outstanding.kbm, outstanding.mac_address, correspondent, answer.header)
        if option.authenticator != expected:
            return "mac-of-ack"
    if message.status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW:
        return "sequence-number" if is_greater(outstanding.sequence, message.sequence) else None
    return None if message.sequence == outstanding.sequence else "sequence-number"


def correspondent_is_proven(policy: Policy, answer: Answer) -> bool:
    """Whether the correspondent signed the tokens with the key that made its address (N096).

    The signature reaches to the last CGA Parameters option; tokens that stand after it are not covered and
    do not count.
    """
    message, correspondent = answer.message, answer.registration.correspondent
    parameters = codec.option_of(message, codec.CgaParametersOption)
    signature = codec.option_of(message, codec.SignatureOption)
    if parameters is None or signature is None:
        return False
    kinds = [type(option) for option in message.options]
    last = len(kinds) - 1 - kinds[::-1].index(codec.CgaParametersOption)
    if any(
        kind in (codec.PermanentHomeKeygenTokenOption, codec.HandoverHomeKeygenTokenOption) for kind in kinds[last:]
    ):
        return False
    if policy.has("cga") and not cga.verify(correspondent, parameters.parameters):
        return False
    try:
        key = cga.public_key_of(parameters.parameters)
    except ValueError:
        return False
    signed = codec.signed_part(answer.header)
    covered = sealing.signed_data(policy, answer.outstanding.mac_address, correspondent, signed)
    return not policy.has("signature") or keys.is_signed(key, covered, signature.signature)


def care_of_token_in(
    message: codec.BindingAcknowledgement, key: rsa.RSAPrivateKey | None, now: float
) -> KeygenToken | None:
    """C with the index of its nonce, in clear (N028, N052) or encrypted (N078); None if either is not
    there."""
    indices = codec.option_of(message, codec.NonceIndicesOption)
    clear = codec.option_of(message, codec.CareOfTestOption)
    hidden = codec.option_of(message, codec.EncryptedCareOfTestOption)
    if indices is None:
        return None
    if clear is not None:
        return KeygenToken(clear.token, indices.care_of, now)
    if hidden is None or key is None:
        return None
    token = tokens.decrypt_token(key, hidden.ciphertext)
    return None if token is None else KeygenToken(token, indices.care_of, now)


def uncovered(policy: Policy, key: rsa.RSAPrivateKey, ciphertext: bytes) -> bytes | None:
    """The permanent or handover token in an option (N093, N174), which is in clear if encryption is
    switched off."""
    if not policy.has("token-encryption"):
        return ciphertext if len(ciphertext) == TOKEN_OCTETS else None
    return tokens.decrypt_token(key, ciphertext)
