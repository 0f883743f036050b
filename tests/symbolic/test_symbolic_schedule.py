"""Times of a trace: every constant of protocol-facts 3.12 is kept, and what cannot be kept is said."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pmicheck.symbolic.schedule import HOP, ImpossibleTiming, schedule
from pmicheck.trace import Said, Step, Trace

STORED = sorted((Path(__file__).parents[1] / "replay" / "traces").glob("*.json"))

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


def start(does: str, sends: tuple[Said, ...] = (), actor: str = "pma1", act: str = "") -> Step:
    return Step(actor, "start", f"{actor} {does}", act=act, sends=sends)


def tick(phase: int) -> Step:
    return Step("clock", "start", CLOCK[phase], act="tick", arguments={"phase": phase})


def end(home: str, at: str) -> Step:
    """The lifetime of an entry is over."""
    return Step(at, "start", f"entry of {home} ends", act="end entry", arguments={"home": home, "at": at})


def update(**fields: Any) -> Step:
    """An update that the correspondent accepts."""
    return Step("cn", "deliver", "cn receives BU", destination="cn", content={**UPDATE, **fields})


def answer(to: str, nonce: int) -> Step:
    """A test answer that reaches an honest node."""
    return Step(to, "deliver", "receives HoT", destination=to, content={"type": "Test", "nonce": nonce})


def sent_test(number: int, kind: str = "PHoTI") -> Said:
    """A test init that goes out, with one cookie or another."""
    return Said(kind, f"{kind}({number})", {"type": "TestInit", "kind": kind, "cookie": ["cookie", "pma1", number]})


def sent_update(name: str, **fields: Any) -> Said:
    """An update that goes out."""
    return Said(name, f"{name}()", {**UPDATE, **fields})


def times_of(*steps: Step, prop: str = "binding-agreement", **fields: Any) -> tuple[float, ...]:
    scenario = fields.pop("scenario", "type1-initial")
    readings, without = fields.pop("readings", {}), fields.pop("without", ())
    return schedule(Trace(scenario, "home-path", prop, readings, without, steps, **fields))


def test_phases_of_the_clock_are_kept() -> None:
    times = times_of(start("a"), tick(1), start("b"), tick(2), start("c"), tick(3), start("d"), tick(4), start("e"))
    assert times[0] == 0
    assert 210 <= times[1] < times[2] < 240 <= times[3] < times[4] < 450 <= times[5] < times[6] < 86400 <= times[7]


def test_every_step_takes_its_time() -> None:
    times = times_of(*(start(str(number)) for number in range(5)))
    assert all(round(later - earlier, 3) >= HOP for earlier, later in pairwise(times))


def test_a_seven_minute_entry_does_not_end_before() -> None:
    times = times_of(update(), tick(1), tick(2), tick(3), end("HoA", "cn"))
    assert times[4] - times[0] >= 420


def test_an_entry_of_a_day_does_not_end_before() -> None:
    signed = update(key="mn")
    times = times_of(start("a"), signed, tick(1), tick(2), tick(3), tick(4), end("HoA", "cn"))
    assert times[6] - times[1] >= 86400


def test_without_the_bound_on_lifetimes_seven_minutes_are_a_day() -> None:
    steps = (update(), *(tick(phase) for phase in range(1, 5)), end("HoA", "cn"))
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
    late = start("repeats what is outstanding", (sent_update("early PBU", nonce=1, care_of_nonce=0),), act="repeat")
    with pytest.raises(ImpossibleTiming, match="pma1 uses a token for 210 s"):
        times_of(answer("pma1", 1), tick(1), tick(2), late)
    times_of(answer("pma2", 1), tick(1), tick(2), late)
    of_another = start("repeats", (sent_update("early PBU", nonce=2, care_of_nonce=0),), act="repeat")
    times_of(answer("pma1", 1), tick(1), tick(2), of_another)


def test_a_repetition_waits_for_its_time_out() -> None:
    first = start("starts the proxy home test", (sent_test(1),), act="start tests")
    again = start("repeats what is outstanding", (sent_test(2),), act="repeat")
    times = times_of(first, again)
    assert times[1] - times[0] >= 1


def test_what_has_not_been_sent_before_is_no_repetition() -> None:
    first = start("starts the home test", (sent_test(1, "HoTI"),), act="start tests")
    again = start("repeats what is outstanding", (sent_test(1, "CoTI"),), act="repeat")
    times = times_of(first, again)
    assert times[1] - times[0] < 1


def test_no_more_than_three_updates_go_out_in_a_second() -> None:
    updates = (sent_update(name) for name in ("early PBU", "complete PBU", "early PBU", "deregistration PBU"))
    times = times_of(*(start("acts", (each,)) for each in updates))
    assert times[2] < 1 < times[3]


def test_a_kind_of_message_is_told_by_its_fields_and_not_by_what_it_is_called() -> None:
    kinds = ({"type": "TestInit", "kind": "HoTI"}, {"type": "Acknowledgement"}, {"type": "Update"})
    for fields in kinds:
        content = {**UPDATE, **fields}
        times = times_of(*(start("acts", (Said(f"called {n}", f"called {n}()", content),)) for n in range(4)))
        assert times[2] < 1 < times[3]


def test_a_message_without_fields_is_told_by_its_name() -> None:
    """Records of earlier schemas have some of that kind."""
    times = times_of(*(start("acts", (Said("PHoTI", f"PHoTI({number})"),)) for number in range(4)))
    assert times[2] < 1 < times[3]


def test_traffic_falls_back_when_the_property_says() -> None:
    own = {"init": "HoTI", "address": "attacker's HoA", "nonce": 1}
    first = Step("attacker", "test", "attacker runs a test", act="test", arguments=own, attacker=True)
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


# Entries of agents (draft 4.2, 4.3).


def peer_update(to: str, home: str, *, lifetime: bool = True) -> Step:
    """An update of another agent that an agent accepts."""
    message = {"type": "PeerUpdate", "home": home, "lifetime": lifetime}
    return Step(to, "deliver", "receives PBU", destination=to, content=message)


def proxy_test(kind: str, to: str, at: str = "pma3") -> Step:
    """A home test message with a care-of address in it, which makes an entry."""
    fields = {"care_of": "attacker", "address": "HoA", "at": at, "nonce": 1}
    message = {"type": "TestInit" if kind == "PHoTI" else "Test", "kind": kind, **fields}
    return Step(to, "deliver", f"receives {kind}", destination=to, attacker=True, content=message)


DAY = tuple(tick(phase) for phase in (1, 2, 3, 4))


def test_what_a_handshake_made_lasts_a_day_at_either_agent() -> None:
    for to, home in (("pma3", "HoA"), ("pma1", "CN's HoA")):
        times = times_of(start("a"), peer_update(to, home), *DAY, end(home, to), scenario="type2-handshake")
        assert times[-1] - times[1] >= 86400


def test_a_deregistered_entry_need_not_be_there_any_more() -> None:
    steps = (peer_update("pma3", "HoA"), peer_update("pma3", "HoA", lifetime=False), *DAY, start("the end"))
    times_of(start("a"), start("b"), *steps, scenario="type2-handshake")
    kept = (peer_update("pma3", "HoA"), *DAY, start("the end"))
    with pytest.raises(ImpossibleTiming, match="the entry of HoA is still there"):
        times_of(*kept, start("later"), prop="no-redirection", scenario="type2-handshake")


def test_an_entry_by_a_home_test_lasts_seven_minutes() -> None:
    until = (tick(1), tick(2), tick(3))
    for made, ended in (
        (proxy_test("PHoTI", "pma3"), end("HoA", "pma3")),
        (proxy_test("PHoT", "pma1"), end("CN's HoA", "pma1")),
    ):
        times = times_of(start("a"), made, *until, ended, scenario="type2-rr")
        assert times[-1] - times[1] >= 420


def test_a_second_home_test_does_not_prolong_an_entry() -> None:
    """Decision 034: it changes nothing where there is an entry, and nothing at all with photi_state=none."""
    first, second = proxy_test("PHoTI", "pma3"), proxy_test("PHoTI", "pma3")
    steps = (first, tick(1), second, tick(2), tick(3), end("HoA", "pma3"))
    times = times_of(*steps, scenario="type2-rr")
    assert 450 <= times[-1] < times[2] + 420
    times_of(first, *DAY, start("the end"), scenario="type2-rr", readings={"photi_state": "none"})


def test_an_empty_trace_takes_no_time() -> None:
    assert times_of() == ()


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_traces_have_the_times_that_come_out(path: Path) -> None:
    trace = msgspec.json.decode(path.read_bytes(), type=Trace)
    assert list(schedule(trace)) == [step.time for step in trace.steps]
