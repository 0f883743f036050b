"""Keygen tokens, binding management key, MAC, encrypted tokens (RFC 6275 5.2, 6.2.7; RFC 4866 4.1, 4.7)."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.wire import keys, tokens

HOME = IPv6Address("2001:db8:1::1")
CARE_OF = IPv6Address("2001:db8:2::1")
CORRESPONDENT = IPv6Address("2001:db8:3::1")
KCN = bytes(range(20))
NONCE = bytes(range(100, 108))
KBM = bytes(range(50, 70))
HEADER = bytes.fromhex("3b0505000102000a820000690000000003040001000200000000050c") + bytes(range(12))

RFC_2202 = [
    (b"\x0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (b"\xaa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    (bytes(range(1, 26)), b"\xcd" * 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    (b"\x0c" * 20, b"Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
    (
        b"\xaa" * 80,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "aa4ae5e15272d00e95705637ce8a3b55ed402112",
    ),
    (
        b"\xaa" * 80,
        b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
        "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
    ),
]


@pytest.mark.parametrize(("key", "data", "digest"), RFC_2202)
def test_hmac_sha1_gives_the_vectors_of_rfc_2202(key: bytes, data: bytes, digest: str) -> None:
    assert tokens.hmac_sha1(key, data).hex() == digest


def test_tokens_are_the_first_64_bits_of_the_hmac_with_a_domain_octet() -> None:
    home = hmac.new(KCN, HOME.packed + NONCE + b"\0", "sha1").digest()[:8]
    care_of = hmac.new(KCN, CARE_OF.packed + NONCE + b"\1", "sha1").digest()[:8]
    assert tokens.home_keygen_token(KCN, HOME, NONCE) == home
    assert tokens.care_of_keygen_token(KCN, CARE_OF, NONCE) == care_of


def test_a_care_of_token_of_an_address_is_no_home_token_of_it() -> None:
    assert tokens.home_keygen_token(KCN, HOME, NONCE) != tokens.care_of_keygen_token(KCN, HOME, NONCE)


@given(st.binary(min_size=20, max_size=20), st.binary(min_size=8, max_size=8))
def test_tokens_depend_on_key_nonce_and_address(kcn: bytes, nonce: bytes) -> None:
    seen = {
        tokens.home_keygen_token(KCN, HOME, NONCE),
        tokens.home_keygen_token(kcn, HOME, NONCE),
        tokens.home_keygen_token(KCN, HOME, nonce),
        tokens.home_keygen_token(KCN, CARE_OF, NONCE),
    }
    assert len(seen) == 2 + (kcn != KCN) + (nonce != NONCE)


def test_the_key_of_a_complete_update_hashes_both_tokens() -> None:
    assert tokens.binding_management_key(b"h" * 8, b"c" * 8) == hashlib.sha1(b"h" * 8 + b"c" * 8).digest()


def test_the_key_of_an_early_update_hashes_a_zero_care_of_token() -> None:
    expected = hashlib.sha1(b"h" * 8 + bytes(8)).digest()
    assert tokens.binding_management_key(b"h" * 8, tokens.NO_CARE_OF_TOKEN) == expected


def test_the_key_of_a_deregistration_hashes_the_home_token_alone() -> None:
    assert tokens.binding_management_key(b"h" * 8, None) == hashlib.sha1(b"h" * 8).digest()


@pytest.mark.parametrize(
    ("home", "care_of"), [(b"", None), (bytes(9), bytes(8)), (bytes(8), b""), (bytes(8), bytes(7))]
)
def test_a_token_of_another_size_is_refused(home: bytes, care_of: bytes | None) -> None:
    with pytest.raises(ValueError, match="keygen token must have 8 octets"):
        tokens.binding_management_key(home, care_of)


def test_the_mac_covers_both_addresses_and_the_header_without_checksum_and_mac() -> None:
    data = CARE_OF.packed + CORRESPONDENT.packed + HEADER[:4] + bytes(2) + HEADER[6:-12]
    expected = hmac.new(KBM, data, "sha1").digest()[:12]
    assert tokens.authenticator(KBM, CARE_OF, CORRESPONDENT, HEADER) == expected
    assert HEADER[-14:-12] == b"\x05\x0c", "type and length of the option itself are covered"


@pytest.mark.parametrize("at", range(len(HEADER)))
def test_a_changed_octet_changes_the_mac_unless_it_is_checksum_or_mac(at: int) -> None:
    changed = HEADER[:at] + bytes([HEADER[at] ^ 0xFF]) + HEADER[at + 1 :]
    same = tokens.authenticator(KBM, CARE_OF, CORRESPONDENT, changed) == tokens.authenticator(
        KBM, CARE_OF, CORRESPONDENT, HEADER
    )
    assert same is (at in (4, 5) or at >= len(HEADER) - 12)


def test_the_mac_depends_on_key_care_of_address_and_correspondent() -> None:
    right = tokens.authenticator(KBM, CARE_OF, CORRESPONDENT, HEADER)
    assert tokens.authenticator(bytes(20), CARE_OF, CORRESPONDENT, HEADER) != right
    assert tokens.authenticator(KBM, HOME, CORRESPONDENT, HEADER) != right
    assert tokens.authenticator(KBM, CARE_OF, HOME, HEADER) != right
    assert tokens.authenticator(KBM, CORRESPONDENT, CARE_OF, HEADER) != right


def test_a_header_too_short_for_a_mac_is_refused() -> None:
    with pytest.raises(ValueError, match="must have 20 octets, not 19"):
        tokens.authenticator(KBM, CARE_OF, CORRESPONDENT, bytes(19))


@given(st.binary(min_size=8, max_size=8), st.binary(max_size=40))
def test_an_encrypted_token_is_read_by_the_owner_of_the_key(token: bytes, seed: bytes) -> None:
    ciphertext = tokens.encrypt_token(keys.der_public_key("mobile_node"), token, seed)
    assert len(ciphertext) == 128
    assert tokens.decrypt_token(keys.private_key("mobile_node"), ciphertext) == token


def test_encryption_repeats_for_a_seed_and_differs_between_seeds() -> None:
    key = keys.der_public_key("mobile_node")
    assert tokens.encrypt_token(key, b"t" * 8, b"1") == tokens.encrypt_token(key, b"t" * 8, b"1")
    assert tokens.encrypt_token(key, b"t" * 8, b"1") != tokens.encrypt_token(key, b"t" * 8, b"2")


@pytest.mark.parametrize("name", ["attacker", "pma1", "pma2", "correspondent_node"])
def test_an_encrypted_token_is_not_read_with_another_key(name: str) -> None:
    ciphertext = tokens.encrypt_token(keys.der_public_key("mobile_node"), b"secret!!", b"seed")
    assert tokens.decrypt_token(keys.private_key(name), ciphertext) != b"secret!!"


@given(st.integers(0, 1023))
def test_a_damaged_ciphertext_does_not_give_the_token(bit: int) -> None:
    ciphertext = tokens.encrypt_token(keys.der_public_key("mobile_node"), b"secret!!", b"seed")
    damaged = (int.from_bytes(ciphertext, "big") ^ 1 << bit).to_bytes(128, "big")
    assert tokens.decrypt_token(keys.private_key("mobile_node"), damaged) != b"secret!!"


@given(st.binary(max_size=300))
def test_arbitrary_octets_decrypt_to_eight_octets_or_none(ciphertext: bytes) -> None:
    token = tokens.decrypt_token(keys.private_key("mobile_node"), ciphertext)
    assert token is None or len(token) == 8


def test_a_plaintext_of_another_size_is_no_token() -> None:
    ciphertext = tokens.encrypt_token(keys.der_public_key("mobile_node"), b"nine octs", b"seed")
    assert tokens.decrypt_token(keys.private_key("mobile_node"), ciphertext) is None


def test_the_padding_has_no_zero_octet_and_the_form_of_pkcs1() -> None:
    private = keys.private_key("mobile_node").private_numbers()
    for number in range(20):
        ciphertext = tokens.encrypt_token(keys.der_public_key("mobile_node"), b"t" * 8, bytes([number]))
        encoded = pow(int.from_bytes(ciphertext, "big"), private.d, private.public_numbers.n).to_bytes(128, "big")
        assert encoded[:2] == b"\x00\x02"
        assert 0 not in encoded[2:119]
        assert encoded[119:] == b"\x00" + b"t" * 8


def test_a_plaintext_too_long_for_the_key_is_refused() -> None:
    with pytest.raises(ValueError, match="1024 bits is too short for 118 octets"):
        tokens.encrypt_token(keys.der_public_key("mobile_node"), bytes(118), b"seed")


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        tokens.encrypt_token(b"no key", bytes(8), b"seed")


@pytest.mark.parametrize("name", keys.NAMES)
def test_every_principal_has_a_key_of_1024_bits(name: str) -> None:
    assert keys.private_key(name).key_size == 1024
    assert len(keys.der_public_key(name)) == 162, "CGA Parameters of 187 octets: one option"


def test_the_keys_of_the_principals_differ() -> None:
    assert len({keys.der_public_key(name) for name in keys.NAMES}) == len(keys.NAMES)


def test_a_principal_without_a_key_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="no key for 'home_agent', only for mobile_node"):
        keys.private_key("home_agent")
