"""Traces of larger variants: the nodes of a replay play one mobile node with one correspondent.

A trace may speak of a second mobile node and of a second correspondent. The flow that its last step is about is played
in the place of the main one, which is built alike; what happens in the other flows is left out. Where that mattered
after all (a signature made for the other correspondent, say), the nodes do not get where the trace goes, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from pmicheck.bench.names import CN, HOA, MN
from pmicheck.trace import Step, Trace

SECOND_HOA, SECOND_CN, SECOND_MN = "second HoA", "cn2", "mn2"
NAMES = {SECOND_HOA: HOA, SECOND_CN: CN, SECOND_MN: MN}
LABELS = tuple(f" ({home} at {at})" for home in (HOA, SECOND_HOA) for at in (CN, SECOND_CN))
"""What tells a name of another flow from that of the main one, such as the name of its home test."""
ELSEWHERE = "elsewhere"
"""Kind of a step that is left out."""


class Flow(NamedTuple):
    """Whose traffic with whom; a step that concerns every correspondent of a node has None for it."""

    home: str
    at: str | None


def of_one_flow(trace: Trace) -> Trace:
    """The trace with as many steps, all of them about the main flow or left out; one that names no second node or
    correspondent comes back as it is."""
    flows = [_flow_of(step) for step in trace.steps]
    subject = next((flow for flow in reversed(flows) if flow is not None and flow.at is not None), None)
    if subject is None or not any(_second(step) for step in trace.steps):
        return trace
    steps = (
        _renamed(step) if flow is None or _belongs(flow, subject) else _left_out(step)
        for step, flow in zip(trace.steps, flows, strict=True)
    )
    return replace(trace, steps=tuple(steps))


def _belongs(flow: Flow, subject: Flow) -> bool:
    return flow.home == subject.home and flow.at in (None, subject.at)


def _flow_of(step: Step) -> Flow | None:
    """What a step is about; None for the clock and for what the attacker does by itself."""
    if step.action == "test" or step.act == "tick":
        return None
    home = SECOND_HOA if _mentions(step, SECOND_HOA) else HOA
    if step.act == "move":
        return Flow(home, None)
    return Flow(home, SECOND_CN if _mentions(step, SECOND_CN) else CN)


def _left_out(step: Step) -> Step:
    return replace(step, action=ELSEWHERE, cells=())


def _second(step: Step) -> bool:
    return any(_mentions(step, name) for name in NAMES)


def _mentions(step: Step, name: str) -> bool:
    told = (step.arguments, step.content, [(change.of, change.after) for change in step.cells])
    return name in _texts(told)


def _texts(value: Any) -> Iterator[str]:
    """All texts within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _renamed(step: Step) -> Step:
    """The step with the main names in the place of the second ones."""
    return replace(
        step,
        actor=NAMES.get(step.actor, step.actor),
        arguments=_in_main_flow(step.arguments),
        content=_in_main_flow(step.content),
        sends=tuple(replace(each, content=_in_main_flow(each.content)) for each in step.sends),
        cells=tuple(replace(each, of=_in_main_flow(each.of), after=_in_main_flow(each.after)) for each in step.cells),
    )


def _in_main_flow(value: Any) -> Any:
    match value:
        case str():
            for label in LABELS:
                value = value.removesuffix(label)
            return NAMES.get(value, value)
        case dict():
            return {key: _in_main_flow(each) for key, each in value.items()}
        case list() | tuple():
            return [_in_main_flow(each) for each in value]
    return value
