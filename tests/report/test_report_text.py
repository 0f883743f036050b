"""Tables, summaries and narrations: what they say, at which width, and that nothing is hidden."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
import record_samples as samples
from msgspec.structs import replace
from told import changed

from pmicheck.report.gate.baseline import Baseline, compare
from pmicheck.report.record.record import ReplayOutcome, Stage, Uncovered
from pmicheck.report.text import tables
from pmicheck.report.words.narration import citation, narrate, short_octets, tell
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay, Verdict

VIOLATED = samples.result(verdict=Verdict.VIOLATED)


def flowing(story: str) -> str:
    """`story` with its line breaks and indentation taken out."""
    return " ".join(story.split())


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 200])
def test_every_verdict_stands_in_the_table_at_any_width(width: int) -> None:
    record = samples.full_record()
    shown = tables.verdicts(record, width=width)
    assert max(map(len, shown.splitlines())) <= width
    table = shown.split("Bounds:")[0]
    for verdict in ("violated", "holds", "proved", "vacuous", "undecided"):
        wanted = sum(each.verdict == verdict for each in record.results)
        assert sum(word.rstrip("+!?=") == verdict for word in table.split()) == wanted
    assert table.count("holds-to-") == sum(each.verdict == "holds-to-bound" for each in record.results)


@pytest.mark.parametrize(
    ("replay", "mark"),
    [
        (ReplayOutcome(Replay.CONFIRMED), "violated+"),
        (ReplayOutcome(Replay.DIVERGED), "violated!"),
        (ReplayOutcome(Replay.NOT_APPLICABLE), "violated="),
        (None, "violated?"),
    ],
)
def test_the_mark_says_what_the_replay_found(replay: ReplayOutcome | None, mark: str) -> None:
    shown = tables.verdicts(samples.record(replace(VIOLATED, replay=replay)))
    assert mark in shown
    assert ("Not to be trusted" in shown) == (mark in ("violated!", "violated?"))


def test_what_took_no_run_is_marked_and_whose_verdict_implies_it_is_said() -> None:
    settled = replace(samples.result("off-path"), settled_by="dolev-yao")
    shown = flowing(tables.verdicts(samples.record(settled, VIOLATED)))
    assert "holds~" in shown
    assert "Settled by dolev-yao: no-redirection under off-path." in shown
    assert "~ marks a verdict that another attacker's implies" in shown
    assert "~" not in tables.verdicts(samples.record(VIOLATED))


def test_what_was_not_checked_is_said() -> None:
    results = (
        samples.result("off-path", verdict=Verdict.UNDECIDED),
        samples.result("off-path", "progress", Verdict.VACUOUS),
        replace(VIOLATED, needs_attacker=False, expected="holds"),
    )
    record = samples.record(*results)
    searches = (
        replace(record.explorations[0], complete=False, uncovered=()),
        replace(record.explorations[1], uncovered=(Uncovered("cn-wraps"),)),
    )
    shown = flowing(tables.verdicts(replace(record, explorations=searches, partial=True)))
    assert "Cut by a limit: no-redirection under off-path." in shown
    assert "Vacuous: progress under off-path." in shown
    assert "No attacker needed: no-redirection under home-path." in shown
    assert "no-redirection under home-path (violated, expected holds)" in shown
    assert "Not explored to the end: off-path." in shown
    assert "Rules that fire under some attackers only: 1." in shown
    assert "Rule never fired" not in shown
    assert "PARTIAL" in shown


def test_a_rule_that_never_fires_is_argued_or_called_out() -> None:
    record = samples.record(VIOLATED)
    assert "cn-wraps-sequence: the bound of two sessions ends before it." in flowing(tables.verdicts(record))
    bare = replace(record.explorations[0], uncovered=(Uncovered("cn-wraps"),))
    assert "cn-wraps: NOT ARGUED." in tables.verdicts(replace(record, explorations=(bare,)))


def test_one_table_for_each_scenario_and_set_of_readings() -> None:
    other = replace(samples.result(), readings={**samples.READINGS, "key_owner": "pma"})
    third = samples.result(scenario="rr-mobile")
    shown = tables.verdicts(samples.record(samples.result(), other, third, replace(third, without=("mac",))))
    titles = [line for line in shown.splitlines() if line.startswith(("type1-initial", "rr-mobile"))]
    assert titles == [
        "type1-initial (key_owner=mn)",
        "type1-initial (key_owner=pma)",
        "rr-mobile",
        "rr-mobile (without mac)",
    ]


def test_tables_do_not_depend_on_time_or_kernel() -> None:
    record = samples.full_record()
    later = replace(
        record,
        seconds=99.0,
        kernel="c",
        stages={"grounding": Stage(99.0, 1.0)},
        command=("pmicheck",),
        results=tuple(replace(each, seconds=7.0) for each in record.results),
    )
    assert tables.verdicts(record) == tables.verdicts(later)
    assert tables.findings(record) == tables.findings(later)


def test_the_summary_counts() -> None:
    record = samples.record(VIOLATED, samples.result("off-path"))
    comparison = compare(record, Baseline("baseline.toml"), datetime.date(2030, 1, 1))
    assert tables.summary(record, comparison) == (
        "1 violated (1 new, 0 known), 1 holds, 1 confirmed; 2,400 states, 2.5 s\n"
    )
    assert tables.summary(record, dataclasses.replace(comparison, file="")) == (
        "1 violated, 1 holds, 1 confirmed; 2,400 states, 2.5 s\n"
    )
    assert tables.summary(replace(record, results=(), partial=True)) == (
        "nothing decided; 2,400 states, 2.5 s, interrupted\n"
    )


def test_what_grounding_took_is_told_with_what_came_from_the_cache() -> None:
    record = samples.record(VIOLATED, samples.result("off-path"))
    assert tables.grounding(record) == "grounding 1.0 s of 2.5 s (40%), 0 of 2 systems from the cache\n"
    first, second = record.explorations
    read = replace(record, explorations=(first, replace(second, stages={"cache": 0.1})))
    read = replace(read, stages={"grounding": Stage(0.5, 0.2), "cache": Stage(0.1, 0.04), "z3": Stage(1.9, 0.76)})
    assert tables.grounding(read) == "grounding 0.6 s of 2.5 s (24%), 1 of 2 systems from the cache\n"
    assert tables.grounding(replace(record, explorations=(), stages={})) == ""


def test_a_trace_is_told_with_all_that_a_reviewer_asks() -> None:
    story = flowing(narrate(samples.trace(), replay=VIOLATED.replay))
    for said in (
        "3 steps, of which 1 is the attacker's.",
        "1. PMA1 begins with a HoTI, at 0 s.",
        "2. PMA1 sends a HoTI to the correspondent node over HA-CN, at 0.25 s.",
        "sends: HoT(hoa, cookie1, T)",
        "by: RFC 6275 9.4.1, N035 N036 (rule cn-answers-hoti)",
        "3. The attacker sends a BU to the correspondent node over HA-CN, with attacker's care-of address",
        "attacker knows: T(HoA, nonce 1): read from the HoT at step 2 and then: MAC[T | C](BU): it computes Kbm",
        "let through by: nonce indices are fresh; the MAC is right",
        "effect: cn[HoA].entry: attacker, verified",
        "by: draft 3.3, N041 (rule cn-accepts-bu)",
        "packet: 96 octets: 60 00 ab",
        "Conclusion: the correspondent node sends the victim's traffic to the attacker.",
        "Numbers: octets = 1280, seconds = 1.5.",
        "Last state: care_of = attacker, verified = yes.",
        "Replay: Confirmed on real packets: the cache holds 2001:db8:bad::1.",
        "Without the attacker's packets: the cache holds the node's own address.",
    ):
        assert said in story


def examined(essential: tuple[bool | None, ...], no_return: int | None = None, waits: bool = False) -> Trace:
    """The sample trace with answers to what it needs."""
    steps = zip(samples.STEPS, essential, strict=True)
    marked = tuple(replace(step, essential=needed) for step, needed in steps)
    return replace(samples.trace(), steps=marked, no_return=no_return, waits=waits)


def test_essential_steps_are_marked_and_the_mark_is_explained_once() -> None:
    story = flowing(narrate(examined((None, False, True), 2)))
    for said in ("1. PMA1 begins with a HoTI", "2. PMA1 sends a HoTI", "3*. The attacker sends a BU"):
        assert said in story
    assert story.count("Steps marked * are essential") == 1
    assert story.index("Steps marked *") < story.index("1. PMA1")
    plain = flowing(narrate(samples.trace()))
    assert "*" not in plain
    assert "Point of no return" not in plain


@pytest.mark.parametrize(
    ("no_return", "waits", "said"),
    [
        (2, False, "after step 2 no honest node can prevent it; the attacker alone can bring it about at once."),
        (0, False, "from the beginning no honest node can prevent it;"),
        (2, True, "after step 2 no honest node has to act any more; the attacker and time can bring it about."),
        (None, False, "none was found before the last step, which is an honest node's own."),
    ],
)
def test_the_point_of_no_return_is_told(no_return: int | None, waits: bool, said: str) -> None:
    story = flowing(narrate(examined((True, True, True), no_return, waits)))
    assert f"Point of no return: {said}" in story


@pytest.mark.parametrize(
    ("no_return", "waits", "said"),
    [
        (2, False, "3 steps (no return after 2), confirmed"),
        (0, False, "3 steps (no return from the beginning), confirmed"),
        (2, True, "3 steps, confirmed"),
        (None, False, "3 steps, confirmed"),
    ],
)
def test_the_list_of_violations_claims_it_only_where_no_honest_node_can_interfere(
    no_return: int | None, waits: bool, said: str
) -> None:
    found = replace(VIOLATED, trace=examined((True, True, True), no_return, waits))
    assert said in flowing(tables.findings(samples.record(found)))


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_story_keeps_to_the_width(width: int) -> None:
    assert max(map(len, tell(VIOLATED, width=width).splitlines())) <= width


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step("clock", "start", "clock ticks", cells=(changed("clock", "1", "2"),)), "Clock ticks. effect: clock: 2"),
        (
            Step("mn", "start", "mobile node moves", cells=(changed("mobile node attached to", "CoA1", "CoA2"),)),
            "Mobile node moves. effect: mobile node attached to: CoA2",
        ),
        (
            Step("attacker", "test", "r", message="CoTI", source="attacker", destination="cn", attacker=True),
            "The attacker sends a CoTI to CN, from its own address, and reads the answer.",
        ),
        (
            Step("network", "deliver", "r", message="EBU", source="pma1", destination="cn", attacker=True),
            "The attacker lets an EBU from PMA1 reach CN.",
        ),
        (Step("network", "deliver", "r"), "Somebody sends a packet to the network."),
        (Step("x", "sideways", "r", message="odd"), "X: sideways odd."),
    ],
)
def test_each_action_has_its_sentence(step: Step, said: str) -> None:
    assert said in flowing(narrate(replace(samples.trace(), steps=(step,))))


def test_a_diverged_replay_is_loud() -> None:
    story = tell(replace(VIOLATED, replay=ReplayOutcome(Replay.DIVERGED, "the packet is dropped")))
    assert "DIVERGED" in story
    assert "not replayed." in tell(replace(VIOLATED, replay=None))


def test_a_result_without_a_trace_says_what_stands_behind_it() -> None:
    assert "The witness entry-made was found after 6 steps" in flowing(tell(samples.result()))
    assert "was not found" in tell(samples.result(verdict=Verdict.VACUOUS))
    assert "no witness was asked for" in tell(replace(samples.result(), witness=None))


def test_citations_and_octets() -> None:
    assert citation(samples.STEPS[0]) == "draft 3.2, N034"
    assert citation(Step("a", "tick", "r")) == "no section"
    assert short_octets("6000") == "2 octets: 60 00"
