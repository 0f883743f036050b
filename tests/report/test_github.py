"""Annotations: commands as the runner of GitHub Actions reads them, the gravest first, ten of a level."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import ci_samples as ci
import pytest
import record_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pmicheck.report.ci.github import annotations
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.record.record import Record
from pmicheck.verdict import Verdict

NOTHING = Comparison()
COMMAND = re.compile(r"::(error|warning|notice)(?: ([^:\r\n]*))?::([^\r\n]*)")


@dataclass(frozen=True)
class Command:
    level: str
    properties: dict[str, str]
    message: str


def read(record: Record, comparison: Comparison = NOTHING) -> list[Command]:
    """The commands as the runner takes them apart; a line that is none fails."""
    commands = []
    for line in (
        annotations(record, comparison).removesuffix("\n").split("\n") if annotations(record, comparison) else ()
    ):
        found = COMMAND.fullmatch(line)
        assert found, line
        pairs = [pair.split("=", 1) for pair in (found[2] or "").split(",") if pair]
        commands.append(Command(found[1], {name: plain(value) for name, value in pairs}, plain(found[3])))
    return commands


def plain(text: str) -> str:
    """Undoes the escaping, `%25` last."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_where_all_is_well_nothing_is_said() -> None:
    record = samples.record(ci.NEW, ci.HOLDS)
    assert annotations(record, ci.compared(record, ci.finding())) == ""


def test_a_violation_is_new_only_to_a_baseline() -> None:
    record = samples.record(ci.NEW)
    (alone,), (against,) = read(record), read(record, ci.compared(record))
    assert alone.properties["title"] == "violation: no-redirection under home-path"
    assert against.properties["title"] == f"new {alone.properties['title']}"


def test_a_violation_is_an_error_at_its_scenario() -> None:
    (command,) = read(replace(samples.record(ci.NEW), files={samples.SCENARIO: "my/scenario, one.toml"}))
    assert command.level == "error"
    assert command.properties == {
        "file": "my/scenario, one.toml",
        "line": "1",
        "title": "violation: no-redirection under home-path",
    }
    assert "takes over the node's traffic" in command.message
    assert f"pmicheck explain {ci.NEW.fingerprint}" in command.message


def test_what_cannot_be_trusted_is_an_error_and_what_is_not_decided_a_warning() -> None:
    told = [
        (each.level, each.properties["title"]) for each in read(samples.record(ci.TO_BOUND, ci.VACUOUS, ci.DIVERGED))
    ]
    assert told == [
        ("error", "not trustworthy: no-redirection under dolev-yao"),
        ("error", "not trustworthy: binding-freshness under off-path"),
        ("warning", "inconclusive: data-origin under off-path"),
    ]


def test_entries_to_deal_with_are_warnings_at_their_line() -> None:
    record = samples.record(ci.HOLDS, ci.NEW)
    late = ci.finding(line=11, expires=ci.TODAY - datetime.timedelta(days=1))
    comparison = ci.compared(record, ci.finding(ci.HOLDS, line=19), late, file="/home/someone/repo/baseline.toml")
    told = read(record, comparison)
    assert [each.level for each in told] == ["warning", "warning"]
    assert [(each.properties["file"], each.properties["line"]) for each in told] == [
        ("baseline.toml", "11"),
        ("baseline.toml", "19"),
    ]
    assert "2030-06-14" in told[0].message


def test_an_interrupted_run_is_a_warning() -> None:
    assert [each.level for each in read(replace(samples.record(), partial=True))] == ["warning"]


def test_ten_of_a_level_the_gravest_first_and_one_notice_counts_the_rest() -> None:
    new = [samples.result("off-path", prop, Verdict.VIOLATED) for prop in reversed(samples.PROPERTIES)]
    limits = [samples.result("home-path", prop, Verdict.UNDECIDED) for prop in samples.PROPERTIES]
    told = read(samples.record(*new, *limits, samples.result("rogue-cn", verdict=Verdict.VACUOUS)))
    assert [each.level for each in told] == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert told[0].properties["title"] == "not trustworthy: no-redirection under rogue-cn"
    assert told[1].properties["title"] == "violation: no-redirection under off-path"
    assert told[2].properties["title"] == "violation: no-careof-flooding under off-path"
    assert told[-1].message.endswith("Not shown: violation 2, inconclusive 1.")


def test_ten_are_shown_without_a_notice() -> None:
    new = [samples.result(attacker, verdict=Verdict.VIOLATED) for attacker in samples.ATTACKERS]
    assert [each.level for each in read(samples.record(*new))] == ["error"] * len(new)


def test_neither_clock_nor_machine_nor_order_leave_a_trace() -> None:
    record, comparison = ci.everything()
    backwards = replace(ci.slower(record), results=tuple(reversed(record.results)))
    assert annotations(record, comparison) == annotations(backwards, comparison)


@pytest.mark.parametrize("text", ci.HOSTILE, ids=ci.named)
def test_hostile_text_anywhere_makes_no_command_of_its_own(text: str) -> None:
    record, comparison = ci.poisoned(text)
    told = read(record, comparison)
    assert [each.level for each in told] == ["error"] * 7 + ["warning"] * 5
    assert all(each.properties.keys() == {"file", "line", "title"} for each in told)
    assert all(len(value) <= 200 for each in told for value in each.properties.values())
    assert all(len(each.message) <= 2000 for each in told)
    assert not any(each.properties["file"].startswith("/") for each in told)


@given(ci.hostile())
@settings(max_examples=60, deadline=None)
def test_each_line_is_one_command_and_prints(case: tuple[Record, Comparison]) -> None:
    for each in read(*case):
        assert each.message.isprintable()
        assert all(value.isprintable() for value in each.properties.values())
        assert set(each.properties) <= {"file", "line", "title"}


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=60))
@settings(deadline=None)
def test_a_title_comes_back_as_it_was(text: str) -> None:
    (command,) = read(samples.record(samples.result(text, verdict=Verdict.VIOLATED)))
    assert command.properties["title"] == f"violation: no-redirection under {text}".rstrip()
