"""The page of a finding: what it tells, where it leads, and what a hostile record cannot make of it."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from operator import add
from pathlib import Path
from urllib.parse import unquote

import finding_samples as samples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from record_samples import empty
from told import known, untold

from pmicheck.cli.options import parser
from pmicheck.report.directory import write_reports
from pmicheck.report.octets.table import octets_of
from pmicheck.report.pages.finding import finding_pages, replay_command, verify_command
from pmicheck.report.pages.finding_packets import LONGEST, packets
from pmicheck.report.pages.finding_rank import Rank
from pmicheck.report.pages.finding_steps import Derived, derivations
from pmicheck.report.pages.places import Places
from pmicheck.report.record.record import Record, Result
from pmicheck.trace import Step
from pmicheck.verdict import Replay

VOID = {"meta", "link", "br", "wbr", "input", "path", "rect", "line", "circle", "polygon", "polyline", "img"}
HOSTILE = ('<script>alert("1")</script>', "a‮b", "x" * 10_000, '"\'><b onclick="x">&amp;', "\ud800\n\x00-->", "- ../..")


class Page(HTMLParser):
    """A page as a reader has it: its text, its ids, where it leads, and whether its tags match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.scripts: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.attributes |= set(given)
        self.ids += [given["id"]] if "id" in given else []
        self.targets += [given[name] for name in ("href", "src") if name in given]
        self.scripts += [given.get("src", "inline")] if tag == "script" else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def pages(record: Record) -> list[Page]:
    return [Page(html) for path, html in finding_pages(record, Places(record)) if path.endswith(".html")]


def page(result: Result | None = None) -> Page:
    return pages(samples.reviewed(*[result] if result else []))[0]


def test_the_same_record_gives_the_same_octets() -> None:
    one, other = samples.reviewed(), samples.reviewed()
    assert list(finding_pages(one, Places(one))) == list(finding_pages(other, Places(other)))


def test_the_heading_says_who_does_what_and_why_it_works() -> None:
    heading = (
        "Whoever reads the path between home agent and correspondent takes over the node's traffic: "
        "a plain update needs the home token and nothing else of the node's."
    )
    assert heading in page().text


@pytest.mark.parametrize(
    "told",
    [
        "CN sends the victim's traffic to attacker, which is the attacker's.",
        "who breaks it takes over the node's traffic.",
        "type1-initial : Draft 3.2: the first registration.",
        "home-path : whoever reads the path between home agent and correspondent.",
        "1 of 1 : this finding stands for it.",
        "confirmed The cache holds 2001:db8:bad::1. The cache holds the node's own address.",
        "violated Plain return routability works with T ( N041 , A-19).",
        "The correspondent answers with a home token. (draft 3.2)",
        "Two sessions, one handover",
        "octets that it sends 152",
        "octets that arrive for each that it sends 9.9",
        "home-path (this finding) ; of its powers it needs ha-cn , not before 240 s",
        "After step 3 no honest node can prevent it",
        "plain_rr_fallback=no : T alone is worth nothing.",
        "tombstone=full; key_owner=mn",
        "home lost 1 s",
        "care of address attacker",
        "Violation 1 of 4",
        "pmicheck verify type1-initial --attacker home-path --property no-redirection",
    ],
)
def test_a_reader_is_told(told: str) -> None:
    spaceless = re.sub(r"\s+", "", told)
    assert spaceless in re.sub(r"\s+", "", page().text)


def test_a_reading_that_changes_nothing_is_not_told() -> None:
    assert "It stays as it is" not in page().text


def test_each_step_shows_what_it_needed_changed_and_gave_away() -> None:
    text = re.sub(r"\s+", "", page().text)
    for told in (
        "5TheattackersendsacompleteBUtoCN",
        "itcomputesKbmandtheauthenticator",
        "cn[HoA].entryCoA1,verifiedattacker,verified",
        "theauthenticatorisright",
        "draft3.5:N010,N041(rule“attacker:cnreceivescompleteBU”)",
        "Step2:T(HoA,nonce1):readfromthePHoTintheprologue",
    ):
        assert told in text


def test_every_link_leads_somewhere_within_the_report(tmp_path: Path) -> None:
    write_reports(samples.reviewed(), tmp_path)
    found = {path: Page(path.read_text()) for path in tmp_path.rglob("*.html")}
    for path in (tmp_path / "findings").glob("*.html"):
        for target in found[path].targets:
            name, _, fragment = target.partition("#")
            leads = (path.parent / unquote(name)).resolve() if name else path
            assert leads.is_file(), f"{path.name}: {target}"
            assert leads.is_relative_to(tmp_path)
            assert not fragment or unquote(fragment) in found[leads].ids, f"{path.name}: {target}"


def test_statements_are_links_only_where_the_report_tells_of_them() -> None:
    record = samples.reviewed()
    assert "../statements.html#N010" in pages(record)[0].targets
    assert "../statements.html#N023" not in pages(record)[0].targets
    bare = replace(record, review=replace(record.review, statements={}))
    assert not [target for target in pages(bare)[0].targets if "statements" in target]


def test_ids_are_unique() -> None:
    assert set(Counter(page().ids).values()) == {1}


def test_the_pages_are_a_chain_in_ranked_order() -> None:
    record = samples.reviewed()
    rank = Rank(record, Places(record))
    assert sorted(rank.order) == sorted(rank.names)
    for number, position in enumerate(rank.order, start=1):
        at, before, after = rank.neighbours(position)
        assert at == number
        assert before is (record.results[rank.order[number - 2]] if number > 1 else None)
        assert after is (record.results[rank.order[number]] if number < len(rank.order) else None)


def test_the_finding_that_stands_for_a_flaw_comes_first_and_what_others_do_by_its_way_last() -> None:
    record = samples.reviewed()
    rank = Rank(record, Places(record))
    assert [record.results[at].names() for at in rank.order] == [
        ("type1-initial", "home-path", "no-redirection"),
        ("type1-refresh", "home-path", "no-redirection"),
        ("type1-initial", "home-path", "binding-agreement"),
        ("type1-initial", "dolev-yao", "no-redirection"),
    ]


def test_an_attacker_that_has_more_than_it_needs_is_told_who_has_less() -> None:
    record = samples.reviewed()
    assert "It takes less than this attacker" in pages(record)[2].text
    assert "type1-initial-home-path-no-redirection.html" in str(pages(record)[2].targets)


def test_among_the_weakest_attackers_this_one_comes_first() -> None:
    record = samples.reviewed(samples.finding("off-path"), samples.finding("home-path"))
    for attacker, told in zip(("off-path", "home-path"), pages(record), strict=True):
        assert f"others with as little of another kind do. {attacker} (this finding)" in told.text


def test_a_violation_without_a_trace_has_a_page() -> None:
    bare = page(replace(samples.finding(), trace=None, replay=None))
    assert "The record holds no steps for it." in bare.text
    assert "not replayed" in bare.text
    assert not [target for target in bare.targets if target.endswith((".pcap", "itf.json", ".mmd"))]


def test_where_nobody_attacks_no_attacker_is_blamed() -> None:
    told = page(samples.stuck())
    assert "Nobody attacks" in told.text
    assert "None takes part." in told.text
    assert "Who can do it" not in told.text


def test_what_real_packets_did_not_confirm_is_a_caution() -> None:
    found = samples.finding()
    assert found.replay is not None
    diverged = replace(found, replay=replace(found.replay, outcome=Replay.DIVERGED))
    assert "Caution: DIVERGED" in page(diverged).text
    assert "Caution: Not replayed" in page(replace(found, replay=None)).text
    assert "Caution" not in page(found).text


def test_a_record_without_a_review_says_what_nobody_looked_for() -> None:
    told = pages(replace(samples.reviewed(), review=empty().review))[0].text
    assert "Weaker attackers were not searched for." in told
    assert "No repair was searched for." in told


def test_an_older_record_lacks_what_stood_before() -> None:
    told = page(samples.finding(steps=tuple(map(untold, samples.STEPS)))).text
    assert "cn[HoA].entry not recorded attacker, verified" in re.sub(r"(?<=y)(?=not|att)|(?<=d)(?=att)", " ", told)


def test_sixty_steps_are_sixty_steps() -> None:
    ids = page(samples.long_finding(60)).ids
    assert [f"step-{number}" in ids for number in (1, 60, 61)] == [True, True, False]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_text(text: str) -> None:
    (hostile,) = pages(samples.hostile(text))
    assert hostile.scripts == ["../assets/finding.js"]
    assert not hostile.attributes & {"style", "onclick"}
    assert "‮" not in hostile.text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_fit_a_heading(text: str) -> None:
    record = samples.hostile(text)
    (html,) = (html for path, html in finding_pages(record, Places(record)) if path.endswith(".html"))
    for tag in ("title", "h1"):
        heading = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert heading
        assert len(heading[1]) < 1000


plain = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=20)
words = st.builds(add, st.sampled_from(["", "-", "--"]), plain).filter(lambda text: text != "--")
readings = st.dictionaries(words.filter(lambda text: "=" not in text), words)


@settings(deadline=None)
@given(words, words, words, readings, st.lists(words))
def test_the_command_line_asks_for_this_cell(
    file: str, attacker: str, prop: str, chosen: dict[str, str], without: list[str]
) -> None:
    result = replace(samples.finding(attacker, prop, "mine"), without=tuple(without))
    record = replace(samples.reviewed(result), settings=chosen, files={"mine": file})
    verb, *arguments = shlex.split(verify_command(record, result))
    asked = parser().parse_args(arguments)
    assert (verb, asked.verb) == ("pmicheck", "verify")
    assert [Path(each) for each in asked.scenarios] == [Path(file)]
    assert (asked.attacker, asked.property) == ([attacker], [prop])
    assert dict(asked.set) == chosen
    assert asked.without == without


@pytest.mark.parametrize("file", ["", "pmicheck/model/scenarios/type1-initial.toml"])
def test_a_shipped_scenario_is_named(file: str) -> None:
    record = replace(samples.reviewed(), files={"type1-initial": file})
    assert " type1-initial --attacker home-path " in verify_command(record, record.results[0])


@settings(deadline=None)
@given(st.text("ab-+._", min_size=1))
def test_the_replay_names_trace_and_capture(name: str) -> None:
    asked = parser().parse_args(shlex.split(replay_command(name))[1:])
    assert (asked.verb, asked.trace, asked.pcap) == ("replay", Path(f"{name}.json"), Path(f"{name}.pcap"))


derived = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*(st.lists(st.integers(-2, 8), max_size=3, unique=True) for _ in range(size)))
)


@settings(deadline=None)
@given(derived)
def test_derivation_trees_tell_each_line_in_full_once(premises: tuple[list[int], ...]) -> None:
    terms = tuple(known(str(at), "how", "", *below) for at, below in enumerate(premises))
    step = Step("a", "inject", "r", known=terms)
    full: dict[str, list[str]] = {}

    def walk(node: Derived) -> None:
        if node.again:
            assert node.term in full
            assert not node.premises
        else:
            assert node.term not in full or not node.premises
            full[node.term] = [each.term for each in node.premises]
        for each in node.premises:
            walk(each)

    for root in derivations(step):
        walk(root)
    assert full == {str(at): [str(each) for each in below if 0 <= each < at] for at, below in enumerate(premises)}


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_every_field_of_a_packet_is_in_the_table_or_in_the_listing(octets: bytes) -> None:
    step = replace(samples.STEPS[-1], octets=octets.hex())
    trace = samples.finding(steps=(step,)).trace
    assert trace is not None
    (packet,) = packets(trace)
    assert f"{len(octets)} octets" in packet.title
    listed = re.findall(r"^ *(\d+)  ([0-9a-f ]+)(?: …)?  ", packet.listing, re.MULTILINE)
    assert len(listed) == packet.others
    told = {int(start): bytes.fromhex(shown) for start, shown in listed}
    told |= {row.start: bytes.fromhex(row.octets.removesuffix(" …")) for row in packet.decisive}
    starts = [*sorted(told), len(octets)]
    for start, end in pairwise(starts):
        assert told[start] == octets[start : min(end, start + LONGEST)]
    assert starts[0] == 0


def test_the_decisive_field_carries_the_term() -> None:
    trace = samples.finding().trace
    assert trace is not None
    packet = packets(trace)[-1]
    assert octets_of(trace.steps[-1]).hex()[-24:] == packet.decisive[-1].octets.replace(" ", "")
    assert packet.decisive[-1].term == samples.MAC
