"""A replay confirms nothing that it has not compared: whatever a trace tells other than the nodes show it, or in a way
that cannot be compared, is refused at that step. The values all come from the model, by traces of every kind of run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from pmicheck.bench.checks.kinds import KINDS
from pmicheck.trace import Changed, Step, Trace
from pmicheck.verdict import Replay
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request
from pmicheck.verify.results import replay_trace

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


@cache
def violations(scenario: str, attacker: str, settings: tuple[tuple[str, str], ...] = ()) -> list[Trace]:
    """The traces of the violations of a cell of the matrix."""
    record = verify(Request((scenario,), (attacker,), settings=settings), command=[], progress=lambda _: None)
    return [each.trace for each in record.results if each.trace is not None and each.property != "progress"]


def traces(run: str) -> list[Trace]:
    """The violations of a run."""
    scenario, attacker, settings = RUNS[run]
    return violations(scenario, attacker, tuple(settings.items()))


class Place(NamedTuple):
    """Where a trace tells a change: at which step, counted from 0, and which of its cells."""

    trace: Trace
    at: int
    number: int

    @property
    def step(self) -> Step:
        return self.trace.steps[self.at]

    @property
    def change(self) -> Changed:
        return self.step.cells[self.number]

    def told(self, *cells: Changed) -> Trace:
        """The trace with these changes in the place of the one here."""
        others = self.step.cells
        return self.acted(replace(self.step, cells=(*others[: self.number], *cells, *others[self.number + 1 :])))

    def acted(self, step: Step) -> Trace:
        """The trace with this step in the place of the one here."""
        return replace(self.trace, steps=(*self.trace.steps[: self.at], step, *self.trace.steps[self.at + 1 :]))


def places(run: str) -> Iterator[Place]:
    """The first real change of each kind of cell that a run tells."""
    seen = set()
    for trace in traces(run):
        for at, step in enumerate(trace.steps):
            for number, cell in enumerate(step.cells):
                if cell.kind not in seen and cell.after != cell.before:
                    seen.add(cell.kind)
                    yield Place(trace, at, number)


def refused(trace: Trace, at: int) -> str:
    """The sentence with which the replay stops at a step."""
    report = replay_trace(trace)
    assert report.outcome is Replay.DIVERGED
    assert report.sentence.startswith(f"Step {at + 1} ")
    return report.sentence


def test_every_kind_of_cell_is_told_in_some_run() -> None:
    assert {place.change.kind for run in RUNS for place in places(run)} == set(KINDS)


@pytest.mark.parametrize("run", RUNS)
def test_the_traces_are_confirmed_as_they_are(run: str) -> None:
    assert traces(run)
    for trace in traces(run):
        assert replay_trace(trace).outcome is Replay.CONFIRMED, trace.property


# Values.


@pytest.mark.parametrize("run", RUNS)
def test_a_change_that_the_nodes_do_not_show_is_refused(run: str) -> None:
    """The value before the step, told as the value after it."""
    for place in places(run):
        refused(place.told(replace(place.change, after=place.change.before)), place.at)


def another(kind: str, value: Any) -> Any:
    """A value of the kind other than this one."""
    match kind:
        case "clock" | "pairs issued" | "newest nonce" | "newest delegation":
            return value + 1
        case "sequence number":
            return 1 if value is None else value + 1
        case "local list" | "wish" | "burnt nonces":
            return not value
        case "permanent tokens" | "handover tokens":
            return [*value, 9]
        case "entry":
            return {"care_of": "bystander", "verified": True} if value is None else {**value, "care_of": "bystander"}
        case "registration":
            return {**value, "seq": value["seq"] + 1}
        case "attachment" | "place of token":
            return "bystander"
    raise AssertionError(kind)


@pytest.mark.parametrize("run", RUNS)
def test_another_value_is_refused(run: str) -> None:
    for place in places(run):
        cell = place.change
        refused(place.told(replace(cell, after=another(cell.kind, cell.after))), place.at)


TEXTS = (None, 1, True, ["CoA1"], {"value": "CoA1"})
NUMBERS = ("1", "", 1.5, True, [1], {"value": 1})
TRUTHS = (None, "True", 0, 1, [True])
TOKENS = (None, 1, "1", {}, ["1"], [None], [True], [[1]])
ILL_TYPED: dict[str, tuple[Any, ...]] = {
    "clock": (None, *NUMBERS),
    "attachment": TEXTS,
    "registration": (
        None,
        "registered, last number 1",
        {},
        {"stage": 1, "seq": 1, "pt": 0, "ht": 0},
        {"stage": "registered", "seq": "1", "pt": 0, "ht": 0},
        {"stage": "registered", "seq": 1, "pt": None, "ht": 0},
        {"stage": "registered", "seq": 1, "pt": 0},
    ),
    "local list": TRUTHS,
    "wish": TRUTHS,
    "entry": (
        "none",
        "CoA1, verified",
        True,
        [],
        {},
        {"care_of": "CoA1"},
        {"verified": True},
        {"care_of": None, "verified": True},
        {"care_of": "CoA1", "verified": "verified"},
    ),
    "sequence number": NUMBERS,
    "permanent tokens": TOKENS,
    "handover tokens": TOKENS,
    "pairs issued": (None, *NUMBERS),
    "newest nonce": (None, *NUMBERS),
    "burnt nonces": TRUTHS,
    "place of token": TEXTS[1:],
    "newest delegation": (None, *NUMBERS),
}
"""For each kind of cell values that it never has."""


@pytest.mark.parametrize("run", RUNS)
def test_a_value_of_the_wrong_type_is_refused(run: str) -> None:
    for place in places(run):
        for value in ILL_TYPED[place.change.kind]:
            assert "cannot be compared" in refused(place.told(replace(place.change, after=value)), place.at), value


HIDDEN = {
    "entry": {"capped": None, "nonces": [2, 2]},
    "registration": {"nonce": 2, "care_of_nonce": 2, "credential": "HT", "peer": "bystander"},
}
"""Other values of fields that only some values of the kind have; None: the opposite."""


@pytest.mark.parametrize("run", [run for run in RUNS if run != "one agent"])
def test_fields_that_only_some_nodes_show_are_compared_too(run: str) -> None:
    compared = set()
    for trace in traces(run):
        for at, step in enumerate(trace.steps):
            for number, cell in enumerate(step.cells):
                for name, other in HIDDEN.get(cell.kind, {}).items():
                    if not isinstance(cell.after, dict) or not cell.after.get(name):
                        continue
                    changed = replace(cell, after={**cell.after, name: other})
                    if replay_trace(Place(trace, at, number).told(changed)).outcome is Replay.DIVERGED:
                        compared.add(name)
    assert compared, run


# Cells.


@pytest.mark.parametrize("run", RUNS)
def test_a_cell_of_no_known_kind_is_refused(run: str) -> None:
    for place in places(run):
        for kind in ("", "cupboard", place.change.kind.upper(), f"{place.change.kind} "):
            assert "cannot be compared" in refused(place.told(replace(place.change, kind=kind)), place.at), kind


@pytest.mark.parametrize("run", ["handshake", "handshake after handover"])
@pytest.mark.parametrize(
    ("kind", "value"), [("burnt nonces", True), ("pairs issued", 1), ("newest delegation", 1), ("local list", True)]
)
def test_a_cell_of_a_kind_that_these_nodes_do_not_have_is_refused(run: str, kind: str, value: Any) -> None:
    place = next(places(run))
    of = {"keeper": "pma3", "home": "HoA", "nonce": 1}
    foreign = replace(place.change, kind=kind, of=of, after=value)
    assert "cannot be compared with these nodes" in refused(place.told(foreign, place.change), place.at)


@pytest.mark.parametrize("run", [run for run in RUNS if not run.startswith("handshake")])
def test_a_cell_of_a_keeper_that_keeps_nothing_here_is_refused(run: str) -> None:
    for place in places(run):
        cell = place.change
        if cell.kind in ("entry", "sequence number", "permanent tokens", "handover tokens", "newest nonce"):
            refused(place.told(replace(cell, of={**cell.of, "keeper": "nobody"})), place.at)


NEEDED = {
    "clock": (),
    "attachment": ("home",),
    "registration": ("keeper",),
    "burnt nonces": ("keeper", "home", "nonce"),
    "place of token": ("keeper", "home", "token", "number"),
}
"""What the name of a cell has to say; of all other kinds its keeper and a home address."""


@pytest.mark.parametrize("run", RUNS)
def test_a_cell_that_lacks_a_name_is_refused(run: str) -> None:
    for place in places(run):
        of = place.change.of
        for name in NEEDED.get(place.change.kind, ("keeper", "home")):
            fewer = replace(place.change, of={key: value for key, value in of.items() if key != name})
            assert "cannot be compared" in refused(place.told(fewer), place.at), name


@pytest.mark.parametrize("run", [run for run in RUNS if run != "one agent"])
def test_a_change_that_no_step_tells_is_refused(run: str) -> None:
    """A cell is told to have two values one after the other; the second is left out."""
    found = list(twice_told(run))
    assert found
    for place in found:
        assert "though the step tells no such change" in refused(place.told(), place.at)


def twice_told(run: str) -> Iterator[Place]:
    """For each kind of cell that lasts, where a new value is told of a cell told before."""
    seen = set()
    for trace in traces(run):
        values: dict[str, Any] = {}
        for at, step in enumerate(trace.steps):
            if step.action == "test":
                values.clear()  # in the packets, a home test of type 2 makes an entry where there is none
            for number, cell in enumerate(step.cells):
                name, value = str((cell.kind, cell.of)), shown(cell.after)
                by_time = cell.kind == "entry" and cell.of == {"keeper": "pma1", "home": "CN's HoA"}
                if (
                    KINDS[cell.kind].lasts
                    and cell.kind not in seen
                    and values.get(name, value) != value
                    and not by_time
                ):
                    seen.add(cell.kind)
                    yield Place(trace, at, number)
                values[name] = value


def shown(value: Any) -> Any:
    """What every node shows of a value."""
    return (value["care_of"], value["verified"]) if isinstance(value, dict) and "care_of" in value else value


# Acts.


@pytest.mark.parametrize("run", RUNS)
def test_an_act_of_no_known_key_is_refused(run: str) -> None:
    """What an agent, a node or time does without a message, one step for each act that the run tells."""
    seen = set()
    for trace in traces(run):
        for at, step in enumerate(trace.steps):
            if step.action == "start" and step.act not in seen:
                seen.add(step.act)
                for act in ("", "receive", step.act.upper(), step.rule):
                    refused(Place(trace, at, 0).acted(replace(step, act=act)), at)
    assert seen


@pytest.mark.parametrize("run", RUNS)
def test_a_packet_without_a_message_is_refused(run: str) -> None:
    seen = set()
    for trace in traces(run):
        for at, step in enumerate(trace.steps):
            if step.content is not None and step.action not in seen:
                seen.add(step.action)
                assert "without a message" in refused(Place(trace, at, 0).acted(replace(step, content=None)), at)
    assert seen
