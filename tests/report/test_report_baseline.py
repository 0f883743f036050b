"""The baseline: what it waives, what it never waives, and what is said of a broken one."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest
import record_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pmicheck.errors import UsageError
from pmicheck.report.gate.baseline import Baseline, Finding, compare, exit_code, load_baseline, render
from pmicheck.report.gate.baseline_lines import without_entries
from pmicheck.report.record.record import ReplayOutcome, Result, Witness
from pmicheck.verdict import ExitCode, Replay, Verdict

TODAY = datetime.date(2030, 6, 15)
VIOLATED = samples.result(verdict=Verdict.VIOLATED)
HOLDS = samples.result()


def finding(result: Result = VIOLATED, **changes: object) -> Finding:
    entry = Finding(*result.names(), result.fingerprint, "argued", "draft 3.3, N041", line=3)
    return dataclasses.replace(entry, **changes)


def baseline(*findings: Finding) -> Baseline:
    return Baseline("baseline.toml", findings)


def test_a_violation_nobody_knows_is_new() -> None:
    comparison = compare(samples.record(VIOLATED), baseline(), TODAY)
    assert comparison.new == (VIOLATED,)
    assert exit_code(samples.record(VIOLATED), comparison) == ExitCode.NEW_VIOLATION


def test_a_violation_in_the_file_is_known() -> None:
    comparison = compare(samples.record(VIOLATED), baseline(finding()), TODAY, complete=True)
    assert comparison.known == (VIOLATED,)
    assert exit_code(samples.record(VIOLATED), comparison) == ExitCode.AS_EXPECTED


def test_another_way_to_the_same_violation_is_new_and_the_entry_stale() -> None:
    comparison = compare(samples.record(VIOLATED), baseline(finding(fingerprint="0" * 12)), TODAY)
    assert len(comparison.new) == len(comparison.stale) == 1
    assert comparison.place(comparison.stale[0]) == "baseline.toml:3"


def test_an_entry_is_stale_only_if_its_finding_was_looked_for() -> None:
    other = finding(scenario="rr-mobile")
    assert compare(samples.record(HOLDS), baseline(finding()), TODAY).stale == (finding(),)
    assert compare(samples.record(HOLDS), baseline(other), TODAY).unjudged == (other,)
    assert compare(samples.record(HOLDS), baseline(other), TODAY, complete=True).stale == (other,)
    partial = replace(samples.record(HOLDS), partial=True)
    assert compare(partial, baseline(finding()), TODAY, complete=True).unjudged == (finding(),)


@pytest.mark.parametrize(
    "unasked", [finding(scenario="mine"), finding(scenario="rr-mobile-wide"), finding(without=("mac",))]
)
def test_a_run_over_the_main_scenarios_does_not_look_at_others_nor_without_mechanisms(unasked: Finding) -> None:
    compared = compare(samples.record(HOLDS), baseline(unasked), TODAY, complete=True)
    assert (compared.stale, compared.unjudged) == ((), (unasked,))


def test_a_search_that_a_limit_cut_is_inconclusive_and_not_untrustworthy() -> None:
    cut = replace(samples.result(verdict=Verdict.HOLDS_TO_BOUND), witness=Witness(False, "entry-made"))
    record = samples.record(cut)
    assert exit_code(record, compare(record, baseline(), TODAY)) is ExitCode.INCONCLUSIVE
    found = samples.record(cut, replace(VIOLATED, attacker="off-path"))
    assert exit_code(found, compare(found, baseline(), TODAY)) is ExitCode.NEW_VIOLATION
    whole = samples.record(replace(cut, verdict=Verdict.HOLDS))
    assert exit_code(whole, compare(whole, baseline(), TODAY)) is ExitCode.NOT_TRUSTWORTHY


def test_readings_and_mechanisms_set_apart() -> None:
    ablated = replace(VIOLATED, without=("mac",))
    assert compare(samples.record(ablated), baseline(finding()), TODAY).new == (ablated,)
    assert compare(samples.record(ablated), baseline(finding(without=("mac",))), TODAY).known == (ablated,)
    reading = finding(settings={"key_owner": "pma"})
    assert compare(samples.record(VIOLATED), baseline(reading), TODAY).new == (VIOLATED,)
    changed = replace(samples.record(HOLDS), settings={"tombstone": "full"})
    assert compare(changed, baseline(finding()), TODAY).unjudged == (finding(),)


def test_a_settled_violation_is_known_if_the_one_that_settles_it_is() -> None:
    settled = replace(samples.result("dolev-yao", verdict=Verdict.VIOLATED), settled_by="home-path")
    record = samples.record(VIOLATED, settled)
    assert compare(record, baseline(finding()), TODAY).new == ()
    assert compare(record, baseline(), TODAY).new == (VIOLATED, settled)
    assert compare(
        samples.record(settled), baseline(dataclasses.replace(finding(), attacker="off-path")), TODAY
    ).new == (settled,)


def test_an_entry_for_another_attack_is_not_judged_where_a_weaker_attacker_settles_it() -> None:
    settled = replace(samples.result("dolev-yao", verdict=Verdict.VIOLATED), settled_by="home-path")
    own = dataclasses.replace(finding(fingerprint="0" * 12), attacker="dolev-yao")
    compared = compare(samples.record(VIOLATED, settled), baseline(finding(), own), TODAY, complete=True)
    assert (compared.stale, compared.unjudged) == ((), (own,))
    run = compare(samples.record(VIOLATED, replace(settled, settled_by="")), baseline(finding(), own), TODAY)
    assert run.stale == (own,)


def test_an_entry_counts_up_to_its_last_day() -> None:
    record = samples.record(VIOLATED)
    assert not compare(record, baseline(finding(expires=TODAY)), TODAY).expired
    late = finding(expires=TODAY - datetime.timedelta(days=1))
    comparison = compare(record, baseline(late), TODAY)
    assert comparison.expired == (late,)
    assert not comparison.new
    assert exit_code(record, comparison) == ExitCode.STALE_BASELINE


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (replace(VIOLATED, replay=ReplayOutcome(Replay.DIVERGED)), ExitCode.NOT_TRUSTWORTHY),
        (replace(VIOLATED, replay=None), ExitCode.NOT_TRUSTWORTHY),
        (replace(VIOLATED, verdict=Verdict.VACUOUS), ExitCode.NOT_TRUSTWORTHY),
        (replace(VIOLATED, verdict=Verdict.UNDECIDED), ExitCode.INCONCLUSIVE),
        (replace(VIOLATED, verdict=Verdict.HOLDS_TO_BOUND), ExitCode.INCONCLUSIVE),
    ],
)
def test_what_cannot_be_trusted_is_never_waived(result: Result, code: ExitCode) -> None:
    record = samples.record(result)
    comparison = compare(record, baseline(finding(result)), TODAY, complete=True)
    assert exit_code(record, comparison) == code
    assert comparison.void == ((finding(result), result),)
    assert comparison.waived == comparison.stale == comparison.unjudged == ()
    assert comparison.new == ((result,) if result.verdict is Verdict.VIOLATED else ())
    assert "[[finding]]" not in render(record, {})


def test_an_entry_is_kept_by_whatever_did_not_decide_it() -> None:
    entry = finding(reason="mine")
    for verdict in (Verdict.UNDECIDED, Verdict.HOLDS_TO_BOUND, Verdict.VACUOUS):
        assert 'reason = "mine"' in render(samples.record(replace(VIOLATED, verdict=verdict)), {}, baseline(entry))
    assert "[[finding]]" not in render(samples.record(HOLDS), {}, baseline(entry))


def test_a_written_baseline_knows_the_record_it_was_made_from(tmp_path: Path) -> None:
    record = samples.full_record()
    path = tmp_path / "baseline.toml"
    path.write_text(render(record, {}))
    loaded = load_baseline(path)
    comparison = compare(record, loaded, TODAY, complete=True)
    assert not comparison.stale
    assert [each.replay.outcome for each in comparison.new if each.replay] == [Replay.DIVERGED]
    assert loaded.findings[0].cite == "draft 3.3, N041"
    assert render(record, {}, loaded) == path.read_text()


def test_writing_again_keeps_what_people_wrote() -> None:
    old = baseline(finding(reason="mine", expires=TODAY), finding(scenario="rr-mobile", reason="elsewhere"))
    text = render(samples.record(VIOLATED), {}, old)
    assert 'reason = "mine"' in text
    assert "expires = 2030-06-15" in text
    assert 'reason = "elsewhere"' in text


def test_an_entry_nobody_argued_is_refused_until_it_is(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(render(samples.record(replace(VIOLATED, argument="")), {}))
    with pytest.raises(UsageError, match=r"baseline\.toml:9: 'reason' must be a text that is not empty"):
        load_baseline(path)
    path.write_text(render(samples.record(replace(VIOLATED, argument="")), {VIOLATED.fingerprint: "now it is"}))
    assert load_baseline(path).findings[0].reason == "now it is"


@given(reason=st.text(min_size=1).filter(str.strip))
@settings(max_examples=100, deadline=None)
def test_any_reason_survives_the_file(reason: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "baseline.toml"
    path.write_text(render(samples.record(replace(VIOLATED, argument=reason)), {}), encoding="utf-8")
    assert load_baseline(path).findings[0].reason == reason


GOOD = """\
[[finding]]
scenario = "type1-initial"
attacker = "home-path"
property = "no-redirection"
fingerprint = "0123456789ab"
reason = "argued"
cite = "draft 3.3"
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + GOOD, r":8: the same finding stands already at line 1"),
        (GOOD + "expires = '2031-12-31'\n", r":8: 'expires' must be a date without quotes"),
        (GOOD + "expires = 2031-12-31T00:00:00\n", r":8: 'expires' must be a date without quotes and time"),
        (GOOD + "reson = 'x'\n", r":8: a finding has no key 'reson'; did you mean 'reason'"),
        (GOOD + "settings = 'x'\n", r":8: 'settings' must be a table"),
        (GOOD + "without = 'x'\n", r":8: 'without' must be a list"),
        (GOOD.replace("0123456789ab", "0123"), r":5: 'fingerprint' must be 12 hexadecimal digits"),
        (GOOD.replace('cite = "draft 3.3"\n', ""), r":1: this finding lacks 'cite'"),
        (GOOD.replace('"argued"', "7"), r":6: 'reason' must be a text"),
        (GOOD.replace("[[finding]]", "[finding]"), r":1: a finding begins with \[\[finding\]\]"),
        (GOOD.replace("[[finding]]", "[[findings]]"), r":1: there is no table 'findings'"),
        (GOOD + "oops\n", r":8: not TOML"),
        ('reason = """\n[[finding]]\n"""\n' + GOOD, r":1: there is no table 'reason'"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"baseline\.toml" + said):
        load_baseline(path)


def test_lines_are_right_after_a_multi_line_reason(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    long = GOOD.replace('"argued"', '"""\n[[finding]]\nargued"""')
    path.write_text(long + "\n" + GOOD.replace("home-path", "off-path"))
    assert [each.line for each in load_baseline(path).findings] == [1, 11]


@pytest.mark.parametrize(
    "value",
    [
        '"""\n[[finding]]\n"""',
        "'''\n[[finding]]'''",
        '"""\n[[finding]]\n\\"""\n[[finding]]\n"""',
        '"""a""""',
        "\"he said '''so\"",
        '\'he said """so\'',
        '"a # no comment"  # a """ comment with \'\'\' marks',
        '"\\\\"',
    ],
)
def test_no_string_and_no_comment_is_taken_for_an_entry(tmp_path: Path, value: str) -> None:
    path = tmp_path / "baseline.toml"
    first = GOOD.replace('"argued"', value)
    path.write_text(first + "# [[finding]]\n" + GOOD.replace("home-path", "off-path"))
    lines = [each.line for each in load_baseline(path).findings]
    assert lines == [1, first.count("\n") + 2]
    text, spans = without_entries(path.read_text(), [1])
    assert text == "# [[finding]]\n" + GOOD.replace("home-path", "off-path")
    assert spans == [(1, first.count("\n"))]


ENTRIES = (
    "[[finding]]\n{}\n",
    "  [[ finding ]]  # why\n\n# within\n{}\n",
    '[["finding"]]\n{}\nsettings = {{ "tombstone" = "rr" }}\n',
    "[[finding]]\n{}\n[finding.settings]\ntombstone = '''\n\n[[finding]]\n'''\n",
    '[[finding]]\nwithout = [\n  "mac", # one\n\n]\n{}\n',
)
BETWEEN = st.lists(st.sampled_from(["# a comment\n", "\n", "\t\n", '# [[finding]] """\n']), max_size=3).map("".join)
FILES = st.lists(st.tuples(BETWEEN, st.sampled_from(ENTRIES), st.booleans()), min_size=1, max_size=6)


def keys_of(number: int) -> str:
    lines = GOOD.replace("0123456789ab", f"{number:012x}").splitlines()[1:]
    return "\n".join(lines)


@given(pieces=FILES, foot=BETWEEN, end=st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=200, deadline=None)
def test_cutting_entries_out_leaves_all_else_to_the_octet(
    pieces: list[tuple[str, str, bool]], foot: str, end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.toml"
    text = "".join(f"{head}{entry.format(keys_of(n))}" for n, (head, entry, _) in enumerate(pieces)) + foot
    path.write_bytes(text.replace("\n", end).encode())
    known = load_baseline(path).findings
    starts = [each.line for each, (_, _, goes) in zip(known, pieces, strict=True) if goes and each.line]
    left, spans = without_entries(path.read_bytes().decode(), starts)
    kept = "".join(head + ("" if goes else entry.format(keys_of(n))) for n, (head, entry, goes) in enumerate(pieces))
    assert [line for line in left.split(end) if line.strip()] == [
        line for line in (kept + foot).split("\n") if line.strip()
    ]
    assert [first for first, _ in spans] == starts
    assert kept.count("\n") + foot.count("\n") - left.count("\n") <= len(starts)  # one blank line each, at most
    path.write_bytes(left.encode())
    assert [each.fingerprint for each in load_baseline(path).findings] == [
        f"{n:012x}" for n, (_, _, goes) in enumerate(pieces) if not goes
    ]


def test_cutting_out_what_was_written_gives_what_would_be_written_without_it() -> None:
    results = [samples.result(name, verdict=Verdict.VIOLATED) for name in samples.ATTACKERS[:4]]
    whole = render(samples.record(*results), {})
    for gone in results:
        left = [each for each in results if each is not gone]
        at = whole[: whole.index(f'attacker = "{gone.attacker}"')].count("\n") - 1
        assert without_entries(whole, [at])[0] == render(samples.record(*left), {})


def test_an_empty_file_is_a_baseline(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text("# nothing is known\n")
    assert load_baseline(path).findings == ()
