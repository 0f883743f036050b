"""Packets cut into fields: every octet once, the values that the codec reads, the terms of the model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import groupby
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from octet_samples import (
    CARE_OF,
    COOKIE,
    CORRESPONDENT,
    HOME,
    STORED,
    assert_tiled,
    carrying,
    lost,
    packet_of,
    replayed,
    step_of,
    with_packets,
)
from wire_strategies import known_messages, messages

from pmicheck.report.octets.table import Field, fields, rows
from pmicheck.wire import codec, constants
from pmicheck.wire.constants import BindingAcknowledgementFlag, BindingUpdateFlag
from pmicheck.wire.fields import FORMATS, Format
from pmicheck.wire.packet import OtherPayload, Packet, UdpDatagram

SEEN = [bytes.fromhex(step.octets or "") for _, step in with_packets()]
HEAD = "Type, Length"
NO_DATA = (HEAD, "Pad1", "PadN")


# Every octet, whatever they are.


@settings(deadline=None)
@given(messages)
def test_the_fields_of_any_message_tile_its_packet(message: codec.Message) -> None:
    octets = carrying(message)
    assert_tiled(octets, fields(step_of(octets)))


@settings(deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=100).map(lambda rest: b"\x60\0\0\0" + rest))
@example(b"")
@example(b"\x60")
def test_garbage_is_tiled_and_what_is_no_packet_is_not_understood(octets: bytes) -> None:
    found = fields(step_of(octets))
    assert_tiled(octets, found)
    assert octets[:1].hex()[:1] in ("", "6") or found[0].name == "not understood"


@settings(deadline=None)
@given(st.sampled_from(SEEN), st.data())
def test_a_packet_cut_short_or_changed_anywhere_is_tiled(octets: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(octets) - 1))
    for damaged in (octets[:at], octets[:at] + data.draw(st.binary(min_size=1, max_size=4)) + octets[at + 1 :]):
        assert_tiled(damaged, fields(step_of(damaged)))


def test_no_number_of_tunnels_is_too_much() -> None:
    octets = (b"\x60\0\0\0\xff\xff\x29\x40" + bytes(32)) * 1600
    assert_tiled(octets, fields(step_of(octets)))


def test_a_packet_cut_inside_of_a_field_says_which() -> None:
    octets = carrying(codec.HomeTestInit(COOKIE))
    (field,) = lost(fields(step_of(octets[:-3])))
    assert (field.start, field.length) == (48, 5)
    assert field.meaning == "not understood: 5 of the 8 octets of Home Init Cookie"
    assert not field.plain


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (carrying(codec.UnknownMessage(99, bytes(10))), "message data of an unknown MH Type"),
        (carrying(codec.HomeTestInit(COOKIE, options=(codec.UnknownOption(99, b"?"),))), "option 99 is not known"),
        (carrying(codec.HomeTestInit(COOKIE)) + b"more", "octets after the end of the packet"),
        (Packet(CARE_OF, HOME, OtherPayload(59, b"")).to_bytes() + b"more", "octets after the end of the packet"),
        (Packet(CARE_OF, HOME, UdpDatagram(b"data")).to_bytes().replace(b"\x11", b"\x12"), "next header 18, unknown"),
        (carrying(codec.HomeTestInit(COOKIE, options=(codec.NonceIndicesOption(1, 2),))), ""),
        (
            carrying(codec.HomeTestInit(COOKIE, options=(codec.NonceIndicesOption(1, 2),))).replace(
                b"\4\4\0\1", b"\4\6\0\1"
            ),
            "more octets than the option has",
        ),
        (
            carrying(codec.HomeTestInit(COOKIE, options=(codec.NonceIndicesOption(1, 2),))).replace(
                b"\4\4\0\1", b"\4\7\0\1"
            ),
            "an option of type 4 that ends outside of its header",
        ),
    ],
)
def test_what_no_format_explains_says_why(octets: bytes, why: str) -> None:
    said = [field.meaning for field in lost(fields(step_of(octets)))]
    assert said == ([f"not understood: {why}"] if why else [])


@pytest.mark.parametrize("name", STORED)
def test_every_octet_of_a_replayed_packet_is_understood(name: str) -> None:
    for packet in rows(replayed(name)):
        assert_tiled(bytes.fromhex(packet.step.octets or ""), packet.fields)
        assert lost(packet.fields) == []


def test_headers_and_options_have_their_names_in_order() -> None:
    inner = packet_of(codec.BindingUpdate(8, 0, options=(codec.CgaParametersOption(bytes(300)),)), home=HOME)
    found = fields(step_of(Packet(CORRESPONDENT, CARE_OF, inner).to_bytes()))
    assert [header for header, _ in groupby(field.header for field in found)] == [
        "IPv6 header of the tunnel",
        "IPv6 header",
        "Destination Options header",
        "padding",
        "Home Address option",
        "Mobility Header",
        "Binding Update",
        "CGA Parameters option",
        "padding",
    ]
    slices = [field.name for field in found if field.header == "CGA Parameters option"]
    assert slices == [HEAD, "Modifier", "Subnet Prefix", "Collision Count", "Public Key", HEAD, "Public Key, continued"]


def test_the_stored_traces_show_every_kind_of_message_that_the_model_has_packets_for() -> None:
    kinds = {field.meaning for _, step in with_packets() for field in fields(step) if field.name == "MH Type"}
    assert {int(kind.split(":")[0]) for kind in kinds} == {1, 2, 3, 4, 5, 6, 240, 241, 242, 243, 245}


# The codec reads the same.


LETTERS = {
    "ACKNOWLEDGE": "A",
    "HOME_REGISTRATION": "H",
    "LINK_LOCAL_COMPATIBILITY": "L",
    "KEY_MANAGEMENT": "K",
    "MAP_REGISTRATION": "M",
    "MOBILE_ROUTER": "R",
    "PROXY_REGISTRATION": "P",
}


def agree(value: object, field: Field) -> bool:
    """Whether a field says what the codec has read."""
    number = re.search(r"\d+", field.meaning)
    match value:
        case bytes():
            return bytes.fromhex(field.octets) == value
        case IPv6Address() | IPv4Address():
            return field.meaning.split(",")[0] == str(value)
        case BindingUpdateFlag() | BindingAcknowledgementFlag():
            letters = {LETTERS[flag.name] for flag in type(value) if flag in value}
            reserved = int(value) & ~sum(type(value))
            told = set(field.meaning.split("; ")) - {"none set"}
            extra = {f"reserved bits {reserved:#x}"} if reserved else set()
            return {part[0] for part in told - extra} == letters and extra <= told
        case int() if field.name == "Prefix-len, P, Reserved":
            return number is not None and int(number[0]) == value >> 10
        case int():
            unit = 4 if re.match(r"\d+ s\b", field.meaning) else 1
            return number is not None and int(number[0]) == unit * value
        case _:
            return False


def values_of(message: object, format: Format) -> list[Any]:
    """What the codec has for the fields of a format, in order."""
    read = [getattr(message, row.value) for row in format.rows if row.value]
    return [value for value in read if value is not None and value != b""]


SLICED = [format.title for format in FORMATS.values() if format.further]


def options_in(found: tuple[Field, ...]) -> Iterator[list[Field]]:
    """The data fields of each mobility option; slices of one option together."""
    option: list[Field] = []
    full, header = False, ""
    for field in found:
        if field.name == HEAD or "is not known" in field.meaning:
            if not (full and field.header == header and field.header in SLICED):
                if header:
                    yield option
                option = []
            full, header = field.octets.endswith("ff"), field.header
        if header and field.name not in NO_DATA:
            option.append(field)
    if header:
        yield option


@settings(deadline=None)
@given(known_messages)
def test_the_codec_reads_the_same_values(message: codec.KnownMessage) -> None:
    found = fields(step_of(carrying(message)))
    format = FORMATS[type(message)]
    (told,) = (field for field in found if field.name == "MH Type")
    assert told.meaning == f"{format.number:d}: {format.title}"
    fixed = [
        field for field in found if field.header == format.title and field.name not in ("Reserved", "not understood")
    ]
    for value, field in zip(values_of(message, format), fixed, strict=True):
        assert agree(value, field), (value, field)
    for option, data in zip(message.options, options_in(found), strict=True):
        assert_option_agrees(option, data)


def assert_option_agrees(option: codec.Option, data: list[Field]) -> None:
    if isinstance(option, codec.UnknownOption):
        octets = "".join(field.octets for field in data)
        assert octets.endswith(option.data.hex()), "with type and length before it, if the type is not known"
        return
    format = FORMATS[type(option)]
    values = values_of(option, format)
    if format.further:
        assert "".join(field.octets for field in data) == values[0].hex()
        return
    for value, field in zip(values, data, strict=True):
        assert agree(value, field), (value, field)


def test_a_status_is_told_in_words() -> None:
    for status in constants.Status:
        (field,) = (
            each
            for each in fields(step_of(carrying(codec.BindingAcknowledgement(status, 1, 1))))
            if each.name == "Status"
        )
        assert re.fullmatch(rf"status {status:d}: [A-Za-z][A-Za-z, -]+", field.meaning)
