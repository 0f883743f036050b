"""JUnit XML: read back by those who read it, with every standing where a gate looks for it."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from xml.etree import ElementTree

import ci_samples as ci
import junitparser
import pytest
import record_samples as samples
from hypothesis import given, settings
from msgspec.structs import replace

from pmicheck.report.ci.junit import junit
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.record.record import Record, Result
from pmicheck.report.words.narration import tell
from pmicheck.verdict import Verdict

NOTHING = Comparison()
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold (production 2)."""


def read(record: Record, comparison: Comparison = NOTHING) -> junitparser.JUnitXml:
    return junitparser.JUnitXml.fromstring(junit(record, comparison).encode())


def suite(record: Record, comparison: Comparison, name: str) -> junitparser.TestSuite:
    (found,) = [each for each in read(record, comparison) if each.name == name]
    return found


def outcome(result: Result, comparison: Comparison = NOTHING) -> list[junitparser.junitparser.Result]:
    (case,) = next(iter(read(samples.record(result), comparison)))
    return case.result


def test_a_suite_a_scenario_and_a_case_per_attacker_and_property() -> None:
    other = replace(ci.HOLDS, scenario="type2-rr")
    read_back = read(samples.record(ci.HOLDS, ci.NEW, other))
    told = {each.name: [(case.classname, case.name) for case in each] for each in read_back}
    assert told == {
        "type1-initial": [
            ("type1-initial.off-path", "no-redirection"),
            ("type1-initial.home-path", "no-redirection"),
        ],
        "type2-rr": [("type2-rr.off-path", "no-redirection")],
    }


def test_what_holds_passes() -> None:
    assert outcome(ci.HOLDS) == []


def test_what_is_proved_passes_and_says_what_the_attacker_never_gets() -> None:
    proved = replace(ci.HOLDS, verdict=Verdict.PROVED, never_known=("PT*(HoA)", "private key of mn"))
    assert outcome(proved) == []
    assert "The attacker never gets: PT*(HoA); private key of mn." in " ".join(
        junit(samples.record(proved), NOTHING).split()
    )


def test_a_violation_fails_and_is_told_and_is_new_only_to_a_baseline() -> None:
    (new,) = outcome(ci.NEW, ci.compared(samples.record(ci.NEW)))
    (failure,) = outcome(ci.NEW)
    assert isinstance(failure, junitparser.Failure)
    assert (new.type, failure.type) == ("new violation", "violation")
    assert ci.NEW.fingerprint in failure.message
    (case,) = next(iter(read(samples.record(ci.NEW))))
    assert case.system_out == tell(ci.NEW)


def test_a_known_violation_is_skipped_with_its_reason() -> None:
    (skipped,) = outcome(ci.NEW, ci.compared(samples.record(ci.NEW), ci.finding()))
    assert isinstance(skipped, junitparser.Skipped)
    assert "Known: it is argued." in skipped.message


@pytest.mark.parametrize("result", [ci.VACUOUS, ci.UNDECIDED, ci.TO_BOUND, ci.DIVERGED, ci.UNREPLAYED])
def test_what_is_not_to_be_relied_on_is_an_error_even_if_the_baseline_names_it(result: Result) -> None:
    (error,) = outcome(result, Comparison(waived=((result, ci.finding(result)),)))
    assert isinstance(error, junitparser.Error)


def test_stale_and_expired_entries_fail_in_a_suite_of_their_own() -> None:
    record, comparison = ci.everything()
    cases = list(suite(record, dataclasses.replace(comparison, file="/home/someone/baseline.toml"), "baseline"))
    kinds = {case.name.split("/")[1]: case.result[0].type for case in cases}
    assert kinds == {"off-path": "stale", "malicious-mn": "expired"}
    assert cases[0].result[0].message.startswith("baseline.toml:19: type1-initial/off-path/no-redirection ")
    violation = [
        case for case in suite(record, comparison, samples.SCENARIO) if case.classname.endswith("malicious-mn")
    ]
    assert [case.result[0].type for case in violation] == ["expired"]


def test_a_baseline_in_good_order_needs_no_suite() -> None:
    record = samples.record(ci.NEW)
    assert [each.name for each in read(record, ci.compared(record, ci.finding()))] == [samples.SCENARIO]


def test_an_interrupted_run_is_an_error() -> None:
    (case,) = suite(replace(samples.record(), partial=True), NOTHING, "run")
    assert isinstance(case.result[0], junitparser.Error)


def test_the_counts_are_those_of_the_cases() -> None:
    root = ElementTree.fromstring(junit(*ci.everything()))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "11",
        "failures": "4",
        "errors": "5",
        "skipped": "1",
    }
    for each in (root, *root.iter("testsuite")):
        found = Counter(outcome.tag for case in each.iter("testcase") for outcome in case)
        assert int(each.get("tests", "")) == len(list(each.iter("testcase")))
        assert int(each.get("failures", "")) == found["failure"]
        assert int(each.get("errors", "")) == found["error"]
        assert int(each.get("skipped", "")) == found["skipped"]


def test_the_same_question_asked_twice_is_two_cases() -> None:
    again = replace(ci.NEW, readings={"key_owner": "pma"})
    ablated = replace(ci.NEW, without=("mac",))
    names = [case.name for case in next(iter(read(samples.record(ci.NEW, again, ablated, ablated))))]
    assert len(set(names)) == 4
    assert names[1] == "no-redirection [key_owner=pma]"
    assert "without mac" in names[2]


def test_bounds_stand_beside_the_cases() -> None:
    (told,) = suite(samples.record(ci.HOLDS, ci.NEW), NOTHING, samples.SCENARIO).properties()
    assert (told.name, told.value) == ("bounds", ci.HOLDS.bounds)


def test_neither_clock_nor_machine_leave_a_trace() -> None:
    record, comparison = ci.everything()
    assert junit(record, comparison) == junit(ci.slower(record), comparison)
    root = ElementTree.fromstring(junit(record, comparison))
    assert not [each for each in root.iter() if {"time", "timestamp", "hostname"} & set(each.attrib)]


@pytest.mark.parametrize("text", ci.HOSTILE, ids=ci.named)
def test_hostile_text_anywhere_leaves_a_document(text: str) -> None:
    record, comparison = ci.poisoned(text)
    written = junit(record, comparison)
    assert not ILLEGAL.search(written)
    root = ElementTree.fromstring(written.encode())
    entries = len(comparison.stale) + len(comparison.expired)
    assert len(list(root.iter("testcase"))) == len(record.results) + entries + 1
    assert sum(len(each) for each in read(record, comparison)) == len(record.results) + entries + 1


@given(ci.hostile())
@settings(max_examples=60, deadline=None)
def test_whatever_the_text_the_cases_are_those_of_the_record(case: tuple[Record, Comparison]) -> None:
    record, comparison = case
    written = junit(record, comparison)
    assert not ILLEGAL.search(written)
    root = ElementTree.fromstring(written.encode())
    names = {result.scenario for result in record.results}
    suites = [each for each in root if each.get("name") not in ("run", "baseline")]
    assert len(suites) == len(names - {"run", "baseline"})
    explained = [result for result in record.results if result.verdict in (Verdict.VIOLATED, Verdict.PROVED)]
    assert len(list(root.iter("system-out"))) == len(explained)


def test_what_does_not_print_is_replaced_visibly() -> None:
    broken = replace(ci.NEW, scenario="a\x07b\ud800c\u202ed")
    assert [each.name for each in read(samples.record(broken))] == ["a\\x07b\\ud800c\\u202ed"]
