"""The packets of a trace as a capture file."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from octet_samples import STORED, TRACES, replayed, step_of

from pmicheck.bench.cast import CASTING
from pmicheck.replay.replay import replay
from pmicheck.report.capture import capture
from pmicheck.report.record.record import load_json
from pmicheck.trace import Step, Trace
from pmicheck.wire.pcap import EPOCH

MICROSECONDS = 1_000_000
FAMILIES = sorted({load_json(TRACES / f"{name}.json")["scenario"] for name in STORED})


def steps_of(scenario: str) -> list[Step]:
    """The steps of all stored counterexamples of a scenario."""
    return [step for name in STORED if replayed(name).scenario == scenario for step in replayed(name).steps]


def trace_of(*steps: Step) -> Trace:
    return Trace("s", "a", "p", {}, (), steps)


def records(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Microseconds since the beginning, and packet, of each record."""
    at = 24
    while at < len(octets):
        seconds, fraction, length, original = struct.unpack_from("<IIII", octets, at)
        assert length == original
        yield (seconds - int(EPOCH)) * MICROSECONDS + fraction, octets[at + 16 : at + 16 + length]
        at += 16 + length


@pytest.mark.parametrize("scenario", FAMILIES)
def test_tshark_reads_a_capture_of_every_family_and_finds_nothing_malformed(scenario: str, tmp_path: Path) -> None:
    steps = steps_of(scenario)
    path = tmp_path / "trace.pcap"
    path.write_bytes(capture(trace_of(*steps)))
    command = ["tshark", "-r", str(path), "-V", "-o", "udp.check_checksum:TRUE"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert text.count("Frame Length:") == sum(step.octets is not None for step in steps) > 0
    for trouble in ("alformed", "incorrect", "Bad", "truncated", "Expert Info (Error"):
        assert trouble not in text


@pytest.mark.parametrize("name", STORED)
def test_the_packets_are_among_those_that_the_replay_captures(name: str, tmp_path: Path) -> None:
    trace = replayed(name)
    replay(trace, times=[step.time or 0.0 for step in trace.steps], casting=CASTING, pcap=tmp_path / "replay.pcap")
    crossed = {packet for _, packet in records((tmp_path / "replay.pcap").read_bytes())}
    assert {packet for _, packet in records(capture(trace))} <= crossed


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**12), st.binary(min_size=1, max_size=80))))
def test_every_packet_stands_there_at_its_time_to_the_microsecond(packets: list[tuple[int, bytes]]) -> None:
    steps = [replace(step_of(octets), time=at / MICROSECONDS) for at, octets in packets]
    assert list(records(capture(trace_of(*steps)))) == packets


def test_steps_without_a_packet_are_left_out_and_a_trace_without_packets_has_a_valid_file() -> None:
    silent = replace(step_of(b""), octets=None, time=1.0)
    assert len(capture(trace_of(silent))) == 24
    assert [at for at, _ in records(capture(trace_of(silent, replace(step_of(b"x"), time=2.0))))] == [2 * MICROSECONDS]


@pytest.mark.parametrize("time", [None, -1.0, 1e300, float("nan"), float("inf")])
def test_a_time_that_is_none_is_that_of_the_packet_before(time: float | None) -> None:
    steps = replace(step_of(b"x"), time=3.0), replace(step_of(b"y"), time=time)
    assert [at for at, _ in records(capture(trace_of(*steps)))] == [3 * MICROSECONDS, 3 * MICROSECONDS]
