"""Statements and claims: what has them, what breaks by them, and links to the evidence."""

from __future__ import annotations

from msgspec.structs import replace
from page_reader import Element, read
from page_samples import reviewed_record
from record_samples import SCENARIO, STEPS, empty, record, result, trace

from pmicheck.report.pages.claims import claims_page
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.statements import decisive_steps, statements_page
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Decision, Review, Statement
from pmicheck.verdict import Verdict


def statements(record: Record | None = None) -> Element:
    sample = record or reviewed_record()
    return read(statements_page(sample, Places(sample)))


def claims(*decisions: Decision) -> Element:
    sample = reviewed_record()
    if decisions:
        sample = replace(sample, review=replace(sample.review, claims=decisions))
    return read(claims_page(sample, Places(sample)))


def links(element: Element) -> list[str]:
    return [each.attributes["href"] for each in element.all("a")]


def test_every_statement_has_a_place_with_what_it_says_and_where_it_is() -> None:
    tree = statements()
    assert [each.attributes["id"] for each in tree.one("ol", "items").all("li") if "id" in each.attributes] == [
        "N035",
        "N041",
        "N099",
        "N100",
    ]
    assert "4 statements: 1 concrete, 2 modelled, 1 outside." in tree.text
    told = tree.with_id("N099").text
    assert "lower-case keyword, draft 9" in told
    assert "Nobody does this. No rule is made by it." in told


def test_an_item_can_be_chosen_by_section_keyword_and_disposition() -> None:
    item = statements().with_id("N035")
    assert {name: item.attributes[f"data-{name}"] for name in ("section", "keyword", "disposition")} == {
        "section": "3.2",
        "keyword": "MUST",
        "disposition": "modelled",
    }


def test_a_statement_leads_to_its_rules_and_they_to_it() -> None:
    tree = statements()
    (rule,) = [each for each in tree.all("tr") if each.all("th") and each.all("th")[0].text == "cn-accepts-bu"]
    assert f"#{rule.attributes['id']}" in links(tree.with_id("N041"))
    assert f"#{rule.attributes['id']}" in links(tree.with_id("N035"))
    assert links(rule) == ["#N035", "#N041"]


def test_rules_are_counted_together_with_what_the_attacker_did_by_them() -> None:
    sample = reviewed_record()
    search = replace(sample.explorations[0], coverage={"attacker: cn-accepts-bu": 30, "cn-accepts-bu": 12})
    tree = statements(replace(sample, explorations=(search, replace(search, scenario="other"))))
    assert "cn-accepts-bu 84" in tree.with_id("N035").text
    assert f"cn-accepts-bu N035, N041 84 {SCENARIO}, other" in tree.one("table").text


def test_rules_that_are_listed_anyway_are_not_told_twice() -> None:
    sample = reviewed_record()
    known = replace(sample.review.statements["N035"], where="cn-accepts-bu; switch x")
    tree = statements(replace(sample, review=replace(sample.review, statements={"N035": known})))
    assert tree.with_id("N035").one("p", "muted").text == "switch x"


def test_a_statement_says_what_falls_without_it_and_where_its_rules_never_fired() -> None:
    told = statements().with_id("N041").text
    assert "Without it progress by y" in told
    assert f"Never in {SCENARIO}" in told
    assert "Never in" not in statements().with_id("N035").text


def test_a_statement_leads_to_the_findings_in_which_a_decisive_step_cites_it() -> None:
    tree = statements()
    assert "1 in 1 scenario" in tree.with_id("N041").text
    assert "findings/type1-initial-home-path-no-redirection.html" in links(tree.with_id("N041"))
    assert not any("findings/" in each for each in links(tree.with_id("N035"))), "only an honest step cites it"


def test_decisive_are_the_attackers_steps_and_the_essential_ones_and_all_where_none_is_known() -> None:
    honest, answer, forged = STEPS
    essential = replace(answer, essential=True)
    assert decisive_steps(replace(trace(), steps=(honest, essential, forged))) == (essential, forged)
    assert decisive_steps(replace(trace(), steps=(honest, answer))) == (honest, answer)


def test_a_claim_has_its_word_and_its_reasons_lead_to_the_verdicts() -> None:
    item = claims().with_id("S01")
    assert item.attributes["data-word"] == "refuted"
    assert item.one("p", "searched").text == "The path is safe."
    assert "Violated: type1-initial/home-path/no-redirection." in item.text
    assert "findings/type1-initial-home-path-no-redirection.html" in links(item)


def test_a_cell_that_holds_leads_to_page_one_and_one_under_a_reading_to_page_one_with_it() -> None:
    item = claims(Decision("S09", "3", "x", "supported", (f"holds: {SCENARIO}/off-path/no-redirection",))).with_id(
        "S09"
    )
    assert "index.html#r1" in links(item)
    shown = claims().with_id("S02")
    view = "index.html#scenario=type1-initial&attacker=off-path&property=progress&reading=tombstone%3Dx"
    assert view in links(shown)


def test_a_cell_that_the_record_does_not_have_is_told_without_a_link() -> None:
    item = claims(Decision("S09", "3", "x", "supported", ("holds: a/b/c, d/e/f",))).with_id("S09")
    assert "Holds: a/b/c, d/e/f." in item.text
    assert links(item) == ["#S09"]


def test_many_reasons_are_folded() -> None:
    item = claims().with_id("S02")
    assert item.one("summary").text == "3 more"
    assert len(item.all("ul")[0].all("li")) == 6


def test_words_are_counted_and_explained() -> None:
    told = claims().text
    assert "2 claims: 1 conditional, 1 refuted." in told
    assert "a verdict that it asks for is violated, and no reading listed mends that" in told


def test_the_same_finding_under_two_readings_is_found_by_its_first() -> None:
    first = result("home-path", "no-redirection", Verdict.VIOLATED)
    sample = record(first, replace(first, readings={"tombstone": "none"}), replace(first, without=("mac",)))
    assert Places(sample).find(*first.names()) is sample.results[0]
    assert Places(replace(sample, results=sample.results[2:])).find(*first.names()) is None


def test_statements_alone_make_a_page() -> None:
    sample = empty(review=Review(statements={"N001": Statement("1", "It is.")}))
    assert "The record names no rule." in statements(sample).text
