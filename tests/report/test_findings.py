"""findings.md: how violations become flaws, how flaws are ranked, and what a reader is told of each."""

from __future__ import annotations

import pytest
import record_samples as samples
from msgspec.structs import replace
from told import known, said

from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Change, Decision, Mends, Review, Row, Statement, Table, Weakest
from pmicheck.report.text.findings import render
from pmicheck.report.words.flaws import flaws, way_in
from pmicheck.verdict import Verdict


def violation(
    attacker: str = "home-path",
    prop: str = "no-redirection",
    scenario: str = "type1-initial",
    credential: str = "T",
    **fields: object,
) -> Result:
    """A violation by an update that the attacker authenticates with `credential`."""
    message = {"type": "Update", "proxy": False, "home": "HoA", "credential": credential, "key": None, **fields}
    found = samples.result(attacker, prop, Verdict.VIOLATED, scenario)
    assert found.trace is not None
    assert found.replay is not None
    *before, last = found.trace.steps
    steps = (*before, replace(last, content=message))
    cost = {"packets": 2, "octets_sent": 208, "victim_octets": 1500, "seconds": 0.25}
    return replace(
        found,
        trace=replace(found.trace, steps=steps),
        replay=replace(found.replay, details={"cost": cost}),
    )


def record(*results: Result) -> Record:
    return samples.record(*results)


def test_what_comes_in_by_the_same_way_is_one_flaw() -> None:
    found = flaws(record(violation(), violation(prop="binding-agreement"), violation(scenario="type1-refresh")))
    assert [len(flaw.results) for flaw in found] == [3]


def test_another_credential_is_another_flaw() -> None:
    by_ht = violation("rogue-previous-pma", credential="HT", proxy=True, key="mn")
    found = flaws(record(violation(), by_ht))
    assert [flaw.main.attacker for flaw in found] == ["home-path", "rogue-previous-pma"]


def test_an_update_that_was_sent_before_came_in_by_replay() -> None:
    result = violation()
    assert result.trace is not None
    first, *others = result.trace.steps
    sent = result.trace.steps[-1].said
    passed_on = replace(sent, term="BU(in other words)", content={**sent.content, "link": "tunnel", "to": "ha"})
    for before in (passed_on, said(sent.term)):
        seen = replace(first, sends=(before,))
        assert "seen before" in way_in(replace(result, trace=replace(result.trace, steps=(seen, *others))))
    other = replace(first, sends=(replace(sent, content={**sent.content, "seq": 2}),))
    assert "seen before" not in way_in(replace(result, trace=replace(result.trace, steps=(other, *others))))


@pytest.mark.parametrize(
    ("term", "how", "needs"),
    [
        ("signature of mn over (care-of CoA1)", "read from the PBU", "a signature of the node that was seen"),
        ("signature of mn over (care-of CoA1)", "it signs", "the node's private key, whoever holds them"),
        ("MAC[T(HoA, nonce 1)](PBU)", "read from the PBU", "the node's private key, whoever holds them"),
    ],
)
def test_a_signature_is_made_with_the_key_unless_it_was_read(term: str, how: str, needs: str) -> None:
    result = violation(key="mn")
    assert result.trace is not None
    *before, last = result.trace.steps
    steps = (*before, replace(last, known=(known(term, how),)))
    assert way_in(replace(result, trace=replace(result.trace, steps=steps))).endswith(needs)


def test_the_weakest_attacker_comes_first_and_then_the_gravest_harm() -> None:
    weak = violation("off-path", "acknowledgement-agreement", credential="PT")
    flood = violation("home-path", "no-careof-flooding", credential="HT")
    redirection = violation("home-path", "no-redirection", credential="T")
    found = flaws(record(flood, redirection, weak))
    assert [flaw.main.property for flaw in found] == [
        "acknowledgement-agreement",
        "no-redirection",
        "no-careof-flooding",
    ]


def test_what_breaks_in_an_ancestor_alone_is_no_flaw_of_the_draft() -> None:
    assert flaws(record(violation(scenario="rr-mobile"))) == ()
    (flaw,) = flaws(record(violation(scenario="rr-mobile"), violation()))
    assert flaw.main.scenario == "type1-initial"
    assert flaw.inherited == ("rr-mobile",)


def test_only_minimal_attackers_are_told_where_they_are_known() -> None:
    review = Review(weakest=(Weakest("type1-initial", "no-redirection", "home-path", ("ha-cn",), "0 s"),))
    (flaw,) = flaws(replace(record(violation("dolev-yao"), violation()), review=review))
    assert [each.attacker for each in flaw.results] == ["home-path"]


def test_a_flaw_is_told_with_cost_statement_reading_replay_and_repair() -> None:
    review = Review(
        changes=(
            Change(
                "type1-initial", ("home-path",), ("no-redirection",), (("plain_rr_fallback", "no"),), "holds", "why"
            ),
        ),
        repairs=(Mends("type1-initial", "no-redirection", (("refuse plain updates",),)),),
        statements={"N041": Statement("3.2", "The home test validates the home address")},
    )
    text = render(replace(record(violation()), review=review))
    assert "2 packets, 208 octets sent, 1,500 octets arrive, 0.25 s" in text
    assert "N041 (draft 3.2): The home test validates the home address." in text
    assert "with `plain_rr_fallback=no` no more: no-redirection in type1-initial. why." in text
    assert "Confirmed on real packets. the cache holds 2001:db8:bad::1." in text
    assert "- **Smallest repair:** refuse plain updates." in text
    assert "3. **The attacker sends a BU to the correspondent node" in text


def test_what_only_another_reading_lets_in_stands_apart() -> None:
    change = Change("type1-initial", ("off-path",), ("no-redirection",), (("dereg_auth", "none"),), "violated", "why")
    text = render(replace(record(violation()), review=Review(changes=(change,))))
    assert "| `dereg_auth=none` | no-redirection | off-path | type1-initial | why |" in text


def test_claims_and_comparison_are_told() -> None:
    review = Review(
        claims=(Decision("S01", "3.5", "one home test is enough", "refuted", ("violated: a/b/c",)),),
        tables=(Table("draft beside RFC", ("RFC", "draft"), (Row("p", "a", ("holds", "violated"), ("worse",)),)),),
    )
    text = render(replace(record(violation()), review=review))
    assert "| S01 | 3.5 | One home test is enough | **refuted** |" in text
    assert "  - Violated: a/b/c." in text
    assert "| p | a | holds | violated | worse |" in text


def test_the_same_record_gives_the_same_octets_whatever_the_order_and_times() -> None:
    one, other = violation(), violation(prop="binding-agreement")
    slow = replace(record(other, one), seconds=99.0)
    assert render(record(one, other)) == render(slow)


def test_no_violation_is_said_to_be_none() -> None:
    assert "No violation was found." in render(samples.record())
