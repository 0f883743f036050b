"""The report directory: what stands in it, what a second run leaves alone, and what it takes away."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import networkx
import pytest
import record_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from state_graph_samples import GRAPH

from pmicheck.errors import OutputError
from pmicheck.report.directory import write_reports
from pmicheck.report.manifest import MANIFEST
from pmicheck.report.names import LONGEST, finding_names
from pmicheck.verdict import Verdict

VIOLATED = samples.result("home-path", "no-redirection", Verdict.VIOLATED)
OTHER = samples.result("off-path", "binding-freshness", Verdict.VIOLATED)


def octets_in(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_each_finding_has_page_narration_trace_and_capture(tmp_path: Path) -> None:
    write_reports(samples.record(VIOLATED), tmp_path)
    names = {path.name for path in (tmp_path / "findings").iterdir()}
    stem = "type1-initial-home-path-no-redirection"
    assert {f"{stem}{end}" for end in (".html", ".txt", ".json", ".pcap")} <= names


def test_the_same_record_gives_the_same_octets(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for directory in (one, two):
        write_reports(samples.record(VIOLATED, OTHER), directory)
    assert octets_in(one) == octets_in(two)
    write_reports(samples.record(VIOLATED, OTHER), two)
    assert octets_in(one) == octets_in(two)


def test_what_an_earlier_run_wrote_and_this_one_does_not_is_taken_away(tmp_path: Path) -> None:
    write_reports(samples.record(VIOLATED, OTHER), tmp_path)
    before = octets_in(tmp_path)
    write_reports(samples.record(VIOLATED), tmp_path)
    gone = set(before) - set(octets_in(tmp_path))
    assert gone
    assert all("off-path-binding-freshness" in name for name in gone)


def test_what_pmicheck_did_not_write_stays(tmp_path: Path) -> None:
    report = tmp_path / "report"
    write_reports(samples.record(VIOLATED), report)
    notes, outside = report / "findings" / "notes.txt", tmp_path / "outside.txt"
    for path in (notes, outside):
        path.write_text("mine")
    with (report / MANIFEST).open("a") as listed:
        listed.write(f"../outside.txt\n{outside}\n")
    write_reports(samples.record(OTHER), report)
    assert notes.read_text() == outside.read_text() == "mine"


def test_a_file_in_the_place_of_the_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("")
    with pytest.raises(OutputError, match="report: cannot be written"):
        write_reports(samples.record(VIOLATED), tmp_path / "report")


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=8))
def test_no_scenario_name_leaves_the_directory_or_meets_another(scenarios: list[str]) -> None:
    record = samples.empty(results=tuple(replace(VIOLATED, scenario=name) for name in scenarios))
    names = list(finding_names(record).values())
    assert len({name.lower() for name in names}) == len(scenarios)
    for name in names:
        assert name.isascii()
        assert not set(name) & set('/\\:*?"<>| \0')
        assert not name.startswith(".")
        assert len(name) <= LONGEST + 4


def test_a_name_of_ten_thousand_characters_is_cut_and_told_apart() -> None:
    long = "x" * 10_000
    results = (replace(VIOLATED, scenario=long + "a"), replace(VIOLATED, scenario=long + "b"))
    one, two = finding_names(samples.empty(results=results)).values()
    assert one != two
    assert max(len(one), len(two)) <= LONGEST


def test_the_same_finding_under_two_readings_gets_two_names() -> None:
    other = replace(VIOLATED, readings={"key_owner": "pma"})
    one, two = finding_names(samples.record(VIOLATED, other)).values()
    assert (one, two) == ("type1-initial-home-path-no-redirection", "type1-initial-home-path-no-redirection-2")


def test_every_address_in_a_page_leads_to_a_file(tmp_path: Path) -> None:
    write_reports(replace(samples.record(VIOLATED), graphs=(GRAPH,)), tmp_path)
    for path in tmp_path.rglob("*.html"):
        for address in re.findall(r'(?:href|src)="([^"#]+)', path.read_text(encoding="utf-8")):
            assert (path.parent / address).is_file(), (path, address)


def test_every_single_state_of_a_graph_can_be_taken_away(tmp_path: Path) -> None:
    write_reports(replace(samples.record(VIOLATED), graphs=(GRAPH,)), tmp_path)
    stem = tmp_path / "graphs" / f"{GRAPH.scenario}-states"
    stored = json.loads(gzip.decompress(Path(f"{stem}.json.gz").read_bytes()))
    assert len(stored["full"]["nodes"]) == GRAPH.states
    drawn = networkx.read_graphml(io.BytesIO(gzip.decompress(Path(f"{stem}.graphml.gz").read_bytes())))
    assert drawn.number_of_nodes() == GRAPH.states
    assert gzip.decompress(Path(f"{stem}.dot.gz").read_bytes()).startswith(b"digraph")
