"""All pages together: the same record gives the same octets, every link leads somewhere, no value becomes markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from msgspec import structs
from msgspec.structs import replace
from page_reader import Element, read, target
from page_samples import SCRIPT, TURNED, every_kind, hostile_record, many_findings, review, reviewed_record
from record_samples import empty, full_record, record

from pmicheck.report.pages.environment import breakable
from pmicheck.report.pages.places import Places
from pmicheck.report.pages.site import pages
from pmicheck.report.record.record import Record

WRITTEN_ELSEWHERE = {"record.json", "findings.md", "verdicts.txt"}
"""What the report's directory holds besides the pages; so are the files of a finding beside its page."""

SAMPLES: dict[str, Callable[[], Record]] = {
    "empty": lambda: empty(),
    "one verdict": record,
    "partial": lambda: replace(full_record(), partial=True),
    "without a review": full_record,
    "every kind": every_kind,
    "reviewed": reviewed_record,
    "hostile": hostile_record,
    "100 findings": lambda: many_findings(100),
}


@pytest.fixture(scope="module", params=list(SAMPLES))
def site(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(pages(SAMPLES[request.param]()))


def html(site: dict[str, str]) -> dict[str, Element]:
    return {path: read(text) for path, text in site.items() if path.endswith(".html")}


def test_two_renderings_are_equal() -> None:
    assert list(pages(every_kind())) == list(pages(every_kind()))


def test_no_path_is_written_twice_and_none_leads_out_of_the_directory(site: dict[str, str]) -> None:
    assert len({path.lower() for path in site}) == len(list(site))
    for path in site:
        assert re.fullmatch(r"([a-z]+/)?[A-Za-z0-9+_-][A-Za-z0-9+._-]{0,130}", path), path


def test_the_order_of_names_in_the_record_changes_nothing() -> None:
    assert _own(_turned_over(every_kind())) == _own(every_kind())


def _own(record: Record) -> dict[str, str]:
    return {path: text for path, text in pages(record) if not path.startswith("findings/")}


def _turned_over(value: Any) -> Any:
    """`value` with every mapping in it in reverse order."""
    if isinstance(value, msgspec.Struct):
        return replace(value, **{each.name: _turned_over(getattr(value, each.name)) for each in structs.fields(value)})
    if isinstance(value, dict):
        return {name: _turned_over(each) for name, each in reversed(value.items())}
    return tuple(map(_turned_over, value)) if isinstance(value, tuple) else value


def test_every_address_leads_to_a_file_of_the_report_and_to_an_anchor_that_is_there(site: dict[str, str]) -> None:
    trees = html(site)
    ids = {
        path: {each.attributes["id"] for each in tree.all() if "id" in each.attributes} for path, tree in trees.items()
    }
    for path, tree in trees.items():
        for element in tree.all():
            for name in ("href", "src"):
                if name not in element.attributes:
                    continue
                file, fragment = target(path, element.attributes[name])
                beside = file.rpartition(".")[0] + ".html" in site and file.startswith("findings/")
                beside = beside or (file.startswith("graphs/") and "-states." in file)
                assert file in site or file in WRITTEN_ELSEWHERE or beside, (path, element.attributes[name])
                if fragment and "=" not in fragment:
                    assert fragment in ids[file], (path, element.attributes[name])


def test_no_anchor_stands_twice_in_a_page_and_labels_refer_to_what_is_there(site: dict[str, str]) -> None:
    for path, tree in html(site).items():
        ids = [each.attributes["id"] for each in tree.all() if "id" in each.attributes]
        assert len(ids) == len(set(ids)), path
        for each in tree.all():
            assert set(each.attributes.get("aria-labelledby", "").split()) <= set(ids), path


def test_headings_go_down_by_one_level_at_a_time_and_there_is_one_of_the_first(site: dict[str, str]) -> None:
    for path, tree in html(site).items():
        levels = [int(each.tag[1]) for each in tree.all() if re.fullmatch("h[1-6]", each.tag)]
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_every_page_has_a_language_a_title_a_way_to_its_content_and_says_where_it_is(site: dict[str, str]) -> None:
    for path, tree in html(site).items():
        assert tree.one("html").attributes["lang"] == "en"
        assert tree.one("head").one("title").text
        assert tree.one("a", "skip").attributes["href"] == "#main"
        current = [each.attributes["href"] for each in tree.one("header").all("a") if "aria-current" in each.attributes]
        assert len(current) == (0 if path.startswith("findings/") else 1), path


def test_scripts_and_styles_stand_in_files_of_their_own(site: dict[str, str]) -> None:
    for path, tree in html(site).items():
        for each in tree.all():
            assert each.tag != "style", path
            assert each.tag != "script" or "src" in each.attributes or each.attributes["type"] == "application/json", (
                path
            )
            assert not [name for name in each.attributes if name == "style" or name.startswith("on")], path
            assert "://" not in each.attributes.get("src", "") + each.attributes.get("href", ""), path


def test_hostile_values_stay_text() -> None:
    site = dict(pages(hostile_record()))
    for path, text in site.items():
        assert text.encode("utf-8"), path
        assert TURNED not in text, path
        if path.endswith(".html"):
            assert SCRIPT not in text, path
            for script in read(text).all("script"):
                assert "alert" not in "".join(map(str, script.children)).replace("alert(1)\\u003c/script", ""), path
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in site["index.html"]
    assert "\\u202e" in site["index.html"]


def test_a_page_of_a_scenario_and_its_files_stand_for_every_graph() -> None:
    paths = {path for path, _ in pages(reviewed_record()) if path.startswith("graphs/")}
    assert paths == {
        "graphs/index.html",
        *(f"graphs/type1-initial.{kind}" for kind in ("html", "dot", "graphml", "json")),
    }


def test_only_what_the_record_knows_gets_a_page() -> None:
    assert not {"statements.html", "claims.html", "graphs/index.html"} & {path for path, _ in pages(full_record())}


@given(st.text(alphabet="ab/ ,:()&<>.-", max_size=80))
def test_links_leave_a_text_as_it_is(text: str) -> None:
    """Whatever is linked: taken out of the markup, it is the text again."""
    sample = replace(record(), review=review("a"))
    linked = Places(_named("a", "b", "a-b")).linked(text)
    assert Markup(re.sub(r"</?a[^>]*>", "", str(linked))).unescape() == text
    assert "<a" not in Places(sample).linked(text)


def test_no_page_makes_a_browser_look_for_places_to_break_a_line() -> None:
    for path, text in pages(hostile_record()):
        if path.endswith(".html"):
            told = re.sub(r"(?s)<(script|svg|title)\b.*?</\1>|<[^>]*>", " ", text)
            assert max(map(len, unescape(told).split())) < 200, path


@given(st.lists(st.sampled_from(["A" * 159, "A" * 1000, "&lt;", "é" * 200, " ", "<b>", "</b>", "<td title='AA'>"])))
def test_long_words_can_be_broken_and_nothing_else_changes(parts: list[str]) -> None:
    html = "".join(parts)
    broken = breakable(html)
    assert broken.replace("<wbr>", "") == html
    assert max(map(len, re.sub(r"<[^>]*>|&[a-z]+;", " ", broken).split()), default=0) < 200


def test_a_script_is_left_as_it_is() -> None:
    script = f'<script type="application/json">"{"A" * 1000}"</script>'
    assert breakable(f"{script}<p>{'A' * 1000}</p>").startswith(script)


def _named(scenario: str, attacker: str, prop: str) -> Record:
    sample = record()
    return replace(sample, results=(replace(sample.results[0], scenario=scenario, attacker=attacker, property=prop),))
