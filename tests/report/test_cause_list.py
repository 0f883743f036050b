"""The root causes of a review as pages and Markdown tell them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from page_samples import causes, reviewed_record
from record_samples import SCENARIO, result

from pmicheck.report.pages.overview import overview_page
from pmicheck.report.pages.places import Places
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Cause, Explained
from pmicheck.report.text.findings import render
from pmicheck.report.words.causes import ranked, remedy, unexplained
from pmicheck.verdict import Verdict

INHERITED, OWN = causes()
CELL = OWN.cells[0]


def with_causes(*found: Cause) -> Record:
    record = reviewed_record()
    return replace(record, review=replace(record.review, causes=found))


def page(record: Record) -> str:
    return overview_page(record, Places(record))


def word(cause: Cause) -> str:
    return remedy(cause, reviewed_record().catalogue).word


def test_an_accepted_risk_of_an_ancestor_comes_after_the_drafts_own_flaws() -> None:
    assert [cause.name for cause in ranked(with_causes(INHERITED, OWN))] == ["own", "old"]


def test_of_the_drafts_own_flaws_the_one_with_the_weakest_attacker_is_first() -> None:
    weaker = replace(OWN, name="weaker", cells=(replace(CELL, attacker="off-path"),))
    idle = replace(OWN, name="idle", cells=())
    assert [cause.name for cause in ranked(with_causes(idle, OWN, weaker))] == ["weaker", "own", "idle"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (CELL, "Repair"),
        (replace(CELL, alone="violated", together="holds", apart="violated"), "Repair"),
        (replace(CELL, alone="violated", together="holds", apart="holds"), "No repair"),
        (replace(CELL, alone="violated", together="violated"), "No repair"),
        (replace(CELL, alone="holds-to-bound", together="undecided"), "No repair"),
    ],
)
def test_a_change_is_called_a_repair_only_where_runs_show_it(cell: Explained, expected: str) -> None:
    assert word(replace(OWN, cells=(cell,))) == expected


def test_a_change_that_no_run_can_try_is_not_called_a_repair() -> None:
    assert word(replace(OWN, settings=(), cells=(replace(CELL, alone=""),))) == "Not verified"
    assert word(replace(OWN, cells=())) == "Not verified"
    assert word(replace(OWN, stuck=(SCENARIO,))) == "No repair"


def test_one_attacker_that_is_left_is_named() -> None:
    left = replace(CELL, attacker="dolev-yao", alone="violated", together="violated")
    record = with_causes(replace(OWN, cells=(CELL, left)))
    assert "No change at hand ends it for every attacker." in render(record)
    assert "- **Left:**\n  - dolev-yao: no-redirection in type1-initial." in render(record)
    assert "Left: dolev-yao" in page(record)


def test_markdown_and_page_tell_causes_before_the_ways_in() -> None:
    record = with_causes(INHERITED, OWN)
    for text in (render(record), page(record)):
        assert text.index("Nothing is checked.") < text.index("The ancestors allow it.")
        assert "Everything MUST be checked." in text
    assert render(record).index("## Root causes") < render(record).index("## 1. ")
    assert page(record).index('id="causes"') < page(record).index('id="findings"')


def test_a_violation_of_no_cause_is_named_and_never_dropped() -> None:
    stray = result("off-path", "binding-agreement", Verdict.VIOLATED)
    known = with_causes(OWN)
    record = replace(known, results=(*known.results, stray))
    assert unexplained(known) == ()
    assert unexplained(record) == (stray,)
    assert f"- {'/'.join(stray.names())}" in render(record)
    assert "No cause explains 1 violation:" in page(record)


def test_attackers_who_do_the_same_share_a_line() -> None:
    record = with_causes(replace(OWN, cells=(CELL, replace(CELL, attacker="off-path"))))
    assert "  - off-path, home-path: no-redirection in type1-initial." in render(record)


def test_a_violation_under_another_reading_does_not_explain_the_default_cell() -> None:
    shown = replace(CELL, settings=(("tombstone", "none"),))
    assert len(unexplained(with_causes(replace(OWN, cells=(shown,))))) == 1


def test_without_a_review_nothing_is_said_of_causes() -> None:
    record = with_causes()
    assert "Root causes" not in render(record)
    assert 'id="causes"' not in page(record)
