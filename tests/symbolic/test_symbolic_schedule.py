"""Times of a trace: every constant of protocol-facts 3.12 is kept, and what cannot be kept is said."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pmicheck.symbolic.schedule import HOP, ImpossibleTiming, schedule
from pmicheck.trace import Step, Trace

STORED = sorted((Path(__file__).parents[1] / "concrete" / "traces").glob("*.json"))

UPDATE: dict[str, Any] = {
    "type": "Update",
    "home": "HoA",
    "care_of": "CoA1",
    "lifetime": True,
    "credential": "T",
    "nonce": 1,
    "care_of_nonce": 1,
    "key": None,
}
CLOCK = {1: "clock reaches 210 s", 2: "clock reaches 240 s", 3: "clock reaches 450 s", 4: "clock reaches 24 h"}


def start(rule: str, sends: tuple[str, ...] = (), actor: str = "pma1") -> Step:
    return Step(actor, "start", rule, sends=sends, data={"kind": "start", "rule": rule})


def tick(phase: int) -> Step:
    step = start(CLOCK[phase], actor="clock")
    return dataclasses.replace(step, data={**step.data, "phase": phase})


def update(**fields: Any) -> Step:
    """An update that the correspondent accepts."""
    message = {**UPDATE, **fields}
    return Step("cn", "deliver", "cn receives BU", destination="cn", data={"kind": "deliver", "message": message})


def answer(to: str, nonce: int) -> Step:
    """A test answer that reaches an honest node."""
    message = {"type": "Test", "nonce": nonce}
    return Step(to, "deliver", "receives HoT", destination=to, data={"kind": "deliver", "message": message})


def times_of(*steps: Step, prop: str = "binding-agreement", **fields: Any) -> tuple[float, ...]:
    return schedule(Trace("type1-initial", "home-path", prop, {}, fields.pop("without", ()), steps, **fields))


def test_phases_of_the_clock_are_kept() -> None:
    times = times_of(start("a"), tick(1), start("b"), tick(2), start("c"), tick(3), start("d"), tick(4), start("e"))
    assert times[0] == 0
    assert 210 <= times[1] < times[2] < 240 <= times[3] < times[4] < 450 <= times[5] < times[6] < 86400 <= times[7]


def test_every_step_takes_its_time() -> None:
    times = times_of(*(start(str(number)) for number in range(5)))
    assert all(round(later - earlier, 3) >= HOP for earlier, later in pairwise(times))


def test_a_seven_minute_entry_does_not_end_before() -> None:
    times = times_of(update(), tick(1), tick(2), tick(3), start("entry of HoA ends", actor="cn"))
    assert times[4] - times[0] >= 420


def test_an_entry_of_a_day_does_not_end_before() -> None:
    signed = update(key="mn")
    times = times_of(start("a"), signed, tick(1), tick(2), tick(3), tick(4), start("entry of HoA ends", actor="cn"))
    assert times[6] - times[1] >= 86400


def test_without_the_bound_on_lifetimes_seven_minutes_are_a_day() -> None:
    steps = (update(), *(tick(phase) for phase in range(1, 5)), start("entry of HoA ends", actor="cn"))
    assert times_of(*steps, without=("lifetime-bound",))[-1] >= 86400


def test_an_entry_is_still_there_when_the_trace_uses_it() -> None:
    with pytest.raises(ImpossibleTiming, match="the entry of HoA is still there"):
        times_of(update(), tick(1), tick(2), tick(3), tick(4), start("the end"))


def test_a_nonce_is_not_accepted_after_240_seconds() -> None:
    with pytest.raises(ImpossibleTiming, match="nonce 1 is accepted for 240 s"):
        times_of(start("a"), tick(1), tick(2), update(nonce=1, care_of_nonce=2))
    times_of(start("a"), tick(1), tick(2), update(nonce=2, care_of_nonce=2))
    times_of(start("a"), tick(1), tick(2), update(nonce=1), without=("nonce-freshness",))


def test_an_honest_node_uses_a_token_for_210_seconds() -> None:
    late = start("pma1 repeats what is outstanding", ("early PBU(home HoA, seq 2, home nonce 1)",))
    with pytest.raises(ImpossibleTiming, match="pma1 uses a token for 210 s"):
        times_of(answer("pma1", 1), tick(1), tick(2), late)


def test_a_repetition_waits_for_its_time_out() -> None:
    first = start("pma1 starts the proxy home test", ("PHoTI(HoA, cookie(pma1, home test 1))",))
    again = start("pma1 repeats what is outstanding", ("PHoTI(HoA, cookie(pma1, home test 2))",))
    times = times_of(first, again)
    assert times[1] - times[0] >= 1


def test_no_more_than_three_updates_go_out_in_a_second() -> None:
    names = ("early PBU", "complete PBU", "early PBU", "deregistration PBU")
    times = times_of(*(start("pma1 acts", (f"{name}(seq {number})",)) for number, name in enumerate(names)))
    assert times[2] < 1 < times[3]


def test_traffic_falls_back_when_the_property_says() -> None:
    own = {"kind": "test", "init": "HoTI", "address": "attacker's HoA", "nonce": 1}
    first = Step("attacker", "test", "attacker runs a test", attacker=True, data=own)
    made = update(home="attacker's HoA", care_of="bystander", key="attacker", care_of_nonce=0)
    gone = update(home="attacker's HoA", credential="PT", nonce=0, lifetime=False)
    times = times_of(
        first,
        made,
        gone,
        prop="no-home-flooding",
        observation={"home_address": "attacker's HoA", "reached_once": True},
        numbers={"s_fallback": 661, "s_home_test": 0},
    )
    assert times[2] - times[0] >= 661
    assert times[1] < 210


def test_an_empty_trace_takes_no_time() -> None:
    assert times_of() == ()


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_traces_have_the_times_that_come_out(path: Path) -> None:
    trace = Trace.from_json(json.loads(path.read_text()))
    assert list(schedule(trace)) == [step.time for step in trace.steps]
