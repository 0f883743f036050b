"""Packets to dissect: the stored counterexamples, replayed, and messages of the codec. No test lives here."""

from __future__ import annotations

import sys
from functools import cache
from ipaddress import IPv6Address
from itertools import pairwise
from pathlib import Path

from hypothesis import reject

from pmicheck.concrete.replay import replay
from pmicheck.errors import WireError
from pmicheck.report.octets.table import Field
from pmicheck.report.record import load_json, load_trace
from pmicheck.trace import Step, Trace
from pmicheck.wire import cga, codec, keys, signature, tokens
from pmicheck.wire.constants import BindingUpdateFlag
from pmicheck.wire.packet import MobilityHeader, Packet

CONCRETE = Path(__file__).parents[1] / "concrete"
sys.path.append(str(CONCRETE))
"""For `wire_strategies`."""

TRACES = CONCRETE / "traces"
STORED = sorted(path.stem for path in TRACES.glob("*.json"))

CARE_OF = IPv6Address("2001:db8:2::1")
CORRESPONDENT = IPv6Address("2001:db8:3::1")
BETWEEN = {str(CARE_OF): ("CoA1",), str(CORRESPONDENT): ("cn",)}
HOME, PARAMETERS = cga.generate(
    keys.der_public_key("mobile_node"), bytes.fromhex("20010db800010000"), 0, modifier=bytes(16)
)
COOKIE, TOKEN, KBM = b"cookie!!", b"a token!", bytes(20)


@cache
def replayed(name: str) -> Trace:
    """A stored counterexample with the times and packets of its replay."""
    path = TRACES / f"{name}.json"
    trace = load_trace(load_json(path), path)
    return replay(trace, times=[step.time or 0.0 for step in trace.steps]).trace


def with_packets() -> list[tuple[str, Step]]:
    """Every step of the stored counterexamples that has a packet, with the name of its trace."""
    return [(name, step) for name in STORED for step in replayed(name).steps if step.octets]


def step_of(octets: bytes, **message: object) -> Step:
    """A step that delivers a packet."""
    return Step("cn", "deliver", "cn receives it", octets=octets.hex(), content=message or None)


def packet_of(message: codec.Message, *, bound: IPv6Address = CARE_OF, **headers: IPv6Address) -> Packet:
    """A message from the care-of address to the correspondent, signed and authenticated if it has the options.

    The authenticator is made for the care-of address `bound`.
    """
    empty = Packet(CARE_OF, CORRESPONDENT, MobilityHeader(b""), 64, headers.get("home"), headers.get("routing"))
    ends = {"source": empty.checksum_source, "destination": empty.checksum_destination}
    if isinstance(message, codec.UnknownMessage):
        octets = codec.encode(message, **ends)
    else:
        signed = codec.option_of(message, codec.SignatureOption) == codec.SignatureOption()
        sealed = (
            codec.option_of(message, codec.BindingAuthorizationDataOption) == codec.BindingAuthorizationDataOption()
        )
        octets = codec.seal(
            message,
            **ends,
            sign=sign if signed else None,
            authenticate=(lambda header: tokens.authenticator(KBM, bound, CORRESPONDENT, header)) if sealed else None,
        )
    return Packet(CARE_OF, CORRESPONDENT, MobilityHeader(octets), 64, empty.home_address, empty.routing_home_address)


def sign(part: bytes) -> bytes:
    return signature.sign(keys.private_key("mobile_node"), CARE_OF, CORRESPONDENT, part)


MAC = codec.BindingAuthorizationDataOption()
EARLY = codec.BindingUpdate(
    7,
    100,
    BindingUpdateFlag.ACKNOWLEDGE | BindingUpdateFlag.PROXY_REGISTRATION,
    (
        codec.MobileNodeHomeAddressOption(HOME),
        codec.CgaParametersOption(PARAMETERS + bytes(100)),
        codec.SignatureOption(),
        codec.CareOfTestInitOption(),
        codec.NonceIndicesOption(3, 0),
        MAC,
    ),
)


def carrying(message: codec.Message) -> bytes:
    """A packet with a message as it is."""
    try:
        return Packet(
            CARE_OF, CORRESPONDENT, MobilityHeader(codec.encode(message, source=CARE_OF, destination=CORRESPONDENT))
        ).to_bytes()
    except WireError:
        reject()


def trace_of(packets: list[Packet]) -> Trace:
    return Trace("s", "a", "p", {}, (), tuple(step_of(packet.to_bytes()) for packet in packets))


def assert_tiled(octets: bytes, found: tuple[Field, ...]) -> None:
    """The fields have every octet once, in order."""
    assert "".join(field.octets for field in found) == octets.hex()
    assert all(field.length == len(field.octets) // 2 > 0 for field in found)
    assert all(before.start + before.length == after.start for before, after in pairwise(found))
    assert not found or found[0].start == 0


def lost(found: tuple[Field, ...]) -> list[Field]:
    return [field for field in found if field.name == "not understood"]
