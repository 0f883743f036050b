"""How two records differ: what counts, what does not, and how it is told."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import fields

import pytest
import record_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pmicheck.report.gate.difference import Cell, Difference, Setting, Size, difference
from pmicheck.report.gate.difference_text import as_markdown, as_text, summary
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import Cited, Record, ReplayOutcome, Result, Stage
from pmicheck.verdict import Replay, Verdict

HOLDS = samples.result()
VIOLATED = samples.result(verdict=Verdict.VIOLATED)
UNDECIDED = samples.result(verdict=Verdict.UNDECIDED)
PLACE = Cell(*HOLDS.names())


def between(old: Result | None, new: Result | None) -> Difference:
    """The difference of two records that hold one more result each, or none more."""
    other = samples.result("off-path")
    return difference(*(samples.record(other, each) if each else samples.record(other) for each in (old, new)))


def differing(found: Difference) -> set[str]:
    return {each.name for each in fields(found) if getattr(found, each.name)} - {"sizes"}


def retraced(result: Result) -> Result:
    """The same violation by fewer steps."""
    assert result.trace is not None
    return replace(result, trace=replace(result.trace, steps=result.trace.steps[:2]))


def diverged(result: Result) -> Result:
    return replace(result, replay=ReplayOutcome(Replay.DIVERGED, "dropped"))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (HOLDS, VIOLATED, "new"),
        (UNDECIDED, VIOLATED, "new"),
        (None, VIOLATED, "new"),
        (HOLDS, diverged(VIOLATED), "new"),
        (VIOLATED, HOLDS, "gone"),
        (VIOLATED, replace(HOLDS, verdict=Verdict.PROVED), "gone"),
        (VIOLATED, UNDECIDED, "changed"),
        (VIOLATED, samples.result(verdict=Verdict.VACUOUS), "changed"),
        (VIOLATED, diverged(VIOLATED), "changed"),
        (HOLDS, UNDECIDED, "changed"),
        (VIOLATED, retraced(VIOLATED), "retraced"),
        (VIOLATED, None, "only_old"),
        (HOLDS, None, "only_old"),
        (None, HOLDS, "only_new"),
    ],
)
def test_each_change_is_told_once_and_as_what_it_is(old: Result | None, new: Result | None, kind: str) -> None:
    found = between(old, new)
    assert differing(found) == {kind}
    (turn,) = getattr(found, kind)
    assert turn.cell == PLACE


def test_a_turn_tells_verdicts_fingerprints_and_conclusion() -> None:
    (turn,) = between(diverged(VIOLATED), retraced(VIOLATED)).changed
    assert (turn.old, turn.new) == ("violated (diverged)", "violated (confirmed)")
    assert turn.old_fingerprint == VIOLATED.fingerprint != turn.new_fingerprint == retraced(VIOLATED).fingerprint
    assert turn.conclusion == "the correspondent node sends the victim's traffic to the attacker"
    (turn,) = between(HOLDS, VIOLATED).new
    assert (turn.old, turn.old_fingerprint) == ("holds", "")


def test_seconds_commands_and_order_do_not_count() -> None:
    record = samples.full_record()
    later = replace(
        record,
        seconds=99.0,
        command=("pmicheck", "verify", "--workers", "2"),
        stages={"grounding": Stage(9.0, 1.0)},
        results=tuple(replace(each, seconds=7.0) for each in reversed(record.results)),
        explorations=tuple(replace(each, stages={"grounding": 9.0}) for each in reversed(record.explorations)),
    )
    found = difference(record, later)
    assert not found
    assert (
        summary(found)
        == as_text(found, width=100).strip()
        == ("no difference: verdicts, traces, sizes, coverage and bounds are the same.")
    )


def changed(record: Record, **changes: object) -> Record:
    """`record` with changes to its first exploration."""
    first, *others = record.explorations
    return replace(record, explorations=(replace(first, **changes), *others))  # type: ignore[arg-type]


def test_sizes_and_coverage_are_compared_exploration_by_exploration() -> None:
    record = samples.record(HOLDS, samples.result("off-path"))
    larger = difference(record, changed(record, states=1300, transitions=5400))
    place = Cell(samples.SCENARIO, "home-path", "")
    assert larger.sizes == (Size(place, (1200, 1300), (5400, 5400)),)
    assert "type1-initial/home-path: 1,200 -> 1,300 states\n" in as_text(larger)
    fired = {"cn-accepts-bu": 99, "pma-sends-hoti": 0, "cn-wraps-sequence": 1}
    found = difference(record, changed(record, coverage=fired))
    assert [(each.rule, each.cells) for each in found.newly] == [("cn-wraps-sequence", (place,))]
    assert [(each.rule, each.cells) for each in found.no_more] == [("pma-sends-hoti", (place,))]
    assert differing(found) == {"newly", "no_more"}


def test_bounds_statements_and_tools_are_compared() -> None:
    record = replace(samples.record(), statements={"N041": Cited(("cn-accepts-bu",), 3)})
    bounds = {samples.SCENARIO: {"sessions": 3, "handovers": 1, "clock": 2}}
    cited = {"N042": Cited(("cn-accepts-bu",), 3)}
    found = difference(record, replace(record, bounds=bounds, statements=cited, pmicheck="0.2.0", kernel="c"))
    assert found.settings == (Setting("type1-initial: clock", "", "2"), Setting("type1-initial: sessions", "2", "3"))
    assert (found.uncited, found.cited) == (("N041",), ("N042",))
    assert found.tools == (Setting("pmicheck", "0.1.0", "0.2.0"), Setting("kernel", "python", "c"))


def test_a_reading_set_for_a_whole_run_is_a_setting_and_the_cells_are_compared() -> None:
    other = {**samples.READINGS, "tombstone": "full"}
    found = difference(samples.record(HOLDS), samples.record(replace(VIOLATED, readings=other)))
    assert found.settings == (Setting("tombstone", "rr", "full"),)
    assert [turn.cell for turn in found.new] == [PLACE]
    assert differing(found) == {"settings", "new"}


def test_a_reading_that_only_one_tool_knows_parts_no_cells() -> None:
    newer = replace(HOLDS, readings={**samples.READINGS, "ht_use": "many"})
    assert difference(samples.record(HOLDS), samples.record(newer)) == Difference(
        settings=(Setting("ht_use", "", "many"),)
    )


def test_readings_and_mechanisms_that_vary_within_a_record_part_cells() -> None:
    """The same three names under two readings, and with a mechanism off: three cells, and one of them turned."""
    full = replace(HOLDS, readings={**samples.READINGS, "tombstone": "full"})
    ablated = replace(HOLDS, without=("mac",))
    old, new = samples.record(HOLDS, full, ablated), samples.record(HOLDS, full, replace(VIOLATED, without=("mac",)))
    (turn,) = difference(old, new).new
    assert turn.cell == dataclasses.replace(PLACE, readings=(("tombstone", "rr"),), without=("mac",))
    assert "type1-initial/home-path/no-redirection (tombstone=rr, without mac): holds -> violated" in " ".join(
        as_text(difference(old, new)).split()
    )


def test_a_partial_record_is_called_so_whatever_differs() -> None:
    part = replace(samples.record(), partial=True)
    found = difference(part, samples.record())
    assert not found
    assert summary(found).endswith(" OLD is of an interrupted run: what it lacks may be anything.")
    assert difference(part, part).partial == ("OLD", "NEW")


VERDICTS = st.sampled_from([None, *Verdict])
PAIRS = st.dictionaries(st.sampled_from(samples.ATTACKERS), st.tuples(VERDICTS, VERDICTS), min_size=1)


def records(pairs: dict[str, tuple[Verdict | None, Verdict | None]]) -> tuple[Record, Record]:
    """Two records that gave each attacker one of two verdicts, or none."""
    spare = samples.result(scenario="rr-mobile")
    old, new = (
        [samples.result(name, verdict=each[side]) for name, each in pairs.items() if each[side]] for side in (0, 1)
    )
    return samples.record(spare, *old), samples.record(spare, *new)


@given(PAIRS)
def test_no_record_differs_from_itself(pairs: dict[str, tuple[Verdict | None, Verdict | None]]) -> None:
    old, _ = records(pairs)
    assert not difference(old, old)


@given(PAIRS)
def test_the_other_way_round_it_is_the_other_way_round(
    pairs: dict[str, tuple[Verdict | None, Verdict | None]],
) -> None:
    old, new = records(pairs)
    there, back = difference(old, new), difference(new, old)
    assert bool(there) == bool(back) == any(one != other for one, other in pairs.values())
    assert there.retraced == back.retraced == ()
    lists = ("new", "gone", "changed", "only_old", "only_new")
    assert sum(len(getattr(there, name)) for name in lists) == sum(one != other for one, other in pairs.values())
    violated = Verdict.VIOLATED
    came = {name for name, (one, other) in pairs.items() if other is violated and one is not violated}
    assert {turn.cell.attacker for turn in there.new} == came
    assert {turn.cell.attacker for turn in back.gone} <= came


def everything() -> Difference:
    old = replace(samples.full_record(), statements={"N041": Cited((), 0)})
    turned = [
        samples.result(each.attacker, each.property, Verdict.VIOLATED if at % 3 else Verdict.HOLDS)
        for at, each in enumerate(old.results)
    ]
    new = changed(replace(old, results=tuple(turned[:-2]), statements={}, pmicheck="1"), states=7, coverage={})
    return difference(old, new)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_text_keeps_to_the_width(width: int) -> None:
    longest = max(as_text(everything(), width=width).splitlines(), key=len)
    assert len(longest) <= width or " " not in longest.strip()  # a name alone may be longer


def test_json_holds_all_of_it() -> None:
    found = everything()
    stored = json.loads(to_text(found))
    assert set(stored) == {each.name for each in fields(Difference)}
    assert [turn["cell"]["property"] for turn in stored["new"]] == [turn.cell.property for turn in found.new]


HOSTILE = (
    "<script>@alice #1 https://evil.example www.evil.example [x](y) `|*_\n\n# heading\n</details>\u202e\ud800"
    + "x" * 9000
)


def test_markdown_takes_nothing_of_a_record_for_its_own() -> None:
    trace = samples.trace()
    violated = replace(VIOLATED, scenario=HOSTILE, trace=replace(trace, conclusion=HOSTILE))
    text = as_markdown(difference(samples.record(), samples.record(violated)))
    told = "".join(line for line in text.splitlines() if line.startswith("- "))
    for raw in (
        "<script",
        "@alice",
        "#1",
        "https://",
        "www.evil",
        "[x]",
        "`|",
        "</details>",
        "\u202e",
        "\ud800",
    ):
        assert raw not in told
    assert [line for line in text.splitlines() if line.startswith("#")] == ["### pmicheck: 1 new violation"]
    assert text.count("<details") == text.count("</details>") == text.count("\n\n</details>")
    assert max(map(len, text.splitlines())) < 2000


@pytest.mark.parametrize("name", ["# heading", "- item", "+ item", "1. item", "12) item"])
def test_markdown_takes_no_name_for_structure(name: str) -> None:
    text = as_markdown(difference(samples.record(), samples.record(samples.result(scenario=name))))
    assert f"- {name}" not in text
    assert f"{name}/home-path" in text.replace("\\", "")


def test_text_keeps_what_steers_a_terminal_away() -> None:
    trace = replace(samples.trace(), conclusion="\x1b[41m\u202e")
    text = as_text(difference(samples.record(), samples.record(replace(VIOLATED, trace=trace))))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_markdown_cuts_long_lists_and_says_so() -> None:
    names = [f"attacker-{number:03}" for number in range(150)]
    old, new = (
        samples.record(*(samples.result(name, verdict=each) for name in names))
        for each in (Verdict.HOLDS, Verdict.VIOLATED)
    )
    text = as_markdown(difference(old, new))
    assert text.count("\n- type1-initial/") == 100
    assert "- and 50 more; `pmicheck diff` tells them all" in text
    assert "New violations (150)" in text
