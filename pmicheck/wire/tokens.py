"""Keygen tokens, binding management key, MAC and encrypted tokens (RFC 6275 5.2, 6.2.7; RFC 4866 4.7).

Permanent and handover tokens are random numbers and have no formula; in `binding_management_key` they take
the place of the home keygen token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import count, islice

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pmicheck.wire.constants import AUTHENTICATOR_OCTETS, TOKEN_OCTETS
from pmicheck.wire.keys import rsa_public_key

NO_CARE_OF_TOKEN = bytes(TOKEN_OCTETS)
"""Stands for the care-of token in an early Binding Update (RFC 4866 4.1)."""

_HOME, _CARE_OF = b"\x00", b"\x01"
"""The last octet of the hashed data keeps home and care-of tokens apart (RFC 6275 5.2.5)."""
_SHORTEST_HEADER = 6 + 2 + AUTHENTICATOR_OCTETS
_SHORTEST_PADDING = 8
"""Octets of padding that RFC 8017 7.2.1 asks for at least."""


def hmac_sha1(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA1, 20 octets (RFC 2104)."""
    return hmac.digest(key, data, "sha1")


def home_keygen_token(kcn: bytes, home_address: IPv6Address, nonce: bytes) -> bytes:
    """The 8 octets that a correspondent sends to the home address (RFC 6275 5.2.5)."""
    return hmac_sha1(kcn, home_address.packed + nonce + _HOME)[:TOKEN_OCTETS]


def care_of_keygen_token(kcn: bytes, care_of_address: IPv6Address, nonce: bytes) -> bytes:
    """The 8 octets that a correspondent sends to the care-of address (RFC 6275 5.2.5)."""
    return hmac_sha1(kcn, care_of_address.packed + nonce + _CARE_OF)[:TOKEN_OCTETS]


def binding_management_key(home_token: bytes, care_of_token: bytes | None) -> bytes:
    """Kbm, 20 octets (RFC 6275 5.2.5, RFC 4866 4.1).

    Args:
        home_token: home keygen token, or the permanent or handover one in its place; 8 octets.
        care_of_token: 8 octets, NO_CARE_OF_TOKEN for an early update, None for a deregistration.

    Raises:
        ValueError: a token has not 8 octets.
    """
    for token in (home_token, care_of_token):
        if token is not None and len(token) != TOKEN_OCTETS:
            raise ValueError(f"a keygen token must have {TOKEN_OCTETS} octets, not {len(token)}")
    return hashlib.sha1(home_token + (care_of_token or b""), usedforsecurity=False).digest()


def authenticator(
    kbm: bytes, care_of_address: IPv6Address, correspondent_address: IPv6Address, mobility_header: bytes
) -> bytes:
    """The 12 octets of the Binding Authorization Data that ends a header (RFC 6275 6.2.7).

    Args:
        care_of_address: the one to be registered; the home address in a deregistration.
        correspondent_address: the home address, if the correspondent is itself mobile.
        mobility_header: the whole header as on the wire. The checksum counts as zero and the last 12 octets
            are left out, so what stands there does not matter.

    Raises:
        ValueError: the header is too short to end with this option.
    """
    if len(mobility_header) < _SHORTEST_HEADER:
        raise ValueError(f"a header with a MAC must have {_SHORTEST_HEADER} octets, not {len(mobility_header)}")
    header = mobility_header[:4] + bytes(2) + mobility_header[6:-AUTHENTICATOR_OCTETS]
    data = care_of_address.packed + correspondent_address.packed + header
    return hmac_sha1(kbm, data)[:AUTHENTICATOR_OCTETS]


def encrypt_token(public_key_der: bytes, token: bytes, seed: bytes) -> bytes:
    """RSAES-PKCS1-v1_5 ciphertext of a token, as long as the modulus (RFC 4866 4.7, RFC 8017 7.2.1).

    RFC 8017 wants random padding. A replay wants the same octets every time, so the padding is drawn from
    `seed` and is as good as random to all that do not know it. A seed must serve one token only.

    Raises:
        ValueError: no RSA key, or one too short for the token.
    """
    public_key = rsa_public_key(public_key_der)
    octets = (public_key.key_size + 7) // 8
    fill = octets - 3 - len(token)
    if fill < _SHORTEST_PADDING:
        raise ValueError(f"a key of {public_key.key_size} bits is too short for {len(token)} octets")
    encoded = b"\x00\x02" + bytes(islice(_non_zero_octets(seed), fill)) + b"\x00" + token
    numbers = public_key.public_numbers()
    return pow(int.from_bytes(encoded, "big"), numbers.e, numbers.n).to_bytes(octets, "big")


def decrypt_token(private_key: rsa.RSAPrivateKey, ciphertext: bytes) -> bytes | None:
    """The 8 octets in a ciphertext, or None if there are none.

    A wrong key or a damaged ciphertext may also give 8 octets that mean nothing: against Bleichenbacher's
    attack the library answers bad padding with pseudo-random data of random length. The MAC then tells.
    """
    try:
        token = private_key.decrypt(ciphertext, padding.PKCS1v15())
    except ValueError:
        return None
    return token if len(token) == TOKEN_OCTETS else None


def _non_zero_octets(seed: bytes) -> Iterator[int]:
    for number in count():
        block = hashlib.sha256(seed + number.to_bytes(8, "big")).digest()
        yield from (octet for octet in block if octet)
