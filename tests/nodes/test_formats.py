"""Second opinions on the table of formats: tshark on every shipped packet, and octets written down by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from pathlib import Path

import pytest
from format_oracles import FIELDS, FLAGS, WHOLE, Told, altered, disagreements, shipped, tshark
from test_wire import LAYOUTS
from test_wire_section4 import LAYOUTS as LAYOUTS_OF_SECTION_4
from test_wire_section4 import OPTION_LAYOUTS
from wire_octets import decode, raw, with_checksum

from pmicheck.errors import WireError
from pmicheck.nodes.node import plain_packet
from pmicheck.wire import cga, codec, keys
from pmicheck.wire.delegation import Delegation
from pmicheck.wire.dissection import dissect
from pmicheck.wire.fields import FORMATS, Format, Row
from pmicheck.wire.packet import Packet, UdpDatagram

HOME, CARE_OF, CORRESPONDENT = (IPv6Address(f"2001:db8:{number}::1") for number in (1, 2, 3))
MAC = codec.BindingAuthorizationDataOption(b"twelve octet")
OTHERS = [
    plain_packet(message, CARE_OF, CORRESPONDENT)
    for message in (
        codec.BindingRefreshRequest(),
        codec.BindingError(2, HOME),
        codec.BindingUpdate(9, 1, options=(codec.AlternateCareOfAddressOption(CARE_OF),)),
        codec.BindingUpdate(9, 1, options=(codec.MobileNodeIdentifierOption(b"mn@example.org"),)),
        codec.BindingUpdate(9, 1, options=(codec.CgaParametersRequestOption(), MAC)),
        codec.BindingUpdate(9, 1, options=(codec.IPv4HomeAddressOption(0x6200, IPv4Address("192.0.2.5")),)),
        codec.BindingAcknowledgement(135, 7, 9, options=(codec.BindingRefreshAdviceOption(3), MAC)),
    )
]
"""Messages and options that no shipped finding has."""
TUNNELLED = Packet(CARE_OF, CORRESPONDENT, plain_packet(codec.HomeTestInit(b"a cookie"), HOME, CORRESPONDENT))
ROUTED = Packet(CORRESPONDENT, CARE_OF, UdpDatagram(bytes(range(99))), routing_home_address=HOME)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, list[Told]]]:
    """Packets, each with what tshark finds in it."""
    packets = [*shipped(), *(packet.to_bytes() for packet in (*OTHERS, TUNNELLED, ROUTED))]
    path: Path = tmp_path_factory.mktemp("formats") / "all.pcap"
    return list(zip(packets, tshark(packets, path), strict=True))


def test_tshark_finds_every_field_of_every_packet_where_the_table_has_it(told: list[tuple[bytes, list[Told]]]) -> None:
    assert len(told) > 100
    for octets, found in told:
        assert disagreements(octets, found) == []


def test_every_name_of_tshark_is_met(told: list[tuple[bytes, list[Told]]]) -> None:
    names = {each.name for _, found in told for each in found}
    assert {*FIELDS, *FLAGS, *WHOLE} - names == set()


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.title)
def test_rows_follow_each_other_without_a_gap(format: Format) -> None:
    for rows in (format.rows, *(row.parts for row in format.rows)):
        assert all(before.end == after.at for before, after in pairwise(rows))
        assert all(row.octets is not None for row in rows[:-1])


def mutants(format: Format) -> Iterator[tuple[Row, ...]]:
    """The rows of a format with one taken away, one an octet longer, or two that have changed places."""
    rows = format.rows
    for at, row in enumerate(rows):
        yield rows[:at] + rows[at + 1 :]
        if row.octets is not None:
            yield (*rows[:at], replace(row, octets=row.octets + 1), *rows[at + 1 :])
        if rows[at + 1 :]:
            yield (*rows[:at], rows[at + 1], row, *rows[at + 2 :])


def is_caught_by_tshark(octets: bytes, found: list[Told]) -> bool:
    """Whether tshark contradicts the table about a packet, or the table does not even make sense."""
    try:
        return disagreements(octets, found) != []
    except (KeyError, ValueError):
        return True


def is_caught_by_hand(message: codec.Message, header: bytes) -> bool:
    """Whether the codec reads octets that were written down otherwise than they were meant."""
    try:
        return decode(header) != message
    except (WireError, TypeError, ValueError):
        return True


def written_down() -> Iterator[tuple[codec.Message, bytes]]:
    """Messages, and options in one, with their octets by hand; a header is filled up with a PadN."""
    for message, octets in (*LAYOUTS, *LAYOUTS_OF_SECTION_4):
        yield message, with_checksum(bytes.fromhex(octets[:8] + "0000" + octets[8:]))
    for option, octets in OPTION_LAYOUTS:
        data = bytes.fromhex("0000" + octets)
        padding = (-len(data) - 8) % 8
        yield (
            codec.BindingRefreshRequest(options=(option,)),
            raw(0, (data + bytes([1, padding, *bytes(padding)])).hex()),
        )


BY_HAND = list(written_down())


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.title)
def test_a_table_that_is_wrong_in_one_row_is_caught(format: Format, told: list[tuple[bytes, list[Told]]]) -> None:
    have_it = [(octets, found) for octets, found in told if any(piece.format is format for piece in dissect(octets))]
    by_hand = [each for each in BY_HAND if format.kind in map(type, (each[0], *each[0].options))]
    for rows in mutants(format):
        with altered(format, rows):
            caught = any(is_caught_by_tshark(*each) for each in have_it) or any(is_caught_by_hand(*m) for m in by_hand)
            assert caught, [row.name for row in rows]


def test_by_hand_the_table_is_right() -> None:
    assert not [message for message, header in BY_HAND if is_caught_by_hand(message, header)]


def test_the_fields_inside_of_an_option_are_those_that_its_reader_finds() -> None:
    home, parameters = cga.generate(keys.der_public_key("mobile_node"), HOME.packed[:8], 0, modifier=bytes(range(16)))
    stated = Delegation(7, 21600, CARE_OF, keys.der_public_key("pma1"))
    signed = stated.signed(keys.private_key("mobile_node"), home)
    options = (codec.CgaParametersOption(parameters), codec.DelegationOption(signed.octets))
    packet = plain_packet(codec.BindingUpdate(1, 2, options=options), CARE_OF, CORRESPONDENT)
    inside = {(p.format.kind, p.row.name): p.octets for p in dissect(packet.to_bytes()) if p.format.kind}
    cga_fields = {name: octets for (kind, name), octets in inside.items() if kind is codec.CgaParametersOption}
    assert cga_fields["Modifier"] == bytes(range(16))
    assert cga_fields["Subnet Prefix"] == home.packed[:8]
    assert cga_fields["Public Key"] == cga.public_key_of(parameters)
    delegated = {name: octets for (kind, name), octets in inside.items() if kind is codec.DelegationOption}
    numbers = (delegated["Serial"], delegated["Lifetime"], delegated["Care-of Address"])
    assert numbers == (bytes([0, 0, 0, 7]), bytes.fromhex("5460"), CARE_OF.packed)
