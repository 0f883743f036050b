"""Traces whose agents shake hands (4.2, 4.2.1), executed on concrete agents, and what becomes of tampered ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec import structs
from test_replay import replayed, stored, type_of, with_cells, with_fields, with_steps

from pmicheck.bench.cast import staged
from pmicheck.bench.judges import JUDGES, judge
from pmicheck.bench.names import CN_HOME, COA1, COA2, COA3, HOA
from pmicheck.bench.peer import PeerStage
from pmicheck.replay.replay import ReplayReport
from pmicheck.replay.run import Run
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay

NOT_THERE = "The nodes follow every step, but the bad state is not there at the end."


def start(actor: str, act: str, time: float, *, by_attacker: bool = False, **arguments: Any) -> Step:
    return Step(actor, "start", f"{actor} acts", act=act, arguments=arguments, time=time, attacker=by_attacker)


def move(target: str, time: float) -> Step:
    return start("mn", "move", time, home=HOA, target=target)


def deliver(time: float, kind_of: str, to: str, **fields: Any) -> Step:
    message = {"type": kind_of, "to": to, **fields}
    return Step("somebody", "deliver", "receives it", time=time, content=message)


def update(time: float, to: str, care_of: str, seq: int, *, answers: int = 0, lifetime: bool = True) -> Step:
    home = CN_HOME if care_of == COA3 else HOA
    fields = {"home": home, "care_of": care_of, "seq": seq, "answers": answers, "lifetime": lifetime, "proof": None}
    return deliver(time, "PeerUpdate", to, **fields)


ASKED = (
    start("pma1", "ask home agent", 0.0),
    deliver(0.1, "CacheRequest", "ha2", home=CN_HOME, asker="pma1", number=1),
    deliver(0.2, "CacheAnswer", "pma1", home=CN_HOME, care_of=COA3, number=1),
)
HANDSHAKE = (
    *ASKED,
    update(0.3, "pma3", COA1, 1),
    update(0.4, "pma1", COA3, 1, answers=1),
    deliver(0.5, "PeerAcknowledgement", "pma3", home=HOA, seq=1, proof=None),
)
HANDOVER = (
    *HANDSHAKE,
    move(COA2, 10.0),
    start("pma2", "ask for context", 10.1, previous="pma1"),
    deliver(10.2, "ContextRequest", "pma1", home=HOA, asker="pma2"),
    deliver(10.3, "ContextData", "pma2", home=HOA, peer=COA3, seq=1),
    start("pma2", "register from context", 10.4),
    update(10.5, "pma3", COA2, 2),
    update(10.6, "pma2", COA3, 1, answers=2),
    deliver(10.7, "PeerAcknowledgement", "pma3", home=HOA, seq=2, proof=None),
)


def trace(*steps: Step, prop: str = "no-redirection", attacker: str = "off-path", **more: Any) -> Trace:
    scenario = more.get("scenario", "type2-handshake-handover")
    return Trace(scenario, attacker, prop, more.get("readings", {}), more.get("without", ()), steps)


def ran(steps: Iterable[Step], **more: Any) -> Run[PeerStage]:
    """The steps, followed to the last."""
    whole = trace(*steps, **more)
    run = staged(whole, [step.time or 0.0 for step in whole.steps], True)
    assert isinstance(run.bench, PeerStage)
    run.run()
    return run


def care_of(run: Run[PeerStage], agent: str, home: str) -> str | None:
    binding = run.bench.bindings(run.now)[agent, home]
    return None if binding is None else binding.care_of


def injected(name: str, **fields: Any) -> ReplayReport:
    """A stored trace with other fields in its injected messages."""
    return replayed(with_steps(stored(name), lambda s: with_fields(s, **fields) if s.action == "inject" else s))


# Honest agents.


@pytest.mark.parametrize("auth", ["none", "sa", "attachment"])
@pytest.mark.parametrize("effective", ["first", "third"])
def test_the_handshake_registers_both_nodes(auth: str, effective: str) -> None:
    run = ran(HANDSHAKE, readings={"pma_auth": auth, "handshake_effective": effective})
    assert (care_of(run, "pma3", HOA), care_of(run, "pma1", CN_HOME)) == (COA1, COA3)
    assert all(binding is None or binding.used for binding in run.bench.bindings(run.now).values())
    assert [(a.at, a.honest) for a in run.acceptances] == [("pma3", True), ("pma1", True)]
    assert all(belief.emitted for belief in run.beliefs)


@pytest.mark.parametrize("transfer", ["protected", "readable", "unauthenticated"])
def test_after_the_handover_the_next_agent_is_registered(transfer: str) -> None:
    run = ran(HANDOVER, readings={"context_transfer": transfer, "pma_auth": "attachment"})
    assert (care_of(run, "pma3", HOA), care_of(run, "pma2", CN_HOME)) == (COA2, COA3)
    assert all(accepted.honest for accepted in run.acceptances)


def test_a_second_handover_goes_as_the_first() -> None:
    again = (
        move("CoA4", 20.0),
        start("pma4", "ask for context", 20.1, previous="pma2"),
        deliver(20.2, "ContextRequest", "pma2", home=HOA, asker="pma4"),
        deliver(20.3, "ContextData", "pma4", home=HOA, peer=COA3, seq=2),
        start("pma4", "register from context", 20.4),
        update(20.5, "pma3", "CoA4", 3),
    )
    assert care_of(ran((*HANDOVER, *again)), "pma3", HOA) == "CoA4"


@pytest.mark.parametrize("prop", sorted(set(JUDGES) - {"stateless-before-authentication"}))
def test_the_honest_run_offends_no_property(prop: str) -> None:
    assert judge(ran(HANDOVER, prop=prop)) is None


def test_the_previous_agent_deregisters_the_node() -> None:
    run = ran(
        (
            *HANDSHAKE,
            move(COA2, 10.0),
            start("pma1", "deregister", 10.1),
            update(10.2, "pma3", COA1, 2, lifetime=False),
        )
    )
    assert care_of(run, "pma3", HOA) is None
    assert care_of(run, "pma1", CN_HOME) is None


def test_data_of_both_nodes_go_through_the_tunnel_of_their_agents() -> None:
    to_correspondent = {"source": HOA, "destination": CN_HOME, "outer": COA1, "routing": "", "link": "careof-cn"}
    to_mobile = {"source": CN_HOME, "destination": HOA, "outer": COA3, "routing": "", "link": "careof-cn"}
    run = ran(
        (
            *HANDSHAKE,
            start("pma1", "send data", 1.0),
            deliver(1.1, "Data", "pma3", **to_correspondent),
            start("pma3", "send data", 1.2),
            deliver(1.3, "Data", "pma1", **to_mobile),
        ),
        prop="data-origin",
    )
    assert [(receipt.who, receipt.source) for receipt in run.receipts] == [(CN_HOME, HOA), (HOA, CN_HOME)]
    assert judge(run) is None


def test_an_update_that_is_lost_goes_out_again_under_a_greater_number() -> None:
    repeated = start("pma1", "repeat", 2.0)
    run = ran((*ASKED, repeated, update(2.1, "pma3", COA1, 2)))
    binding = run.bench.bindings(run.now)["pma3", HOA]
    assert binding is not None
    assert binding.held.sequence == 2


def test_a_context_that_is_lost_with_its_update_is_made_good() -> None:
    lost = start("clock", "tick", 210.0, phase=1)
    run = ran((*HANDOVER[:10], lost, start("pma2", "register from context", 211.0)))
    assert any(flight.sender == "pma2" for flight in run.bench.network.in_flight.values())


# Confirmed, with figures.


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("handshake-no-redirection", "pma1"),
        ("handshake-no-redirection-sa", "pma1"),
        ("handshake-no-redirection-third", "pma1"),
        ("handover-no-redirection", "pma3"),
    ],
)
def test_a_redirection_brings_payload_to_the_attacker(name: str, where: str) -> None:
    report = replayed(stored(name))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert report.details["agent"] == where
    assert report.details["octets_received"] == report.details["cost"]["victim_octets"] == 1500
    assert report.counterfactual.endswith("the bad state is not reached.")


def test_nothing_limits_a_flood_to_an_address_that_was_never_tested() -> None:
    details = replayed(stored("handshake-no-careof-flooding")).details
    assert details["octets_to_bystander"] > details["octets_allowed"]
    assert details["cost"]["victim_octets"] == details["octets_to_bystander"]


def test_what_the_prologue_did_is_no_part_of_the_finding() -> None:
    """Honest agents make entries without authentication too; the trace is about the attacker's update alone."""
    prologue = [structs.replace(step, prologue=True) for step in HANDSHAKE]
    shown = with_steps(stored("handshake-no-unauthorised-deregistration"), lambda s: s if s.attacker else None)
    assert judge(ran(prologue, prop="stateless-before-authentication")) is None
    assert judge(ran((*prologue, *shown.steps), prop="no-unauthorised-deregistration")) is not None


# What the attacker lacks, and what the agents refuse.


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("handshake-no-redirection-sa", "the security association of attacker with pma1"),
        ("handover-former-pma-powerless", "the security association of CoA1 with pma3"),
        ("handshake-binding-freshness-sa", "the security association of CoA1 with pma3"),
    ],
)
def test_a_proof_takes_the_association_or_a_captured_packet(name: str, lacks: str) -> None:
    report = replayed(structs.replace(stored(name), attacker="malicious-mn"))
    assert report.outcome is Replay.DIVERGED
    assert f"the attacker lacks {lacks}" in report.sentence


@pytest.mark.parametrize("reading", ["sa", "attachment"])
def test_an_update_without_proof_is_refused_where_one_is_asked_for(reading: str) -> None:
    whole = stored("handshake-no-redirection")
    report = replayed(structs.replace(whole, readings={**whole.readings, "pma_auth": reading}))
    assert report.outcome is Replay.DIVERGED
    assert "pma1 refuses the packet by its check 'mac'" in report.sentence


def test_a_home_agents_word_stops_an_agent_that_does_not_serve_the_node() -> None:
    whole = stored("handshake-no-redirection-sa")
    report = replayed(structs.replace(whole, readings={**whole.readings, "pma_auth": "attachment"}))
    assert report.outcome is Replay.DIVERGED
    assert "pma1 refuses the packet by its check 'attachment'" in report.sentence


def test_an_agent_without_the_node_takes_no_update_for_it() -> None:
    report = injected("handover-binding-agreement", to="pma2")
    assert report.outcome is Replay.DIVERGED
    assert "pma2 refuses the packet by its check 'not-attached'" in report.sentence


def test_what_an_agent_of_the_attackers_own_keeps_is_no_attack() -> None:
    whole = structs.replace(stored("handover-binding-agreement"), attacker="rogue-next-pma")
    report = replayed(with_steps(whole, lambda s: with_fields(s, to="pma2") if s.action == "inject" else s))
    assert report.outcome is Replay.DIVERGED
    assert "pma2 is the attacker's own" in report.sentence


def test_a_number_that_is_not_greater_is_refused() -> None:
    report = injected("handshake-no-unauthorised-deregistration", seq=1)
    assert report.outcome is Replay.DIVERGED
    assert "pma3 refuses the packet by its check 'sequence-number'" in report.sentence


def test_a_third_message_needs_a_handshake_that_waits() -> None:
    without = with_steps(
        stored("handshake-no-redirection-third"),
        lambda s: s if type_of(s) == "PeerAcknowledgement" else None,
    )
    report = replayed(without)
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks a handshake of pma1 that waits for its third message" in report.sentence


def test_before_the_third_message_nothing_is_redirected() -> None:
    whole = stored("handshake-no-redirection-third")
    report = replayed(structs.replace(whole, steps=whole.steps[:1]))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence == NOT_THERE


@pytest.mark.parametrize("name", ["handshake-acknowledgement-agreement", "handover-acknowledgement-agreement"])
def test_an_answer_needs_a_question(name: str) -> None:
    asked = ("ask home agent", "ask for context")
    report = replayed(with_steps(stored(name), lambda s: None if s.act in asked else s))
    assert report.outcome is Replay.DIVERGED


def test_a_protected_context_transfer_takes_no_forged_context() -> None:
    whole = stored("handover-acknowledgement-agreement")
    report = replayed(structs.replace(whole, readings={**whole.readings, "context_transfer": "protected"}))
    assert report.outcome is Replay.DIVERGED
    assert "pma2 refuses the packet" in report.sentence


@pytest.mark.parametrize(("transfer", "told"), [("unauthenticated", True), ("protected", False)])
def test_who_asks_for_the_context_gets_the_nodes_key_where_nothing_protects_it(transfer: str, told: bool) -> None:
    ask = start("attacker", "ask for context", 1.0, by_attacker=True, agent="pma1")
    whole = trace(*HANDSHAKE, ask, readings={"context_transfer": transfer})
    run = staged(whole, [step.time or 0.0 for step in whole.steps], True)
    assert isinstance(run.bench, PeerStage)
    if told:
        run.run()
    else:
        assert "pma1 does not tell the context" in replayed(whole).sentence
    held = run.bench.knowledge.key(run.bench.profile.private_key.public_key())  # type: ignore[union-attr]
    assert (held is not None) == told


# Tampered traces.


def test_a_delivery_of_what_nobody_sent_diverges() -> None:
    def elsewhere(step: Step) -> Step:
        return with_fields(step, care_of="CoA2") if type_of(step) == "CacheAnswer" else step

    report = replayed(with_steps(stored("handshake-no-unauthorised-deregistration"), elsewhere))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.startswith("Step 3 ")
    assert "no such packet is under way to pma1" in report.sentence


def test_an_entry_that_is_not_as_told_diverges() -> None:
    def flattered(step: Step) -> Step:
        return with_cells(step, "entry", lambda e: {**e, "care_of": COA1} if e and e["care_of"] == "bystander" else e)

    report = replayed(with_steps(stored("handshake-no-unauthorised-deregistration"), flattered))
    assert report.outcome is Replay.DIVERGED
    assert "the entry of HoA at pma3 is bystander, not CoA1" in report.sentence


def test_an_entry_of_a_day_does_not_end_after_an_hour() -> None:
    early = with_steps(
        stored("handshake-binding-freshness-sa"),
        lambda s: structs.replace(s, time=3600.0) if s.act == "end entry" else s,
    )
    report = replayed(early)
    assert report.outcome is Replay.DIVERGED
    assert "the entry of HoA at pma3 does not end at 3600.0 s" in report.sentence


@pytest.mark.parametrize(
    ("actor", "act", "sentence"),
    [
        ("pma1", "sing", "pma1 has no act 'sing'"),
        ("somebody", "sing", "the act 'sing' of somebody is not known"),
        ("pma1", "ask nicely", "pma1 has no act 'ask nicely'"),
        ("pma1", "", "pma1 has no act ''"),
    ],
)
def test_an_act_that_does_not_exist_diverges(actor: str, act: str, sentence: str) -> None:
    report = replayed(trace(start(actor, act, 0.0)))
    assert report.outcome is Replay.DIVERGED
    assert sentence in report.sentence


@pytest.mark.parametrize("action", ["deliver", "inject"])
def test_a_step_that_lacks_its_message_diverges(action: str) -> None:
    report = replayed(trace(Step("pma1", action, "receives it", time=0.0)))
    assert report.outcome is Replay.DIVERGED
    assert f"a step of kind '{action}' without a message cannot be played" in report.sentence


def test_a_message_that_no_attacker_makes_diverges() -> None:
    odd = deliver(0.0, "Trigger", "pma1", home=HOA, link="access")
    odd = structs.replace(odd, attacker=True, action="inject")
    assert "a way to make a message of type Trigger" in replayed(trace(odd)).sentence


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("handshake-no-redirection", "no-careof-flooding"),
        ("handshake-no-redirection", "binding-freshness"),
        ("handshake-no-redirection", "acknowledgement-agreement"),
        ("handshake-no-careof-flooding", "no-redirection"),
        ("handshake-no-careof-flooding", "no-home-flooding"),
        ("handshake-acknowledgement-agreement", "binding-agreement"),
        ("handshake-binding-freshness-sa", "no-unauthorised-deregistration"),
        ("handshake-binding-freshness-sa", "stateless-before-authentication"),
        ("handover-former-pma-powerless", "no-redirection"),
        ("handover-acknowledgement-agreement", "former-pma-powerless"),
        ("handshake-no-redirection", "data-origin"),
    ],
)
def test_each_judge_can_say_no(name: str, other: str) -> None:
    report = replayed(structs.replace(stored(name), property=other))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence == NOT_THERE
