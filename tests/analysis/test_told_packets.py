"""What a step tells of its packet is what the packet shows: source, destination, link, type and time."""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from test_replays_fail_closed import RUNS, traces

from pmicheck.bench.names import addresses
from pmicheck.model.topology import LINKS
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request
from pmicheck.verify.results import replay_trace
from pmicheck.wire.packet import MobilityHeader, Packet

NAMES = {str(address): name for name, address in addresses().items()}
INTERNET = "Internet"
KINDS = {
    1: "HoTI",
    2: "CoTI",
    3: "HoT",
    4: "CoT",
    5: r"(early|complete|deregistration) P?BU|(answering |deregistering )?handshake PBU",
    6: "P?BA|handshake PBA",
    240: "PHoTI",
    241: "PHoT",
    242: "binding cache request",
    243: "binding cache acknowledgement",
    244: "context transfer request",
    245: "context transfer data",
}
"""What a step may call a message, by its MH Type."""
ENDS = {
    "HA-CN path": {"home", "correspondent"},
    "care-of path to the CN": {"away", "correspondent"},
    "HA-PMA tunnel": {"home agent", "away"},
    "tunnel between HA2 and PMA3": {"home agent", "away"},
    "path between agents and HA2": {"home agent", "away"},
    "context transfer": {"away"},
}
"""Where the two ends of a link are."""
SEEN = {
    "home-path": {"HA-CN path"},
    "careof-path": {"care-of path to the CN"},
    "dolev-yao": set(ENDS) - {"HA-PMA tunnel", "tunnel between HA2 and PMA3", "context transfer"},
    "malicious-mn": set(),
}
"""The links that an attacker sits on."""


@pytest.fixture(params=[run for run in RUNS if run != "one agent"])
def run(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def with_packets(run: str) -> list[tuple[Trace, Step, Packet]]:
    found = [
        (trace, step, Packet.from_bytes(bytes.fromhex(step.octets)))
        for trace in traces(run)
        for step in trace.steps
        if step.octets is not None
    ]
    assert found
    return found


def made(step: Step) -> bool:
    """Whether the packet is of the attacker's making."""
    return step.attacker and step.action in ("inject", "test")


def owner(address: object, *, mobile: bool) -> set[str]:
    """The nodes that get what is sent to an address, or send from it."""
    name = NAMES[str(address)]
    if found := re.fullmatch(r"CoA(\d)", name):
        return {"mn"} if mobile else {f"pma{found[1]}"}
    return {"HoA": {"ha", "mn"}, "CN's HoA": {"ha2"}}.get(name, {name})


def place(address: object, *, between_agents: bool) -> set[str]:
    """Where an address is: an agent also takes the correspondent's part, and a home network also holds home agents."""
    name = NAMES[str(address)]
    if name.startswith("CoA"):
        return {"away", "correspondent"} if between_agents else {"away"}
    if name in ("ha", "ha2"):
        return {"home agent"}
    return {"HoA": {"home"}, "CN's HoA": {"correspondent"}, "cn": {"correspondent"}}.get(name, set())


def test_source_and_destination_are_those_of_the_packet(run: str) -> None:
    mobile = RUNS[run][0] in ("rr-mobile", "ero-handoff")
    for _, step, packet in with_packets(run):
        if step.link == "access link":
            continue
        assert step.destination in owner(packet.destination, mobile=mobile), step.rule
        if made(step):
            assert step.source == NAMES[str(packet.source)], step.rule
        else:
            assert step.source in owner(packet.source, mobile=mobile), step.rule


def test_the_link_joins_source_and_destination_and_the_attacker_sits_on_it(run: str) -> None:
    scenario, attacker, _ = RUNS[run]
    for _, step, packet in with_packets(run):
        if made(step) and step.link == INTERNET:
            continue
        if made(step):
            assert step.link in SEEN[attacker], step.rule
        if step.link == "access link":
            continue
        agents = scenario.startswith("type2")
        ends = place(packet.source, between_agents=agents), place(packet.destination, between_agents=agents)
        assert all(end & ENDS[step.link] for end in ends), (step.rule, step.link, ends)
        assert step.link in LINKS.values()


def test_a_packet_from_the_attackers_own_address_crosses_no_path_of_others(run: str) -> None:
    for _, step, packet in with_packets(run):
        if NAMES[str(packet.source)].startswith("attacker"):
            assert step.link == INTERNET, step.rule


def test_the_type_is_that_of_the_packet(run: str) -> None:
    for _, step, packet in with_packets(run):
        inner = packet
        while isinstance(inner.payload, Packet):
            inner = inner.payload
        if not isinstance(inner.payload, MobilityHeader):
            assert step.message.endswith("data")
            continue
        octets = inner.payload.octets
        assert re.fullmatch(KINDS[octets[2]], step.message), (step.message, octets[2])
        if octets[2] == 5:
            flags, lifetime = struct.unpack("!HH", octets[8:12])
            assert step.message.endswith("PBU") == bool(flags & 0x0200)
            assert step.message.startswith("dereg") == (not lifetime)


def test_times_never_step_back_and_are_those_of_the_capture(run: str, tmp_path: Path) -> None:
    for number, trace in enumerate(traces(run)):
        report = replay_trace(trace, pcap=tmp_path / f"{number}.pcap")
        times = [step.time for step in report.trace.steps]
        assert all(earlier is not None and later is not None and earlier <= later for earlier, later in pairwise(times))
        captured = capture(tmp_path / f"{number}.pcap")
        for step in report.trace.steps:
            if step.octets is None or step.time is None:
                continue
            sent = [at for at, octets in captured if octets.hex() == step.octets]
            assert any(abs(at - step.time) < 1e-5 for at in sent) if made(step) else min(sent) <= step.time + 1e-5


def capture(path: Path) -> list[tuple[float, bytes]]:
    """Seconds since the start of the trace, and octets, of each packet."""
    from pmicheck.wire.pcap import EPOCH

    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        seconds, micros, length, _ = struct.unpack("<IIII", data[at : at + 16])
        found.append((seconds + micros / 1e6 - EPOCH, data[at + 16 : at + 16 + length]))
        at += 16 + length
    return found


def test_a_step_that_was_not_replayed_claims_no_source_and_no_path(run: str) -> None:
    """The replay of a trace stops where it diverges."""
    for trace in traces(run):
        if len(trace.steps) < 2:
            continue
        first = trace.steps[0]
        other = replace(first, action="start", act="what nobody does")
        report = replay_trace(replace(trace, steps=(other, *trace.steps[1:])))
        for step in report.trace.steps[1:]:
            if made(step):
                assert (step.source, step.link, step.octets) == ("", "", None)


@pytest.mark.parametrize(
    ("scenario", "attacker", "prop", "without", "settings"),
    [
        ("type1-settled", "rogue-previous-pma", "no-redirection", "nonce-freshness", ()),
        ("ero-initial", "rogue-cn+home-path", "binding-agreement", "cn-in-signature", (("plain_rr_fallback", "no"),)),
    ],
    ids=["a test before the tick that ends its nonce", "a signature for a rogue correspondent"],
)
def test_what_the_attacker_has_in_the_model_it_has_in_the_packets(
    scenario: str, attacker: str, prop: str, without: str, settings: tuple[tuple[str, str], ...]
) -> None:
    request = Request((scenario,), (attacker,), (prop,), settings=settings, without=(without,))
    (result,) = verify(request, command=[], progress=lambda _: None).results
    assert result.replay is not None
    assert result.replay.outcome is Replay.CONFIRMED, result.replay.sentence
