"""The claims S01-S28: the rule that makes a word of verdicts, the questions asked, and some answers from runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from decided_cells import grounded

from pmicheck.attacker.profiles import attacker_named
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.properties.catalogue import check_name
from pmicheck.review.cells import Cell, Verdicts, exists
from pmicheck.review.claims import Claim, claims, decide_claim, word_for
from pmicheck.review.comparison import STRONGEST, TABLES, relation, word_of
from pmicheck.verdict import Verdict

HOLDS, VIOLATED, CUT = Verdict.HOLDS, Verdict.VIOLATED, Verdict.HOLDS_TO_BOUND
CELL = Cell("type1-initial", "home-path", "no-redirection")
OTHER = Cell("type1-initial", "off-path", "no-redirection")
READ = Cell(*("type1-initial", "home-path", "no-redirection"), settings=(("plain_rr_fallback", "no"),))


@pytest.mark.parametrize(
    ("defaults", "others", "word"),
    [
        ({CELL: HOLDS}, [{READ: HOLDS}], "supported"),
        ({CELL: HOLDS}, [{READ: VIOLATED}], "conditional"),
        ({CELL: VIOLATED}, [{READ: HOLDS}], "conditional"),
        ({CELL: VIOLATED, OTHER: VIOLATED}, [{READ: HOLDS}], "refuted"),
        ({CELL: VIOLATED}, [{READ: VIOLATED}], "refuted"),
        ({CELL: VIOLATED}, [], "refuted"),
        ({CELL: VIOLATED}, [{READ: CUT}], "refuted"),
        ({CELL: HOLDS}, [{READ: CUT}], "undecided"),
        ({CELL: CUT}, [], "undecided"),
        ({}, [], "undecided"),
    ],
)
def test_verdicts_make_a_word(defaults: dict[Cell, Verdict], others: list[dict[Cell, Verdict]], word: str) -> None:
    assert word_for(defaults, others) == word


@pytest.mark.parametrize(
    ("unprotected", "word"),
    [
        ([{CELL: VIOLATED}], "supported"),
        ([{CELL: HOLDS}], "refuted"),
        ([{CELL: VIOLATED}, {CELL: HOLDS}], "conditional"),
        ([{CELL: VIOLATED}, {CELL: CUT}], "undecided"),
        ([{CELL: VIOLATED, OTHER: HOLDS}], "supported"),
    ],
)
def test_a_check_without_which_all_holds_protects_nothing(unprotected: list[dict[Cell, Verdict]], word: str) -> None:
    assert word_for({CELL: HOLDS}, [], unprotected) == word


@pytest.mark.parametrize(
    ("draft", "ancestor", "expected"),
    [
        ("holds", "violated", "better"),
        ("violated", "holds", "worse"),
        ("violated", "violated", "equal"),
        ("holds", "holds", "equal"),
        ("violated", "-", "new"),
        ("holds", "-", "-"),
        ("holds-to-bound", "holds", "-"),
    ],
)
def test_a_row_says_where_the_draft_stands(draft: str, ancestor: str, expected: str) -> None:
    assert relation(draft, ancestor) == expected


@pytest.mark.parametrize(
    ("relations", "word"),
    [
        (("better", "equal"), "supported"),
        (("better", "worse"), "conditional"),
        (("equal", "worse"), "refuted"),
        (("equal",), "refuted"),
        (("equal", "new"), "refuted"),
        (("better", "new"), "supported"),
        (("new",), "undecided"),
        (("-",), "undecided"),
    ],
)
def test_better_security_is_claimed_of_all_rows(relations: tuple[str, ...], word: str) -> None:
    assert word_of(relations) == word


def test_every_claim_of_the_draft_is_asked() -> None:
    assert [claim.name for claim in claims()] == [f"S{number:02}" for number in range(1, 29)]


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)
def test_a_claim_asks_for_what_exists(claim: Claim) -> None:
    assert bool(claim.queries) != bool(claim.compare)
    for query in claim.queries:
        for cell in query.cells:
            assert cell.scenario in SHIPPED
            assert attacker_named(cell.attacker)
            assert check_name(cell.property)
        assert any(exists(cell) for cell in query.cells)
        assert not query.protects or query.protects in MECHANISMS
        for settings in query.readings:
            assert all(value in READINGS[name].values[1:] for name, value in settings)
            assert any(exists(cell) for cell in query.under(settings)), settings


def test_tables_name_shipped_scenarios_and_put_the_draft_last() -> None:
    for columns in TABLES.values():
        assert all(set(column.scenarios) <= set(SHIPPED) for column in columns)
        assert columns[-1].name.startswith("draft")


def test_protocols_are_read_alike_and_ancestors_in_courses_that_the_draft_has_too() -> None:
    for columns in TABLES.values():
        assert {column.readings for column in columns} == {STRONGEST}
    *ancestors, draft = TABLES["S28"]
    assert not any(load_scenario(name).course.handover for name in draft.scenarios)
    for column in ancestors:
        moving = [name for name in column.scenarios if load_scenario(name).course.moves]
        rules = [rule.name for name in moving for rule in grounded(name, None)[0].grounded.system.rules]
        assert column.omitted == {rule for rule in rules if "mobile node moves" in rule}


def test_refusing_the_home_address_option_protects_the_home_test_and_not_the_update() -> None:
    (claim,) = (claim for claim in claims() if claim.name == "S24")
    few = tuple(replace(query, cells=(Cell("type1-initial", "off-path", "no-redirection"),)) for query in claim.queries)
    found = decide_claim(replace(claim, queries=few), Verdicts.of_record(None, lambda _: None))
    assert found.word == "conditional"
    assert found.because[1:] == (
        "violated without hao-rejection-in-hoti: type1-initial/off-path/no-redirection",
        "holds without hao-rejection-in-pbu as well, so that it protects none of these",
    )


def word_by_runs(name: str) -> str:
    (claim,) = (claim for claim in claims() if claim.name == name)
    return decide_claim(claim, Verdicts.of_record(None, lambda _: None)).word


@pytest.mark.parametrize(
    ("name", "word"), [("S05", "conditional"), ("S08", "supported"), ("S09", "conditional"), ("S18", "refuted")]
)
def test_small_claims_decided_by_runs(name: str, word: str) -> None:
    assert word_by_runs(name) == word
