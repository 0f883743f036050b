"""Traces of return routability with a type 2 correspondent (4.3), executed on both agents, and tampered ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec import structs
from test_replay import replayed, stored, type_of, with_cells, with_fields, with_steps

from pmicheck.bench.cast import staged
from pmicheck.bench.judges import JUDGES, judge
from pmicheck.bench.names import CN_HOME, COA1, COA3, HOA
from pmicheck.bench.type2 import AT_SENDER, Type2Stage
from pmicheck.replay.records import Bindings
from pmicheck.replay.run import Run
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay

NOT_THERE = "The nodes follow every step, but the bad state is not there at the end."
COOKIE = ["cookie", "pma1", "home test", 1]
TOKEN = ["T", HOA, 1, "pma3"]


def start(actor: str, act: str, time: float, **arguments: Any) -> Step:
    return Step(actor, "start", f"{actor} acts", act=act, arguments=arguments, time=time)


def end_at_agent(time: float) -> Step:
    """The lifetime of the correspondent's entry at the mobile node's agent is over."""
    return start("pma1", "end entry", time, home=CN_HOME, at="pma1")


def carry(time: float, action: str = "deliver", **message: Any) -> Step:
    return Step("somebody", action, "receives it", time=time, attacker=action == "inject", content=message)


def init(time: float, link: str, to: str) -> Step:
    return carry(time, type="TestInit", kind="PHoTI", address=HOA, cookie=COOKIE, link=link, to=to, care_of=COA1)


def answer(time: float, link: str, to: str) -> Step:
    fields: dict[str, Any] = {"nonce": 1, "token": TOKEN, "care_of": COA3}
    return carry(time, type="Test", kind="PHoT", address=HOA, cookie=COOKIE, link=link, to=to, **fields)


def update(time: float, seq: int, care_of_nonce: int) -> Step:
    fields: dict[str, Any] = {"proxy": True, "home": HOA, "care_of": COA1, "seq": seq, "lifetime": True}
    fields |= {"credential": "T", "nonce": 1, "care_of_nonce": care_of_nonce, "key": "mn", "test": not care_of_nonce}
    return carry(time, type="Update", link="careof-cn", to="pma3", **fields)


def acknowledgement(time: float, seq: int, tokens: int) -> Step:
    fields: dict[str, Any] = {"proxy": True, "care_of": COA1, "home": HOA, "seq": seq, "status": 0, "at": "pma3"}
    fields |= {"care_of_token": None if tokens else ["C"], "care_of_nonce": 0 if tokens else 1}
    return carry(time, type="Acknowledgement", link="careof-cn", to="pma1", tokens=[["T"]] * tokens, **fields)


TEST = (
    start("pma1", "start tests", 0.0),
    init(0.1, "tunnel", "ha"),
    init(0.2, "ha-cn", "ha2"),
    init(0.3, "tunnel2", "pma3"),
    answer(0.4, "tunnel2", "ha2"),
    answer(0.5, "ha-cn", "ha"),
    answer(0.6, "tunnel", "pma1"),
)
EXCHANGE = (*TEST, update(0.7, 1, 0), acknowledgement(0.8, 1, 0), update(0.9, 2, 1), acknowledgement(1.0, 2, 2))


def ran(
    steps: Iterable[Step], prop: str = "no-redirection", attacker: str = "off-path", **more: Any
) -> Run[Type2Stage]:
    """The steps, followed to the last."""
    whole = Trace("type2-rr", attacker, prop, more.get("readings", {}), more.get("without", ()), tuple(steps))
    run = staged(whole, [step.time or 0.0 for step in whole.steps], True)
    assert isinstance(run.bench, Type2Stage)
    run.run()
    return run


def bindings(run: Run[Type2Stage]) -> Bindings:
    return run.bench.bindings(run.now)


def without_test(step: Step) -> Step | None:
    return None if step.action == "test" else step


# Honest agents.


@pytest.mark.parametrize("scope", ["pma", "cn"])
@pytest.mark.parametrize("state", ["active", "provisional", "none"])
def test_the_exchange_of_figure_9_is_followed(scope: str, state: str) -> None:
    run = ran(EXCHANGE, readings={"kcn_scope": scope, "photi_state": state})
    entry, peer = bindings(run)["pma3", HOA], bindings(run)[AT_SENDER]
    assert entry is not None
    assert (entry.care_of, entry.verified) == (COA1, True)
    assert peer is not None
    assert peer.care_of == COA3
    assert all(accepted.honest for accepted in run.acceptances)
    assert all(belief.emitted for belief in run.beliefs)


@pytest.mark.parametrize("prop", sorted(set(JUDGES) - {"stateless-before-authentication"}))
def test_the_honest_run_offends_no_property(prop: str) -> None:
    assert judge(ran(EXCHANGE, prop)) is None


@pytest.mark.parametrize(("state", "offends"), [("active", True), ("none", False)])
def test_an_honest_home_test_makes_state_too(state: str, offends: bool) -> None:
    """N130: the entry is there before anything vouches for the asker, whoever that is."""
    finding = judge(ran(TEST, "stateless-before-authentication", readings={"photi_state": state}))
    assert (finding is not None) == offends


def test_what_was_learned_from_a_home_test_ends_with_the_token() -> None:
    later = (start("clock", "tick", 210.0, phase=1), end_at_agent(211.0))
    assert bindings(ran((*TEST, *later)))[AT_SENDER] is None


# Confirmed, with figures.


def test_a_phot_with_a_false_address_brings_payload_to_the_attacker() -> None:
    trace = stored("type2-no-redirection-at-pma1")
    for use, answers in (("at-once", False), ("tested", True)):
        report = replayed(structs.replace(trace, readings={**trace.readings, "phot_use": use}))
        assert report.outcome is Replay.CONFIRMED, report.sentence
        assert report.details["octets_received"] == report.details["cost"]["victim_octets"] == 1500
        assert ("the attacker answered the updates that went there" in report.sentence) == answers
    assert report.counterfactual.endswith("the bad state is not reached.")


@pytest.mark.parametrize("scope", ["pma", "cn"])
def test_the_impersonation_does_not_depend_on_what_stands_in_the_mac(scope: str) -> None:
    whole = stored("type2-no-redirection-at-pma1")
    report = replayed(structs.replace(whole, readings={**whole.readings, "kcn_scope": scope}))
    assert report.outcome is Replay.CONFIRMED, report.sentence


def test_a_flood_is_counted_in_the_tunnel() -> None:
    details = replayed(stored("type2-no-careof-flooding")).details
    assert details["octets_to_bystander"] == details["cost"]["victim_octets"] == 1500
    assert details["octets_that_could_follow"] == 50 * 1500


def test_with_credit_the_flood_does_not_begin() -> None:
    whole = stored("type2-no-careof-flooding")
    report = replayed(structs.replace(whole, readings={**whole.readings, "cba": "on"}))
    assert report.sentence == NOT_THERE


def test_a_provisional_entry_redirects_nothing() -> None:
    whole = stored("type2-no-redirection")
    report = replayed(structs.replace(whole, readings={**whole.readings, "photi_state": "provisional"}))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.endswith("the entry of HoA is not used.")


def test_traffic_that_falls_back_goes_through_the_correspondents_home_agent() -> None:
    report = replayed(stored("type2-no-home-flooding"))
    assert report.outcome is Replay.CONFIRMED, report.sentence
    assert report.details["octets_to_home_address"] == 1500


# The attacker's own tests.


def test_a_home_test_of_the_attackers_is_put_off_until_its_token_is_needed() -> None:
    """At once it would make an entry for the mobile node, which the honest home test then could not make."""
    trace = replayed(stored("type2-no-unauthorised-deregistration")).trace
    test, forged = (next(step for step in trace.steps if step.action == name) for name in ("test", "inject"))
    assert test.time == forged.time
    assert test.octets


@pytest.mark.parametrize("name", ["type2-binding-agreement", "type2-binding-agreement-cn"])
def test_without_its_home_test_the_attacker_lacks_the_token(name: str) -> None:
    report = replayed(with_steps(stored(name), without_test))
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks T of HoA (nonce 1)" in report.sentence


def test_an_answer_that_comes_by_elsewhere_tells_the_attacker_nothing() -> None:
    report = replayed(structs.replace(stored("type2-binding-agreement"), attacker="careof-path"))
    assert report.outcome is Replay.DIVERGED
    assert "lacks a place where it can read the answer to its PHoTI for HoA" in report.sentence


def test_with_the_home_address_option_refused_the_answer_does_not_come() -> None:
    whole = stored("type2-acknowledgement-agreement-by-option")
    report = replayed(structs.replace(whole, without=()))
    assert report.outcome is Replay.DIVERGED
    assert "lacks a place where it can read the answer" in report.sentence


def test_a_care_of_token_takes_an_early_update_since_the_agent_answers_no_other_test() -> None:
    """N134: the attacker registers its own home address from the address that it wants the token for."""
    care_of_test, home_test = (
        Step("attacker", "test", "test", time=0.0, attacker=True, act="test", arguments={**asked, "nonce": 1})
        for asked in ({"init": "CoTI", "address": "attacker"}, {"init": "HoTI", "address": "attacker's HoA"})
    )
    home, mac = "attacker's HoA", ["Kbm", ["T", "attacker's HoA", 1, "pma3"], ["C", "attacker", 1, "pma3"]]
    fields = {"proxy": True, "home": home, "care_of": "attacker", "seq": 0, "lifetime": True, "credential": "T"}
    more = {"nonce": 1, "care_of_nonce": 1, "key": "attacker", "test": False, "sig": ["sig", "attacker"]}
    complete = carry(
        1.0, "inject", type="Update", mac=["mac", mac, "attacker"], link="careof-cn", to="pma3", **fields, **more
    )
    run = ran((care_of_test, home_test, complete), attacker="malicious-mn")
    entry = bindings(run)["pma3", home]
    assert entry is not None
    assert entry.verified
    assert [accepted.care_of_address for accepted in run.acceptances] == ["attacker"] * 3


# Tampered traces.


def test_a_phot_with_another_cookie_is_refused() -> None:
    report = replayed(
        with_steps(
            stored("type2-acknowledgement-agreement"),
            lambda s: with_fields(s, cookie=["none"]) if s.action == "inject" else s,
        )
    )
    assert report.outcome is Replay.DIVERGED
    assert "pma1 refuses the packet by its check 'cookie'" in report.sentence


def test_a_cookie_that_was_not_seen_cannot_be_repeated() -> None:
    report = replayed(structs.replace(stored("type2-acknowledgement-agreement"), attacker="careof-path"))
    assert report.outcome is Replay.DIVERGED
    assert "the attacker lacks the cookie of pma1's home test 1" in report.sentence


def test_a_home_test_init_with_another_address_is_not_under_way() -> None:
    def readdressed(step: Step) -> Step:
        asked = step.action == "deliver" and type_of(step) == "TestInit" and step.processor == "pma3"
        return with_fields(step, care_of="bystander") if asked else step

    report = replayed(with_steps(stored("type2-binding-freshness"), readdressed))
    assert report.outcome is Replay.DIVERGED
    assert "no such packet is under way to pma3" in report.sentence


def test_an_entry_that_is_there_already_stays() -> None:
    """Decision 034: whoever is first keeps its address in the cache."""
    forged = stored("type2-no-redirection").steps
    late = [structs.replace(step, time=1.0 + index) for index, step in enumerate(forged)]
    whole = Trace("type2-rr", "off-path", "no-redirection", {}, (), (*TEST, *late))
    report = replayed(whole)
    assert report.outcome is Replay.DIVERGED
    assert "the entry of HoA is CoA1, unverified, not attacker, unverified" in report.sentence


def test_an_entry_at_the_mobile_nodes_agent_that_is_not_as_told_diverges() -> None:
    def flattered(step: Step) -> Step:
        return with_cells(step, "entry", lambda e: {**e, "care_of": COA3} if e and e["care_of"] == "attacker" else e)

    report = replayed(with_steps(stored("type2-no-redirection-at-pma1"), flattered))
    assert report.outcome is Replay.DIVERGED
    assert f"the entry of {CN_HOME} at pma1 is attacker, not {COA3}" in report.sentence


def test_an_entry_at_the_mobile_nodes_agent_does_not_end_while_its_token_lasts() -> None:
    early = end_at_agent(100.0)
    report = replayed(Trace("type2-rr", "off-path", "no-redirection", {}, (), (*TEST, early)))
    assert report.outcome is Replay.DIVERGED
    assert "does not end at 100.0 s" in report.sentence


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("type2-no-redirection", "binding-agreement"),
        ("type2-no-redirection", "no-home-flooding"),
        ("type2-no-redirection", "no-careof-flooding"),
        ("type2-acknowledgement-agreement", "binding-freshness"),
        ("type2-acknowledgement-agreement", "no-home-flooding"),
        ("type2-binding-agreement", "no-unauthorised-deregistration"),
        ("type2-no-home-flooding-at-pma1", "no-redirection"),
    ],
)
def test_each_judge_can_say_no(name: str, other: str) -> None:
    report = replayed(structs.replace(stored(name), property=other))
    assert report.outcome is Replay.DIVERGED
    assert report.sentence == NOT_THERE
