"""Packets cut into fields: every octet once, the values that the codec and tshark read, the terms of the model."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st
from octet_samples import (
    BETWEEN,
    CARE_OF,
    COOKIE,
    CORRESPONDENT,
    HOME,
    KBM,
    PARAMETERS,
    STORED,
    TOKEN,
    packet_of,
    replayed,
    step_of,
    with_packets,
)
from wire_strategies import known_messages, messages

from pmicheck.concrete import constants, tokens, wire, wire_messages, wire_option_kinds
from pmicheck.concrete.constants import BindingAcknowledgementFlag, BindingUpdateFlag
from pmicheck.concrete.nodes.policy import Policy
from pmicheck.concrete.packet import MobilityHeader, OtherPayload, Packet, UdpDatagram
from pmicheck.concrete.stage import CARE_OF as AGENT_ADDRESSES
from pmicheck.concrete.stage import Stage
from pmicheck.concrete.wire_fields import Layout, Reserved
from pmicheck.errors import WireError
from pmicheck.report.capture import capture
from pmicheck.report.octets import layouts, words
from pmicheck.report.octets.symbols import split
from pmicheck.report.octets.table import Field, fields, names, rows
from pmicheck.trace import Step, Trace

SEEN = [bytes.fromhex(step.octets or "") for _, step in with_packets()]
HEAD = "Type, Length"
NO_DATA = (HEAD, "Pad1", "PadN")


def assert_tiled(octets: bytes, found: tuple[Field, ...]) -> None:
    """The fields have every octet once, in order."""
    assert "".join(field.octets for field in found) == octets.hex()
    assert all(field.length == len(field.octets) // 2 > 0 for field in found)
    assert all(before.start + before.length == after.start for before, after in pairwise(found))
    assert not found or found[0].start == 0


def carrying(message: wire.Message) -> bytes:
    """A packet with a message as it is."""
    try:
        return Packet(
            CARE_OF, CORRESPONDENT, MobilityHeader(wire.encode(message, source=CARE_OF, destination=CORRESPONDENT))
        ).to_bytes()
    except WireError:
        reject()


def lost(found: tuple[Field, ...]) -> list[Field]:
    return [field for field in found if field.name == "not understood"]


# Every octet, whatever they are.


@settings(deadline=None)
@given(messages)
def test_the_fields_of_any_message_tile_its_packet(message: wire.Message) -> None:
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
    octets = carrying(wire.HomeTestInit(COOKIE))
    (field,) = lost(fields(step_of(octets[:-3])))
    assert (field.start, field.length) == (48, 5)
    assert field.meaning == "not understood: 5 of the 8 octets of Home Init Cookie"
    assert not field.plain


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (carrying(wire.UnknownMessage(99, bytes(10))), "message data of an unknown MH Type"),
        (carrying(wire.HomeTestInit(COOKIE, (wire.UnknownOption(99, b"?"),))), "an option that is not known"),
        (carrying(wire.HomeTestInit(COOKIE)) + b"more", "octets after the end of the packet"),
        (Packet(CARE_OF, HOME, OtherPayload(59, b"")).to_bytes() + b"more", "octets after the end of the packet"),
        (Packet(CARE_OF, HOME, UdpDatagram(b"data")).to_bytes().replace(b"\x11", b"\x12"), "next header 18, unknown"),
        (carrying(wire.HomeTestInit(COOKIE, (wire.NonceIndicesOption(1, 2),))), ""),
        (
            carrying(wire.HomeTestInit(COOKIE, (wire.NonceIndicesOption(1, 2),))).replace(b"\4\4\0\1", b"\4\6\0\1"),
            "more octets than the option has",
        ),
        (
            carrying(wire.HomeTestInit(COOKIE, (wire.NonceIndicesOption(1, 2),))).replace(b"\4\4\0\1", b"\4\7\0\1"),
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
    inner = packet_of(wire.BindingUpdate(8, 0, options=(wire.CgaParametersOption(bytes(300)),)), home=HOME)
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


def values_of(message: object, layout: Layout) -> list[Any]:
    """What the codec has for the fields of a layout, in order."""
    read = [getattr(message, part.name) for part in layout if not isinstance(part, Reserved)]
    return [value for value in read if value is not None and value != b""]


SLICED = [f"{name} option" for name in wire_option_kinds.SLICED.values()]


def options_in(found: tuple[Field, ...]) -> Iterator[list[Field]]:
    """The data fields of each mobility option; slices of one option together."""
    option: list[Field] = []
    full, header = False, ""
    for field in found:
        if field.name == HEAD:
            if not (full and field.header == header and field.header in SLICED):
                if header:
                    yield option
                option = []
            full, header = field.octets.endswith("ff"), field.header
        elif header and field.name not in NO_DATA:
            option.append(field)
    if header:
        yield option


@settings(deadline=None)
@given(known_messages)
def test_the_codec_reads_the_same_values(message: wire.KnownMessage) -> None:
    found = fields(step_of(carrying(message)))
    kind, layout = next(
        (number, layout) for number, (each, layout) in wire_messages.KINDS.items() if each is type(message)
    )
    (told,) = (field for field in found if field.name == "MH Type")
    assert told.meaning.startswith(f"{kind:d}: ")
    fixed = [field for field in found if field.header == told.meaning.split(": ")[1] and field.name != "Reserved"]
    for value, field in zip(values_of(message, layout), fixed, strict=True):
        assert agree(value, field), (value, field)
    for option, data in zip(message.options, options_in(found), strict=True):
        assert_option_agrees(option, data)


def assert_option_agrees(option: wire.Option, data: list[Field]) -> None:
    if isinstance(option, wire.UnknownOption):
        assert "".join(field.octets for field in data) == option.data.hex()
        return
    option_type = wire_option_kinds.TYPE_OF[type(option)]
    values = values_of(option, wire_option_kinds.KINDS[option_type][1])
    if option_type in wire_option_kinds.SLICED:
        assert "".join(field.octets for field in data) == values[0].hex()
        return
    for value, field in zip(values, data, strict=True):
        assert agree(value, field), (value, field)


def test_a_status_is_told_in_words() -> None:
    for status in constants.Status:
        (field,) = (
            each
            for each in fields(step_of(carrying(wire.BindingAcknowledgement(status, 1, 1))))
            if each.name == "Status"
        )
        assert re.fullmatch(rf"status {status:d}: [A-Za-z][A-Za-z, -]+", field.meaning)
    assert set(words.STATUSES) == set(constants.Status)


def test_every_message_and_option_of_the_codec_has_its_layout() -> None:
    assert set(layouts.MESSAGES) == set(wire_messages.KINDS)
    assert set(layouts.OPTIONS) - {layouts.PAD1, layouts.PADN} == set(wire_option_kinds.KINDS)


# tshark reads the same, at the same place.

DISSECTED = {
    "ipv6.plen": "Payload Length",
    "ipv6.nxt": "Next Header",
    "ipv6.hlim": "Hop Limit",
    "ipv6.src": "Source Address",
    "ipv6.dst": "Destination Address",
    "ipv6.opt.mipv6.home_address": "Home Address",
    "ipv6.routing.mipv6.home_address": "Home Address",
    "udp.srcport": "Source Port",
    "udp.length": "Length",
    "mip6.proto": "Payload Proto",
    "mip6.hlen": "Header Len",
    "mip6.mhtype": "MH Type",
    "mip6.csum": "Checksum",
    "mip6.hoti.cookie": "Home Init Cookie",
    "mip6.coti.cookie": "Care-of Init Cookie",
    "mip6.hot.nindex": "Home Nonce Index",
    "mip6.hot.cookie": "Home Init Cookie",
    "mip6.hot.token": "Keygen Token",  # of a Care-of Test, too
    "mip6.cot.nindex": "Care-of Nonce Index",
    "mip6.cot.cookie": "Care-of Init Cookie",
    "mip6.bu.seqnr": "Sequence #",
    "mip6.bu.lifetime": "Lifetime",
    "mip6.ba.status": "Status",
    "mip6.ba.seqnr": "Sequence #",
    "mip6.ba.lifetime": "Lifetime",
    "mip6.be.status": "Status",
    "mip6.be.haddr": "Home Address",
    "mip6.bra.interval": "Refresh Interval",
    "mip6.acoa.acoa": "Alternate Care-of Address",
    "mip6.ni.hni": "Home Nonce Index",
    "mip6.ni.cni": "Care-of Nonce Index",
    "mip6.bad.auth": "Authenticator",
}
"""Names of tshark, and of the same field here."""
NUMBERS = ("mip6.mhtype", "mip6.hot.nindex", "mip6.cot.nindex", "mip6.bu.seqnr", "mip6.ba.status", "mip6.ba.seqnr")
MAC = wire.BindingAuthorizationDataOption()
EARLY = wire.BindingUpdate(
    7,
    100,
    BindingUpdateFlag.ACKNOWLEDGE | BindingUpdateFlag.PROXY_REGISTRATION,
    (
        wire.MobileNodeHomeAddressOption(HOME),
        wire.CgaParametersOption(PARAMETERS + bytes(100)),
        wire.SignatureOption(),
        wire.CareOfTestInitOption(),
        wire.NonceIndicesOption(3, 0),
        MAC,
    ),
)
STANDARD = [
    packet_of(wire.BindingRefreshRequest()),
    packet_of(wire.HomeTestInit(COOKIE)),
    packet_of(wire.CareOfTestInit(COOKIE)),
    packet_of(wire.HomeTest(3, COOKIE, TOKEN)),
    packet_of(wire.CareOfTest(4, COOKIE, TOKEN)),
    packet_of(EARLY),
    packet_of(wire.BindingUpdate(8, 0, options=(wire.NonceIndicesOption(5, 6), MAC)), home=HOME),
    packet_of(wire.BindingUpdate(9, 1, options=(wire.AlternateCareOfAddressOption(CARE_OF),))),
    packet_of(wire.BindingAcknowledgement(135, 7, 9, options=(wire.BindingRefreshAdviceOption(3), MAC)), routing=HOME),
    packet_of(wire.BindingError(2, HOME)),
    Packet(CARE_OF, CORRESPONDENT, packet_of(wire.HomeTestInit(COOKIE))),
    Packet(CORRESPONDENT, CARE_OF, UdpDatagram(bytes(99)), routing_home_address=HOME),
]


def trace_of(packets: list[Packet]) -> Trace:
    return Trace("s", "a", "p", {}, (), tuple(step_of(packet.to_bytes()) for packet in packets))


def test_tshark_finds_the_same_octets_and_numbers_at_the_same_place(tmp_path: Path) -> None:
    trace, path = trace_of(STANDARD), tmp_path / "standard.pcap"
    path.write_bytes(capture(trace))
    command = ["tshark", "-r", str(path), "-T", "pdml"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    compared = set()
    for packet, dissected in zip(rows(trace), ElementTree.fromstring(told), strict=True):
        by_start = {field.start: field for field in packet.fields}
        for each in dissected.iter("field"):
            name = each.attrib["name"]
            if name in DISSECTED and "value" in each.attrib:
                field = by_start[int(each.attrib["pos"])]
                assert field.name.endswith(DISSECTED[name])
                assert (field.length, field.octets) == (int(each.attrib["size"]), each.attrib["value"])
                if name in NUMBERS:
                    assert agree(int(each.attrib["show"]), field)
                compared.add(name)
    assert compared == set(DISSECTED)


# Addresses have the names of the model.

TRUE = {str(address): name for name, address in Stage("type1-initial", Policy()).addresses.items()}
BEHIND = {care_of: principal for principal, care_of in AGENT_ADDRESSES.items()}


@pytest.mark.parametrize("name", STORED)
def test_an_address_is_called_what_it_is(name: str) -> None:
    for address, called in names(replayed(name)).items():
        address_name = TRUE[address]
        assert set(called) <= {
            address_name,
            BEHIND.get(address_name),
            "mn" if address_name in ("CoA1", "CoA2") else None,
        }


def test_nearly_all_addresses_have_a_name() -> None:
    every = [
        field
        for name in STORED
        for packet in rows(replayed(name))
        for field in packet.fields
        if field.length == 16 and field.name.endswith("Address")
    ]
    assert len([field for field in every if "," in field.meaning]) > 0.9 * len(every) > 500


def test_an_address_with_two_names_has_none() -> None:
    first = step_of(carrying(wire.CareOfTestInit(COOKIE)), type="TestInit", address="CoA1")
    second = step_of(carrying(wire.CareOfTestInit(COOKIE)), type="TestInit", address="CoA2")
    assert names(Trace("s", "a", "p", {}, (), (first,))) == {str(CARE_OF): ("CoA1",)}
    assert names(Trace("s", "a", "p", {}, (), (first, second))) == {}


def test_a_guess_counts_only_where_nothing_else_names_an_address() -> None:
    """The answer to an update that names its care-of address in an option goes elsewhere."""
    answer = step_of(packet_of(ANSWER).to_bytes(), type="Acknowledgement", care_of="CoA1")
    other = step_of(packet_of(ANSWER).to_bytes(), type="Test", address="cn", kind="HoT")
    assert names(Trace("s", "a", "p", {}, (), (answer,))) == {str(CORRESPONDENT): ("CoA1",)}
    assert names(Trace("s", "a", "p", {}, (), (answer, other))) == {str(CORRESPONDENT): ("cn",)}


# Terms stand where their octets are.

SPLIT_UP = ("CacheAnswer", "Data")
"""Messages with two names in one part of their term."""


@pytest.mark.parametrize("name", STORED)
def test_every_part_of_a_term_is_carried_by_a_field(name: str) -> None:
    for packet in rows(replayed(name)):
        carried = ", ".join(field.term for field in packet.fields)
        head, parts = split(packet.step.term)
        assert re.sub(r" \d+$", "", head) in carried
        kind = packet.step.data.get("message", {}).get("type")
        for part in parts:
            for piece in re.split(" at | to ", part) if kind in SPLIT_UP else [part]:
                assert piece in (*carried.split(", "), "no authenticator", "none") or piece in carried


@pytest.mark.parametrize("name", STORED)
def test_a_field_that_carries_the_name_of_an_address_has_this_address(name: str) -> None:
    for packet in rows(replayed(name)):
        for field in packet.fields:
            told = re.sub("^(home|care-of|peer|outer source|routing header) ", "", field.term)
            if told in TRUE.values() and field.length == 16:
                assert TRUE[str(IPv6Address(bytes.fromhex(field.octets)))] == told


def test_an_early_update_shows_what_the_model_says_of_it() -> None:
    """The rows of one packet as a reader gets them, the folded ones left out."""
    packet = next(each for each in rows(replayed("binding-freshness")) if each.step.message == "early PBU")
    told = [(field.name, field.meaning, field.term, field.section) for field in packet.fields if not field.plain]
    assert told == [
        ("Source Address", "2001:db8:11::1, CoA1, pma1", "care-of CoA1", "RFC 8200 3"),
        ("Destination Address", "2001:db8:2:0:1473:1b77:ca79:1ab2, cn", "", "RFC 8200 3"),
        ("MH Type", "5: Binding Update", "early PBU", "RFC 6275 6.1.1"),
        ("Sequence #", "sequence number 1", "seq 1", "RFC 6275 6.1.7"),
        (
            "A H L K M R P flags, Reserved",
            "A: acknowledgement requested; P: proxy registration",
            "PBU",
            "RFC 6275 6.1.7",
        ),
        ("Lifetime", "86400 s", "", "RFC 6275 6.1.7"),
        ("Home Address", "2001:db8:1:0:100e:5e46:ad89:c924, HoA", "home HoA", "draft 7, format proposed here"),
        ("Public Key", "162 octets: public key, DER SubjectPublicKeyInfo", "CGA of mn", "RFC 3972 3"),
        (
            "Signature",
            "128 octets: RSA signature",
            "signature of mn over (care-of CoA1, to cn, PBU seq 1)",
            "RFC 4866 5.2",
        ),
        ("Type, Length", "option 15, 0 octets of data", "care-of test init", "RFC 4866 5.4"),
        ("Home Nonce Index", "home nonce index 1", "home nonce 1", "RFC 6275 6.2.6"),
        ("Care-of Nonce Index", "care-of nonce index 0", "care-of nonce 0", "RFC 6275 6.2.6"),
        (
            "Authenticator",
            "12 octets: First(96, HMAC-SHA1)",
            "MAC[SHA1(T(HoA, nonce 1) | 0)](care-of CoA1, PBU seq 1)",
            "RFC 6275 6.2.7",
        ),
    ]


def test_tokens_on_their_way_are_told_from_each_other() -> None:
    packets = [packet for name in STORED for packet in rows(replayed(name))]
    told = {(field.header, re.sub(r"\d", "#", field.term)) for packet in packets for field in packet.fields}
    assert ("Proxy Home Test", "T(HoA, nonce #)") in told
    assert ("Proxy Home Test", "nonce #") in told
    assert ("Care-of Test", "C(CoA#, nonce #)") in told
    assert ("Permanent Home Keygen Token option", "{PT#(HoA)}pk(mn)") in told
    assert ("Handover Home Keygen Token option", "{HT#(HoA)}pk(mn)") in told
    assert ("Permanent Home Keygen Token option", "PT#(HoA)") in told, "where encryption is switched off"


def test_a_deregistration_shows_in_its_lifetime() -> None:
    packets = [packet for name in STORED for packet in rows(replayed(name)) if "deregist" in packet.step.message]
    told = {(field.meaning, field.term) for packet in packets for field in packet.fields if field.name == "Lifetime"}
    assert told == {("0 s: deregistration", "deregistration"), ("0 s: deregistration", "deregistering")}


def test_a_term_is_cut_at_the_commas_outside_of_brackets() -> None:
    assert split("PBA(status 0, {PT1(HoA, x)}pk(mn), MAC[a, b](c, d))") == (
        "PBA",
        ("status 0", "{PT1(HoA, x)}pk(mn)", "MAC[a, b](c, d)"),
    )
    assert split("trigger") == ("trigger", ())


# What the authenticator and the signature cover.


def sealed(message: wire.KnownMessage, care_of: IPv6Address, source: IPv6Address, destination: IPv6Address) -> bytes:
    """A packet whose MAC is made with another care-of address than its source."""
    octets = wire.seal(
        message,
        source=source,
        destination=destination,
        authenticate=lambda header: tokens.authenticator(KBM, care_of, CORRESPONDENT, header),
    )
    return Packet(source, destination, MobilityHeader(octets)).to_bytes()


ALTERNATE = wire.BindingUpdate(
    8, 1, options=(wire.AlternateCareOfAddressOption(CARE_OF), wire.NonceIndicesOption(5, 6), MAC)
)
DEREGISTRATION = wire.BindingUpdate(
    9, 0, options=(wire.MobileNodeHomeAddressOption(HOME), wire.NonceIndicesOption(5, 0), MAC)
)
ANSWER = wire.BindingAcknowledgement(0, 7, 9, options=(wire.CareOfTestOption(TOKEN), MAC))
ELSEWHERE = IPv6Address("2001:db8:bad::1")
SEALED = {
    "early update": (packet_of(EARLY).to_bytes(), CARE_OF, "CoA1"),
    "complete update with a Home Address option": (
        packet_of(wire.BindingUpdate(8, 1, options=(wire.NonceIndicesOption(5, 6), MAC)), home=HOME).to_bytes(),
        CARE_OF,
        "CoA1",
    ),
    "alternate care-of address": (sealed(ALTERNATE, CARE_OF, ELSEWHERE, CORRESPONDENT), CARE_OF, "CoA1"),
    "deregistration": (sealed(DEREGISTRATION, HOME, CARE_OF, CORRESPONDENT), HOME, "HoA"),
    "deregistration with a Home Address option": (
        packet_of(wire.BindingUpdate(9, 0, options=(MAC,)), home=HOME, bound=HOME).to_bytes(),
        HOME,
        "HoA",
    ),
    "acknowledgement": (sealed(ANSWER, CARE_OF, CORRESPONDENT, CARE_OF), CARE_OF, "CoA1"),
}
"""Packets, the care-of address in their MAC, and what it is called."""
KNOWN = {**BETWEEN, str(HOME): ("HoA",), str(ELSEWHERE): ("attacker",)}


def authenticated(octets: bytes, places: tuple[int, int], header_octets: int) -> bytes:
    """The authenticator that the octets of a packet ask for, if its two addresses stand at `places`."""
    care_of, correspondent = (IPv6Address(octets[at : at + 16]) for at in places)
    return tokens.authenticator(KBM, care_of, correspondent, octets[-header_octets:])


def signed(octets: bytes, places: tuple[int, int], header_octets: int) -> bytes:
    """What a signature of these octets is made over."""
    header = octets[-header_octets:]
    ends = b"".join(octets[at : at + 16] for at in places)
    slices = 46 - 40 + 6 + 2 + 18 + 2 + 255 + 2 + len(PARAMETERS) + 100 - 255
    return ends + header[:4] + bytes(2) + header[6:slices]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(SEALED)), st.data())
def test_a_change_of_an_octet_changes_the_mac_if_and_only_if_its_field_is_covered(
    name: str, data: st.DataObject
) -> None:
    octets, care_of, called = SEALED[name]
    found = fields(step_of(octets, type="Update", mac=["mac", None, called, "cn", []], sig=[]), KNOWN)
    mobility = next(field.start for field in found if field.header == "Mobility Header")
    places = octets.index(care_of.packed), octets.index(CORRESPONDENT.packed)
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:at] + bytes([octets[at] ^ 1 << data.draw(st.integers(0, 7))]) + octets[at + 1 :]
    (field,) = (each for each in found if each.start <= at < each.start + each.length)
    size = len(octets) - mobility
    assert authenticated(octets, places, size) == octets[-12:]
    assert (authenticated(changed, places, size) != octets[-12:]) == ("MAC" in field.covered), field


@settings(deadline=None)
@given(st.data())
def test_a_change_of_an_octet_changes_what_is_signed_if_and_only_if_its_field_is_covered(data: st.DataObject) -> None:
    octets = packet_of(EARLY).to_bytes()
    message = {"type": "Update", "sig": ["sig", "mn", True, "CoA1", "cn", []], "mac": ["mac", None, "CoA1", "cn", []]}
    found = fields(step_of(octets, **message), KNOWN)
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
    (field,) = (each for each in found if each.start <= at < each.start + each.length)
    places = 8, 24
    assert (signed(changed, places, len(octets) - 40) != signed(octets, places, len(octets) - 40)) == (
        "signature" in field.covered
    ), field


def test_what_a_mechanism_leaves_out_of_the_mac_is_not_covered() -> None:
    octets = packet_of(EARLY).to_bytes()
    found = fields(step_of(octets, type="Update", mac=["mac", None, None, "cn", []], sig=None), KNOWN)
    covered = {field.name: field.covered for field in found if field.header == "IPv6 header"}
    assert covered["Source Address"] == ()
    assert covered["Destination Address"] == ("MAC",)


def test_nothing_covers_a_message_that_does_not_end_with_an_authenticator() -> None:
    followed = wire.BindingUpdate(8, 1, options=(MAC,))
    octets = bytearray(packet_of(followed).to_bytes())
    octets[4:6] = (len(octets) + 8 - 40).to_bytes(2, "big")
    octets[41] += 1
    for packet in (packet_of(wire.BindingError(2, HOME)).to_bytes(), bytes(octets) + bytes([1, 6]) + bytes(6)):
        found = fields(step_of(packet, type="PeerUpdate"))
        assert lost(found) == []
        assert all(not field.covered for field in found)
    assert any(field.covered for field in fields(step_of(packet_of(followed).to_bytes(), type="PeerUpdate")))


# Records are input.

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["mac", "sig", "forged", "cn"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)
attributes = (
    "home",
    "care_of",
    "to",
    "at",
    "mac",
    "sig",
    "tokens",
    "care_of_token",
    "nonce",
    "link",
    "address",
    "kind",
)
kinds = (
    "TestInit",
    "Test",
    "Update",
    "Acknowledgement",
    "PeerUpdate",
    "CacheAnswer",
    "ContextData",
    "Data",
    "nonsense",
)


@settings(deadline=None)
@given(
    st.sampled_from(with_packets()),
    st.text(st.characters(), max_size=40) | st.text("(,)[{}] CPTHMAC", max_size=40),
    st.dictionaries(st.sampled_from(attributes), values),
    st.sampled_from(kinds) | values,
)
def test_whatever_a_record_says_a_packet_has_its_fields(
    seen: tuple[str, Step], term: str, message: dict[str, Any], kind: object
) -> None:
    step = replace(seen[1], term=term, data={"kind": "deliver", "message": {**message, "type": kind}})
    trace = Trace("s", "a", "p", {}, (), (step,))
    (packet,) = rows(trace)
    assert_tiled(bytes.fromhex(step.octets or ""), packet.fields)


def test_a_step_without_a_packet_or_with_no_hexadecimal_has_no_fields() -> None:
    assert fields(replace(step_of(b""), octets=None)) == fields(replace(step_of(b""), octets="xy")) == ()


def test_rows_are_numbered_like_the_steps() -> None:
    trace = replayed("binding-freshness")
    assert [trace.steps[packet.number - 1] for packet in rows(trace)] == [packet.step for packet in rows(trace)]
    assert {packet.number for packet in rows(trace)} == {
        number for number, step in enumerate(trace.steps, 1) if step.octets
    }
