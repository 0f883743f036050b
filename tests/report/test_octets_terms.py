"""What the fields of a packet are to the model: names of addresses, parts of the term, what the MAC covers."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from octet_samples import (
    BETWEEN,
    CARE_OF,
    COOKIE,
    CORRESPONDENT,
    EARLY,
    HOME,
    KBM,
    MAC,
    PARAMETERS,
    STORED,
    TOKEN,
    assert_tiled,
    carrying,
    lost,
    packet_of,
    replayed,
    step_of,
    with_packets,
)
from told import parts

from pmicheck.bench.cast import stage_for
from pmicheck.bench.names import CARE_OF as AGENT_ADDRESSES
from pmicheck.nodes.policy import Policy
from pmicheck.report.octets.table import fields, names, rows
from pmicheck.trace import Step, Trace
from pmicheck.wire import codec, tokens
from pmicheck.wire.packet import MobilityHeader, Packet

# Addresses have the names of the model.

TRUE = {str(address): name for name, address in stage_for("type1-initial", Policy()).addresses.items()}
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
    first = step_of(carrying(codec.CareOfTestInit(COOKIE)), type="TestInit", address="CoA1")
    second = step_of(carrying(codec.CareOfTestInit(COOKIE)), type="TestInit", address="CoA2")
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
        kind = (packet.step.content or {}).get("type")
        assert ("data" if kind == "Data" else packet.step.message) in carried
        for _, part in packet.step.parts:
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


@pytest.mark.parametrize("name", STORED)
def test_a_term_has_nothing_but_its_parts(name: str) -> None:
    for step in replayed(name).steps:
        _, _, inside = step.term.partition("(")
        assert inside == (f"{', '.join(words for _, words in step.parts)})" if step.term else "")


def test_a_message_that_tells_nothing_but_its_type_has_no_parts_but_its_name() -> None:
    octets = packet_of(EARLY).to_bytes()
    found = fields(replace(step_of(octets, type="Update"), message="early PBU"))
    assert {field.term for field in found} == {"", "early PBU"}


def test_a_part_that_tells_no_field_of_its_message_stands_nowhere() -> None:
    odd = (("", "what"), ("surprise", "something"), ("status", "status 0"), ("seq", "seq 7"))
    found = fields(replace(step_of(packet_of(EARLY).to_bytes(), type="Update"), parts=odd))
    assert [(field.name, field.term) for field in found if field.term] == [("Sequence #", "seq 7")]


# What the authenticator and the signature cover.


def sealed(message: codec.KnownMessage, care_of: IPv6Address, source: IPv6Address, destination: IPv6Address) -> bytes:
    """A packet whose MAC is made with another care-of address than its source."""
    octets = codec.seal(
        message,
        source=source,
        destination=destination,
        authenticate=lambda header: tokens.authenticator(KBM, care_of, CORRESPONDENT, header),
    )
    return Packet(source, destination, MobilityHeader(octets)).to_bytes()


ALTERNATE = codec.BindingUpdate(
    8, 1, options=(codec.AlternateCareOfAddressOption(CARE_OF), codec.NonceIndicesOption(5, 6), MAC)
)
DEREGISTRATION = codec.BindingUpdate(
    9, 0, options=(codec.MobileNodeHomeAddressOption(HOME), codec.NonceIndicesOption(5, 0), MAC)
)
ANSWER = codec.BindingAcknowledgement(0, 7, 9, options=(codec.CareOfTestOption(TOKEN), MAC))
ELSEWHERE = IPv6Address("2001:db8:bad::1")
SEALED = {
    "early update": (packet_of(EARLY).to_bytes(), CARE_OF, "CoA1"),
    "complete update with a Home Address option": (
        packet_of(codec.BindingUpdate(8, 1, options=(codec.NonceIndicesOption(5, 6), MAC)), home=HOME).to_bytes(),
        CARE_OF,
        "CoA1",
    ),
    "alternate care-of address": (sealed(ALTERNATE, CARE_OF, ELSEWHERE, CORRESPONDENT), CARE_OF, "CoA1"),
    "deregistration": (sealed(DEREGISTRATION, HOME, CARE_OF, CORRESPONDENT), HOME, "HoA"),
    "deregistration with a Home Address option": (
        packet_of(codec.BindingUpdate(9, 0, options=(MAC,)), home=HOME, bound=HOME).to_bytes(),
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
    followed = codec.BindingUpdate(8, 1, options=(MAC,))
    octets = bytearray(packet_of(followed).to_bytes())
    octets[4:6] = (len(octets) + 8 - 40).to_bytes(2, "big")
    octets[41] += 1
    for packet in (packet_of(codec.BindingError(2, HOME)).to_bytes(), bytes(octets) + bytes([1, 6]) + bytes(6)):
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
    parts(st.sampled_from(attributes) | st.text(max_size=20)),
    st.none()
    | st.fixed_dictionaries({"type": st.sampled_from(kinds) | values}, optional=dict.fromkeys(attributes, values)),
    st.dictionaries(st.sampled_from(("init", "address", "nonce")), values),
    st.sampled_from(("deliver", "inject", "test")),
)
def test_whatever_a_record_says_a_packet_has_its_fields(
    seen: tuple[str, Step],
    told: tuple[tuple[str, str], ...],
    message: dict[str, Any] | None,
    arguments: dict[str, Any],
    action: str,
) -> None:
    step = replace(seen[1], parts=told, content=message, arguments=arguments, action=action)
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
