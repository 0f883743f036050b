"""Mobility options: alignment, lengths, order, slices (RFC 6275 6.2, RFC 4866 5; protocol-facts 1.3)."""

from __future__ import annotations

import pytest
from wire_octets import ADDRESS, decode, encode, raw

from pmicheck.errors import WireError
from pmicheck.wire import codec
from pmicheck.wire.options import walk_options


def test_option_alignment_is_that_of_the_rfc() -> None:
    message = codec.BindingUpdate(
        1,
        2,
        options=(
            codec.CareOfTestInitOption(),
            codec.CgaParametersOption(b"\xcc"),
            codec.AlternateCareOfAddressOption(ADDRESS),
            codec.SignatureOption(b"\xdd"),
            codec.NonceIndicesOption(3, 4),
            codec.MobileNodeHomeAddressOption(ADDRESS),
            codec.BindingAuthorizationDataOption(b"\xee" * 12),
        ),
    )
    header = encode(message)
    at = {option.option_type: option.offset for option in walk_options(header, 12) if option.option_type > 1}
    assert at[3] % 8 == 6
    assert at[241] % 8 == 6
    assert at[4] % 2 == 0
    assert at[5] % 8 == 2
    assert at[5] == len(header) - 14, "nothing follows the MAC"
    assert decode(header) == message


def test_an_unaligned_option_is_read_all_the_same() -> None:
    header = raw(5, "0001 0000 0000 00 0404 0003 0004 0103 000000")
    assert codec.option_of(decode(header), codec.NonceIndicesOption) == codec.NonceIndicesOption(3, 4)


def test_the_bits_of_padding_count_for_nothing() -> None:
    assert decode(raw(5, "0001 0000 0000 0102ffff")) == codec.BindingUpdate(1, 0)


def test_an_unknown_option_is_kept_and_the_next_one_read() -> None:
    message = decode(raw(0, "0000 6302abcd 0b00 0100"))
    assert message.options == (codec.UnknownOption(0x63, b"\xab\xcd"), codec.CgaParametersRequestOption())


MALFORMED = [
    (
        "option longer than the header",
        "0000 6307 000000000000",
        "octet 9: expected at most 6 octets of option data",
    ),
    ("option without a length", "0000 0104 00000000 00 63", "octet 16: expected a length octet"),
    (
        "nonce indices of 6 octets",
        "0000 0406 000100020003",
        "octet 9: expected length 4 of option 4, found 6",
    ),
    (
        "nonce indices of 2 octets",
        "0000 0402 0001 01020000",
        "octet 12: expected 2 octets of care_of, found 0",
    ),
    (
        "care-of test init with data",
        "0000 0f01 00 0103 000000",
        "octet 9: expected length 0 of option 15, found 1",
    ),
    ("care-of test of 4 octets", "0000 1004 00000000 0100", "octet 10: expected 8 octets of token, found 4"),
    (
        "alternate CoA of 4 octets",
        "0000 0304 00000000 0100",
        "octet 10: expected 16 octets of address, found 4",
    ),
    (
        "MN identifier without subtype",
        "0000 0800 0104 00000000",
        "octet 10: expected 1 octets of subtype, found 0",
    ),
    (
        "CGA parameters without data",
        "0000 0c00 0104 00000000",
        "octet 9: expected CGA Parameters of at least one",
    ),
]


@pytest.mark.parametrize(("data", "problem"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_an_option_of_a_wrong_length_is_named_with_its_offset(data: str, problem: str) -> None:
    with pytest.raises(WireError, match=problem):
        decode(raw(0, data))


@pytest.mark.parametrize("after", ["0104 00000000 0000", "00 00 00 00 00 00 00 00", "0b00 0104 00000000"])
def test_nothing_may_follow_the_mac_not_even_padding(after: str) -> None:
    header = "0000 0000 0000 0104 00000000 050c" + "ee" * 12
    assert decode(raw(5, header)).options == (codec.BindingAuthorizationDataOption(b"\xee" * 12),)
    with pytest.raises(WireError, match="octet 32: expected nothing after the Binding Authorization Data"):
        decode(raw(5, header + after))


def test_the_mac_must_be_last_when_encoded() -> None:
    options = (codec.BindingAuthorizationDataOption(), codec.CareOfTestInitOption())
    with pytest.raises(WireError, match="as the last option, found option 1"):
        encode(codec.BindingUpdate(1, 2, options=options))


@pytest.mark.parametrize(
    ("octets", "slices"), [(1, [1]), (187, [187]), (255, [255]), (256, [255, 1]), (510, [255, 255])]
)
def test_cga_parameters_travel_in_slices_of_255_octets(octets: int, slices: list[int]) -> None:
    parameters = bytes(i % 251 for i in range(octets))
    header = encode(codec.BindingUpdate(1, 2, options=(codec.CgaParametersOption(parameters),)))
    found = [raw.data_end - raw.data_start for raw in walk_options(header, 12) if raw.option_type == 12]
    assert found == slices
    assert decode(header).options == (codec.CgaParametersOption(parameters),)


def test_a_short_slice_of_cga_parameters_may_not_be_followed_by_another() -> None:
    with pytest.raises(WireError, match="octet 9: expected 255 octets in a CGA Parameters option that another"):
        decode(raw(0, "0000 0c02 aaaa 0c02 bbbb"))


def test_cga_parameters_apart_from_each_other_are_not_joined() -> None:
    message = decode(raw(0, "0000 0c01aa 0b00 0c01bb"))
    first, _, last = message.options
    assert (first, last) == (codec.CgaParametersOption(b"\xaa"), codec.CgaParametersOption(b"\xbb"))


def test_adjacent_cga_parameters_cannot_be_encoded_since_no_receiver_could_part_them() -> None:
    options = (codec.CgaParametersOption(bytes(255)), codec.CgaParametersOption(b"\1"))
    with pytest.raises(WireError, match="one CGA Parameters option"):
        encode(codec.BindingUpdate(1, 2, options=options))


@pytest.mark.parametrize(
    "kind",
    [
        codec.SignatureOption,
        codec.PermanentHomeKeygenTokenOption,
        codec.HandoverHomeKeygenTokenOption,
        codec.EncryptedCareOfTestOption,
    ],
)
def test_the_output_of_rsa_2048_does_not_fit_into_an_option(kind: type[codec.SignatureOption]) -> None:
    fits = codec.BindingUpdate(1, 2, options=(kind(bytes(255)),))
    assert decode(encode(fits)) == fits
    with pytest.raises(WireError, match="octet 13: expected at most 255 octets of option data, found 256 octets"):
        encode(codec.BindingUpdate(1, 2, options=(kind(bytes(256)),)))
