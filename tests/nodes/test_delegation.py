"""A delegation as octets: its structure, its signature, and option 247 that holds it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_octets import ADDRESS, decode, encode, raw

from pmicheck.errors import WireError
from pmicheck.wire import codec, delegation, keys
from pmicheck.wire.delegation import KEY_START, Delegation
from pmicheck.wire.options import walk_options
from pmicheck.wire.signature import TYPE_TAG, sign

CARE_OF = IPv6Address("2001:db8:13::1")
AGENT = keys.der_public_key("pma1")
NODE, NODE_KEY = keys.private_key("mobile_node"), keys.der_public_key("mobile_node")
SIGNED = Delegation(7, 21600, CARE_OF, AGENT).signed(NODE, ADDRESS)
OPTIONS_START = 12


def update_with(*options: codec.Option) -> codec.BindingUpdate:
    return codec.BindingUpdate(1, 2, options=options)


def test_it_is_serial_lifetime_care_of_address_key_and_signature() -> None:
    octets = SIGNED.octets
    assert octets[:KEY_START].hex() == "00000007" + "5460" + "20010db8001300000000000000000001"
    assert octets[KEY_START:] == AGENT + SIGNED.signature
    assert (len(octets), len(SIGNED.signature)) == (312, 128)
    assert Delegation.read(octets) == SIGNED


@given(st.integers(0, 2**32 - 1), st.integers(0, 0xFFFF), st.integers(0, 2**128 - 1), st.binary(max_size=300))
def test_what_is_written_is_read(serial: int, lifetime: int, address: int, signature: bytes) -> None:
    written = Delegation(serial, lifetime, IPv6Address(address), AGENT, signature)
    assert Delegation.read(written.octets) == written


@pytest.mark.parametrize("octets", [b"", bytes(KEY_START), bytes(KEY_START + 4), SIGNED.octets[: KEY_START + 100]])
def test_octets_without_a_whole_key_are_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"delegation must have|DER sequence"):
        Delegation.read(octets)


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    with suppress(ValueError):
        assert Delegation.read(octets).octets == octets


def test_the_signature_holds_for_one_home_address_and_one_key() -> None:
    assert SIGNED.is_signed_by(NODE_KEY, ADDRESS)
    assert not SIGNED.is_signed_by(NODE_KEY, CARE_OF)
    assert not SIGNED.is_signed_by(AGENT, ADDRESS)
    assert not SIGNED.is_signed_by(b"no key", ADDRESS)


@pytest.mark.parametrize("at", [0, 3, 5, 21, 60, 200, 311])
def test_every_octet_counts(at: int) -> None:
    octets = bytearray(SIGNED.octets)
    octets[at] ^= 1
    assert not Delegation.read(bytes(octets)).is_signed_by(NODE_KEY, ADDRESS)


def test_nothing_but_the_type_tag_parts_it_from_the_signature_of_an_update() -> None:
    """RFC 4866 signs type tag, two addresses and a header: the same octets here, cut otherwise."""
    statement = SIGNED.statement
    for tag, passes in ((TYPE_TAG, False), (delegation.TYPE_TAG, True)):
        signature = sign(NODE, ADDRESS, IPv6Address(statement[:16]), statement[16:], type_tag=tag)
        assert replace(SIGNED, signature=signature).is_signed_by(NODE_KEY, ADDRESS) is passes


@pytest.mark.parametrize(
    ("octets", "slices"), [(1, [1]), (255, [255]), (256, [255, 1]), (312, [255, 57]), (765, [255, 255, 255])]
)
def test_it_travels_in_slices_of_255_octets(octets: int, slices: list[int]) -> None:
    content = bytes(index % 251 for index in range(octets))
    message = update_with(codec.DelegationOption(content), codec.CgaParametersOption(bytes(187)))
    header = encode(message)
    found = [item for item in walk_options(header, OPTIONS_START) if item.option_type == 247]
    assert [item.data_end - item.data_start for item in found] == slices
    assert decode(header) == message


def test_cga_parameters_after_a_delegation_are_no_further_slice_of_it() -> None:
    message = update_with(codec.DelegationOption(bytes(255)), codec.CgaParametersOption(b"\1"))
    assert decode(encode(message)) == message


def test_slices_must_be_full_but_the_last_and_none_is_empty() -> None:
    with pytest.raises(WireError, match="expected 255 octets in a Delegation option that another one follows"):
        decode(raw(5, "000100000002" + "f702aaaa" + "f702bbbb" + "01020000"))
    with pytest.raises(WireError, match="one Delegation option, since receivers join adjacent ones"):
        encode(update_with(codec.DelegationOption(b"\1"), codec.DelegationOption(b"\2")))
    with pytest.raises(WireError, match="expected Delegation of at least one octet"):
        decode(raw(5, "000100000002" + "f700" + "0100"))
    with pytest.raises(WireError, match="expected Delegation of at least one octet"):
        encode(update_with(codec.DelegationOption(b"")))
