"""Payload by way of the home agent: who may speak for a node through the tunnel of an agent."""

from __future__ import annotations

from typing import Any

import pytest
from decided_cells import Settings, decided, progress_verdict, scenario, violated_in

from pmicheck.bench.cast import CASTING
from pmicheck.replay.replay import replay
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

NAME, CHECK = "reverse-tunnel", "ha-outer-source-check"
COUNTS = {
    "off-path": (24, 56),
    "malicious-mn": (24, 56),
    "rogue-previous-pma": (24, 64),
    "rogue-next-pma": (16, 28),
}
AGENTS = ("rogue-previous-pma", "rogue-next-pma")
CLEAR: Settings = (("tunnel_protected", "no"),)


def test_the_counts_are_those_of_the_attackers_that_the_file_names() -> None:
    assert set(COUNTS) == set(scenario(NAME).attackers)


@pytest.mark.parametrize("attacker", COUNTS)
def test_every_verdict_is_the_one_argued_and_none_is_vacuous(attacker: str) -> None:
    found = decided(NAME, attacker)
    expected = {prop: scenario(NAME).expected(attacker, prop)[0] for prop in found.verdicts}
    assert found.whole
    assert dict(found.verdicts) == expected == {"data-origin": "holds"}
    assert all(found.witnessed.values())
    assert [rule for rule in found.silent if not scenario(NAME).reason(rule, attacker)] == []
    assert (found.states, found.transitions) == COUNTS[attacker]


def test_the_goal_stays_in_reach() -> None:
    assert progress_verdict(NAME) == ("holds", True)


@pytest.mark.parametrize("attacker", COUNTS)
def test_esp_stops_whoever_is_no_agent_and_the_check_of_the_home_agent_stops_agents_too(attacker: str) -> None:
    """RFC 6275 10.4.5 takes ESP in place of the check, since its tunnel belongs to one node; here agents share it."""
    assert not violated_in(NAME, attacker, CLEAR)
    assert bool(violated_in(NAME, attacker, (), (CHECK,))) == (attacker in AGENTS)
    assert violated_in(NAME, attacker, CLEAR, (CHECK,)) == {"data-origin"}


@pytest.mark.parametrize(("settings", "attackers"), [((), AGENTS), (CLEAR, ("off-path", "malicious-mn"))])
def test_without_the_check_packets_show_it_too(settings: Settings, attackers: tuple[str, ...]) -> None:
    request = Request((NAME,), attackers, ("data-origin",), settings=settings, without=(CHECK,))
    results = verify(request, command=[], progress=lambda _: None).results
    assert {result.verdict for result in results} == {Verdict.VIOLATED}
    assert {result.replay.outcome for result in results if result.replay} == {Replay.CONFIRMED}


# The home agent that exchanges packets.


def payload(link: str, outer: str) -> dict[str, Any]:
    fields = {"type": "Data", "source": "HoA", "destination": "cn", "routing": ""}
    return {**fields, "outer": outer, "link": link, "to": "ha"}


def start(actor: str, act: str, **arguments: Any) -> Step:
    return Step(actor, "start", f"{actor} acts", act=act, arguments=arguments, time=0.0)


def arrives(content: dict[str, Any], *, by_attacker: bool = False) -> Step:
    action = "inject" if by_attacker else "deliver"
    return Step("ha", action, "forwards it", attacker=by_attacker, content=content, time=1.0)


def told(attacker: str, *steps: Step, without: tuple[str, ...] = ()) -> tuple[Replay, str]:
    trace = Trace(NAME, attacker, "data-origin", {}, without, steps)
    report = replay(trace, times=[step.time for step in steps], casting=CASTING)
    return report.outcome, report.sentence


FALSE, HONEST = arrives(payload("internet", "CoA2"), by_attacker=True), arrives(payload("tunnel", "CoA1"))
SENDS = start("pma1", "send data", by="pma1")
MOVES = start("mn", "move", home="HoA", target="CoA2")
REFUSED = "ha refuses the packet by its check"


def test_payload_of_the_agent_that_serves_the_node_reaches_the_correspondent_by_the_home_agent() -> None:
    outcome, sentence = told("off-path", SENDS, HONEST)
    assert outcome is Replay.DIVERGED
    assert sentence == "The nodes follow every step, but the bad state is not there at the end."


def test_payload_of_an_agent_that_the_node_has_left_is_refused_even_if_it_was_honest() -> None:
    assert f"{REFUSED} '{CHECK}'" in told("off-path", SENDS, MOVES, HONEST)[1]
    assert "'pma1' does not serve the node" in told("off-path", MOVES, SENDS)[1]


def test_an_agent_passes_the_tunnel_and_is_held_against_the_binding_and_a_stranger_does_not_pass() -> None:
    assert f"{REFUSED} '{CHECK}'" in told("rogue-next-pma", FALSE)[1]
    stranger = arrives(payload("internet", "attacker"), by_attacker=True)
    assert f"{REFUSED} 'tunnel-esp'" in told("off-path", stranger, without=(CHECK,))[1]
    assert "where ingress filtering lets packets of CoA2 pass" in told("off-path", FALSE, without=(CHECK,))[1]


def test_only_the_payload_of_the_attacker_is_told_as_its_own() -> None:
    """The same nodes without the attacker, and with payload that its agent sends while it serves the node."""
    assert told("rogue-next-pma", FALSE, without=(CHECK,))[0] is Replay.CONFIRMED
    assert told("rogue-next-pma", SENDS, HONEST, without=(CHECK,))[0] is Replay.DIVERGED
