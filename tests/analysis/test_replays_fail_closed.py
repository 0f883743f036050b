"""A replay confirms nothing that it has not compared: whatever a trace tells in other words, or other than the nodes
show it, is refused. All sentences come from the renderer, by traces of every kind of run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from pmicheck.analysis import Request, replay_trace, verify
from pmicheck.concrete.agreement import LASTING
from pmicheck.concrete.changes import CELLS
from pmicheck.grounding import retell
from pmicheck.report.record import Record
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay

RUNS: dict[str, tuple[str, str, dict[str, str]]] = {
    "RFC 6275": ("rr-mobile", "home-path", {}),
    "RFC 4866": ("ero-handoff", "careof-path", {}),
    "type 1": ("type1-handover", "careof-path", {}),
    "type 1 with the clock": ("data-plane", "home-path", {}),
    "type 1 amended": ("type1-handover", "home-path", {"pt_binding": "care-of-address", "ht_use": "once"}),
    "type 1 delegated": ("type1-handover", "home-path", {"agent_key": "delegated", "tombstone": "full"}),
    "one agent": ("type2-local", "malicious-mn", {"ro_trigger": "explicit"}),
    "handshake": ("type2-handshake", "home-path", {}),
    "handshake after handover": ("type2-handshake-handover", "careof-path", {}),
    "type 2": ("type2-rr", "dolev-yao", {}),
}
"""A cell of the matrix for each kind of run: scenario, attacker, readings."""


def decided(scenario: str, attacker: str, settings: dict[str, str]) -> Record:
    request = Request((scenario,), (attacker,), settings=tuple(settings.items()))
    return verify(request, command=[], progress=lambda _: None)


@cache
def traces(run: str) -> list[Trace]:
    """The violations of a run."""
    found = decided(*RUNS[run]).results
    return [each.trace for each in found if each.trace is not None and each.property != "progress"]


def told(traces: list[Trace]) -> Iterator[tuple[str, Trace, int, int]]:
    """For each kind of sentence (kind of cell, and its keeper) the first that is told: (kind, trace, step, line)."""
    seen = set()
    for trace in traces:
        for at, step in enumerate(trace.steps):
            for number, line in enumerate(step.changes):
                kind, value = kind_of(line), line.partition(": ")[2]
                if kind not in seen and value != step.before[number]:
                    seen.add(kind)
                    yield kind, trace, at, number


def kind_of(line: str) -> str:
    cell = line.partition(": ")[0]
    return next(what for what, pattern in CELLS.items() if re.fullmatch(pattern, cell))


def with_line(trace: Trace, at: int, number: int, line: str, *, data: bool) -> Trace:
    """The trace with another sentence; without the values that belong to it unless `data`, as traces were once."""
    step = trace.steps[at]
    changes = (*step.changes[:number], line, *step.changes[number + 1 :])
    kept = {key: value for key, value in step.data.items() if data or key != "changes"}
    return with_step(trace, at, replace(step, changes=changes, data=kept))


def with_step(trace: Trace, at: int, step: Step) -> Trace:
    return replace(trace, steps=(*trace.steps[:at], step, *trace.steps[at + 1 :]))


def refused(trace: Trace, at: int) -> str:
    """The sentence with which the replay stops at a step."""
    report = replay_trace(trace)
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.startswith(f"Step {at + 1} ")
    return report.sentence


def test_every_kind_of_sentence_is_told_in_some_run() -> None:
    assert {kind for run in RUNS for kind, *_ in told(traces(run))} == set(CELLS)


@pytest.mark.parametrize("run", RUNS)
def test_the_traces_are_confirmed_as_they_are(run: str) -> None:
    assert traces(run)
    for trace in traces(run):
        assert replay_trace(trace).outcome is Replay.CONFIRMED, trace.property


@pytest.mark.parametrize("data", [True, False], ids=["with values", "sentences only"])
@pytest.mark.parametrize("run", RUNS)
def test_a_sentence_in_other_words_is_refused(run: str, data: bool) -> None:
    for _, trace, at, number in told(traces(run)):
        line = trace.steps[at].changes[number]
        cell, _, value = line.partition(": ")
        for other in (f"{cell} is now {value}", f"{cell}: now {value}", f"now {line}", f"{cell}: ", ""):
            refused(with_line(trace, at, number, other, data=data), at)


@pytest.mark.parametrize("run", RUNS)
def test_a_change_that_the_nodes_do_not_show_is_refused(run: str) -> None:
    """The value before the step, told as the value after it."""
    for _, trace, at, number in told(traces(run)):
        cell = trace.steps[at].changes[number].partition(": ")[0]
        refused(with_line(trace, at, number, f"{cell}: {trace.steps[at].before[number]}", data=False), at)


@pytest.mark.parametrize("run", RUNS)
def test_values_that_the_sentence_does_not_tell_are_refused(run: str) -> None:
    for _, trace, at, _ in told(traces(run)):
        step = trace.steps[at]
        stored = step.data["changes"]
        before = with_values(step, [{**each, "value": "other"} for each in stored])
        assert "does not tell the change" in refused(with_step(trace, at, before), at)
        fewer = with_values(step, stored[1:])
        assert "sentences tell" in refused(with_step(trace, at, fewer), at)


def with_values(step: Step, changes: list[dict[str, Any]]) -> Step:
    return replace(step, data={**step.data, "changes": changes})


@pytest.mark.parametrize("run", [run for run in RUNS if run != "one agent"])
def test_a_change_that_no_step_tells_is_refused(run: str) -> None:
    """A cell is told to have two values one after the other; the second is left out."""
    found = list(twice_told(traces(run)))
    assert found
    for trace, at, number in found:
        step = trace.steps[at]
        changes = (*step.changes[:number], *step.changes[number + 1 :])
        stored = [each for position, each in enumerate(step.data["changes"]) if position != number]
        silent = replace(step, changes=changes, data={**step.data, "changes": stored})
        assert "though the step tells no such change" in refused(with_step(trace, at, silent), at)


def twice_told(traces: list[Trace]) -> Iterator[tuple[Trace, int, int]]:
    """For each kind of cell that lasts, a (trace, step, line) that tells a new value of a cell told before."""
    seen = set()
    for trace in traces:
        values: dict[str, str] = {}
        for at, step in enumerate(trace.steps):
            if step.action == "test":
                values.clear()  # in the packets, a home test of type 2 makes an entry where there is none
            for number, line in enumerate(step.changes):
                (cell, _, value), kind = line.partition(": "), kind_of(line)
                by_time = cell == "pma1[CN's HoA].entry"
                if kind in LASTING and kind not in seen and values.get(cell, value) != value and not by_time:
                    seen.add(kind)
                    yield trace, at, number
                values[cell] = value


HIDDEN = {
    "entry": {"capped": None, "nonces": [2, 2]},
    "registration": {"nonce": 2, "care_of_nonce": 2, "credential": "HT", "peer": "bystander"},
}
"""Values of fields that no sentence tells, other than those of the traces; None: the opposite."""


@pytest.mark.parametrize("run", [run for run in RUNS if run != "one agent"])
def test_what_only_the_values_say_is_compared_too(run: str) -> None:
    compared = set()
    for trace in traces(run):
        for at, step in enumerate(trace.steps):
            for number, line in enumerate(step.changes):
                value = step.data["changes"][number]["value"]
                for name, other in HIDDEN.get(kind_of(line), {}).items():
                    if not isinstance(value, dict) or not value.get(name):
                        continue
                    changed = {**step.data["changes"][number], "value": {**value, name: other}}
                    stored = [*step.data["changes"][:number], changed, *step.data["changes"][number + 1 :]]
                    if replay_trace(with_step(trace, at, with_values(step, stored))).outcome is Replay.DIVERGED:
                        compared.add(name)
    assert compared, run


@pytest.mark.parametrize("run", ["RFC 6275", "type 1 with the clock", "handshake", "type 2"])
def test_a_renderer_with_other_words_gets_nothing_confirmed(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What once made nine handshakes confirmed though no binding was compared."""
    render = retell.change
    monkeypatch.setattr(retell, "change", lambda cell, value: render(cell, value).replace("verified", "confirmed"))
    scenario, attacker, settings = RUNS[run]
    outcomes = [
        each.replay.outcome
        for each in decided(scenario, attacker, settings).results
        if each.trace is not None
        and each.replay is not None
        and any("confirmed" in str(s.changes) for s in each.trace.steps)
    ]
    assert outcomes
    assert set(outcomes) == {Replay.DIVERGED}
