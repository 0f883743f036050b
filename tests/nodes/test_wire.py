"""The wire format of mobility headers (RFC 6275 6.1, 9.2; protocol-facts 1.1, 1.2)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_octets import ADDRESS, COOKIE, DESTINATION, SOURCE, TOKEN, decode, encode, raw, with_checksum
from wire_strategies import known_messages, messages

from pmicheck.errors import WireError
from pmicheck.wire import codec
from pmicheck.wire.constants import (
    BindingAcknowledgementFlag,
    BindingUpdateFlag,
    MessageType,
    Status,
)
from pmicheck.wire.messages import MESSAGES


def without_checksum(header: bytes) -> str:
    return (header[:4] + header[6:]).hex()


LAYOUTS = [
    (codec.BindingRefreshRequest(), "3b000000 0000"),
    (codec.HomeTestInit(COOKIE), "3b010100 0000 0102030405060708"),
    (codec.CareOfTestInit(COOKIE), "3b010200 0000 0102030405060708"),
    (codec.HomeTest(0x1234, COOKIE, TOKEN), "3b020300 1234 0102030405060708 a1a2a3a4a5a6a7a8"),
    (codec.CareOfTest(0x1234, COOKIE, TOKEN), "3b020400 1234 0102030405060708 a1a2a3a4a5a6a7a8"),
    (codec.BindingUpdate(0x1234, 105, BindingUpdateFlag(0x8200)), "3b010500 1234 8200 0069 01020000"),
    (
        codec.BindingAcknowledgement(
            Status.SEQUENCE_NUMBER_OUT_OF_WINDOW, 0x1234, 105, BindingAcknowledgementFlag(0x20)
        ),
        "3b010600 87 20 1234 0069 01020000",
    ),
    (codec.BindingError(2, ADDRESS), "3b020700 02 00 20010db8000200000000000000000005"),
    (
        codec.ProxyHomeTestInit(COOKIE, ADDRESS),
        "3b03f000 0000 0102030405060708 20010db8000200000000000000000005",
    ),
    (
        codec.ProxyHomeTest(0x1234, COOKIE, TOKEN, ADDRESS),
        "3b04f100 1234 0102030405060708 a1a2a3a4a5a6a7a8 20010db8000200000000000000000005",
    ),
]


@pytest.mark.parametrize(("message", "octets"), LAYOUTS, ids=lambda value: type(value).__name__)
def test_every_message_without_options_has_the_layout_of_its_section(message: codec.Message, octets: str) -> None:
    header = encode(message)
    assert without_checksum(header) == octets.replace(" ", "")
    assert decode(header) == message


@pytest.mark.parametrize("message_type", MESSAGES)
def test_no_message_is_shorter_than_its_fixed_part(message_type: MessageType) -> None:
    least = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 1, 6: 1, 7: 2, 240: 3, 241: 4, 242: 2, 243: 4, 244: 2, 245: 2}
    if least[message_type]:
        units = least[message_type] - 1
        with pytest.raises(WireError, match=f"octet 1: expected Header Len of at least {units + 1}"):
            decode(raw(message_type, "00" * (8 * units + 2)))


def test_reserved_fields_are_ignored() -> None:
    assert decode(with_checksum(bytes.fromhex("3b01 01ff 0000 ffff 0102030405060708"))) == codec.HomeTestInit(COOKIE)


def test_an_unknown_message_type_is_no_error_but_an_unknown_message() -> None:
    assert decode(raw(99, "0102 0304050607080910")) == codec.UnknownMessage(99, bytes.fromhex("01020304050607080910"))


@given(messages)
def test_what_is_encoded_is_decoded(message: codec.Message) -> None:
    header = encode(message)
    assert len(header) % 8 == 0
    assert decode(header) == message


@given(known_messages, st.data())
def test_a_header_cut_anywhere_is_a_wire_error(message: codec.KnownMessage, data: st.DataObject) -> None:
    header = encode(message)
    end = data.draw(st.integers(0, len(header) - 1))
    with pytest.raises(WireError):
        decode(header[:end])


@pytest.mark.parametrize(("message", "octets"), LAYOUTS, ids=lambda value: type(value).__name__)
def test_every_truncation_of_every_message_is_a_wire_error(message: codec.Message, octets: str) -> None:
    header = encode(message)
    for end in range(len(header)):
        with pytest.raises(WireError):
            decode(header[:end])


FULL_UPDATE = encode(
    codec.BindingUpdate(
        1,
        2,
        options=(
            codec.MobileNodeHomeAddressOption(ADDRESS),
            codec.CgaParametersOption(bytes(187)),
            codec.SignatureOption(bytes(128)),
            codec.CareOfTestInitOption(),
            codec.NonceIndicesOption(3, 0),
            codec.BindingAuthorizationDataOption(),
        ),
    )
)


@pytest.mark.parametrize("units", range(len(FULL_UPDATE) // 8))
def test_a_truncation_hidden_by_header_len_and_checksum_gives_fewer_options_or_a_wire_error(
    units: int,
) -> None:
    whole = decode(FULL_UPDATE)
    header = with_checksum(FULL_UPDATE[:1] + bytes([units]) + FULL_UPDATE[2 : 8 * (units + 1)])
    try:
        message = decode(header)
    except WireError:
        return
    assert message.options == whole.options[: len(message.options)]


@given(messages, st.data())
def test_a_flipped_bit_never_passes_the_checksum(message: codec.Message, data: st.DataObject) -> None:
    header = encode(message)
    bit = data.draw(st.integers(0, 8 * len(header) - 1))
    with pytest.raises(WireError):
        decode((int.from_bytes(header, "big") ^ 1 << bit).to_bytes(len(header), "big"))


@given(messages, st.data())
def test_flipped_bits_under_a_right_checksum_decode_or_give_a_wire_error(
    message: codec.Message, data: st.DataObject
) -> None:
    header = bytearray(encode(message))
    for at in data.draw(st.lists(st.integers(0, len(header) - 1), min_size=1, max_size=4)):
        header[at] ^= 1 << data.draw(st.integers(0, 7))
    decode_or_wire_error(with_checksum(bytes(header)))


@given(st.binary(max_size=100))
def test_arbitrary_octets_decode_or_give_a_wire_error(data: bytes) -> None:
    decode_or_wire_error(data)


@given(
    st.sampled_from(sorted(MESSAGES)),
    st.integers(4, 12).flatmap(lambda n: st.binary(min_size=8 * n + 2, max_size=8 * n + 2)),
)
def test_arbitrary_message_data_decodes_or_gives_a_wire_error(message_type: MessageType, data: bytes) -> None:
    decode_or_wire_error(raw(message_type, data.hex()))


def decode_or_wire_error(data: bytes) -> None:
    try:
        message = decode(data)
    except WireError:
        return
    if not is_split(message):
        assert decode(encode(message)) == message


def is_split(message: codec.Message) -> bool:
    """Whether slices were separated by padding only, which no encoder of ours would do."""
    kinds = [type(option) for option in message.options]
    return any(a is b and a in (codec.CgaParametersOption, codec.PrivateKeyOption) for a, b in pairwise(kinds))


def test_the_checksum_is_over_the_pseudo_header_of_both_addresses() -> None:
    header = encode(codec.HomeTestInit(COOKIE))
    pseudo = SOURCE.packed + DESTINATION.packed + len(header).to_bytes(4, "big") + bytes(3) + bytes([135])
    words = [int.from_bytes((pseudo + header)[i : i + 2], "big") for i in range(0, len(pseudo + header), 2)]
    total = sum(words)
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    assert total == 0xFFFF


def test_a_header_for_other_addresses_fails_the_checksum() -> None:
    header = encode(codec.HomeTestInit(COOKIE))
    with pytest.raises(WireError, match="octet 4: expected checksum"):
        codec.decode(header, source=ADDRESS, destination=DESTINATION)
    with pytest.raises(WireError, match="octet 4: expected checksum"):
        codec.decode(header, source=SOURCE, destination=ADDRESS)


def test_another_payload_proto_is_refused() -> None:
    with pytest.raises(WireError, match="octet 0: expected Payload Proto 59, found 17"):
        decode(with_checksum(b"\x11" + encode(codec.HomeTestInit(COOKIE))[1:]))


def test_octets_after_the_header_are_refused() -> None:
    with pytest.raises(WireError, match="octet 16: expected 16 octets by Header Len, found 24"):
        decode(encode(codec.HomeTestInit(COOKIE)) + bytes(8))


UNFIT: list[tuple[codec.Message, str]] = [
    (codec.BindingUpdate(65536, 0), "octet 6: expected sequence between 0 and 65535, found 65536"),
    (codec.BindingUpdate(-1, 0), "octet 6: expected sequence between 0 and 65535, found -1"),
    (codec.BindingUpdate(0, 65536), "octet 10: expected lifetime between 0 and 65535"),
    (codec.BindingUpdate(0, 0, BindingUpdateFlag(0x10000)), "octet 8: expected flags between 0 and 65535"),
    (codec.BindingAcknowledgement(256, 0, 0), "octet 6: expected status between 0 and 255"),
    (codec.HomeTestInit(bytes(7)), "octet 8: expected cookie of 8 octets, found 7 octets"),
    (codec.HomeTest(0, COOKIE, bytes(9)), "octet 16: expected token of 8 octets, found 9 octets"),
    (codec.HomeTest(1 << 16, COOKIE, TOKEN), "octet 6: expected nonce_index between 0 and 65535"),
    (codec.UnknownMessage(5, bytes(2)), "octet 2: expected an MH Type that has no class of its own"),
    (codec.UnknownMessage(256, bytes(2)), "octet 2: expected an MH Type"),
    (codec.UnknownMessage(99, bytes(8)), r"octet 6: expected 8n\+2 octets of Message Data, found 8"),
    (
        codec.BindingRefreshRequest(options=(codec.NonceIndicesOption(0, -1),)),
        "expected care_of between 0 and 65535, found -1",
    ),
    (
        codec.BindingRefreshRequest(options=(codec.CgaParametersOption(b""),)),
        "expected CGA Parameters of at least one octet",
    ),
    (codec.BindingRefreshRequest(options=(codec.UnknownOption(4, b""),)), "an option type|no class of its own"),
    (codec.BindingRefreshRequest(options=(codec.UnknownOption(1, b""),)), "no class of its own"),
    (codec.BindingRefreshRequest(options=(codec.UnknownOption(256, b""),)), "an option type between 0 and 255"),
    (codec.BindingRefreshRequest(options=(codec.UnknownOption(99, bytes(256)),)), "at most 255 octets of option data"),
    (
        codec.BindingRefreshRequest(options=(codec.SignatureOption(bytes(250)),) * 9),
        "octet 1: expected a header of at most 2048",
    ),
]


@pytest.mark.parametrize(("message", "problem"), UNFIT)
def test_a_value_that_does_not_fit_is_refused_with_its_offset(message: codec.Message, problem: str) -> None:
    with pytest.raises(WireError, match=problem):
        encode(message)


def test_the_longest_header_has_2048_octets() -> None:
    fill = (*(codec.UnknownOption(99, bytes(254)),) * 7, codec.UnknownOption(99, bytes(246)))
    message = codec.BindingRefreshRequest(options=fill)
    assert len(encode(message)) == 2048
    assert decode(encode(message)) == message
