"""Traces about a second mobile node or correspondent are played with the nodes of the main flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from pmicheck.bench.flows import ELSEWHERE, of_one_flow
from pmicheck.report.record.record import load_trace
from pmicheck.trace import Changed, Said, Step, Trace

HERE, OTHER_NODE, OTHER_CORRESPONDENT = ("HoA", "cn"), ("second HoA", "cn"), ("HoA", "cn2")
OTHER_FLOW = ("second HoA", "cn2")


def start(act: str, flow: tuple[str, str], actor: str = "pma1") -> Step:
    """What an agent does of its own accord for a node with a correspondent."""
    home, at = flow
    return Step(actor, "start", f"{actor} acts", act=act, arguments={"agent": actor, "home": home, "at": at})


def move(home: str, target: str, actor: str) -> Step:
    return Step(actor, "start", f"{actor} moves", act="move", arguments={"home": home, "target": target})


def deliver(to: str, **message: Any) -> Step:
    return Step(to, "deliver", f"{to} receives it", act="receive", content=message)


def entry(keeper: str, home: str, care_of: str) -> Changed:
    after = {"care_of": care_of, "verified": False}
    name = f"{keeper}[{home}].entry"
    return Changed(name, "entry", {"keeper": keeper, "home": home}, "entry", None, after, ("none",), (care_of,))


def played(*steps: Step) -> tuple[Step, ...]:
    return of_one_flow(Trace("type1-initial", "off-path", "no-redirection", {}, (), steps)).steps


def test_a_trace_of_the_main_flow_stays_as_it_is() -> None:
    steps = (start("start tests", HERE), deliver("cn", address="HoA", at="cn"))
    assert played(*steps) == steps


def test_the_names_of_another_flow_become_those_of_the_main_one() -> None:
    cookie = ["cookie", "pma1", "home test (second HoA at cn2)", 1]
    named = {"home": "second HoA", "at": "cn2"}
    begun, test, ended, moved = played(
        start("start tests", OTHER_FLOW),
        deliver("cn2", address="second HoA", at="cn2", cookie=cookie, sig=["sig", "mn2"]),
        Step("cn2", "start", "entry of second HoA ends at cn2", act="end entry", arguments=named),
        move("second HoA", "CoA2", "mn2"),
    )
    assert begun.arguments == {"agent": "pma1", "home": "HoA", "at": "cn"}
    wanted = {"address": "HoA", "at": "cn", "cookie": ["cookie", "pma1", "home test", 1], "sig": ["sig", "mn"]}
    assert (test.actor, test.content) == ("cn", wanted)
    assert (ended.actor, ended.arguments) == ("cn", {"home": "HoA", "at": "cn"})
    assert (moved.actor, moved.arguments) == ("mn", {"home": "HoA", "target": "CoA2"})


def test_what_a_step_sends_is_named_for_the_main_flow_too() -> None:
    sent = Said("PHoTI", "PHoTI(second HoA)", {"type": "TestInit", "address": "second HoA", "at": "cn2"})
    step = start("start tests", OTHER_FLOW)
    (main,) = played(replace(step, sends=(sent,)))
    assert main.sends[0].content == {"type": "TestInit", "address": "HoA", "at": "cn"}


def test_what_the_trace_tells_of_the_cache_is_held_against_the_main_entry() -> None:
    told = entry("cn2", "HoA", "CoA1")
    step = Step("cn2", "deliver", "cn2 receives early PBU", content={"home": "HoA", "to": "cn2"}, cells=(told,))
    (main,) = played(step)
    (cell,) = main.cells
    assert (cell.kind, cell.of, cell.after) == ("entry", {"keeper": "cn", "home": "HoA"}, told.after)


def test_a_cell_alone_tells_which_flow_a_step_is_about() -> None:
    step = Step("cn2", "start", "it acts", act="end entry", cells=(entry("cn2", "second HoA", "CoA1"),))
    (main,) = played(step)
    assert main.cells[0].of == {"keeper": "cn", "home": "HoA"}


def test_other_flows_are_left_out_and_the_clock_goes_on() -> None:
    other, tick, test, last = played(
        start("start tests", HERE),
        Step("clock", "start", "clock reaches 210 s", act="tick", arguments={"phase": 1}),
        Step("attacker", "test", "attacker runs a test", act="test", arguments={"init": "HoTI", "address": "HoA"}),
        start("start tests", OTHER_CORRESPONDENT),
    )
    assert (other.action, other.cells) == (ELSEWHERE, ())
    assert (tick.action, tick.arguments) == ("start", {"phase": 1})
    assert (test.action, test.arguments["address"]) == ("test", "HoA")
    assert (last.act, last.arguments["at"]) == ("start tests", "cn")


def test_a_move_concerns_all_flows_of_its_node_and_no_other() -> None:
    own, others, _ = played(
        move("HoA", "CoA2", "mn"),
        move("second HoA", "CoA2", "mn2"),
        start("start tests", OTHER_CORRESPONDENT, "pma2"),
    )
    assert (own.action, own.arguments) == ("start", {"home": "HoA", "target": "CoA2"})
    assert others.action == ELSEWHERE


def test_a_second_node_with_the_first_correspondent_is_another_flow() -> None:
    left_out, kept = played(start("start tests", HERE), start("start tests", OTHER_NODE))
    assert left_out.action == ELSEWHERE
    assert kept.arguments["home"] == "HoA"


def test_words_do_not_tell_the_flow() -> None:
    """A name of another flow in a sentence of a step, or within another name, means nothing."""
    step = start("start tests", HERE)
    named = replace(step, rule="pma1 acts (second HoA at cn2)", term="PHoTI(second HoA)", section="cn2")
    assert played(named) == (named,)


@pytest.mark.parametrize(
    ("rule", "change", "act", "arguments", "of"),
    [
        (
            "pma1 starts the proxy home test (HoA at cn2)",
            "pma1.registration (HoA at cn2): testing, last number 0",
            "start tests",
            {"home": "HoA", "at": "cn2"},
            {"keeper": "pma1", "home": "HoA", "at": "cn2"},
        ),
        (
            "entry of second HoA ends at cn2",
            "cn2[second HoA].entry: none",
            "end entry",
            {"home": "second HoA", "at": "cn2"},
            {"keeper": "cn2", "home": "second HoA"},
        ),
        (
            "node of second HoA moves to CoA2",
            "node of second HoA attached to: CoA2",
            "move",
            {"home": "second HoA", "target": "CoA2"},
            {"keeper": "mn2", "home": "second HoA"},
        ),
        (
            "mobile node moves to CoA2",
            "mobile node attached to: CoA2",
            "move",
            {"home": "HoA", "target": "CoA2"},
            {"keeper": "mn", "home": "HoA"},
        ),
        (
            "pma1 tunnels the mobile node's data (second HoA at cn)",
            "pma1.registration (second HoA at cn): registered, last number 2, holds PT1 HT1",
            "send data",
            {"by": "pma1", "home": "second HoA", "at": "cn"},
            {"keeper": "pma1", "home": "second HoA", "at": "cn"},
        ),
    ],
)
def test_steps_of_earlier_schemas_tell_their_flow_in_words(
    rule: str, change: str, act: str, arguments: dict[str, Any], of: dict[str, Any]
) -> None:
    told: dict[str, Any] = dict.fromkeys(("actor", "message", "from", "to", "link", "section", "term"), "")
    told |= {"action": "start", "rule": rule, "changes": [change], "data": {"kind": "start", "rule": rule}}
    told |= {"statements": [], "sends": [], "knowledge": [], "passed": [], "attacker": False}
    whole = msgspec.to_builtins(Trace("type1-initial", "off-path", "no-redirection", {}, (), ()))
    (step,) = load_trace({**whole, "steps": [{**told, "time": 0.0, "octets": None}]}, Path("trace.json")).steps
    assert (step.act, step.arguments) == (act, arguments)
    assert [(cell.kind != "", cell.of) for cell in step.cells] == [(True, of)]
