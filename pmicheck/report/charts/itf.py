"""A trace in the Informal Trace Format of Apalache and Quint, for trace viewers and other tools.

Source: Apalache, ADR-015 "Informal Trace Format in JSON". State 0 stands before the first step, state N after step N.
The variables are the cells that some step changes, with the texts of the record as values, and `actor`, `action` and
`message` of the step that led to the state and `attacker_knows`, all that the attacker has learned by then. The
parameters, which state 0 sets, are the numbers that z3 chose for the violation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pmicheck.trace import Step, Trace

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
OWN = ("actor", "action", "message", "attacker_knows")
SAFE = 2**53 - 1
"""The largest integer that every JSON parser keeps (RFC 7159, section 6)."""
UNTOLD = {"#unserializable": "no step tells it before it changes"}


def itf(trace: Trace) -> str:
    """The text of a file `NAME.itf.json`: `trace` as a sequence of states."""
    params = {f"number {name}": _expression(value) for name, value in sorted(trace.numbers.items())}
    values = _at_first(trace.steps)
    knows: dict[str, None] = {}
    states = [{"#meta": {"index": 0}, **params, **_own("", "", "", knows), **values}]
    for index, step in enumerate(trace.steps, start=1):
        values |= {cell: new for cell, _, new in _changes(step)}
        knows |= dict.fromkeys(each.words for each in step.learned)
        meta = {"index": index, "rule": step.rule, "section": step.section}
        states.append({"#meta": meta, **_own(step.actor, step.action, step.message, knows), **values})
    stored = {
        "#meta": {
            "format": "ITF",
            "format-description": FORMAT,
            "description": f"{trace.property} in {trace.scenario} under {trace.attacker}",
            "conclusion": trace.conclusion,
        },
        "params": list(params),
        "vars": [*OWN, *values],
        "states": states,
    }
    return json.dumps(stored, indent=1, allow_nan=False) + "\n"


def _own(actor: str, action: str, message: str, knows: dict[str, None]) -> dict[str, Any]:
    """The variables that every trace has."""
    return dict(zip(OWN, (actor, action, message, {"#set": sorted(knows)}), strict=True))


def _at_first(steps: tuple[Step, ...]) -> dict[str, Any]:
    """Each cell with its value before the first step that changes it."""
    values: dict[str, Any] = {}
    for step in steps:
        for cell, old, _ in _changes(step):
            values.setdefault(cell, old or UNTOLD)
    return values


def _changes(step: Step) -> Iterator[tuple[str, str, str]]:
    """Variable, value before ("" if it is not told) and after."""
    for each in step.cells:
        yield _variable(each.cell), ", ".join(each.was), ", ".join(each.now)


def _variable(cell: str) -> str:
    """A name that is neither a keyword of the format nor that of another variable or parameter."""
    taken = not cell or cell in OWN or cell.startswith(("#", "cell ", "number "))
    return f"cell {cell}" if taken else cell


def _expression(value: Any) -> Any:
    match value:
        case bool() | str():
            return value
        case int() if abs(value) <= SAFE:
            return value
        case int():
            return {"#bigint": str(value)}
        case _:
            return {"#unserializable": str(value)}
