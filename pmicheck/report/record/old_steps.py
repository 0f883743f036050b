"""Records and traces of schemas 1 to 3, whose steps told in sentences (`old_words.py`), read as those of today."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec

from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.old_words import act_of, changed, known, message_in, parts_of, said
from pmicheck.trace import Action, Count, Octets, Recorded, Step


class OldStep(Recorded, frozen=True, kw_only=True, rename={"source": "from", "destination": "to"}):
    """A step of schemas 1 to 3. What it has in common with one of today is called the same.

    Attributes:
        sends: terms; changes: the cells with their new values, before: the values before.
        knowledge: how the attacker came to know what the step needs; premises: for each line the positions of others.
        data: what a replay needed.
    """

    actor: str
    action: Action
    rule: str
    message: str
    source: str
    destination: str
    link: str
    section: str
    statements: tuple[str, ...]
    term: str
    sends: tuple[str, ...]
    changes: tuple[str, ...]
    before: tuple[str, ...] = ()
    knowledge: tuple[str, ...]
    learned: tuple[str, ...] = ()
    premises: tuple[tuple[Count, ...], ...] = ()
    passed: tuple[str, ...]
    attacker: bool
    time: float | None
    octets: Octets | None
    essential: bool | None = None
    data: dict[str, Any]


_SAME = {*OldStep.__struct_fields__} & {*Step.__struct_fields__} - {"sends", "learned"}


class OldTrace(msgspec.Struct, frozen=True):
    """Of a trace of schemas 1 to 3 what is read here; the rest of it is as it is today."""

    scenario: str
    steps: tuple[OldStep, ...]
    plays: str = ""


class OldWitness(msgspec.Struct, frozen=True):
    """The like of a witness."""

    steps: tuple[OldStep, ...] | None


class OldResult(msgspec.Struct, frozen=True):
    """The like of a result."""

    scenario: str
    trace: OldTrace | None
    witness: OldWitness | None


class OldRecord(msgspec.Struct, frozen=True):
    """The like of a record."""

    results: tuple[OldResult, ...]


def is_old(trace: Any) -> bool:
    """Whether the steps of a trace, which may be anything, have their values in `data`, as those of old have."""
    steps = trace.get("steps") if isinstance(trace, dict) else None
    return isinstance(steps, list) and any(isinstance(step, dict) and "data" in step for step in steps)


def upgraded_record(stored: Mapping[str, Any], read: OldRecord) -> dict[str, Any]:
    """What stood in a file, and was read, as schema 4 has it, with the words that earlier versions had for properties
    and attackers."""
    words = msgspec.json.decode(Path(__file__).with_name("catalogue.3.json").read_bytes(), type=Catalogue)
    results = [_result(*each) for each in zip(stored["results"], read.results, strict=True)]
    return {**stored, "results": results, "catalogue": words}


def _result(stored: Mapping[str, Any], read: OldResult) -> dict[str, Any]:
    trace, witness = stored["trace"], stored["witness"]
    if read.trace is not None:
        trace = upgraded_trace(trace, read.trace)
    if read.witness is not None and read.witness.steps is not None:
        witness = {**witness, "steps": _upgraded(read.witness.steps, read.scenario)}
    return {**stored, "trace": trace, "witness": witness}


def upgraded_trace(stored: Mapping[str, Any], read: OldTrace) -> dict[str, Any]:
    """What stood in a file, and was read, as schema 4 has it."""
    return {**stored, "steps": _upgraded(read.steps, read.plays or read.scenario)}


def _upgraded(steps: tuple[OldStep, ...], course: str) -> list[Step]:
    """The steps of one trace, in which happens what the scenario `course` says."""
    contents = {step.term: message for step in steps if (message := message_in(step.data))}
    correspondent = "pma3" if course.startswith("type2") else "cn"
    return [_step(step, contents, correspondent) for step in steps]


def _step(step: OldStep, contents: Mapping[str, Any], correspondent: str) -> Step:
    act, arguments, does = act_of(step.action, step.rule, step.data, correspondent)
    values = step.data["changes"] if isinstance(step.data.get("changes"), list) else []
    lines = zip(step.changes, chain(step.before, repeat("")), chain(values, repeat(None)), strict=False)
    knowledge = zip(step.knowledge, chain(step.premises, repeat(())), strict=False)
    return Step(
        **{name: getattr(step, name) for name in _SAME},
        act=act,
        arguments=arguments,
        does=does,
        content=message_in(step.data),
        parts=parts_of(step.term, step.data),
        sends=tuple(said(term, contents) for term in step.sends),
        cells=tuple(changed(*each) for each in lines),
        known=tuple(known(line, premises) for line, premises in knowledge),
        learned=tuple(known(line) for line in step.learned),
        prologue=step.data.get("prologue") is True,
    )
