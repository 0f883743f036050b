"""The signature in option 13: RSASSA-PKCS1-v1_5 with SHA-1 over a typed message (RFC 4866 4.5, RFC 3972 6).

    type tag (16) | care-of address (16) | correspondent address (16) | MH Data

`codec.signed_part` cuts that MH Data out of a header: up to and with the last CGA Parameters option. What it
leaves out (nonce indices, MAC) is not signed, and the home address is so only through the CGA Parameters: a
signature seen once can be joined to other nonces and a new MAC.
"""

from __future__ import annotations

from ipaddress import IPv6Address

from cryptography.hazmat.primitives.asymmetric import rsa

from pmicheck.wire import keys

TYPE_TAG = bytes.fromhex("5f2705868d6c4c56a2469ebb9b2a2e13")
"""The CGA message type of RFC 4866; it keeps out signatures made for other protocols."""


def sign(
    private_key: rsa.RSAPrivateKey,
    care_of_address: IPv6Address,
    correspondent_address: IPv6Address,
    signed_header: bytes,
    *,
    type_tag: bytes = TYPE_TAG,
) -> bytes:
    """Signature as long as the modulus; the same for the same input.

    Args:
        correspondent_address: as seen above IP, so the home address of a mobile correspondent.
        signed_header: `codec.signed_part` of the header.
    """
    return keys.sign(private_key, _signed_data(type_tag, care_of_address, correspondent_address, signed_header))


def verify(
    public_key_der: bytes,
    care_of_address: IPv6Address,
    correspondent_address: IPv6Address,
    signed_header: bytes,
    signature: bytes,
    *,
    type_tag: bytes = TYPE_TAG,
) -> bool:
    """Whether `sign` with the private half of this key and the same arguments gives `signature`.

    False too for a key that cannot be read or is no RSA key: it came from the network.
    """
    data = _signed_data(type_tag, care_of_address, correspondent_address, signed_header)
    return keys.is_signed(public_key_der, data, signature)


def _signed_data(
    type_tag: bytes, care_of_address: IPv6Address, correspondent_address: IPv6Address, signed_header: bytes
) -> bytes:
    return type_tag + care_of_address.packed + correspondent_address.packed + signed_header
