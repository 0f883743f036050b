"""What a trace says in words is for people: no time, octet, verdict of a replay, flaw, chart or table depends on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from msgspec.structs import fields
from numbered_words import VALUES, WORDS, with_numbered_words
from test_replays_fail_closed import violations

sys.path.append(str(Path(__file__).parents[1] / "report"))
import record_samples as samples

from pmicheck.model.scenario import SHIPPED
from pmicheck.report.charts.story import Event, tell
from pmicheck.report.ci.sarif import sarif
from pmicheck.report.gate.baseline import Comparison
from pmicheck.report.octets.table import Field, rows
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import Result, load_trace
from pmicheck.report.words.flaws import way_in
from pmicheck.symbolic.schedule import schedule
from pmicheck.trace import Trace
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.results import replay_trace

CELLS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "rr-mobile": ("careof-path", ()),
    "ero-initial": ("home-path", ()),
    "ero-handoff": ("home-path", ()),
    "type1-initial": ("home-path", ()),
    "type1-refresh": ("home-path", ()),
    "type1-handover": ("rogue-next-pma", ()),
    "type1-handover-reactive": ("careof-path", ()),
    "type1-settled": ("home-path", ()),
    "type2-local": ("malicious-mn", (("ro_trigger", "explicit"),)),
    "type2-handshake": ("off-path", ()),
    "type2-handshake-handover": ("rogue-next-pma", ()),
    "type2-rr": ("home-path", ()),
    "data-plane": ("home-path", ()),
}
"""Attacker and readings with which something is violated, by scenario; by default nothing is in type2-local."""
LARGER = [
    ("data-plane", "home-path", (("correspondents", "2"),)),
    ("data-plane", "malicious-mn", (("mobile_nodes", "2"),)),
]
"""Cells whose traces tell of a second flow."""


@pytest.fixture(
    params=[*((scenario, *cell) for scenario, cell in CELLS.items()), *LARGER],
    ids=lambda cell: "-".join((*cell[:2], *(f"{name}={value}" for name, value in cell[2]))),
)
def traces(request: pytest.FixtureRequest) -> list[Trace]:
    """The violations of a cell."""
    return violations(*request.param)


def test_there_is_a_cell_for_each_scenario() -> None:
    assert list(CELLS) == list(SHIPPED)


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_field_is_a_word_or_a_value(kind: Any) -> None:
    assert WORDS[kind] | VALUES[kind] == {field.name for field in fields(kind)}
    assert not WORDS[kind] & VALUES[kind]


def test_every_word_gets_a_number_of_its_own(traces: list[Trace]) -> None:
    for trace in traces:
        steps = msgspec.to_builtins(with_numbered_words(trace))["steps"]
        numbered = list(texts(steps))
        new = [text for text in numbered if text.startswith("word")]
        lasting = sum(len(set(cell["was"]) & set(cell["now"])) for step in steps for cell in step["cells"])
        assert len(new) == len(set(new)) + lasting
        assert len(set(new)) > len(trace.steps)
        assert len(numbered) == len(list(texts(msgspec.to_builtins(trace)["steps"])))


def texts(value: Any) -> Iterator[str]:
    """All texts within a JSON value but names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def test_words_decide_nothing_about_a_replay(traces: list[Trace], tmp_path: Path) -> None:
    assert traces
    for trace in traces:
        reports, captures = [], []
        for number, each in enumerate((trace, with_numbered_words(trace))):
            capture = tmp_path / f"{number}.pcap"
            reports.append(replay_trace(each, pcap=capture))
            captures.append(capture.read_bytes())
        plain, numbered = reports
        assert plain.outcome is numbered.outcome is Replay.CONFIRMED
        assert (plain.sentence, plain.counterfactual) == (numbered.sentence, numbered.counterfactual)
        assert plain.details == numbered.details
        assert shown(plain.trace) == shown(numbered.trace)
        assert captures[0] == captures[1]


def shown(trace: Trace) -> list[tuple[Any, ...]]:
    """What the packets of a replay show of each step, in words of the replay's own."""
    return [(step.time, step.octets, step.message, step.source, step.destination) for step in trace.steps]


def test_words_decide_nothing_about_times(traces: list[Trace]) -> None:
    for trace in traces:
        assert schedule(trace) == schedule(with_numbered_words(trace))


def test_a_trace_with_other_words_is_as_well_a_trace(traces: list[Trace]) -> None:
    for trace in map(with_numbered_words, traces):
        assert load_trace(json.loads(to_text(trace)), Path("trace.json")) == trace


def test_words_decide_nothing_about_the_flaw_that_lets_an_attack_in(traces: list[Trace]) -> None:
    for trace in traces:
        assert way_in(violated(trace)) == way_in(violated(with_numbered_words(trace)))


def test_words_decide_nothing_about_what_a_chart_draws(traces: list[Trace]) -> None:
    for trace in traces:
        plain, numbered = tell(trace), tell(with_numbered_words(trace))
        assert plain.lanes == numbered.lanes
        assert list(map(drawn, plain.events)) == list(map(drawn, numbered.events))


def drawn(event: Event) -> tuple[Any, ...]:
    """What a chart draws of an event, but for the words on it."""
    packets = [replace(packet, name="", link="") for packet in event.packets]
    changes = [(change.lane, change.subject, change.is_entry, change.text.count("→")) for change in event.changes]
    lost = [(lost.lane, lost.ended) for lost in event.lost]
    on_lanes = (event.lane, bool(event.act), bool(event.clock), event.prologue)
    return event.number, on_lanes, packets, changes, lost, len(event.learned)


def test_words_decide_nothing_about_which_octets_carry_what(traces: list[Trace]) -> None:
    for trace in traces:
        replayed = replay_trace(trace).trace
        plain, numbered = rows(replayed), rows(with_numbered_words(replayed))
        assert [list(map(carrying, packet.fields)) for packet in plain] == [
            list(map(carrying, packet.fields)) for packet in numbered
        ]


def carrying(field: Field) -> Field:
    """The row of a field; of its term only whether it carries one."""
    return replace(field, term="carried" if field.term else "")


def test_words_decide_nothing_about_the_shape_of_sarif(traces: list[Trace]) -> None:
    for trace in traces:
        plain, numbered = (
            sarif(samples.empty(results=(violated(each),)), Comparison())
            for each in (trace, with_numbered_words(trace))
        )
        assert shape(json.loads(plain)) == shape(json.loads(numbered))


def shape(value: Any, name: str = "") -> Any:
    """A JSON value without its texts; the cells of a state go by number."""
    if isinstance(value, dict):
        keys = range(len(value)) if name == "state" else value
        return dict(zip(keys, (shape(each, key) for key, each in value.items()), strict=True))
    return [shape(each) for each in value] if isinstance(value, list) else "" if isinstance(value, str) else value


def violated(trace: Trace) -> Result:
    """The verdict that the trace is evidence of."""
    found = samples.result(trace.attacker, trace.property, scenario=trace.scenario)
    return structs.replace(found, readings=trace.readings, without=trace.without, verdict=Verdict.VIOLATED, trace=trace)
