"""What an attack costs: packets, octets and seconds, counted on the replay the same way for every property."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pmicheck.bench.cast import CASTING
from pmicheck.replay.replay import replay
from pmicheck.symbolic.schedule import schedule
from pmicheck.trace import Trace
from pmicheck.verdict import Replay

TRACES = sorted((Path(__file__).parent / "traces").glob("*.json"))


def cost_of(path: Path) -> dict[str, float]:
    trace = msgspec.json.decode(path.read_bytes(), type=Trace)
    report = replay(trace, times=schedule(trace), casting=CASTING)
    assert report.outcome is Replay.CONFIRMED, report.sentence
    found: dict[str, float] = report.details["cost"]
    return found


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_every_confirmed_attack_has_its_cost(path: Path) -> None:
    found = cost_of(path)
    assert set(found) == {"packets", "octets_sent", "victim_octets", "seconds"}
    assert (found["packets"] > 0) == (found["octets_sent"] > 0)
    assert found["octets_sent"] >= 40 * found["packets"], "an IPv6 header alone takes 40 octets"
    assert found["victim_octets"] >= 0
    assert found["seconds"] >= 0


@pytest.mark.parametrize("name", ["no-redirection", "no-careof-flooding"])
def test_who_diverts_traffic_makes_octets_arrive(name: str) -> None:
    (path,) = (path for path in TRACES if path.stem == name)
    assert cost_of(path)["victim_octets"] >= 1500
