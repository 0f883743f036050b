"""The wire format of the draft's section 4: messages 242 to 245, options 29 and 243 to 246."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from wire_octets import ADDRESS, decode, encode, raw

from pmicheck.errors import WireError
from pmicheck.wire import codec
from pmicheck.wire.options import walk_options

CARE_OF = IPv6Address("2001:db8:13::1")
HOME_OCTETS = "20010db8000200000000000000000005"
CARE_OF_OCTETS = "20010db8001300000000000000000001"
OPTIONS_START = 24

LAYOUTS = [
    (codec.BindingCacheRequest(0x1234, ADDRESS), f"3b02f200 1234 {HOME_OCTETS}"),
    (
        codec.BindingCacheAcknowledgement(0x1234, ADDRESS, CARE_OF),
        f"3b04f300 1234 {HOME_OCTETS} {CARE_OF_OCTETS}",
    ),
    (codec.ContextTransferRequest(0x1234, ADDRESS), f"3b02f400 1234 {HOME_OCTETS}"),
    (codec.ContextTransferData(0x1234, ADDRESS), f"3b02f500 1234 {HOME_OCTETS}"),
]


@pytest.mark.parametrize(("message", "octets"), LAYOUTS, ids=lambda value: type(value).__name__)
def test_every_message_has_the_layout_of_the_constants_table(message: codec.Message, octets: str) -> None:
    header = encode(message)
    assert (header[:4] + header[6:]).hex() == octets.replace(" ", "")
    assert decode(header) == message


@pytest.mark.parametrize(("message", "octets"), LAYOUTS, ids=lambda value: type(value).__name__)
def test_every_truncation_is_a_wire_error(message: codec.Message, octets: str) -> None:
    header = encode(message)
    for end in range(len(header)):
        with pytest.raises(WireError):
            decode(header[:end])


@pytest.mark.parametrize("message_type", [242, 244, 245])
def test_a_message_without_its_whole_home_address_is_refused(message_type: int) -> None:
    with pytest.raises(WireError, match="octet 1: expected Header Len of at least 2"):
        decode(raw(message_type, "1234 20010db80002 0000"))


def test_an_acknowledgement_without_a_care_of_address_is_refused() -> None:
    with pytest.raises(WireError, match="octet 1: expected Header Len of at least 4"):
        decode(raw(243, "1234" + HOME_OCTETS))


def test_a_transaction_id_has_sixteen_bit() -> None:
    for message in (codec.BindingCacheRequest(1 << 16, ADDRESS), codec.ContextTransferRequest(-1, ADDRESS)):
        with pytest.raises(WireError, match="octet 6: expected transaction between 0 and 65535"):
            encode(message)


def data_with(*options: codec.Option) -> codec.ContextTransferData:
    return codec.ContextTransferData(1, ADDRESS, options=options)


OPTION_LAYOUTS = [
    (codec.IPv4HomeAddressOption(0x6000, IPv4Address("192.0.2.5")), "1d06 6000 c0000205"),
    (codec.HandoverHomeKeygenTokenOption(b"\xaa\xbb"), "f002 aabb"),
    (codec.MobileNodeHomeAddressOption(ADDRESS), f"f110 {HOME_OCTETS}"),
    (codec.EncryptedCareOfTestOption(b"\xaa\xbb"), "f202 aabb"),
    (codec.CorrespondentHomeAddressOption(ADDRESS), f"f310 {HOME_OCTETS}"),
    (codec.PrivateKeyOption(b"\xaa\xbb"), "f402 aabb"),
    (codec.BindingUpdateListEntryOption(ADDRESS, CARE_OF, 7), f"f522 {HOME_OCTETS} {CARE_OF_OCTETS} 0007"),
    (
        codec.BindingUpdateListEntryOption(ADDRESS, CARE_OF, 7, b"handover"),
        f"f52a {HOME_OCTETS} {CARE_OF_OCTETS} 0007 68616e646f766572",
    ),
    (codec.ExplicitTriggerOption(), "f600"),
    (codec.DelegationOption(b"\xaa\xbb"), "f702 aabb"),
]


@pytest.mark.parametrize(("option", "octets"), OPTION_LAYOUTS, ids=lambda value: type(value).__name__)
def test_every_option_has_its_layout(option: codec.Option, octets: str) -> None:
    header = encode(data_with(option))
    (found,) = [item for item in walk_options(header, OPTIONS_START) if item.option_type > 1]
    assert header[found.offset : found.data_end].hex() == octets.replace(" ", "")
    assert decode(header) == data_with(option)


def test_addresses_are_aligned() -> None:
    options = (
        codec.ExplicitTriggerOption(),
        codec.BindingUpdateListEntryOption(ADDRESS, CARE_OF, 7),
        codec.CorrespondentHomeAddressOption(ADDRESS),
        codec.IPv4HomeAddressOption(0, IPv4Address("192.0.2.5")),
    )
    header = encode(data_with(*options))
    at = {item.option_type: item.offset for item in walk_options(header, OPTIONS_START) if item.option_type > 1}
    assert (at[245] % 8, at[243] % 8, at[29] % 4) == (6, 6, 0)


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("1d04 6000c000", "expected 4 octets of address, found 2"),
        ("1d07 6000c000020500", "expected length 6 of option 29, found 7"),
        ("f304 20010db8", "expected 16 octets of address, found 4"),
        ("f400", "expected Private Key of at least one octet"),
        (f"f520 {HOME_OCTETS} {CARE_OF_OCTETS}", "expected 2 octets of sequence, found 0"),
        (f"f523 {HOME_OCTETS} {CARE_OF_OCTETS} 0007 aa", "expected 8 octets of handover_token, found 1"),
        (f"f52b {HOME_OCTETS} {CARE_OF_OCTETS} 0007 68616e646f766572 aa", "expected length 42 of option 245, found 43"),
        ("f601 00", "expected length 0 of option 246, found 1"),
    ],
)
def test_an_option_of_a_wrong_length_is_refused(option: str, problem: str) -> None:
    octets = bytes.fromhex(option)
    data = bytes.fromhex("0001" + HOME_OCTETS) + octets + bytes(-len(octets) % 8)
    with pytest.raises(WireError, match=problem):
        decode(raw(245, data.hex()))


def test_a_handover_token_has_eight_octets_or_none() -> None:
    with pytest.raises(WireError, match="handover_token of 8 octets, found 7 octets"):
        encode(data_with(codec.BindingUpdateListEntryOption(ADDRESS, CARE_OF, 7, bytes(7))))


@pytest.mark.parametrize(
    ("octets", "slices"), [(1, [1]), (255, [255]), (256, [255, 1]), (608, [255, 255, 98]), (765, [255, 255, 255])]
)
def test_a_private_key_travels_in_slices_of_255_octets(octets: int, slices: list[int]) -> None:
    key = bytes(index % 251 for index in range(octets))
    message = data_with(
        codec.CgaParametersOption(bytes(187)), codec.PrivateKeyOption(key), codec.ExplicitTriggerOption()
    )
    header = encode(message)
    found = [item for item in walk_options(header, OPTIONS_START) if item.option_type == 244]
    assert [item.data_end - item.data_start for item in found] == slices
    assert decode(header) == message


def test_a_private_key_after_cga_parameters_is_no_further_slice_of_them() -> None:
    message = data_with(codec.CgaParametersOption(bytes(255)), codec.PrivateKeyOption(b"\1"))
    assert decode(encode(message)) == message


def test_slices_of_a_private_key_must_be_full_but_the_last() -> None:
    with pytest.raises(WireError, match="expected 255 octets in a Private Key option that another one follows"):
        decode(raw(245, "0001" + HOME_OCTETS + "f402aaaa f402bbbb"))
    with pytest.raises(WireError, match="one Private Key option, since receivers join adjacent ones"):
        encode(data_with(codec.PrivateKeyOption(b"\1"), codec.PrivateKeyOption(b"\2")))
