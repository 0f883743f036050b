"""RFC 4866 in a replay: the mobile node speaks for itself, by CGA, home test and permanent token."""

from __future__ import annotations

import pytest
from msgspec import structs
from test_replay import is_home_test, replayed, stored, with_cells, with_fields, with_steps

from pmicheck.bench.cast import stage_for
from pmicheck.bench.names import CN, COA1, HOA
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode
from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.policy import Policy
from pmicheck.replay.knowledge import update_in
from pmicheck.replay.records import Powers
from pmicheck.replay.run import Run
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay
from pmicheck.wire.packet import Packet

REDIRECTION, SECRECY = "ero-no-redirection", "ero-token-secrecy"
FRESHNESS, RETURN = "ero-binding-freshness", "ero-binding-freshness-home"
NOT_THERE = "The nodes follow every step, but the bad state is not there at the end."


@pytest.mark.parametrize(("scenario", "kind_of_node"), [("ero-initial", EnhancedMobileNode), ("rr-mobile", MobileNode)])
def test_the_mobile_node_speaks_for_itself(scenario: str, kind_of_node: type[MobileNode]) -> None:
    stage = stage_for(scenario, Policy())
    assert type(stage.mn) is kind_of_node
    assert not stage.pmas
    binding = stage.ha.binding(stage.addresses[HOA])
    assert binding is not None
    assert (binding.care_of_address, binding.proxy) == (stage.addresses[COA1], False)


# Confirmed, and not without the attacker.


def test_whoever_reads_the_home_path_takes_over_when_the_entry_has_ended() -> None:
    """Rule 149 goes with the entry, so return routability alone makes the next one."""
    report = replayed(stored(REDIRECTION))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert report.details["octets_received"] == 1500
    assert report.counterfactual == "With the attacker's 3 packets taken out the bad state is not reached."
    assert report.details["honest_steps_left_out"] == []


def test_an_old_signature_serves_again_under_another_home_token() -> None:
    """RFC 4866 4.5: the signature does not cover the nonce indices, so the authenticator alone ties it to a token."""
    report = replayed(stored(FRESHNESS))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert "the octets of an old signature" in report.sentence


def test_without_encryption_the_permanent_token_is_read() -> None:
    """Of the two tokens of the draft there is only one in RFC 4866."""
    report = replayed(stored(SECRECY))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert list(report.details["how"]) == ["PT"]
    assert "reading taken out" in report.counterfactual


def test_with_encryption_the_permanent_token_is_not_read() -> None:
    report = replayed(structs.replace(stored(SECRECY), without=()))
    assert report.sentence == NOT_THERE


def test_whoever_reads_another_path_has_nothing_of_it() -> None:
    report = replayed(structs.replace(stored(SECRECY), attacker="home-path"))
    assert report.sentence == NOT_THERE


# What the mobile node does of its own accord.


def test_the_permanent_token_registers_the_new_address_without_a_home_test() -> None:
    told = replayed(stored(RETURN)).trace.steps
    acts = [(step.act, step.arguments.get("target")) for step in told]
    begin, end = acts.index(("register with PT", None)), acts.index(("move", "home"))
    messages = [step.message for step in told[begin:end] if step.octets]
    assert messages == ["early BU", "BA", "complete BU", "BA"]


def test_at_home_the_permanent_token_ends_the_entry() -> None:
    trace = stored(RETURN)
    departed = structs.replace(trace, steps=trace.steps[:-1])
    stage = stage_for("ero-handoff", Policy({"deleted_number": "forgotten"}))
    run = Run(departed, [step.time or 0.0 for step in departed.steps], stage, Powers())
    run.run()
    assert run.acceptances[-1].honest
    assert run.bench.bindings(run.now)[CN, HOA] is None


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("register with PT", "mn holds no permanent token"),
        ("deregister", "mn holds no permanent token"),
        ("dance", "mn has no act 'dance'"),
    ],
)
def test_what_the_node_cannot_do_diverges(wanted: str, sentence: str) -> None:
    trace = stored(REDIRECTION)
    first = structs.replace(trace.steps[0], act=wanted)
    report = replayed(structs.replace(trace, steps=(first, *trace.steps[1:])))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.startswith("Step 1 ")
    assert sentence in report.sentence


def test_a_repeated_home_test_has_another_cookie() -> None:
    trace = stored(SECRECY)
    again = structs.replace(trace.steps[0], time=0.001, act="repeat")
    report = replayed(structs.replace(trace, steps=(trace.steps[0], again, *trace.steps[1:])))
    assert report.sentence.startswith("Step 6 ")
    assert "mn refuses the packet by its check 'cookie'" in report.sentence

    def second(step: Step) -> Step:
        named = (step.content or {}).get("cookie")
        return with_fields(step, cookie=["cookie", "mn", "home test", 2]) if named else step

    renumbered = with_steps(trace, second).steps
    follows = replayed(structs.replace(trace, steps=(trace.steps[0], again, *renumbered[1:])))
    assert follows.outcome is Replay.CONFIRMED, follows.sentence


# Tampered traces.


def test_while_the_entry_stands_an_old_number_is_refused() -> None:
    """RFC 6275 9.5.1: what the return home forgets is the sequence number."""
    trace = with_steps(stored(RETURN), lambda s: None if s.message == "deregistration BU" else s)
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert "cn refuses the packet by its check 'sequence-number'" in report.sentence


def test_a_missing_home_test_of_the_attackers_diverges() -> None:
    trace = with_steps(stored(REDIRECTION), lambda s: None if is_home_test(s) else s)
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks T of HoA" in report.sentence


def test_a_signature_that_was_never_seen_cannot_be_joined_to_other_tokens() -> None:
    def signed(step: Step) -> Step:
        if step.action != "inject":
            return step
        part = ["BU", ["seq", 99], ["lifetime", True]]
        return with_fields(step, key="mn", sig=["sig", "mn", True, "attacker", "cn", part])

    report = replayed(with_steps(stored(REDIRECTION), signed))
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks a signature of mn over number 99" in report.sentence


def test_a_signature_that_nobody_verifies_may_stand_beside_other_fields() -> None:
    def renumbered(step: Step) -> Step:
        if step.action != "inject":
            return step
        return with_cells(with_fields(step, seq=14), "sequence number", lambda number: 14 if number == 2 else number)

    trace = with_steps(stored(FRESHNESS), renumbered)
    report = replayed(structs.replace(trace, without=("signature",)))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    captured, forged = (update_in(Packet.from_bytes(bytes.fromhex(octets))) for octets in updates_of(report.trace)[1:])
    assert captured is not None
    assert forged is not None
    assert forged.signature == captured.signature
    assert (captured.message.sequence, forged.message.sequence) == (2, 14)


def updates_of(trace: Trace) -> list[str]:
    return [step.octets or "" for step in trace.steps if step.message.endswith("BU")]
