"""What the signature of a Binding Update covers, and what it does not (RFC 4866 4.5; protocol-facts 2.4)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.errors import WireError
from pmicheck.wire import cga, codec, keys, signature, tokens
from pmicheck.wire.constants import BindingUpdateFlag

CARE_OF = IPv6Address("2001:db8:2::1")
CORRESPONDENT = IPv6Address("2001:db8:3::1")
OTHER = IPv6Address("2001:db8:4::1")
PUBLIC = keys.der_public_key("mobile_node")
HOME, PARAMETERS = cga.generate(PUBLIC, bytes.fromhex("20010db800010000"), 0, modifier=bytes(16))
UPDATE = codec.BindingUpdate(
    sequence=7,
    lifetime=100,
    flags=BindingUpdateFlag.ACKNOWLEDGE | BindingUpdateFlag.PROXY_REGISTRATION,
    options=(
        codec.MobileNodeHomeAddressOption(HOME),
        codec.CgaParametersOption(PARAMETERS),
        codec.SignatureOption(bytes(128)),
        codec.CareOfTestInitOption(),
        codec.NonceIndicesOption(home=3, care_of=0),
        codec.BindingAuthorizationDataOption(),
    ),
)


def octets_of(message: codec.KnownMessage) -> bytes:
    return codec.encode(message, source=CARE_OF, destination=CORRESPONDENT)


def with_option(message: codec.BindingUpdate, new: codec.Option) -> codec.BindingUpdate:
    options = tuple(new if type(option) is type(new) else option for option in message.options)
    return replace(message, options=options)


def signed(header: bytes) -> bytes:
    return signature.sign(keys.private_key("mobile_node"), CARE_OF, CORRESPONDENT, codec.signed_part(header))


HEADER = octets_of(UPDATE)
PART = codec.signed_part(HEADER)
SIGNATURE = signed(HEADER)


def verifies(header: bytes) -> bool:
    return signature.verify(PUBLIC, CARE_OF, CORRESPONDENT, codec.signed_part(header), SIGNATURE)


def test_a_signature_verifies_with_the_same_key_addresses_and_header() -> None:
    assert verifies(HEADER)
    assert len(SIGNATURE) == 128


def test_a_signature_is_the_same_every_time() -> None:
    assert signed(HEADER) == SIGNATURE


def test_a_signature_under_another_type_tag_is_refused() -> None:
    tag = bytes(16)
    made = signature.sign(keys.private_key("mobile_node"), CARE_OF, CORRESPONDENT, PART, type_tag=tag)
    assert signature.verify(PUBLIC, CARE_OF, CORRESPONDENT, PART, made, type_tag=tag)
    assert not signature.verify(PUBLIC, CARE_OF, CORRESPONDENT, PART, made)
    assert not signature.verify(PUBLIC, CARE_OF, CORRESPONDENT, PART, SIGNATURE, type_tag=tag)


def test_the_type_tag_is_that_of_rfc_4866() -> None:
    assert signature.TYPE_TAG.hex() == "5f2705868d6c4c56a2469ebb9b2a2e13"


def test_a_signature_for_another_care_of_address_is_refused() -> None:
    assert not signature.verify(PUBLIC, OTHER, CORRESPONDENT, PART, SIGNATURE)


def test_a_signature_for_another_correspondent_is_refused() -> None:
    assert not signature.verify(PUBLIC, CARE_OF, OTHER, PART, SIGNATURE)


def test_the_two_addresses_cannot_be_exchanged() -> None:
    assert not signature.verify(PUBLIC, CORRESPONDENT, CARE_OF, PART, SIGNATURE)


def test_a_signature_of_another_key_is_refused() -> None:
    assert not signature.verify(keys.der_public_key("attacker"), CARE_OF, CORRESPONDENT, PART, SIGNATURE)


@pytest.mark.parametrize("change", [{"sequence": 8}, {"lifetime": 101}, {"flags": BindingUpdateFlag(0)}])
def test_sequence_number_lifetime_and_flags_are_signed(change: dict[str, int]) -> None:
    assert not verifies(octets_of(replace(UPDATE, **change)))  # type: ignore[arg-type]


def test_the_cga_parameters_are_signed() -> None:
    assert not verifies(octets_of(with_option(UPDATE, codec.CgaParametersOption(b"\1" + PARAMETERS[1:]))))


def test_an_option_before_the_cga_parameters_is_signed() -> None:
    assert not verifies(octets_of(with_option(UPDATE, codec.MobileNodeHomeAddressOption(OTHER))))


def test_an_option_left_out_changes_the_header_length_and_so_breaks_the_signature() -> None:
    assert not verifies(octets_of(replace(UPDATE, options=UPDATE.options[:-2])))


@pytest.mark.parametrize("checksum", [b"\0\0", b"\xff\xff", b"\x12\x34"])
def test_the_checksum_is_not_signed(checksum: bytes) -> None:
    assert verifies(HEADER[:4] + checksum + HEADER[6:])


def test_the_nonce_indices_are_not_signed() -> None:
    changed = octets_of(with_option(UPDATE, codec.NonceIndicesOption(home=4, care_of=9)))
    assert changed != HEADER
    assert verifies(changed)


def test_the_mac_is_not_signed() -> None:
    assert verifies(octets_of(with_option(UPDATE, codec.BindingAuthorizationDataOption(b"\xff" * 12))))


def test_the_signature_option_does_not_sign_itself() -> None:
    assert verifies(octets_of(with_option(UPDATE, codec.SignatureOption(SIGNATURE))))


def test_the_signed_part_ends_with_the_last_slice_of_the_cga_parameters() -> None:
    parameters = bytes(range(256)) * 2
    header = octets_of(with_option(UPDATE, codec.CgaParametersOption(parameters)))
    assert codec.signed_part(header).endswith(bytes([12, 2, 0xFE, 0xFF]))
    assert codec.signed_part(header) == header[:4] + bytes(2) + header[6 : len(codec.signed_part(header))]


def test_without_cga_parameters_there_is_no_signed_part() -> None:
    with pytest.raises(WireError, match="a CGA Parameters option"):
        codec.signed_part(octets_of(codec.BindingUpdate(sequence=1, lifetime=1)))


def test_a_message_of_unknown_type_has_no_signed_part() -> None:
    with pytest.raises(WireError, match="octet 2"):
        codec.signed_part(bytes([59, 0, 99, 0, 0, 0, 0, 0]))


@given(st.binary(max_size=80))
def test_arbitrary_octets_have_a_signed_part_or_give_a_wire_error(data: bytes) -> None:
    try:
        part = codec.signed_part(data)
    except WireError:
        return
    assert len(part) <= len(data)


@given(st.binary(max_size=200))
def test_arbitrary_octets_are_no_signature(data: bytes) -> None:
    assert not signature.verify(PUBLIC, CARE_OF, CORRESPONDENT, PART, data)


@given(st.binary(max_size=200))
def test_arbitrary_octets_are_no_public_key(data: bytes) -> None:
    assert not signature.verify(data, CARE_OF, CORRESPONDENT, PART, SIGNATURE)


@given(st.integers(0, 8 * 162 - 1))
def test_a_damaged_public_key_is_refused_without_an_error(bit: int) -> None:
    damaged = (int.from_bytes(PUBLIC, "big") ^ 1 << bit).to_bytes(len(PUBLIC), "big")
    assert not signature.verify(damaged, CARE_OF, CORRESPONDENT, PART, SIGNATURE)


def test_a_key_that_is_not_rsa_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert not signature.verify(der, CARE_OF, CORRESPONDENT, PART, SIGNATURE)


def test_a_key_too_short_for_a_sha1_signature_is_refused() -> None:
    der = bytes.fromhex(
        "305c300d06092a864886f70d0101010500034b003048024100c2c2f137305454f10bd9cea36844b530e9211a4b262b16467cb7dfba"
        "1f595c0194f275be5a4d386f2c3c2382508773c7867f9b3b9e63a09c7bc48f7a54ebefaf0203010001"
    )
    assert not signature.verify(der, CARE_OF, CORRESPONDENT, PART, bytes(64))


def sealed(placeholder: bytes, kbm: bytes = bytes(20)) -> bytes:
    key = keys.private_key("mobile_node")
    return codec.seal(
        with_option(UPDATE, codec.SignatureOption(placeholder)),
        source=CARE_OF,
        destination=CORRESPONDENT,
        sign=lambda part: signature.sign(key, CARE_OF, CORRESPONDENT, part),
        authenticate=lambda header: tokens.authenticator(kbm, CARE_OF, CORRESPONDENT, header),
    )


@pytest.mark.parametrize("octets", [0, 64, 128, 255])
def test_a_sealed_update_carries_a_valid_signature_and_mac_whatever_the_placeholder(octets: int) -> None:
    header = sealed(bytes(octets))
    message = codec.decode(header, source=CARE_OF, destination=CORRESPONDENT)
    found = codec.option_of(message, codec.SignatureOption)
    mac = codec.option_of(message, codec.BindingAuthorizationDataOption)
    assert found is not None
    assert mac is not None
    part = codec.signed_part(header)
    assert signature.verify(PUBLIC, CARE_OF, CORRESPONDENT, part, found.signature)
    assert mac.authenticator == tokens.authenticator(bytes(20), CARE_OF, CORRESPONDENT, header)
    assert cga.verify(HOME, PARAMETERS)


def test_the_mac_covers_the_signature() -> None:
    header = sealed(b"")
    start = header.index(bytes([13, 128])) + 2
    forged = header[:start] + bytes(128) + header[start + 128 :]
    right = tokens.authenticator(bytes(20), CARE_OF, CORRESPONDENT, header)
    assert tokens.authenticator(bytes(20), CARE_OF, CORRESPONDENT, forged) != right


def test_sealing_without_callables_is_encoding() -> None:
    assert codec.seal(UPDATE, source=CARE_OF, destination=CORRESPONDENT) == HEADER


@pytest.mark.parametrize("name", ["sign", "authenticate"])
def test_sealing_needs_the_option_to_fill_in(name: str) -> None:
    message = codec.BindingUpdate(sequence=1, lifetime=1)
    with pytest.raises(WireError, match="to fill in"):
        codec.seal(message, source=CARE_OF, destination=CORRESPONDENT, **{name: lambda _: b""})


def test_a_mac_of_another_length_is_not_sealed_in() -> None:
    with pytest.raises(WireError, match="authenticator of 12 octets, found 20 octets"):
        codec.seal(UPDATE, source=CARE_OF, destination=CORRESPONDENT, authenticate=lambda _: bytes(20))


def test_a_signature_of_rsa_2048_is_not_sealed_in() -> None:
    with pytest.raises(WireError, match="at most 255 octets of option data, found 256 octets"):
        codec.seal(UPDATE, source=CARE_OF, destination=CORRESPONDENT, sign=lambda _: bytes(256))
