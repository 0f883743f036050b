"""Traces about a second mobile node or correspondent are played with the nodes of the main flow."""

from __future__ import annotations

from typing import Any

from pmicheck.concrete.flows import ELSEWHERE, of_one_flow
from pmicheck.trace import Step, Trace

LABEL = "(second HoA at cn2)"


def start(rule: str, **data: Any) -> Step:
    return Step("pma1", "start", rule, data={"kind": "start", "rule": rule, **data})


def deliver(rule: str, **message: Any) -> Step:
    return Step("network", "deliver", rule, data={"kind": "deliver", "message": message})


def played(*steps: Step) -> tuple[Step, ...]:
    return of_one_flow(Trace("type1-initial", "off-path", "no-redirection", {}, (), steps)).steps


def test_a_trace_of_the_main_flow_stays_as_it_is() -> None:
    steps = (start("pma1 starts the proxy home test"), deliver("cn receives PHoTI", address="HoA", at="cn"))
    assert played(*steps) == steps


def test_the_names_of_another_flow_become_those_of_the_main_one() -> None:
    cookie = ["cookie", "pma1", f"home test {LABEL}", 1]
    begun, test, ended, moved = played(
        start(f"pma1 starts the proxy home test {LABEL}"),
        deliver("cn2 receives PHoTI", address="second HoA", at="cn2", cookie=cookie, sig=["sig", "mn2"]),
        start("entry of second HoA ends at cn2"),
        start("node of second HoA moves to CoA2"),
    )
    assert begun.rule == begun.data["rule"] == "pma1 starts the proxy home test"
    wanted = {"address": "HoA", "at": "cn", "cookie": ["cookie", "pma1", "home test", 1], "sig": ["sig", "mn"]}
    assert (test.rule, test.data["message"]) == ("cn receives PHoTI", wanted)
    assert ended.rule == "entry of HoA ends"
    assert moved.rule == "mobile node moves to CoA2"


def test_what_the_trace_tells_of_the_cache_is_held_against_the_main_entry() -> None:
    step = Step("cn2", "deliver", "cn2 receives early PBU", changes=("cn2[HoA].entry: CoA1, unverified",))
    (main,) = played(Step(**{**vars(step), "data": {"kind": "deliver", "message": {"home": "HoA", "to": "cn2"}}}))
    assert main.changes == ("cn[HoA].entry: CoA1, unverified",)


def test_other_flows_are_left_out_and_the_clock_goes_on() -> None:
    other, tick, test, last = played(
        start("pma1 starts the proxy home test"),
        start("clock reaches 210 s", phase=1),
        Step("attacker", "test", "attacker runs a test", data={"kind": "test", "init": "HoTI", "address": "HoA"}),
        start("pma1 starts the proxy home test (HoA at cn2)"),
    )
    assert other.data == {"kind": ELSEWHERE}
    assert tick.data["phase"] == 1
    assert test.data["address"] == "HoA"
    assert last.data["rule"] == "pma1 starts the proxy home test"


def test_a_move_concerns_all_flows_of_its_node_and_no_other() -> None:
    own, others, _ = played(
        start("mobile node moves to CoA2"),
        start("node of second HoA moves to CoA2"),
        start("pma2 starts the proxy home test (HoA at cn2)"),
    )
    assert own.data["rule"] == "mobile node moves to CoA2"
    assert others.data == {"kind": ELSEWHERE}
