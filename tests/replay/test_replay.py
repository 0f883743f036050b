"""Stored counterexamples, executed on the concrete nodes, and what becomes of them when they are tampered with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from pmicheck.bench.cast import CASTING, powers_of, stage_for
from pmicheck.bench.forging.forge import Forger
from pmicheck.bench.judges import JUDGES, judge
from pmicheck.bench.type1 import Type1Stage
from pmicheck.errors import UsageError
from pmicheck.nodes.policy import Policy
from pmicheck.replay.knowledge import Knowledge, Lacking
from pmicheck.replay.records import Finding, Powers
from pmicheck.replay.replay import NO_ATTACKER, ReplayReport, replay
from pmicheck.replay.run import Run
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay
from pmicheck.wire.packet import Packet

STORED = sorted((Path(__file__).parent / "traces").glob("*.json"))
NAMES = [path.stem for path in STORED]


def stored(name: str) -> Trace:
    """A trace with its times."""
    path = Path(__file__).parent / "traces" / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=Trace)


def replayed(trace: Trace, pcap: Path | None = None) -> ReplayReport:
    return replay(trace, times=[step.time or 0.0 for step in trace.steps], casting=CASTING, pcap=pcap)


def with_steps(trace: Trace, change: Callable[[Step], Step | None]) -> Trace:
    """The trace with each step changed, or left out where the change gives None."""
    kept = [step for step in map(change, trace.steps) if step is not None]
    return structs.replace(trace, steps=tuple(kept))


def with_fields(step: Step, **fields: Any) -> Step:
    """The step with other fields in its message."""
    return structs.replace(step, content={**(step.content or {}), **fields})


def with_cells(step: Step, kind: str, change: Callable[[Any], Any]) -> Step:
    """The step with another new value in its cells of a kind."""
    cells = (structs.replace(each, after=change(each.after)) if each.kind == kind else each for each in step.cells)
    return structs.replace(step, cells=tuple(cells))


def type_of(step: Step) -> str:
    """The class of the message, "" if there is none."""
    return str((step.content or {}).get("type", ""))


def is_home_test(step: Step) -> bool:
    """Whether it is a home test of the attacker's own."""
    return step.action == "test" and step.arguments["init"] == "HoTI"


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_violation_is_confirmed(name: str) -> None:
    report = replayed(stored(name))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert report.sentence.endswith(".")
    alone = not any(step.attacker for step in stored(name).steps)
    assert "not reached" in report.counterfactual or (alone and report.counterfactual == NO_ATTACKER)


def test_every_property_that_can_be_replayed_has_a_stored_trace() -> None:
    assert {stored(name).property for name in NAMES} == set(JUDGES)


@pytest.mark.parametrize("name", NAMES)
def test_two_replays_give_the_same_octets(name: str) -> None:
    first, second = replayed(stored(name)), replayed(stored(name))
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_every_packet_of_the_trace_comes_back_as_octets(name: str) -> None:
    trace = replayed(stored(name)).trace
    for step in trace.steps:
        assert step.time is not None
        if step.action in ("deliver", "inject", "test"):
            assert Packet.from_bytes(bytes.fromhex(step.octets or ""))


@pytest.mark.parametrize("name", NAMES)
def test_without_its_last_attacker_step_the_trace_shows_nothing(name: str) -> None:
    """Or without the corruption, or, where honest nodes alone do it, without the last step."""
    trace = stored(name)
    attacking = [index for index, step in enumerate(trace.steps) if step.attacker]
    if attacking or trace.attacker == "off-path":
        trace = structs.replace(trace, steps=trace.steps[: max(attacking, default=len(trace.steps) - 1)])
    else:
        trace = structs.replace(trace, attacker="off-path")
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert report.sentence == "The nodes follow every step, but the bad state is not there at the end."


@pytest.mark.parametrize("name", [name for name in NAMES if stored(name).attacker != "off-path"])
def test_an_attacker_without_its_powers_cannot_do_it(name: str) -> None:
    trace = stored(name)
    assert replayed(structs.replace(trace, attacker="off-path")).outcome is Replay.DIVERGED


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("acknowledgement-agreement", "no-redirection"),
        ("acknowledgement-agreement", "binding-agreement"),
        ("binding-agreement", "binding-freshness"),
        ("binding-agreement", "no-unauthorised-deregistration"),
        ("binding-agreement", "stateless-before-authentication"),
        ("binding-freshness", "no-redirection"),
        ("binding-freshness", "no-careof-flooding"),
        ("binding-freshness", "token-secrecy"),
        ("no-redirection", "acknowledgement-agreement"),
        ("no-redirection", "no-home-flooding"),
        ("no-redirection", "former-pma-powerless"),
        ("no-careof-flooding", "no-redirection"),
        ("token-secrecy", "former-pma-powerless"),
    ],
)
def test_each_judge_can_say_no(name: str, other: str) -> None:
    report = replayed(structs.replace(stored(name), property=other))
    assert report.outcome is Replay.DIVERGED
    assert "bad state is not there" in report.sentence


# What the attacker lacks.


def test_a_trace_whose_attacker_lacks_a_token_diverges() -> None:
    trace = with_steps(stored("no-redirection"), lambda s: None if is_home_test(s) else s)
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks T of HoA (nonce 1)" in report.sentence
    assert report.sentence.startswith("Step 2 ")


def test_a_test_whose_answer_ends_elsewhere_tells_the_attacker_nothing() -> None:
    trace = structs.replace(stored("no-redirection"), attacker="careof-path")
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert "lacks a place where it can read the answer to its HoTI for HoA" in report.sentence


def test_an_authenticator_that_was_never_seen_cannot_be_repeated() -> None:
    trace = structs.replace(stored("binding-freshness"), attacker="home-path")
    report = replayed(trace)
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks" in report.sentence


def test_a_forger_without_knowledge_makes_nothing_for_the_victims_address() -> None:
    stage = Type1Stage(Policy())
    forger = Forger(stage, Knowledge(b"seed"))
    message = next(s for s in stored("binding-agreement").steps if s.action == "inject").content
    assert message is not None
    with pytest.raises(Lacking, match="T of HoA"):
        forger.forge(message)


def test_what_the_tunnel_protects_is_not_seen() -> None:
    assert "tunnel" not in powers_of("dolev-yao", Policy()).taps
    assert "tunnel" in powers_of("dolev-yao", Policy({"tunnel_protected": "no"})).taps


def test_powers_join() -> None:
    joined = powers_of("home-path+malicious-mn", Policy())
    assert joined.taps == {"ha-cn"}
    assert joined.own_home
    with pytest.raises(UsageError):
        powers_of("home-path+nobody", Policy())


# Tampered traces.


def test_a_delivery_of_what_nobody_sent_diverges() -> None:
    def other_number(step: Step) -> Step:
        is_early = step.action == "deliver" and type_of(step) == "Update"
        return with_fields(step, seq=7) if is_early else step

    report = replayed(with_steps(stored("binding-freshness"), other_number))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.startswith("Step 6 ")
    assert "no such packet is under way to cn" in report.sentence


def test_a_packet_is_delivered_once() -> None:
    trace = stored("binding-freshness")
    twice = structs.replace(trace, steps=(*trace.steps[:3], trace.steps[2], *trace.steps[3:]))
    report = replayed(twice)
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.startswith("Step 4 ")


def test_an_entry_that_is_not_as_told_diverges() -> None:
    def flattered(step: Step) -> Step:
        return with_cells(step, "entry", lambda entry: entry and {**entry, "verified": True})

    report = replayed(with_steps(stored("binding-freshness"), flattered))
    assert report.outcome is Replay.DIVERGED
    assert "the entry of HoA is CoA1, unverified, not CoA1, verified" in report.sentence


def test_a_token_that_is_too_old_diverges() -> None:
    late = with_steps(stored("no-redirection"), lambda s: structs.replace(s, time=241.0) if s.action == "inject" else s)
    report = replayed(late)
    assert report.outcome is Replay.DIVERGED
    assert "cn refuses the packet by its check 'nonce-freshness'" in report.sentence


def test_a_fallback_soon_after_the_home_test_is_fair() -> None:
    soon = with_steps(stored("no-home-flooding-lost"), lambda s: structs.replace(s, time=min(s.time or 0.0, 600.0)))
    report = replayed(soon)
    assert report.outcome is Replay.DIVERGED
    assert "bad state is not there" in report.sentence


def test_with_a_mended_check_the_attack_is_refused() -> None:
    report = replayed(structs.replace(stored("stateless-before-authentication"), without=()))
    assert report.outcome is Replay.DIVERGED


def test_with_credit_the_flood_of_an_unverified_address_ends() -> None:
    trace = stored("no-careof-flooding-unverified")
    report = replayed(structs.replace(trace, readings={**trace.readings, "cba": "on"}))
    assert report.outcome is Replay.DIVERGED


def test_an_act_that_does_not_exist_diverges() -> None:
    trace = stored("token-secrecy")
    odd = structs.replace(trace.steps[0], act="sing")
    report = replayed(structs.replace(trace, steps=(odd, *trace.steps[1:])))
    assert report.outcome is Replay.DIVERGED
    assert "pma1 has no act 'sing'" in report.sentence


@pytest.mark.parametrize("action", ["deliver", "inject"])
def test_a_step_that_lacks_its_message_diverges(action: str) -> None:
    trace = stored("binding-freshness")
    at = next(index for index, step in enumerate(trace.steps) if step.action == action)
    empty = structs.replace(trace.steps[at], content=None)
    report = replayed(structs.replace(trace, steps=(*trace.steps[:at], empty, *trace.steps[at + 1 :])))
    assert report.outcome is Replay.DIVERGED
    assert f"a step of kind '{action}' without a message cannot be played" in report.sentence


def test_somebody_that_the_nodes_do_not_know_does_nothing() -> None:
    trace = stored("token-secrecy")
    odd = structs.replace(trace.steps[0], actor="somebody")
    report = replayed(structs.replace(trace, steps=(odd, *trace.steps[1:])))
    assert report.outcome is Replay.DIVERGED
    assert "the act 'start tests' of somebody is not known" in report.sentence


def test_times_must_fit_the_steps() -> None:
    with pytest.raises(ValueError, match="need as many times"):
        replay(stored("no-redirection"), times=[0.0], casting=CASTING)


# The counterfactual.


def test_removing_the_attackers_packets_saves_the_victim() -> None:
    report = replayed(stored("no-unauthorised-deregistration"))
    assert report.outcome is Replay.CONFIRMED
    assert report.counterfactual == "With the attacker's 2 packets taken out the bad state is not reached."
    assert report.details["honest_steps_left_out"] == []


def test_a_corruption_alone_is_said_to_be_one() -> None:
    report = replayed(stored("token-secrecy"))
    assert report.counterfactual.startswith("With the corruption taken out (the attacker sends nothing")


def test_a_bad_state_that_comes_without_the_attacker_is_no_confirmation() -> None:
    trace = stored("no-redirection")
    casting = CASTING._replace(judge=lambda run: Finding("It is always bad."))
    report = replay(trace, times=[step.time or 0.0 for step in trace.steps], casting=casting)
    assert report.outcome is Replay.DIVERGED
    assert "all the same" in report.sentence


def test_the_honest_run_itself_offends_no_property() -> None:
    trace = stored("token-secrecy")
    policy = Policy(dict(trace.readings))
    for name in JUDGES:
        honest = structs.replace(trace, property=name)
        times = [step.time or 0.0 for step in trace.steps]
        run = Run(honest, times, stage_for(trace.scenario, policy), Powers(), attacked=False)
        run.run()
        assert not run.skipped
        assert judge(run) is None


# Octets counted, and captures.


def test_a_flood_is_counted_at_the_bystander() -> None:
    details = replayed(stored("no-careof-flooding-unverified")).details
    assert details["octets_to_bystander"] > details["octets_allowed"]
    assert details["octets_that_could_follow"] > 10 * details["octets_attacker_sent"]


@pytest.mark.parametrize("name", NAMES)
def test_tshark_finds_nothing_malformed_in_the_capture(name: str, tmp_path: Path) -> None:
    capture = tmp_path / "replay.pcap"
    replayed(stored(name), capture)
    command = ["tshark", "-r", str(capture), "-V", "-o", "udp.check_checksum:TRUE"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Mobile IPv6" in text
    assert "alformed" not in text
    assert "Status: Bad" not in text


def test_packets_are_captured_in_the_order_of_time(tmp_path: Path) -> None:
    capture = tmp_path / "replay.pcap"
    replayed(stored("no-home-flooding-lost"), capture)
    command = ["tshark", "-r", str(capture), "-T", "fields", "-e", "frame.time_epoch"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    times = text.split()
    assert times == sorted(times)
    assert len(times) > 3
