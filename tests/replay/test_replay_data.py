"""Payload and triggers in a replay: who was handed what as from whom, and whether that takes an attacker at all."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from test_replay import replayed, stored, type_of, with_fields, with_steps

from pmicheck.bench.local import LocalStage
from pmicheck.bench.names import CN_HOME, COA1, HA2, HOA
from pmicheck.nodes.policy import Policy
from pmicheck.replay.replay import NO_ATTACKER
from pmicheck.report.record.record import load_trace
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay

TUNNELLED, ROUTED = "data-origin", "data-origin-routing-header"
NOT_THERE = "The nodes follow every step, but the bad state is not there at the end."


def start(actor: str, act: str, time: float = 0.0, **arguments: Any) -> Step:
    return Step(actor, "start", f"{actor} acts", act=act, arguments=arguments, time=time)


def carry(action: str, time: float, message: dict[str, Any], *, by_attacker: bool = False) -> Step:
    """A step that delivers a message or injects it."""
    return Step("somebody", action, "receives it", time=time, attacker=by_attacker, content=message)


def payload(source: str, destination: str, link: str, to: str, outer: str = "", routing: str = "") -> dict[str, Any]:
    fields = {"source": source, "destination": destination, "outer": outer, "routing": routing}
    return {"type": "Data", **fields, "link": link, "to": to}


def at_one_agent(*steps: Step, prop: str = "data-origin", attacker: str = "malicious-mn", **more: Any) -> Trace:
    return Trace("type2-local", attacker, prop, more.get("readings", {}), more.get("without", ()), steps)


# Payload that an attacker sends.


@pytest.mark.parametrize(
    ("name", "who", "as_from"), [(TUNNELLED, "cn", "HoA"), (ROUTED, "HoA", "cn")], ids=["tunnel", "routing header"]
)
def test_upper_layers_are_handed_what_the_attacker_sent(name: str, who: str, as_from: str) -> None:
    report = replayed(stored(name))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert (report.details["who"], report.details["as_from"], report.details["sent_by"]) == (who, as_from, "attacker")
    assert report.details["octets"] == report.details["cost"]["victim_octets"] == 1500
    assert "1500 octets of payload" in report.sentence
    assert report.counterfactual.endswith("the bad state is not reached.")


def test_the_attacker_registers_before_its_tunnel_is_believed() -> None:
    """N162: without an entry that holds the outer source the correspondent takes no payload from it."""
    unregistered = with_steps(
        stored(TUNNELLED), lambda s: None if s.action == "inject" and type_of(s) == "Update" else s
    )
    report = replayed(unregistered)
    assert report.outcome is Replay.DIVERGED
    assert "cn refuses the packet by its check 'outer-source-check'" in report.sentence


def test_a_pairwise_check_stops_nobody_who_has_registered_before() -> None:
    """A-20: both sources belong to one entry, and that is the attacker's doing."""
    trace = stored(TUNNELLED)
    report = replayed(structs.replace(trace, readings={**trace.readings, "data_check": "pairwise"}))
    assert report.outcome is Replay.CONFIRMED


def test_an_outer_source_that_is_not_the_attackers_does_not_leave_its_network() -> None:
    forged = with_steps(
        stored(TUNNELLED),
        lambda s: with_fields(s, outer=COA1) if s.action == "inject" and type_of(s) == "Data" else s,
    )
    report = replayed(forged)
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks a place where ingress filtering lets packets of CoA1 pass" in report.sentence


def test_with_the_destination_replaced_the_agent_asks_whom_it_serves() -> None:
    """E-02: read as RFC 6275 6.4 has it, the header must hold an address that is served here."""
    trace = stored(ROUTED)
    report = replayed(structs.replace(trace, readings={**trace.readings, "rh2_address": "destination"}))
    assert report.outcome is Replay.DIVERGED
    assert "pma1 refuses the packet by its check 'routing-header'" in report.sentence


# Payload of honest nodes.


def honest_payload(reading: str) -> Trace:
    """The correspondent sends to the registered node, and nobody else does anything."""
    trace = stored(ROUTED)
    before = tuple(step for step in trace.steps if not step.attacker)
    sent = start("cn", "send data", 1.0, by="cn")
    arrives = carry("deliver", 2.0, payload("cn", HOA, "careof-cn", "pma1", routing=HOA))
    readings = {**trace.readings, "rh2_address": reading}
    return structs.replace(trace, readings=readings, steps=(*before, sent, arrives))


def test_to_the_letter_honest_nodes_reach_the_bad_state_alone() -> None:
    """N152: the node is told that the correspondent's payload comes from itself."""
    report = replayed(honest_payload("source"))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert report.counterfactual == NO_ATTACKER
    assert report.details["as_from"] == HOA
    assert report.details["sent_by"] == "cn"
    assert report.details["cost"]["packets"] == 0


def test_with_the_destination_replaced_honest_payload_has_its_true_source() -> None:
    report = replayed(honest_payload("destination"))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence == NOT_THERE


def test_payload_in_the_agents_tunnel_has_its_true_source() -> None:
    trace = stored(ROUTED)
    before = tuple(step for step in trace.steps if not step.attacker)
    sent = start("pma1", "send data", 1.0, by="pma1")
    arrives = carry("deliver", 2.0, payload(HOA, "cn", "careof-cn", "cn", outer=COA1))
    report = replayed(structs.replace(trace, steps=(*before, sent, arrives)))
    assert report.sentence == NOT_THERE


def test_an_agent_without_registration_tunnels_nothing_to_the_correspondent() -> None:
    trace = structs.replace(stored(ROUTED), steps=(start("pma1", "send data", by="pma1"),))
    assert "pma1 holds no registration with cn" in replayed(trace).sentence


def test_nobody_but_an_agent_and_the_correspondent_sends_data_of_its_own() -> None:
    trace = structs.replace(stored(ROUTED), steps=(start("pma2", "send data", by="pma2"),))
    assert "'pma2' sends no data of its own" in replayed(trace).sentence


def test_payload_that_nobody_sent_is_not_delivered() -> None:
    trace = honest_payload("source")
    unsent = structs.replace(trace, steps=(*trace.steps[:-2], trace.steps[-1]))
    assert "no such packet is under way to pma1" in replayed(unsent).sentence


def test_payload_with_another_routing_header_is_another_packet() -> None:
    trace = honest_payload("source")
    other = structs.replace(trace, steps=(*trace.steps[:-1], with_fields(trace.steps[-1], routing="cn")))
    assert "no such packet is under way to pma1" in replayed(other).sentence


# Two nodes at one agent (the draft's 4.1).

REGISTERED = (start("pma1", "register", home=HOA), start("pma1", "register", 0.1, home=CN_HOME))
TO_NODE = payload(CN_HOME, HOA, "access", "pma1")
TRIGGER = {"type": "Trigger", "home": HOA, "link": "access", "to": "pma1"}
EXPLICIT = {"ro_trigger": "explicit"}
STATELESS = "stateless-before-authentication"


def test_each_node_has_a_home_agent_of_its_own() -> None:
    """Case 2 of the draft's 4.1."""
    stage = LocalStage(Policy())
    at = stage.addresses
    for home in (HOA, CN_HOME):
        stage.register(home, 0)
    assert stage.agent.home_agent_of(at[HOA]) == stage.ha.address
    assert stage.agent.home_agent_of(at[CN_HOME]) == at[HA2]
    assert all(agent.is_registered_at(at[home], at[COA1]) for home, agent in stage.home_agents.items())
    stage.forget(HOA)
    assert stage.ha.binding(at[HOA]) is None


def test_a_trigger_in_anothers_name_makes_state() -> None:
    forged = carry("inject", 1.0, TRIGGER, by_attacker=True)
    report = replayed(at_one_agent(REGISTERED[0], forged, prop=STATELESS, readings=EXPLICIT))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert "pma1 keeps that HoA wants an optimised path" in report.sentence
    assert report.counterfactual == "With the attacker's packet taken out the bad state is not reached."


def test_a_trigger_of_the_node_itself_is_no_offence() -> None:
    asked, arrives = start("mn", "ask for route optimisation", 1.0, home=HOA), carry("deliver", 2.0, TRIGGER)
    report = replayed(at_one_agent(REGISTERED[0], asked, arrives, prop=STATELESS, readings=EXPLICIT))
    assert report.sentence == NOT_THERE


@pytest.mark.parametrize(
    ("steps", "attacker", "sentence"),
    [
        ((carry("inject", 1.0, TRIGGER, by_attacker=True),), "malicious-mn", "no mobile node"),
        (
            (REGISTERED[0], carry("inject", 1.0, TRIGGER, by_attacker=True)),
            "off-path",
            "the attacker lacks a place on the access link of pma1",
        ),
        ((REGISTERED[0], carry("deliver", 1.0, TRIGGER)), "off-path", "HoA has not asked for route optimisation"),
        (
            (REGISTERED[0], *(carry("inject", time, TRIGGER, by_attacker=True) for time in (1.0, 2.0))),
            "malicious-mn",
            "pma1 keeps nothing new upon the trigger",
        ),
        (
            (*REGISTERED, carry("inject", 1.0, TO_NODE, by_attacker=True)),
            "malicious-mn",
            "the attacker lacks a way past the ingress filter of pma1",
        ),
        ((*REGISTERED, carry("deliver", 1.0, TO_NODE)), "off-path", "no such packet is on the access link"),
        ((start("pma1", "sing", home=CN_HOME),), "off-path", "the act 'sing' of pma1 is not known"),
        ((start("pma1", "register", home="nowhere"),), "off-path", "no node of the agent has the home address"),
        ((start("pma1", "register"),), "off-path", "no node of the agent has the home address None"),
        (
            (
                REGISTERED[0],
                start("correspondent", "send data", 1.0, home=CN_HOME),
                carry("deliver", 2.0, TO_NODE),
            ),
            "off-path",
            "pma1 refuses the packet by its check 'ingress-filter'",
        ),
    ],
    ids=[
        "unknown node",
        "elsewhere",
        "never asked",
        "twice",
        "false source",
        "unsent",
        "no act",
        "no home",
        "no name",
        "unregistered",
    ],
)
def test_where_one_agent_does_not_follow(steps: tuple[Step, ...], attacker: str, sentence: str) -> None:
    report = replayed(at_one_agent(*steps, attacker=attacker, prop=STATELESS, readings=EXPLICIT))
    assert report.outcome is Replay.DIVERGED
    assert sentence in report.sentence


def test_a_node_leaves_the_agent_in_the_words_of_earlier_schemas_too() -> None:
    away = "mobile node moves to away"
    told = {"actor": "mn", "action": "start", "rule": away, "message": "", "from": "", "to": "", "link": ""}
    told |= {"section": "", "statements": [], "term": "", "sends": [], "knowledge": [], "passed": []}
    told |= {
        "attacker": False,
        "octets": None,
        "changes": ["mobile node attached to: away"],
        "time": 1.0,
        "data": {"kind": "start", "rule": away},
    }
    whole = {**msgspec.to_builtins(at_one_agent()), "steps": [told]}
    (leaves,) = load_trace(whole, Path("trace.json")).steps
    assert replayed(at_one_agent(*REGISTERED, leaves)).sentence == NOT_THERE


def test_what_one_node_sends_reaches_the_other_without_a_home_agent(tmp_path: Path) -> None:
    sends, arrives = start("correspondent", "send data", 1.0, home=CN_HOME), carry("deliver", 2.0, TO_NODE)
    capture = tmp_path / "replay.pcap"
    report = replayed(at_one_agent(*REGISTERED, sends, arrives), capture)
    assert report.sentence == NOT_THERE
    command = ["tshark", "-r", str(capture), "-V", "-o", "udp.check_checksum:TRUE"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert text.count("Internet Protocol Version 6, Src") == 1
    assert "alformed" not in text
    assert "Status: Bad" not in text


TUNNEL_OF_ITS_OWN = payload(CN_HOME, HOA, "internet", "pma1", outer="attacker")


@pytest.mark.parametrize("without", [(), ("pma-tunnel-bce-check",)])
def test_an_agent_takes_no_tunnel_of_a_stranger(without: tuple[str, ...]) -> None:
    """N177, of which the text says SHOULD."""
    injected = carry("inject", 1.0, TUNNEL_OF_ITS_OWN, by_attacker=True)
    report = replayed(at_one_agent(*REGISTERED, injected, without=without))
    if without:
        assert report.outcome is Replay.CONFIRMED, report.sentence
        assert report.details["as_from"] == CN_HOME
    else:
        assert "pma1 refuses the packet by its check 'pma-tunnel-bce-check'" in report.sentence


def test_an_agent_hands_nothing_to_a_node_that_it_has_not_registered() -> None:
    """N105, N106: the Binding Update List says which home addresses are behind the connected interface."""
    injected = carry("inject", 1.0, TUNNEL_OF_ITS_OWN, by_attacker=True)
    report = replayed(at_one_agent(injected, without=("pma-tunnel-bce-check",)))
    assert "pma1 refuses the packet by its check 'not-attached'" in report.sentence
