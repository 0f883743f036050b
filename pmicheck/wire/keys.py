"""Fixed RSA-1024 key pairs of the principals, so that two replays of one trace give the same octets.

They are published with this package and protect nothing. 1024 bits are what RFC 4866 6.1 recommends at least;
2048 would not fit into a mobility option (protocol-facts 1.3).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

NAMES = ("mobile_node", "attacker", "pma1", "pma2", "pma4", "pma5", "correspondent_node")


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """The key pair of a principal, read when first asked for.

    Raises:
        ValueError: no principal of this name has one.
    """
    if name not in NAMES:
        raise ValueError(f"there is no key for {name!r}, only for {', '.join(NAMES)}")
    key = load_pem_private_key(files("pmicheck.wire").joinpath(f"{name}.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def name_of(owner: str) -> str:
    """The key of whom a trace calls so; all but the mobile node keep their names."""
    return {"mn": "mobile_node"}.get(owner, owner)


def der_public_key(name: str) -> bytes:
    """DER SubjectPublicKeyInfo of a principal's key, 162 octets.

    Raises:
        ValueError: no principal of this name has one.
    """
    return der_of(private_key(name))


def der_of(key: rsa.RSAPrivateKey) -> bytes:
    """DER SubjectPublicKeyInfo of the public half of a key pair."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def rsa_public_key(der: bytes) -> rsa.RSAPublicKey:
    """The RSA key in a DER SubjectPublicKeyInfo that came from the network.

    Raises:
        ValueError: it cannot be read, or is no RSA key that the library takes.
    """
    try:
        key = load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise ValueError("the algorithm of a public key is not supported") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("a public key must be an RSA key")
    return key


def sign(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-1, as long as the modulus; the same for the same input (RFC 4866 4.5)."""
    return key.sign(data, padding.PKCS1v15(), SHA1())


def is_signed(public_key_der: bytes, data: bytes, signature: bytes) -> bool:
    """Whether `sign` with the private half of a key that came from the network makes this signature.

    False too for a key that cannot be read or is no RSA key.
    """
    try:
        rsa_public_key(public_key_der).verify(signature, data, padding.PKCS1v15(), SHA1())
    except (InvalidSignature, ValueError):
        return False
    return True
