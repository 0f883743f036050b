"""scapy, a codec written by others, builds and reads the messages of RFC 6275 as the table of formats does."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import inet6
from wire_octets import DESTINATION, SOURCE, decode, encode
from wire_strategies import known_messages, plain_options

from pmicheck.wire import codec
from pmicheck.wire.fields import FORMATS
from pmicheck.wire.packet import MobilityHeader, Packet

ALIKE: dict[type[Any], tuple[type[Any], dict[str, str]]] = {
    codec.BindingRefreshRequest: (inet6.MIP6MH_BRR, {}),
    codec.HomeTestInit: (inet6.MIP6MH_HoTI, {"cookie": "cookie"}),
    codec.CareOfTestInit: (inet6.MIP6MH_CoTI, {"cookie": "cookie"}),
    codec.HomeTest: (inet6.MIP6MH_HoT, {"nonce_index": "index", "cookie": "cookie", "token": "token"}),
    codec.CareOfTest: (inet6.MIP6MH_CoT, {"nonce_index": "index", "cookie": "cookie", "token": "token"}),
    codec.BindingUpdate: (inet6.MIP6MH_BU, {"sequence": "seq", "lifetime": "mhtime", "flags": "flags"}),
    codec.BindingAcknowledgement: (
        inet6.MIP6MH_BA,
        {"status": "status", "sequence": "seq", "lifetime": "mhtime", "flags": "flags"},
    ),
    codec.BindingError: (inet6.MIP6MH_BE, {"status": "status", "home_address": "ha"}),
    codec.BindingRefreshAdviceOption: (inet6.MIP6OptBRAdvice, {"interval": "rinter"}),
    codec.AlternateCareOfAddressOption: (inet6.MIP6OptAltCoA, {"address": "acoa"}),
    codec.NonceIndicesOption: (inet6.MIP6OptNonceIndices, {"home": "hni", "care_of": "coni"}),
    codec.BindingAuthorizationDataOption: (inet6.MIP6OptBindingAuthData, {"authenticator": "authenticator"}),
    codec.MobileNodeIdentifierOption: (inet6.MIP6OptMNID, {"subtype": "subtype", "identifier": "id"}),
    codec.CgaParametersRequestOption: (inet6.MIP6OptCGAParamsReq, {}),
    codec.CgaParametersOption: (inet6.MIP6OptCGAParams, {"parameters": "cgaparams"}),
    codec.SignatureOption: (inet6.MIP6OptSignature, {"signature": "sig"}),
    codec.PermanentHomeKeygenTokenOption: (inet6.MIP6OptHomeKeygenToken, {"ciphertext": "hkt"}),
    codec.CareOfTestInitOption: (inet6.MIP6OptCareOfTestInit, {}),
    codec.CareOfTestOption: (inet6.MIP6OptCareOfTest, {"token": "cokt"}),
}
"""Our classes, those of scapy, and what scapy calls each field."""
RESERVED = {codec.BindingUpdate: ("reserved", 9), codec.BindingAcknowledgement: ("res2", 5)}
"""The bits after the flags of a message, which scapy has in a field of their own."""
LENGTHS = {codec.NonceIndicesOption: 4, codec.BindingAuthorizationDataOption: 12}
"""Octets of data (RFC 6275 6.2.6, 6.2.7) where scapy 2 would write a length of 16."""
ADDED = (inet6.Pad1, inet6.PadN)

SHORT = st.binary(min_size=1, max_size=200)
options_of_scapy = st.lists(
    plain_options.filter(lambda option: type(option) in ALIKE) | st.builds(codec.CgaParametersOption, SHORT),
    max_size=3,
    unique_by=type,
).flatmap(
    lambda options: st.sampled_from([(*options,), (*options, codec.BindingAuthorizationDataOption(b"twelve octet"))])
)
messages_of_scapy = known_messages.filter(lambda message: type(message) in ALIKE).flatmap(
    lambda message: options_of_scapy.map(lambda options: type(message)(**fields_of(message), options=options))
)


def fields_of(values: object) -> dict[str, Any]:
    """The values of a message or option by their names, its options left out."""
    return {row.value: getattr(values, row.value) for row in FORMATS[type(values)].rows if row.value}


def in_scapy(values: object) -> Any:
    """A message or option as scapy has it, its length, checksum and padding left to scapy."""
    kind, names = ALIKE[type(values)]
    told = {names[name]: as_scapy(value) for name, value in fields_of(values).items()}
    if type(values) in LENGTHS:
        told["olen"] = LENGTHS[type(values)]
    if type(values) in RESERVED:
        rest, bits = RESERVED[type(values)]
        told["flags"], told[rest] = told["flags"] >> bits, told["flags"] & (1 << bits) - 1
    if isinstance(values, codec.BindingAuthorizationDataOption):
        told["authenticator"] = int.from_bytes(values.authenticator, "big")
    if isinstance(values, codec.KnownMessage):
        told["options"] = [in_scapy(option) for option in values.options]
    return kind(**told)


def as_scapy(value: Any) -> Any:
    return str(value) if isinstance(value, IPv6Address) else int(value) if isinstance(value, int) else value


def from_scapy(found: Any) -> Any:
    """What scapy has read, as our class of it."""
    kind, names = next((ours, names) for ours, (theirs, names) in ALIKE.items() if theirs is type(found))
    told = {name: getattr(found, called) for name, called in names.items()}
    if kind in RESERVED:
        rest, bits = RESERVED[kind]
        told["flags"] = int(told["flags"]) << bits | getattr(found, rest)
    for row in FORMATS[kind].rows:
        if row.value and issubclass(row.kind, int | IPv6Address):
            told[row.value] = row.kind(told[row.value])
    if kind is codec.BindingAuthorizationDataOption:
        told["authenticator"] = told["authenticator"].to_bytes(12, "big")
    if issubclass(kind, codec.KnownMessage):
        told["options"] = tuple(from_scapy(option) for option in found.options if not isinstance(option, ADDED))
    return kind(**told)


def scapy_reads(message: codec.KnownMessage) -> Any:
    octets = Packet(SOURCE, DESTINATION, MobilityHeader(encode(message))).to_bytes()
    return inet6.IPv6(octets).payload


@given(messages_of_scapy)
def test_scapy_reads_what_our_codec_writes(message: codec.KnownMessage) -> None:
    assert from_scapy(scapy_reads(message)) == message


@given(messages_of_scapy)
def test_our_codec_reads_what_scapy_writes(message: codec.KnownMessage) -> None:
    built = bytes(inet6.IPv6(src=str(SOURCE), dst=str(DESTINATION)) / in_scapy(message))
    payload = Packet.from_bytes(built).payload
    assert isinstance(payload, MobilityHeader)
    assert decode(payload.octets) == message


@given(messages_of_scapy)
def test_scapy_computes_the_same_checksum_and_length(message: codec.KnownMessage) -> None:
    read = scapy_reads(message)
    again = read.copy()
    del again.cksum, again.len
    rebuilt = type(read)(bytes(inet6.IPv6(src=str(SOURCE), dst=str(DESTINATION)) / again)[40:])
    assert (rebuilt.cksum, rebuilt.len) == (read.cksum, read.len)


def test_scapy_knows_every_message_of_rfc_6275_and_its_options() -> None:
    specified = {
        kind
        for kind, format in FORMATS.items()
        if format.section.startswith("RFC 6275 6.") and issubclass(kind, codec.KnownMessage | codec.Option)
    }
    assert specified <= set(ALIKE)
