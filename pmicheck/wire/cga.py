"""Cryptographically generated addresses (RFC 3972): the interface identifier is a hash of a public key.

CGA Parameters = Modifier (16) | Subnet Prefix (8) | Collision Count (1) | public key, DER | extension
fields
"""

from __future__ import annotations

import hashlib
import secrets
from ipaddress import IPv6Address

MODIFIER_OCTETS = 16
PREFIX_OCTETS = 8
PUBLIC_KEY_START = 25
"""Offset of the DER SubjectPublicKeyInfo in the CGA Parameters (RFC 3972 3)."""
MAX_COLLISION_COUNT = 2
MAX_SEC = 7

_HASH2_OCTETS = 14
_MASK1 = 0x1CFFFFFFFFFFFFFF
"""Hides Sec and the u and g bits of an interface identifier (RFC 3972 5, step 4)."""
_SEQUENCE_TAG = 0x30


def verify(address: IPv6Address, parameters: bytes) -> bool:
    """Whether the parameters make this address, by the steps of RFC 3972 5; False for anything malformed.

    Several addresses belong to the same parameters: the u and g bits count for nothing, and Sec may be
    anything that Hash2 is strong enough for.
    """
    # Before the first step, so that no later one meets octets that are missing.
    try:
        public_key_of(parameters)
    except ValueError:
        return False
    if parameters[PUBLIC_KEY_START - 1] > MAX_COLLISION_COUNT:
        return False
    if parameters[MODIFIER_OCTETS : PUBLIC_KEY_START - 1] != address.packed[:PREFIX_OCTETS]:
        return False
    identifier = int.from_bytes(address.packed[PREFIX_OCTETS:], "big")
    if (_hash1(parameters) ^ identifier) & _MASK1:
        return False
    sec = identifier >> 61
    return _hash2_suffices(parameters, sec)


def generate(
    public_key_der: bytes,
    prefix: bytes,
    sec: int,
    *,
    modifier: bytes | None = None,
    collision_count: int = 0,
    extensions: bytes = b"",
) -> tuple[IPv6Address, bytes]:
    """An address and its CGA Parameters, by the steps of RFC 3972 4.

    Args:
        public_key_der: DER SubjectPublicKeyInfo.
        prefix: subnet prefix, 8 octets.
        sec: 0 to 7; the search takes 2^(16 * sec) hashes on average: a blink for 1, hours for 2.
        modifier: where the search begins, 16 octets; random if None.
        collision_count: how many addresses made so before were found in use, 0 to 2.
        extensions: extension fields, hashed as they are.

    Raises:
        ValueError: an argument has the wrong size or lies out of range.
    """
    if der_length(public_key_der) != len(public_key_der):
        raise ValueError("the public key must be one DER SubjectPublicKeyInfo and nothing after it")
    if len(prefix) != PREFIX_OCTETS:
        raise ValueError(f"the subnet prefix must have {PREFIX_OCTETS} octets, not {len(prefix)}")
    if not 0 <= sec <= MAX_SEC:
        raise ValueError(f"Sec must lie between 0 and {MAX_SEC}, not {sec}")
    if not 0 <= collision_count <= MAX_COLLISION_COUNT:
        raise ValueError(f"the collision count must lie between 0 and {MAX_COLLISION_COUNT}, not {collision_count}")
    if modifier is None:
        modifier = secrets.token_bytes(MODIFIER_OCTETS)
    if len(modifier) != MODIFIER_OCTETS:
        raise ValueError(f"the modifier must have {MODIFIER_OCTETS} octets, not {len(modifier)}")
    tail = prefix + bytes([collision_count]) + public_key_der + extensions
    number = int.from_bytes(modifier, "big")
    while not _hash2_suffices(number.to_bytes(MODIFIER_OCTETS, "big") + tail, sec):
        number = (number + 1) % (1 << 8 * MODIFIER_OCTETS)
    parameters = number.to_bytes(MODIFIER_OCTETS, "big") + tail
    identifier = (_hash1(parameters) & _MASK1) | sec << 61
    return IPv6Address(prefix + identifier.to_bytes(8, "big")), parameters


def public_key_of(parameters: bytes) -> bytes:
    """The DER SubjectPublicKeyInfo in CGA Parameters; its own DER length tells where extension fields begin.

    Raises:
        ValueError: the parameters are too short, or no DER sequence stands where the key should.
    """
    if len(parameters) <= PUBLIC_KEY_START:
        raise ValueError(f"CGA Parameters must have more than {PUBLIC_KEY_START} octets, not {len(parameters)}")
    length = der_length(parameters[PUBLIC_KEY_START:])
    return parameters[PUBLIC_KEY_START : PUBLIC_KEY_START + length]


def der_length(data: bytes) -> int:
    """Octets of the DER sequence that `data` begins with, tag and length octets included.

    Raises:
        ValueError: it is no sequence of a definite length in its shortest form (X.690 10.1), or is cut short.
    """
    if len(data) < 2 or data[0] != _SEQUENCE_TAG:
        raise ValueError("a public key must begin with the tag of a DER sequence")
    header, length = 2, data[1]
    if length >= 0x80:
        header = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:header], "big")
        if header == 2 or length < 0x80 or length >> 8 * (header - 3) == 0:
            raise ValueError("the length of a DER sequence must be definite and as short as it can be")
    if header + length > len(data):
        raise ValueError(f"a DER sequence of {header + length} octets is cut short after {len(data)}")
    return header + length


def _hash1(parameters: bytes) -> int:
    """The leftmost 64 bits of the hash of all parameters (RFC 3972 3)."""
    return int.from_bytes(hashlib.sha1(parameters, usedforsecurity=False).digest()[:8], "big")


def _hash2_suffices(parameters: bytes, sec: int) -> bool:
    """Whether the leftmost 16 * sec bits of Hash2 are zero; it takes prefix and collision count as zero."""
    hashed = parameters[:MODIFIER_OCTETS] + bytes(PREFIX_OCTETS + 1) + parameters[PUBLIC_KEY_START:]
    hash2 = hashlib.sha1(hashed, usedforsecurity=False).digest()[:_HASH2_OCTETS]
    return hash2[: 2 * sec] == bytes(2 * sec)
