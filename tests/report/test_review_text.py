"""Tables of ablations, readings and repairs: pure functions of their data."""

from __future__ import annotations

from dataclasses import replace

from pmicheck.report.record.changed import Repair, Repairs, Shift, Trial, Trials
from pmicheck.report.text.review_text import repairs, trials

SHIFT = Shift("no-redirection", "holds", "violated", ("off-path", "rogue-cn"))

ABLATION = Trials(
    scenario="type1-initial",
    kind="ablation",
    bounds="clock to 420 s",
    attackers=("off-path", "rogue-cn"),
    properties=("no-redirection", "progress"),
    given=("tombstone=full",),
    broken=(),
    undecided=(),
    trials=(
        Trial(("home-test",), "", True, (SHIFT, Shift("progress", "holds", "violated", ()))),
        Trial(("type-tag",), "", True),
        Trial(("cn-in-mac",), "", True, (), ("off-path/no-redirection",)),
        Trial(("cba",), "", False),
    ),
)

REPAIRS = Repairs(
    scenario="type1-initial",
    target="no-redirection",
    bounds="clock to 420 s",
    attackers=("home-path",),
    given=(),
    broken_by=("home-path",),
    changes=("plain_rr_fallback=no", "tombstone=full", "cba=off"),
    limit=2,
    found=(Repair(("plain_rr_fallback=no", "cba=off"), ("whether it is accepted", "whether credit limits"), ()),),
    refuted=4,
    stuck=(("tombstone=full",),),
    undecided=(),
)


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_change_is_named_once_with_a_row_for_each_verdict_it_moves() -> None:
    told = rows(trials(ABLATION, width=100))
    assert ["home-test", "no-redirection", "violated", "off-path,", "rogue-cn"] in told
    assert ["progress", "violated", "no", "attacker"] in told


def test_what_moves_nothing_is_redundant_unless_a_limit_left_it_open() -> None:
    told = trials(ABLATION, width=100)
    assert "type1-initial (tombstone=full)" in told
    assert "Redundant here, one at a time: type-tag." in told
    assert "Nobody consults here: cba." in told
    assert "Left open by a limit, cn-in-mac: off-path/no-redirection." in told
    assert not ABLATION.complete


def test_no_line_is_wider_than_asked_for_and_none_ends_in_a_space() -> None:
    for text in (trials(ABLATION, width=80), repairs(REPAIRS, width=80)):
        assert [line for line in text.splitlines() if len(line) > 80 or line != line.rstrip()] == []


def test_pairs_are_told_only_where_they_were_tried() -> None:
    pair = Trial(("tombstone=full", "cba=off"), "", True, (SHIFT,))
    tried = replace(ABLATION, kind="reading", pairs=(pair,), pairs_tried=12)
    assert "Pairs" not in trials(ABLATION)
    assert "12 tried" in trials(tried, width=100)
    assert ["tombstone=full", "+", "cba=off", "no-redirection"] in [row[:4] for row in rows(trials(tried, width=100))]


def test_a_repair_is_told_with_what_it_is_made_of() -> None:
    told = repairs(REPAIRS, width=100)
    assert "no-redirection is violated by: home-path (weakest)." in told
    assert "plain_rr_fallback=no + cba=off" in told
    assert "4 refuted, 1 break progress" in told


def test_where_nothing_mends_the_text_says_so() -> None:
    assert "No set of up to 2 of these changes makes it hold." in repairs(replace(REPAIRS, found=()), width=100)
    fine = replace(REPAIRS, found=(), broken_by=(), refuted=0, stuck=())
    assert "no-redirection is not violated: there is nothing to repair." in repairs(fine)
