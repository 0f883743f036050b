"""Packets to dissect: the stored counterexamples, replayed, and messages of the codec. No test lives here."""

from __future__ import annotations

import json
import sys
from functools import cache
from ipaddress import IPv6Address
from pathlib import Path

from pmicheck.concrete import cga, keys, signature, tokens, wire
from pmicheck.concrete.packet import MobilityHeader, Packet
from pmicheck.concrete.replay import replay
from pmicheck.trace import Step, Trace

CONCRETE = Path(__file__).parents[1] / "concrete"
sys.path.append(str(CONCRETE))
"""For `wire_strategies`."""

STORED = sorted(path.stem for path in (CONCRETE / "traces").glob("*.json"))

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
    trace = Trace.from_json(json.loads((CONCRETE / "traces" / f"{name}.json").read_text()))
    return replay(trace, times=[step.time or 0.0 for step in trace.steps]).trace


def with_packets() -> list[tuple[str, Step]]:
    """Every step of the stored counterexamples that has a packet, with the name of its trace."""
    return [(name, step) for name in STORED for step in replayed(name).steps if step.octets]


def step_of(octets: bytes, term: str = "", **message: object) -> Step:
    """A step that delivers a packet."""
    data = {"kind": "deliver", "message": message} if message else {}
    return Step("cn", "deliver", "cn receives it", term=term, octets=octets.hex(), data=data)


def packet_of(message: wire.Message, *, bound: IPv6Address = CARE_OF, **headers: IPv6Address) -> Packet:
    """A message from the care-of address to the correspondent, signed and authenticated if it has the options.

    The authenticator is made for the care-of address `bound`.
    """
    empty = Packet(CARE_OF, CORRESPONDENT, MobilityHeader(b""), 64, headers.get("home"), headers.get("routing"))
    ends = {"source": empty.checksum_source, "destination": empty.checksum_destination}
    if isinstance(message, wire.UnknownMessage):
        octets = wire.encode(message, **ends)
    else:
        signed = wire.option_of(message, wire.SignatureOption) == wire.SignatureOption()
        sealed = wire.option_of(message, wire.BindingAuthorizationDataOption) == wire.BindingAuthorizationDataOption()
        octets = wire.seal(
            message,
            **ends,
            sign=sign if signed else None,
            authenticate=(lambda header: tokens.authenticator(KBM, bound, CORRESPONDENT, header)) if sealed else None,
        )
    return Packet(CARE_OF, CORRESPONDENT, MobilityHeader(octets), 64, empty.home_address, empty.routing_home_address)


def sign(part: bytes) -> bytes:
    return signature.sign(keys.private_key("mobile_node"), CARE_OF, CORRESPONDENT, part)
