"""What the MAC and the signature are computed over, field by field, so that each field can be left out.

With every mechanism on these are `tokens.authenticator` and `signature.sign` (a test compares them). All
nodes of a network share one policy, so a field that is left out is left out at both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec, keys, tokens
from pmicheck.wire.constants import AUTHENTICATOR_OCTETS, TOKEN_OCTETS
from pmicheck.wire.signature import TYPE_TAG

ZERO_TOKEN = bytes(TOKEN_OCTETS)
"""Stands for the care-of token in an early update, and for any token whose test is switched off."""


@dataclass(frozen=True)
class CgaIdentity:
    """A key pair and the CGA Parameters that make an address from it.

    Args:
        delegation: what lets an agent's key stand for that of the CGA Parameters (amendment agent_key).
    """

    private_key: rsa.RSAPrivateKey
    cga_parameters: bytes
    delegation: bytes | None = None


def mac(
    policy: Policy,
    kbm: bytes,
    care_of_address: IPv6Address,
    correspondent: IPv6Address,
    header: bytes,
) -> bytes:
    """The authenticator that ends `header`, a whole Mobility Header (RFC 6275 6.2.7).

    By reading token_key it covers all before it, or all but CGA Parameters and Signature in a proxy update.
    """
    if policy.reading("token_key") == "apart":
        header = codec.without_key(header)
    data = b""
    if policy.has("coa-in-mac"):
        data += care_of_address.packed
    if policy.has("cn-in-mac"):
        data += correspondent.packed
    data += header[:4] + bytes(2) + header[6:-AUTHENTICATOR_OCTETS]
    return tokens.hmac_sha1(kbm, data)[:AUTHENTICATOR_OCTETS]


def signed_data(policy: Policy, care_of_address: IPv6Address, correspondent: IPv6Address, signed_part: bytes) -> bytes:
    """What a signature covers (RFC 4866 4.5); `signed_part` comes from `codec.signed_part`."""
    data = b""
    if policy.has("type-tag"):
        data += TYPE_TAG
    if policy.has("coa-in-signature"):
        data += care_of_address.packed
    if policy.has("cn-in-signature"):
        data += correspondent.packed
    return data + signed_part


def rsa_key(public_key_der: bytes) -> rsa.RSAPublicKey | None:
    """The RSA key in a SubjectPublicKeyInfo, None if it holds no such thing."""
    try:
        return keys.rsa_public_key(public_key_der)
    except ValueError:
        return None


def home_token(policy: Policy, kcn: bytes, home_address: IPv6Address, nonce: bytes) -> bytes:
    """The temporary home keygen token (RFC 6275 5.2.5)."""
    if not policy.has("token-domain-octet"):
        return tokens.hmac_sha1(kcn, home_address.packed + nonce)[:TOKEN_OCTETS]
    return tokens.home_keygen_token(kcn, home_address, nonce)


def care_of_token(policy: Policy, kcn: bytes, care_of_address: IPv6Address, nonce: bytes) -> bytes:
    """The care-of keygen token (RFC 6275 5.2.5)."""
    if not policy.has("token-domain-octet"):
        return tokens.hmac_sha1(kcn, care_of_address.packed + nonce)[:TOKEN_OCTETS]
    return tokens.care_of_keygen_token(kcn, care_of_address, nonce)
