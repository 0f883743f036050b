"""Page one: every verdict with its evidence, the flaws in their order, other readings, what was not checked."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from page_reader import Element, read
from page_samples import every_kind, many_findings, reviewed_record
from record_samples import SCENARIO, empty, exploration, full_record, record, result

from pmicheck.report.names import finding_names
from pmicheck.report.pages.overview import overview_page
from pmicheck.report.pages.places import Places
from pmicheck.report.record.record import Record, ReplayOutcome, Result, Uncovered, Witness
from pmicheck.report.text.findings import cost, title_of
from pmicheck.report.words.flaws import flaws
from pmicheck.verdict import Replay, Verdict


def page(record: Record) -> Element:
    return read(overview_page(record, Places(record)))


def cell(record: Record, position: int = 0) -> Element:
    return page(record).with_id(f"r{position}")


def section(tree: Element, id: str) -> Element:
    (found,) = [each for each in tree.all("section") if each.attributes.get("aria-labelledby") == id]
    return found


def violated(**changes: object) -> Result:
    return replace(result("home-path", "no-redirection", Verdict.VIOLATED), **changes)


def test_every_result_has_one_cell_with_its_verdict_and_a_finding_leads_to_its_page() -> None:
    sample = every_kind()
    tree = page(sample)
    names = finding_names(sample)
    cells = [each for each in tree.one("div", "tables").all("td") if "id" in each.attributes]
    assert len(cells) == len(sample.results)
    for position, each in enumerate(sample.results):
        shown = tree.with_id(f"r{position}")
        assert shown.text.startswith(each.verdict)
        assert each.verdict in shown.classes
        links = [link.attributes["href"] for link in shown.all("a")]
        assert links == ([f"findings/{names[position]}.html"] if position in names else [])


def test_a_cell_stands_in_the_row_of_its_property_and_the_column_of_its_attacker() -> None:
    sample = every_kind()
    table = page(sample).one("table", "matrix")
    attackers = [each.text for each in table.one("thead").all("th")]
    for row in table.one("tbody").all("tr"):
        for attacker, shown in zip(attackers, row.all("td"), strict=True):
            position = int(shown.attributes["id"].removeprefix("r"))
            assert sample.results[position].names() == (SCENARIO, attacker, row.one("th").text)


def test_a_confirmed_violation_bears_its_mark_and_one_without_an_attacker_another() -> None:
    assert cell(record(violated())).text == "violated +"
    alone = violated(replay=ReplayOutcome(Replay.NOT_APPLICABLE), needs_attacker=False)
    assert cell(record(alone)).text == "violated ="
    assert "No attacker is needed for no-redirection under home-path." in page(record(alone)).one("caption").text


@pytest.mark.parametrize(
    ("odd", "said", "alarm"),
    [
        (violated(replay=ReplayOutcome(Replay.DIVERGED)), "violated DIVERGED", "1 replay DIVERGED on real packets"),
        (violated(replay=None), "violated not replayed", "1 violation was not replayed"),
        (result(verdict=Verdict.VACUOUS), "vacuous never tested", "1 property was never put to the test"),
        (replace(result(), witness=Witness(False)), "holds witness not found", "1 property was never put to the test"),
        (result(verdict=Verdict.HOLDS_TO_BOUND), "holds-to-bound cut by a limit", "1 verdict is left open by a limit"),
        (result(verdict=Verdict.UNDECIDED), "undecided no decision", "1 verdict is left open by a limit"),
    ],
)
def test_what_cannot_be_relied_on_is_said_in_words_and_loudly(odd: Result, said: str, alarm: str) -> None:
    tree = page(record(odd, result("off-path")))
    shown = tree.with_id("r0")
    assert shown.text == said
    assert "doubtful" in shown.classes
    assert "doubtful" not in tree.with_id("r1").classes
    assert any(alarm in each.text for each in tree.all("p", "alarm"))
    assert tree.one("p", "alarm").one("a").attributes["href"] == "index.html#verdict=doubtful"
    assert "No verdict is vacuous" not in tree.one("p", "outcome").text


def test_a_verdict_that_was_not_expected_says_what_was() -> None:
    tree = page(record(replace(result(), expected="violated")))
    assert tree.with_id("r0").text == "holds expected: violated"
    assert "unexpected" in tree.with_id("r0").classes
    assert "1 verdict is not as the scenario file expects." in tree.one("p", "alarm").text


def test_what_is_proved_is_as_expected_and_stands_beside_what_the_attacker_never_gets() -> None:
    proved = replace(result(), verdict=Verdict.PROVED, expected="holds", never_known=("PT*(HoA)", "C(CoA1, nonce *)"))
    tree = page(record(proved, violated(attacker="off-path")))
    assert tree.with_id("r0").text == "proved"
    assert tree.with_id("r0").classes == ["proved"]
    told = f"{proved.attacker} ({proved.property}): PT*(HoA); C(CoA1, nonce *)."
    assert told in [each.text for each in tree.all("li")]
    assert "never gets" not in page(record(result())).text


def test_the_outcome_counts_verdicts_and_replays() -> None:
    told = page(record(violated(), violated(attacker="off-path"), result("rogue-cn"))).one("p", "outcome").text
    assert "3 verdicts on 1 property of the protocol, in 1 scenario, against 3 attackers." in told
    assert "2 are violated, 1 holds." in told
    assert "Every violation was confirmed on real packets." in told
    assert "Those of the draft come in by 1 way" in told
    assert "No verdict is vacuous" in told


def test_some_confirmed_violations_are_not_all() -> None:
    told = page(record(violated(), violated(attacker="off-path", replay=None))).one("p", "outcome").text
    assert "1 of them were confirmed" in told


def test_bounds_stand_once_in_the_caption_of_the_table() -> None:
    sample = every_kind()
    tree = page(sample)
    assert tree.one("caption").text.startswith("Bounds: two sessions, one handover")
    assert overview_page(sample, Places(sample)).count("two sessions, one handover") == 1


def test_a_table_says_what_is_played_and_how_far_the_search_got() -> None:
    sample = record(result("off-path"), result("home-path"))
    cut = replace(sample, explorations=(exploration("off-path"), replace(exploration("home-path"), complete=False)))
    table = section(page(replace(cut, titles={SCENARIO: "First registration"})), "table-1")
    assert "First registration." in table.text
    assert "Cut by a limit: home-path." in table.one("caption").text
    assert [each.text for each in table.one("tfoot").all("td")] == ["1,200", "1,200 cut", "17", "17"]


def test_the_findings_are_the_flaws_in_their_order_each_with_all_that_belongs_to_it() -> None:
    sample = every_kind()
    items = [each for each in page(sample).one("ol", "findings").all("li") if "id" in each.attributes]
    names, found = finding_names(sample), flaws(sample)
    assert len(items) == len(found) > 0
    for item, flaw in zip(items, found, strict=True):
        pages = {
            f"findings/{name}.html" for position, name in names.items() if sample.results[position] in flaw.results
        }
        assert item.one("h3").text == title_of(flaw)
        assert cost(flaw.main) in item.one("dl").text
        assert {link.attributes["href"] for link in item.all("a")} == pages
        assert item.one("h3").one("a").attributes["href"].endswith(f"{'-'.join(flaw.main.names())}.html")


def test_a_finding_tells_its_smallest_repair_and_what_the_ancestors_share() -> None:
    first = page(reviewed_record()).with_id("finding-1")
    assert "tombstone=none" in first.text
    sample = record(violated(), violated(scenario="rr-mobile"))
    assert "the ancestors have it too: rr-mobile" in page(sample).with_id("finding-1").text


def test_the_readings_that_were_tried_are_told_and_given_to_the_script() -> None:
    tree = page(reviewed_record())
    known = json.loads("".join(map(str, tree.with_id("changed").children)))
    assert known == {"tombstone=none": {"r0": "holds"}, "key_owner=pma": {"r3": "violated"}}
    told = section(tree, "readings").text
    assert "tombstone=none holds no-redirection in type1-initial under home-path: No tombstone." in told
    assert "violated progress in type1-initial under a+b: Both powers." in told
    chosen = [each.attributes["value"] for each in _choice(tree, "reading").all("option")]
    assert chosen == ["", "key_owner=pma", "tombstone=none"]


def test_a_change_is_one_of_the_default_table_alone() -> None:
    other = violated(readings={"key_owner": "mn", "tombstone": "none"})
    sample = reviewed_record()
    tree = page(replace(sample, results=(*sample.results, other)))
    assert json.loads("".join(map(str, tree.with_id("changed").children))) == {}
    titles = [each.one("h3").text for each in tree.all("section", "table")]
    assert titles == ["type1-initial tombstone=rr", "type1-initial tombstone=none"]
    assert tree.all("section", "table")[1].attributes["data-reading"] == "tombstone=none"


def _choice(tree: Element, name: str) -> Element:
    (found,) = [each for each in tree.all("select") if each.attributes["name"] == name]
    return found


def test_protocols_stand_beside_each_other_and_attackers_that_fare_alike_share_a_line() -> None:
    told = section(page(reviewed_record()), "ancestors")
    rows = [[each.text for each in row.all("td")] for row in told.all("tr")[1:]]
    assert rows == [
        ["off-path, rogue-cn", "holds", "holds", "= equal"],
        ["home-path", "holds", "violated", "▼ worse"],
        ["off-path", "–", "holds", "–"],
    ]
    assert "Against RFC 6275: 0 better, 2 equal, 1 worse." in told.text


def test_what_was_not_checked_is_said_as_far_as_the_record_knows_it() -> None:
    told = section(page(reviewed_record()), "unchecked").text
    assert "No search was cut by a limit: all 2 saw every reachable state." in told
    assert "cn-wraps-sequence: the bound of two sessions ends before it" in told
    assert "N099 Nobody does this. No rule is made by it." in told
    assert "N100 Octets alone." in told
    assert "N041 Tokens suffice." in told
    assert "N035" not in told
    assert "scenario handovers sessions type1-initial 1 2" in told
    assert "key_owner=mn" in told


def test_limits_and_rules_without_an_argument_are_pointed_out() -> None:
    search = replace(exploration(), complete=False, uncovered=(Uncovered("cn-forgets"),))
    told = section(page(replace(record(result(verdict=Verdict.UNDECIDED)), explorations=(search,))), "unchecked")
    assert "Searches that a limit cut: type1-initial (home-path)." in told.text
    assert "type1-initial / home-path / no-redirection: undecided" in told.text
    assert "cn-forgets: NOT ARGUED" in told.text
    (folded,) = [each for each in told.all("details") if "cn-forgets" in each.text]
    assert "open" in folded.attributes


def test_a_partial_record_says_so_first() -> None:
    alarms = page(replace(full_record(), partial=True)).all("p", "alarm")
    assert alarms[0].text.startswith("The run was interrupted")


def test_an_empty_record_has_a_page_that_says_so() -> None:
    tree = page(empty())
    assert tree.one("p", "outcome").text == "Nothing was decided."
    assert not tree.all("form")
    assert "The record holds no search." in tree.text


def test_settings_away_from_the_defaults_are_named() -> None:
    assert "Set away from the defaults: tombstone=none." in page(replace(record(), settings={"tombstone": "none"})).text


def test_the_page_stays_lean() -> None:
    sample = many_findings(500)
    assert len(sample.results) > 1400
    assert len(overview_page(sample, Places(sample)).encode()) < 600_000


def test_a_table_leads_to_the_state_graph_of_its_scenario() -> None:
    table = section(page(reviewed_record()), "table-1")
    assert "graphs/type1-initial.html" in [each.attributes["href"] for each in table.all("a")]
    assert "State graph" not in page(full_record()).text
