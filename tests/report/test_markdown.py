"""The summary: what a reader of a pull request has to know, within GitHub's limits, and no markup but our own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ci_samples as ci
import pytest
import record_samples as samples
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from pmicheck.report.ci.markdown import summary
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.record.record import Record, Result
from pmicheck.verdict import Verdict

NOTHING = Comparison()
OURS = {"<code>", "</code>", "<br>", "<!-- -->"}
BLOCKS = re.compile(r"<details><summary>Known violations \(\d+\)</summary>\n|</details>\n")
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
STRUCTURE = {"heading", "paragraph", "inline", "bullet_list", "list_item", "html_block", *TABLE}
ALIVE = re.compile(r"https?:/|www\.|[@#]\w|\bGH-\d", re.IGNORECASE)
"""What GitHub makes links, mentions and references of in plain text."""


def rendered(text: str) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(text)


def inline(text: str) -> Iterator[list[Token]]:
    yield from (token.children or [] for token in rendered(text) if token.type == "inline")


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


def new_of(count: int) -> list[Result]:
    return [replace(ci.NEW, readings={"number": str(at)}) for at in range(count)]


def test_the_first_line_is_the_outcome() -> None:
    record = samples.record(ci.NEW, ci.HOLDS)
    assert summary(record, ci.compared(record, ci.finding())).startswith(
        "## pmicheck: passed\n\nOf 2 verdicts: 1 known, "
    )
    assert "not trustworthy" in headings(summary(samples.record(ci.VACUOUS), NOTHING))[0]
    assert "not conclusive" in headings(summary(samples.record(ci.UNDECIDED), NOTHING))[0]
    assert "interrupted" in headings(summary(replace(record, partial=True), NOTHING))[0]


def test_a_violation_is_new_only_to_a_baseline() -> None:
    record = samples.record(ci.NEW)
    against = headings(summary(record, ci.compared(record)))
    assert against[:2] == ["pmicheck: failed: new violations", "New violations (1)"]
    alone = summary(record, ci.compared(record, file=""))
    assert headings(alone)[:2] == ["pmicheck: failed: violations", "Violations (1)"]
    assert not re.search("baseline|new|known", alone, re.IGNORECASE)


def test_every_standing_has_its_column_and_its_section() -> None:
    text = summary(*ci.everything())
    assert "| scenario | new | known | expired | holds | inconclusive | not trustworthy |" in text
    assert "| <code>type1-initial</code> | 1 | 1 | 1 | 1 | 2 | 3 |" in text
    assert headings(text)[1:] == [
        "Not to be trusted (3)",
        "New violations (1)",
        "Not decided (2)",
        "Expired baseline entries (1)",
        "Stale baseline entries (1)",
        "Bounds",
    ]


def test_what_is_proved_is_counted_apart_from_what_holds() -> None:
    text = summary(samples.record(ci.HOLDS, replace(ci.UNDECIDED, verdict=Verdict.PROVED)), NOTHING)
    assert "Of 2 verdicts: 1 holds, 1 proved." in text
    assert "| scenario | holds | proved |" in text


def test_a_new_violation_has_its_story_attacker_fingerprint_and_replay() -> None:
    text = summary(samples.record(ci.NEW), NOTHING)
    (line,) = [line for line in text.splitlines() if line.startswith("- **Whoever")]
    assert "takes over the node's traffic in type1-initial.**" in line
    assert "<code>no-redirection</code> under <code>home-path</code>" in line
    assert f"<code>pmicheck explain {ci.NEW.fingerprint}</code>" in line
    assert "3 steps, replay: confirmed" in line


def test_known_violations_are_folded_away_with_the_place_of_their_entry() -> None:
    record = samples.record(ci.NEW)
    text = summary(record, ci.compared(record, ci.finding(), file="/home/someone/baseline.toml"))
    folded = text[text.index("<details>") : text.index("</details>")]
    assert ci.NEW.fingerprint in folded
    assert "<code>baseline.toml&#58;3</code>" in folded
    assert "someone" not in text


def test_stale_entries_have_their_place_and_what_to_do() -> None:
    record = samples.record(ci.HOLDS)
    text = summary(record, ci.compared(record, ci.finding(ci.HOLDS, line=19)))
    assert "- <code>baseline.toml&#58;19</code>: <code>type1-initial&#47;off-path&#47;no-redirection</code>" in text
    assert "remove the entry" in text


def test_an_entry_for_what_is_not_decided_waives_nothing_and_is_told() -> None:
    record = samples.record(ci.DIVERGED)
    text = summary(record, ci.compared(record, ci.finding(ci.DIVERGED)))
    assert "Baseline entries that waive nothing (1)" in headings(text)
    assert "DIVERGED" in text


def test_bounds_are_told_once_with_their_scenarios() -> None:
    twin = replace(ci.HOLDS, scenario="another")
    text = summary(samples.record(ci.HOLDS, ci.NEW, twin), NOTHING)
    assert text.count("two sessions, one handover") == 1
    assert "<code>type1-initial</code>, <code>another</code>" in text


def test_results_under_several_readings_are_told_apart() -> None:
    again = replace(ci.NEW, readings={"key_owner": "pma"})
    assert "<code>key&#95;owner&#61;pma</code>" in summary(samples.record(ci.NEW, again), NOTHING)


def test_an_empty_record_says_that_nothing_was_decided() -> None:
    assert "Nothing was decided." in summary(replace(samples.record(), results=()), NOTHING)


def test_neither_clock_nor_machine_leave_a_trace() -> None:
    record, comparison = ci.everything()
    assert summary(record, comparison) == summary(ci.slower(record), comparison)


def test_too_much_is_cut_below_a_mebibyte_and_says_so() -> None:
    evil = "@#<|&" * 2_000
    many = [replace(each, scenario=evil, attacker=evil, argument=evil) for each in new_of(200)]
    traces = [replace(each, trace=replace(samples.trace(), conclusion=evil)) for each in many]
    text = summary(samples.record(*traces), NOTHING)
    assert 900_000 < len(text.encode()) < 1_048_576
    assert re.search(r"The rest is left out, since GitHub shows no more than 1 MiB: \d+ lines\.", text)
    assert "Violations (200)" in headings(text)


def test_what_is_cut_is_what_matters_least() -> None:
    known = [replace(ci.NEW, scenario=f"scenario {at}") for at in range(9_000)]
    entries = tuple((result, ci.finding(result)) for result in known)
    text = summary(samples.record(*known, ci.NEW), Comparison(new=(ci.NEW,), waived=entries))
    assert len(text.encode()) < 1_048_576
    assert ci.NEW.fingerprint in text
    assert known[-1].fingerprint not in text
    assert text.index("</details>") < text.index("The rest is left out")


def test_what_fits_is_not_cut() -> None:
    text = summary(samples.record(*new_of(300)), NOTHING)
    assert text.count("- **Whoever") == 300
    assert "left out" not in text


def assert_only_our_markup(text: str) -> None:
    tokens = rendered(text)
    assert all(BLOCKS.fullmatch(token.content) for token in tokens if token.type == "html_block")
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= STRUCTURE
    for children in inline(text):
        within = False
        for token in children:
            if token.type == "html_inline":
                assert token.content in OURS
                within = {"<code>": True, "</code>": False}.get(token.content, within)
            else:
                assert token.type in ("text", "text_special", "strong_open", "strong_close")
                assert within or not ALIVE.search(token.content)
        assert not within


def assert_tables_have_their_columns(text: str) -> None:
    rows: list[int] = []
    for token in rendered(text):
        if token.type == "tr_open":
            rows.append(0)
        if token.type in ("td_open", "th_open"):
            rows[-1] += 1
    heads = [line.count("|") - 1 for line in text.splitlines() if line.startswith("| scenario |")]
    assert set(rows) == set(heads)
    lines = sum(line.startswith("| ") for line in text.splitlines())
    assert len(rows) == lines


@pytest.mark.parametrize("text", ci.HOSTILE, ids=ci.named)
def test_hostile_text_anywhere_stays_text(text: str) -> None:
    written = summary(*ci.poisoned(text))
    assert all(line.isprintable() for line in written.split("\n"))
    assert_only_our_markup(written)
    assert_tables_have_their_columns(written)


@given(ci.hostile())
@settings(max_examples=60, deadline=None)
def test_whatever_the_text_no_markup_comes_of_it(case: tuple[Record, Comparison]) -> None:
    written = summary(*case)
    assert written.encode()
    assert all(line.isprintable() for line in written.split("\n"))
    assert_only_our_markup(written)


def test_hostile_text_is_shown_as_it_is() -> None:
    evil = "<b>*x* | `y` [z](w) & \\| @octocat"
    written = summary(samples.record(samples.result(scenario=evil, verdict=Verdict.HOLDS)), NOTHING)
    shown = [
        "".join(token.content for token in children if token.type.startswith("text")) for children in inline(written)
    ]
    assert evil in shown
