"""Records of earlier schemas, made by the pmicheck of their day: they are read, and what they found is played again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmicheck.report.record.record import OLD, SCHEMA, dumps, load, record_from
from pmicheck.verdict import Replay
from pmicheck.verify.results import replay_trace

FILES = sorted((Path(__file__).parent / "old_records").glob("*.json"))
EACH = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_there_are_two_records_of_each_earlier_schema() -> None:
    assert sorted(json.loads(file.read_text())["schema"] for file in FILES) == sorted([*OLD, *OLD])


@EACH
def test_an_old_record_is_read_as_one_of_today(file: Path) -> None:
    record = load(file)
    assert record.schema == SCHEMA
    assert record_from(json.loads(dumps(record)), file) == record


@EACH
def test_findings_of_an_old_record_keep_their_fingerprints(file: Path) -> None:
    stored = json.loads(file.read_text())["results"]
    named = [(each["fingerprint"], result.fingerprint) for each, result in zip(stored, load(file).results, strict=True)]
    assert [old for old, _ in named] == [new for _, new in named]


@EACH
def test_traces_of_an_old_record_are_confirmed_on_packets(file: Path) -> None:
    traces = [result.trace for result in load(file).results if result.trace]
    assert traces
    assert {trace.property: replay_trace(trace).outcome for trace in traces} == {
        trace.property: Replay.CONFIRMED for trace in traces
    }


@EACH
def test_every_step_of_an_old_record_says_which_act_it_is_and_what_its_cells_are_about(file: Path) -> None:
    steps = [step for result in load(file).results if result.trace for step in result.trace.steps]
    assert [step.rule for step in steps if not step.act] == []
    assert [each.cell for step in steps for each in step.cells if not each.kind] == []
