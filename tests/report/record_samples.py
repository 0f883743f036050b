"""Records to render and store: made up, but of the shape that analysis makes. No test lives here."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace
from told import changed, known, said

from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import (
    Exploration,
    Record,
    ReplayOutcome,
    Result,
    Stage,
    Uncovered,
    Witness,
)
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.recording import catalogue_of

SCENARIO = "type1-initial"
READINGS = {"key_owner": "mn", "tombstone": "rr"}
ATTACKERS = (
    "off-path",
    "home-path",
    "careof-path",
    "dolev-yao",
    "malicious-mn",
    "rogue-previous-pma",
    "rogue-next-pma",
    "rogue-cn",
)
PROPERTIES = (
    "no-redirection",
    "binding-freshness",
    "no-careof-flooding",
    "no-home-flooding",
    "binding-agreement",
    "token-secrecy",
    "no-unauthorised-deregistration",
    "former-pma-powerless",
    "stateless-before-authentication",
    "acknowledgement-agreement",
    "progress",
)

STEPS = (
    Step(
        actor="pma1",
        action="start",
        rule="pma-sends-hoti",
        message="HoTI",
        link="HA-CN",
        section="3.2",
        statements=("N034",),
        sends=(said("HoTI(hoa, cookie1)"),),
        time=0.0,
    ),
    Step(
        actor="correspondent node",
        action="deliver",
        rule="cn-answers-hoti",
        message="HoTI",
        source="pma1",
        destination="correspondent node",
        link="HA-CN",
        section="RFC 6275 9.4.1",
        statements=("N035", "N036"),
        term="HoTI(hoa, cookie1)",
        parts=(("address", "hoa"), ("cookie", "cookie1")),
        sends=(said("HoT(hoa, cookie1, T)"),),
        time=0.25,
        octets="60000000" + "00" * 60,
    ),
    Step(
        actor="correspondent node",
        action="inject",
        rule="cn-accepts-bu",
        message="BU",
        source="attacker's care-of address",
        destination="correspondent node",
        link="HA-CN",
        section="3.3",
        statements=("N041",),
        term="BU(hoa, coa, mac)",
        parts=(("home", "hoa"), ("care_of", "coa"), ("mac", "mac")),
        cells=(changed("cn[HoA].entry", "CoA1, verified", "attacker, verified"),),
        known=(
            known("T(HoA, nonce 1)", "read from the HoT", " at step 2"),
            known("MAC[T | C](BU)", "it computes Kbm and the authenticator", "", 0),
        ),
        passed=("nonce indices are fresh", "the MAC is right"),
        attacker=True,
        time=1.5,
        octets="6000" + "ab" * 94,
    ),
)


def stored(value: Any) -> Any:
    """What a file holds of a record or of a part of one."""
    return json.loads(to_text(value))


def trace(scenario: str = SCENARIO, attacker: str = "home-path", prop: str = "no-redirection") -> Trace:
    return Trace(
        scenario=scenario,
        attacker=attacker,
        property=prop,
        readings=READINGS,
        without=(),
        steps=STEPS,
        observation={"care_of": "attacker", "verified": True},
        numbers={"octets": 1280, "seconds": 1.5},
        conclusion="the correspondent node sends the victim's traffic to the attacker",
    )


def result(
    attacker: str = "home-path",
    prop: str = "no-redirection",
    verdict: Verdict = Verdict.HOLDS,
    scenario: str = SCENARIO,
) -> Result:
    """A result whose evidence suits its verdict."""
    violated = verdict is Verdict.VIOLATED
    return Result(
        scenario=scenario,
        attacker=attacker,
        property=prop,
        readings=READINGS,
        without=(),
        verdict=verdict,
        bounds="two sessions, one handover, nonce epochs 0 to 2, sequence numbers modulo 4",
        states=1200,
        transitions=5400,
        depth=17,
        seconds=0.125,
        witness=Witness(found=verdict is not Verdict.VACUOUS, name="entry-made", depth=6),
        trace=trace(scenario, attacker, prop) if violated else None,
        replay=ReplayOutcome(
            Replay.CONFIRMED, "the cache holds 2001:db8:bad::1", "the cache holds the node's own address"
        )
        if violated
        else None,
        needs_attacker=True if violated else None,
        argument="N041 lets whoever knows T and C register" if violated else "",
        expected=verdict.value,
    )


def exploration(attacker: str = "home-path", scenario: str = SCENARIO) -> Exploration:
    return Exploration(
        scenario=scenario,
        attacker=attacker,
        readings=READINGS,
        without=(),
        states=1200,
        transitions=5400,
        depth=17,
        complete=True,
        knowledge_sets=31,
        facts=120,
        ground_transitions=410,
        cells=14,
        values=66,
        messages=52,
        bits=40,
        coverage={"cn-accepts-bu": 12, "pma-sends-hoti": 3},
        uncovered=(Uncovered("cn-wraps-sequence", "the bound of two sessions ends before it"),),
        stages={"grounding": 0.05, "exploration": 0.075},
    )


def record(*results: Result) -> Record:
    """A record of `results`, or of one that holds."""
    results = results or (result(),)
    pairs = dict.fromkeys((each.scenario, each.attacker) for each in results)
    return Record(
        pmicheck="0.1.0",
        kernel="python",
        command=("pmicheck", "verify"),
        settings={},
        bounds={SCENARIO: {"sessions": 2, "handovers": 1}},
        results=results,
        explorations=tuple(exploration(attacker, scenario) for scenario, attacker in pairs),
        seconds=2.5,
        stages={"grounding": Stage(1.0, 0.4), "exploration": Stage(1.5, 0.6)},
        partial=False,
        catalogue=catalogue_of([load_scenario(name) for name in SHIPPED]),
    )


def empty(**fields: Any) -> Record:
    """A record of these fields and nothing else."""
    nothing = {"command": (), "results": (), "explorations": (), "settings": {}, "bounds": {}, "stages": {}}
    named = {"pmicheck": "0.1.0", "kernel": "python", "seconds": 0.0, "partial": False, "catalogue": Catalogue()}
    return Record(**{**nothing, **named, **fields})


def full_record() -> Record:
    """Every property under every attacker, with each verdict and replay outcome somewhere."""
    kinds = list(Verdict)
    results = [
        result(attacker, prop, kinds[(row * 3 + column) % len(kinds)])
        for row, prop in enumerate(PROPERTIES)
        for column, attacker in enumerate(ATTACKERS)
    ]
    first = next(at for at, each in enumerate(results) if each.verdict is Verdict.VIOLATED)
    results[first] = replace(results[first], replay=ReplayOutcome(Replay.DIVERGED, "the nodes drop it"))
    return record(*results)
