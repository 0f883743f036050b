"""Findings to show, with everything that a page tells of them. No test lives here."""

from __future__ import annotations

from typing import Any

import record_samples as samples
from msgspec.structs import replace
from told import changed, hostile_cell, hostile_message, hostile_term, known, said

from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Change, Mends, Review, Statement, Weakest
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Verdict

UPDATE = (
    "6000000000383c4020010db80bad0000000000000000000120010db80002000014731b77ca791ab28702010200"
    "00c91020010db800010000100e5e46ad89c9243b03050082e3000e80005460040400010001050c39ebf01ce1d2332b559674c6"
)
"""A complete binding update of the attacker's, 96 octets."""
TEST_INIT = "60000000001000402001" + "00" * 46
MAC = "MAC[SHA1(T(HoA, nonce 1) | C(attacker, nonce 1))](care-of attacker, BU seq 14)"
READ = known("T(HoA, nonce 1)", "read from the PHoT", " in the prologue")
TESTED = known("C(attacker, nonce 1)", "from a test of its own", " at step 4, read at its own address")

STEPS = (
    Step(
        actor="pma1",
        action="start",
        rule="pma1 starts the proxy home test",
        does="starts the proxy home test",
        act="start tests",
        section="3.2",
        statements=("N023", "N033"),
        sends=(said("PHoTI(HoA, cookie(pma1, home test 1))"),),
        cells=(changed("pma1.registration", "idle, last number 0", "testing, last number 0"),),
        time=0.0,
        prologue=True,
    ),
    Step(
        actor="cn",
        action="deliver",
        rule="cn receives PHoTI",
        message="PHoTI",
        source="pma1",
        destination="cn",
        link="HA-CN path",
        section="3.2",
        statements=("N041",),
        term="PHoTI(HoA, cookie(pma1, home test 1))",
        parts=(("address", "HoA"), ("cookie", "cookie(pma1, home test 1)")),
        sends=(said("PHoT(HoA, cookie(pma1, home test 1), T(HoA, nonce 1))"),),
        learned=(READ,),
        time=0.01,
        octets=TEST_INIT,
        prologue=True,
    ),
    Step(
        actor="mn",
        action="start",
        rule="mobile node moves to CoA2",
        does="moves to CoA2",
        act="move",
        arguments={"target": "CoA2"},
        section="3.4",
        cells=(changed("mobile node attached to", "CoA1", "CoA2"),),
        essential=False,
        time=0.02,
    ),
    Step(
        actor="attacker",
        action="test",
        rule="attacker: tests its address",
        act="test",
        arguments={"init": "CoTI", "address": "attacker", "nonce": 1},
        message="CoTI",
        source="attacker",
        destination="cn",
        section="RFC 6275 9.4",
        term="CoTI(attacker)",
        parts=(("address", "attacker"),),
        sends=(said("CoT(C(attacker, nonce 1))"),),
        learned=(TESTED,),
        attacker=True,
        time=0.03,
        octets=TEST_INIT,
    ),
    Step(
        actor="attacker",
        action="inject",
        rule="attacker: cn receives complete BU",
        message="complete BU",
        source="mn",
        destination="cn",
        link="care-of path to the CN",
        section="3.5",
        statements=("N010", "N041"),
        term=f"complete BU(home HoA, care-of attacker, seq 14, home nonce 1, care-of nonce 1, {MAC})",
        content={"type": "Update", "proxy": False, "home": "HoA", "credential": "T", "key": None},
        parts=(
            ("home", "home HoA"),
            ("care_of", "care-of attacker"),
            ("seq", "seq 14"),
            ("nonce", "home nonce 1"),
            ("care_of_nonce", "care-of nonce 1"),
            ("mac", MAC),
        ),
        sends=(said("BA(status 0, seq 14)"),),
        cells=(
            changed("cn[HoA].entry", "CoA1, verified", "attacker, verified"),
            changed("cn[HoA].sequence number", "2", "14"),
        ),
        known=(READ, TESTED, known(MAC, "it computes Kbm and the authenticator", "", 0, 1)),
        learned=(known("MAC of the BA", "read from the BA", " at step 5"),),
        passed=("nonce 1 is accepted", "the authenticator is right"),
        attacker=True,
        essential=True,
        time=0.04,
        octets=UPDATE,
    ),
)

STATEMENTS = {
    "N010": Statement("2", "A token is valid as long as its nonce."),
    "N041": Statement("3.2", "The correspondent answers with a home token.", "MUST", "modelled", "cn receives PHoTI"),
}


def finding(
    attacker: str = "home-path",
    prop: str = "no-redirection",
    scenario: str = "type1-initial",
    **changes: Any,
) -> Result:
    """A violation whose trace has each kind of step; `changes` are other fields of its trace."""
    found = samples.result(attacker, prop, Verdict.VIOLATED, scenario)
    assert found.replay is not None
    fields = {
        "scenario": scenario,
        "attacker": attacker,
        "property": prop,
        "readings": samples.READINGS,
        "without": (),
        "steps": STEPS,
        "observation": {"care_of_address": "attacker", "verified": True},
        "numbers": {"s_home_lost": 1, "octets_earned": 1500},
        "conclusion": "cn sends the victim's traffic to attacker, which is the attacker's",
        "no_return": 3,
    }
    cost = {"packets": 2, "octets_sent": 152, "victim_octets": 1500, "seconds": 0.01}
    return replace(
        found,
        trace=Trace(**{**fields, **changes}),
        replay=replace(found.replay, details={"cost": cost}),
        argument="Plain return routability works with T (N041, A-19).",
    )


def long_finding(steps: int) -> Result:
    """A finding of so many steps, the last of them the attacker's."""
    return finding(steps=(STEPS[1],) * (steps - 1) + (STEPS[-1],), no_return=None)


def stuck() -> Result:
    """A progress result: no attacker takes part, and there is nothing to replay."""
    honest = tuple(replace(step, learned=()) for step in STEPS if not step.attacker)
    found = finding(prop="progress", steps=honest, no_return=None)
    assert found.trace is not None
    found = replace(found, trace=replace(found.trace, attacker=""))
    return replace(found, replay=None)


def reviewed(*results: Result) -> Record:
    """A record of `results`, or of several findings of one flaw, with a review of the first."""
    results = results or (
        finding(),
        finding(prop="binding-agreement"),
        finding("dolev-yao"),
        finding(scenario="type1-refresh"),
    )
    scenario, attacker, prop = results[0].names()
    review = Review(
        weakest=tuple(
            Weakest(each.scenario, each.property, each.attacker, ("ha-cn",), "240 s")
            for each in results
            if each.attacker != "dolev-yao"
        ),
        changes=(
            Change(scenario, (attacker,), (prop,), (("plain_rr_fallback", "no"),), "holds", "T alone is worth nothing"),
            Change(scenario, (attacker,), (prop,), (("cba", "off"),), "violated", "It stays as it is"),
        ),
        repairs=(Mends(scenario, prop, (("plain_rr_fallback=no",), ("tombstone=full", "key_owner=mn"))),),
        statements=STATEMENTS,
    )
    titles = {scenario: "Draft 3.2: the first registration"}
    return replace(samples.record(*results), review=review, titles=titles)


def hostile(text: str) -> Record:
    """A record all of whose texts hold `text`."""
    step = replace(
        STEPS[-1],
        **dict.fromkeys(("actor", "rule", "does", "act", "message", "source"), text),
        **dict.fromkeys(("destination", "link", "section", "term"), text),
        **dict.fromkeys(("statements", "passed"), (text, text)),
        arguments={text: text},
        content={**(STEPS[-1].content or {}), "home": text, "credential": text, "to": text},
        parts=((text, text), ("mac", text)),
        sends=(hostile_message(text),) * 2,
        cells=(hostile_cell(text),) * 2,
        known=(hostile_term(text), hostile_term(text), hostile_term(text, 0, 1)),
        learned=(hostile_term(text),) * 2,
    )
    found = finding(
        text,
        text,
        text,
        steps=(STEPS[0], step),
        observation={text: text},
        numbers={text: text},
        conclusion=text,
    )
    assert found.replay is not None
    found = replace(
        found,
        argument=text,
        bounds=text,
        readings={text: text},
        without=(text,),
        replay=replace(found.replay, sentence=text, counterfactual=text),
    )
    review = Review(
        weakest=(Weakest(text, text, text, (text,), text),),
        changes=(Change(text, (text,), (text,), ((text, text),), "holds", text),),
        repairs=(Mends(text, text, ((text,),)),),
    )
    names = {"titles": {text: text}, "files": {text: text}, "settings": {text: text}}
    return replace(samples.record(found), review=review, **names)
