"""Cryptographically generated addresses: RFC 3972, its Appendix A, and what must not verify."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.wire import cga, keys

# RFC 3972 Appendix A.
PREFIX = bytes.fromhex("fe80000000000000")
KEY = bytes.fromhex(
    "305c300d06092a864886f70d0101010500034b003048024100c2c2f137305454f10bd9cea36844b530e9211a4b262b16467cb7dfba1f"
    "595c0194f275be5a4d386f2c3c2382508773c7867f9b3b9e63a09c7bc48f7a54ebefaf0203010001"
)
FIRST_MODIFIER = bytes.fromhex("89a8a8b2e858d8b8f2633f44d2d4ce9a")
MODIFIER = bytes.fromhex("89a8a8b2e858d8b8f2633f44d2d4ce9b")
PARAMETERS = MODIFIER + PREFIX + b"\0" + KEY
ADDRESS = IPv6Address("fe80::3c4a:5bf6:ffb4:ca6c")

U_BIT, G_BIT = 1 << 57, 1 << 56
SEC_SHIFT = 61


def flipped(address: IPv6Address, bits: int) -> IPv6Address:
    return IPv6Address(int(address) ^ bits)


def with_sec(address: IPv6Address, sec: int) -> IPv6Address:
    return IPv6Address(int(address) & ~(7 << SEC_SHIFT) | sec << SEC_SHIFT)


def test_the_example_of_the_rfc_is_generated_from_its_first_modifier() -> None:
    assert cga.generate(KEY, PREFIX, 1, modifier=FIRST_MODIFIER) == (ADDRESS, PARAMETERS)


def test_the_first_modifier_of_the_example_has_too_weak_a_hash2() -> None:
    identifier = int.from_bytes(hashlib.sha1(FIRST_MODIFIER + PARAMETERS[16:]).digest()[:8], "big")
    address = IPv6Address(PREFIX + identifier.to_bytes(8, "big"))
    assert cga.verify(with_sec(address, 0), FIRST_MODIFIER + PARAMETERS[16:])
    assert not cga.verify(with_sec(address, 1), FIRST_MODIFIER + PARAMETERS[16:])


def test_the_example_of_the_rfc_verifies() -> None:
    assert cga.verify(ADDRESS, PARAMETERS)


@pytest.mark.parametrize("count", [1, 2, 3, 255])
def test_another_collision_count_makes_another_address(count: int) -> None:
    assert not cga.verify(ADDRESS, MODIFIER + PREFIX + bytes([count]) + KEY)


def test_a_collision_count_of_three_fails_even_where_the_hash_fits() -> None:
    parameters = MODIFIER + PREFIX + b"\3" + KEY
    identifier = int.from_bytes(hashlib.sha1(parameters).digest()[:8], "big")
    address = with_sec(IPv6Address(PREFIX + identifier.to_bytes(8, "big")), 0)
    assert not cga.verify(address, parameters)


def test_the_prefix_of_the_parameters_must_be_that_of_the_address() -> None:
    other = bytes.fromhex("fe80000000000001")
    assert not cga.verify(ADDRESS, MODIFIER + other + b"\0" + KEY)
    assert not cga.verify(IPv6Address(other + ADDRESS.packed[8:]), PARAMETERS)


def test_a_prefix_that_differs_from_the_parameters_fails_even_where_the_hash_fits() -> None:
    _, parameters = cga.generate(KEY, PREFIX, 0, modifier=MODIFIER)
    identifier = ADDRESS.packed[8:]
    assert cga.verify(with_sec(IPv6Address(PREFIX + identifier), 0), parameters)
    assert not cga.verify(with_sec(IPv6Address(bytes(8) + identifier), 0), parameters)


@pytest.mark.parametrize("bit", [bit for bit in range(SEC_SHIFT) if bit not in (56, 57)])
def test_no_hashed_bit_of_the_interface_identifier_may_differ(bit: int) -> None:
    assert not cga.verify(flipped(ADDRESS, 1 << bit), PARAMETERS)


@pytest.mark.parametrize("bits", [U_BIT, G_BIT, U_BIT | G_BIT])
def test_the_u_and_g_bits_count_for_nothing(bits: int) -> None:
    assert cga.verify(flipped(ADDRESS, bits), PARAMETERS)


@pytest.mark.parametrize(("sec", "verifies"), [(0, True), (1, True), (2, False), (7, False)])
def test_sec_may_be_as_high_as_hash2_is_strong(sec: int, verifies: bool) -> None:
    assert cga.verify(with_sec(ADDRESS, sec), PARAMETERS) is verifies


@pytest.mark.parametrize("octets", range(len(PARAMETERS)))
def test_truncated_parameters_do_not_verify(octets: int) -> None:
    assert not cga.verify(ADDRESS, PARAMETERS[:octets])


@given(st.integers(0, 8 * len(PARAMETERS) - 1))
def test_no_bit_of_the_parameters_may_differ(bit: int) -> None:
    damaged = int.from_bytes(PARAMETERS, "big") ^ 1 << bit
    assert not cga.verify(ADDRESS, damaged.to_bytes(len(PARAMETERS), "big"))


@given(st.binary(max_size=300), st.integers(0, 2**128 - 1).map(IPv6Address))
def test_arbitrary_octets_are_refused_without_an_error(parameters: bytes, address: IPv6Address) -> None:
    assert not cga.verify(address, parameters)


@given(prefix=st.binary(min_size=8, max_size=8), count=st.integers(0, 2), extensions=st.binary(max_size=20))
def test_what_is_generated_verifies_and_gives_the_key_back(prefix: bytes, count: int, extensions: bytes) -> None:
    key = keys.der_public_key("mobile_node")
    address, parameters = cga.generate(key, prefix, 0, collision_count=count, extensions=extensions)
    assert cga.verify(address, parameters)
    assert address.packed[:8] == prefix
    assert address.packed[8] & 0b11100011 == 0, "Sec is 0, u and g are clear"
    assert cga.public_key_of(parameters) == key
    assert parameters[24] == count
    assert parameters.endswith(key + extensions)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_modifier_found_once_serves_every_prefix_and_collision_count(count: int) -> None:
    for prefix in (PREFIX, bytes(8), b"\x20" * 8):
        address, parameters = cga.generate(KEY, prefix, 1, modifier=MODIFIER, collision_count=count)
        assert parameters[:16] == MODIFIER
        assert cga.verify(address, parameters)


def test_extension_fields_are_hashed() -> None:
    address, parameters = cga.generate(KEY, PREFIX, 0, modifier=MODIFIER, extensions=b"\0\1\0\2ab")
    assert cga.verify(address, parameters)
    assert not cga.verify(address, parameters[:-1] + b"c")
    assert not cga.verify(address, parameters[:-6])


def test_modifiers_start_anew_after_the_last_one() -> None:
    address, parameters = cga.generate(KEY, PREFIX, 1, modifier=b"\xff" * 16)
    assert cga.verify(address, parameters)


def test_a_random_modifier_is_drawn_if_none_is_given() -> None:
    assert cga.generate(KEY, PREFIX, 0)[1][:16] != cga.generate(KEY, PREFIX, 0)[1][:16]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"prefix": bytes(7)}, "prefix must have 8 octets, not 7"),
        ({"sec": 8}, "Sec must lie between 0 and 7, not 8"),
        ({"sec": -1}, "Sec must lie"),
        ({"collision_count": 3}, "collision count must lie between 0 and 2, not 3"),
        ({"modifier": bytes(15)}, "modifier must have 16 octets, not 15"),
        ({"public_key_der": KEY + b"\0"}, "nothing after it"),
        ({"public_key_der": KEY[:-1]}, "cut short"),
        ({"public_key_der": b""}, "tag of a DER sequence"),
        ({"public_key_der": b"\x30\x80\0\0"}, "definite"),
        ({"public_key_der": b"\x30\x81\x05" + bytes(5)}, "as short as it can be"),
        ({"public_key_der": b"\x30\x82\x00\x85" + bytes(0x85)}, "as short as it can be"),
    ],
)
def test_bad_arguments_are_refused_with_a_reason(changes: dict[str, object], problem: str) -> None:
    arguments: dict[str, object] = {"public_key_der": KEY, "prefix": PREFIX, "sec": 0, "modifier": MODIFIER}
    with pytest.raises(ValueError, match=problem):
        cga.generate(**{**arguments, **changes})  # type: ignore[arg-type]


def test_parameters_without_a_key_have_no_public_key() -> None:
    with pytest.raises(ValueError, match="more than 25 octets"):
        cga.public_key_of(PARAMETERS[:25])
