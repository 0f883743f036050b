"""When each step of a trace happens: the constants of protocol-facts 3.12 as differences between steps.

    schedule(trace)      one time in seconds for each step, the earliest that keep everything
    constraints(trace)   the differences, each with its reason, between steps and the start of the trace

A trace that the model allows and the constants forbid raises `ImpossibleTiming`: the model was too generous.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pmicheck.errors import PmicheckError
from pmicheck.symbolic.timeline import Conflict, Difference, solve
from pmicheck.trace import Said, Step, Trace

HOP = 0.005
"""A packet needs at least this long for a link."""
PHASE_STARTS = (0.0, 210.0, 240.0, 450.0, 86400.0)
PHASE_ENDS = (210.0, 240.0, 450.0, 86400.0, None)
MAX_TOKEN_LIFETIME = 210.0
MAX_NONCE_LIFETIME = 240.0
MAX_RR_BINDING_LIFETIME = 420.0
MAX_CGA_BINDING_LIFETIME = 86400.0
INITIAL_TIMEOUT = 1.0
MAX_UPDATE_RATE = 3
NONCE_BORN = {1: 0, 2: 1, 3: 3, 4: 4}
"""The phase with which each of the model's nonces is made."""
TICK = 0.001
START = -1
"""Stands for the start of the trace, 0 s, where a difference names steps by their position: a step of the clock may be
the first of a trace, which begins before it all the same."""


class ImpossibleTiming(PmicheckError):
    """No times keep all constants; the text names those that conflict."""


def schedule(trace: Trace) -> tuple[float, ...]:
    """The earliest times of the steps, in seconds from the start of the trace.

    Raises:
        ImpossibleTiming: there are none.
    """
    given = (replace(one, later=one.later + 1, earlier=one.earlier + 1) for one in constraints(trace))
    found = solve(len(trace.steps) + 1, given)
    if isinstance(found, Conflict):
        raise ImpossibleTiming(f"No timing keeps all of these: {'; '.join(found.reasons)}")
    return found[1:]


def constraints(trace: Trace) -> list[Difference]:
    """Everything that the times of this trace have to keep."""
    phases, ticks = _phases(trace)
    return [
        *_in_phase(trace, phases, ticks),
        *_after_cause(trace),
        *_bindings_last(trace),
        *_nonces_are_young(trace, ticks),
        *_not_too_fast(trace),
        *_numbers(trace),
    ]


def _message(step: Step) -> Mapping[str, Any]:
    return step.content or {}


def _phases(trace: Trace) -> tuple[list[int], dict[int, int]]:
    """The phase of each step, and the step with which each phase begins."""
    phase, phases, ticks = 0, [], {0: START}
    for index, step in enumerate(trace.steps):
        if step.act == "tick":
            phase = int(step.arguments["phase"])
            ticks[phase] = index
        phases.append(phase)
    return phases, ticks


def _in_phase(trace: Trace, phases: list[int], ticks: Mapping[int, int]) -> Iterator[Difference]:
    """Each step in its phase of the clock; the end of a flow is timed by the property's own numbers."""
    last = len(trace.steps) - 1
    if phases and not phases[0]:
        yield Difference(0, START, None, 0.0, "the trace starts with its first step")
    for index, phase in enumerate(phases):
        name = f"phase {phase} of the clock"
        free = index == last and trace.property == "no-home-flooding"
        end = None if free or PHASE_ENDS[phase] is None else PHASE_ENDS[phase]
        most = None if end is None else end - TICK
        yield Difference(index, START, PHASE_STARTS[phase], most, name)


def _after_cause(trace: Trace) -> Iterator[Difference]:
    """Actions of one moment stay in order; what crosses a link takes its time."""
    for index in range(1, len(trace.steps)):
        yield Difference(index, index - 1, HOP, None, "a packet needs a few milliseconds for a link")


def _lifetime(trace: Trace, update: Mapping[str, Any]) -> float:
    capped = update["credential"] == "T" and update["key"] is None and "lifetime-bound" not in trace.without
    return MAX_RR_BINDING_LIFETIME if capped else MAX_CGA_BINDING_LIFETIME


def _bindings_last(trace: Trace) -> Iterator[Difference]:
    """An entry is there until its last step, and ends by itself not before its lifetime is over."""
    made: dict[tuple[str, str], tuple[int, float]] = {}
    last = len(trace.steps) - 1
    for index, step in enumerate(trace.steps):
        ended = _ended(step)
        if ended in made:
            began, lifetime = made.pop(ended)
            yield Difference(index, began, lifetime, None, f"the entry of {ended[1]} ends not before its lifetime")
        for place, lifetime in _kept(trace, step):
            if place in made and _makes_only(step):
                continue
            if place in made:
                began, before = made.pop(place)
                yield Difference(index, began, None, before - TICK, f"the entry of {place[1]} is still there")
            if lifetime:
                made[place] = index, lifetime
    for (_, home), (began, lifetime) in made.items():
        if last > began:
            yield Difference(last, began, None, lifetime - TICK, f"the entry of {home} is still there")


def _ended(step: Step) -> tuple[str, str]:
    """(keeper, home address) of the entry whose lifetime is over, empty if the step is none of that kind."""
    return (str(step.arguments["at"]), str(step.arguments["home"])) if step.act == "end entry" else ("", "")


def _kept(trace: Trace, step: Step) -> Iterator[tuple[tuple[str, str], float]]:
    """(keeper, home address) of the entry that a packet makes, changes or ends, and how long it is to last."""
    message, to = _message(step), step.processor
    match message.get("type"):
        case "Update":
            yield (to, str(message["home"])), _lifetime(trace, message) if message["lifetime"] else 0.0
        case "PeerUpdate":
            yield (to, str(message["home"])), MAX_CGA_BINDING_LIFETIME if message["lifetime"] else 0.0
        case "TestInit" if message.get("care_of") and to == message["at"] and _admits(trace):
            yield (to, str(message["address"])), MAX_RR_BINDING_LIFETIME
        case "Test" if message.get("care_of") and not to.startswith("ha"):
            yield (to, "CN's HoA"), MAX_RR_BINDING_LIFETIME
        case "Acknowledgement" if message.get("at") == "pma3" and message["tokens"]:
            yield (to, "CN's HoA"), MAX_CGA_BINDING_LIFETIME


def _admits(trace: Trace) -> bool:
    """Whether a PHoTI makes an entry (A-16)."""
    return trace.readings.get("photi_state", "active") != "none"


def _makes_only(step: Step) -> bool:
    """A PHoTI makes an entry and changes none."""
    return _message(step).get("type") == "TestInit"


def _nonces_are_young(trace: Trace, ticks: Mapping[int, int]) -> Iterator[Difference]:
    """A correspondent accepts a nonce for 240 s; an honest node uses a token for 210 s after it came."""
    got: dict[tuple[str, int], int] = {}
    for index, step in enumerate(trace.steps):
        message = _message(step)
        if message.get("type") == "Test" and not step.attacker:
            got[step.processor, int(message["nonce"])] = index
        if message.get("type") == "Acknowledgement" and message.get("care_of_nonce") and not step.attacker:
            got[step.processor, int(message["care_of_nonce"])] = index
        if message.get("type") != "Update":
            continue
        care_of = int(message["care_of_nonce"]) if message["lifetime"] else 0
        for nonce in {int(message["nonce"]), care_of} - {0}:
            born = ticks.get(NONCE_BORN[nonce])
            if born is not None and "nonce-freshness" not in trace.without:
                yield Difference(index, born, None, MAX_NONCE_LIFETIME, f"nonce {nonce} is accepted for 240 s")
    for who, nonce in got:
        yield from _used_in_time(trace, who, nonce, got[who, nonce])


def _used_in_time(trace: Trace, who: str, nonce: int, received: int) -> Iterator[Difference]:
    """The last step in which an honest node makes something from the token."""
    for index in range(received, len(trace.steps)):
        step = trace.steps[index]
        if step.actor == who and any(nonce in _nonces_in(sent.content) for sent in step.sends):
            reason = f"{who} uses a token for 210 s"
            yield Difference(index, received, None, MAX_TOKEN_LIFETIME, reason)


def _nonces_in(message: Mapping[str, Any]) -> frozenset[int]:
    """The nonces of the tokens that an honest update was made with."""
    if message.get("type") != "Update":
        return frozenset()
    return frozenset({message["nonce"], message["care_of_nonce"]}) - {0}


def _not_too_fast(trace: Trace) -> Iterator[Difference]:
    """Honest repetitions wait a second, and no more than three messages of a kind go out in one."""
    sent: dict[tuple[str, str], list[int]] = {}
    for index, step in enumerate(trace.steps):
        if step.attacker or step.actor in ("ha", "ha2", "cn"):
            continue
        for said in step.sends:
            kind = _kind(said)
            before = sent.setdefault((step.actor, kind), [])
            if step.action == "start" and step.act == "repeat" and before:
                yield Difference(index, before[-1], INITIAL_TIMEOUT, None, "a repetition waits for its time-out")
            if len(before) >= MAX_UPDATE_RATE:
                reason = "no more than three messages of one kind in a second"
                yield Difference(index, before[-MAX_UPDATE_RATE], 1.0 + TICK, None, reason)
            before.append(index)


def _kind(said: Said) -> str:
    """The MH type of a message: every update is a BU; by what the draft calls it where a record has no fields."""
    kind = str(said.content.get("kind") or said.content.get("type") or said.message)
    return "BU" if kind in ("Update", "PeerUpdate") else kind


def _numbers(trace: Trace) -> Iterator[Difference]:
    """Seconds that the property itself chose."""
    last = len(trace.steps) - 1
    if trace.property == "no-home-flooding" and trace.observation.get("reached_once"):
        home = trace.observation.get("home_address")
        tests = [i for i, step in enumerate(trace.steps) if step.arguments.get("address") == home]
        seconds = int(trace.numbers.get("s_fallback", 0)) - int(trace.numbers.get("s_home_test", 0))
        if tests:
            yield Difference(last, tests[-1], float(seconds), None, "traffic falls back that long after the home test")
    if trace.property == "handover-token-freshness":
        before = enumerate(trace.steps[:last])
        issued = [i for i, step in before if any(said.content.get("tokens") for said in step.sends)]
        seconds = int(trace.numbers.get("s_token_age", 0))
        if issued:
            yield Difference(last, issued[-1], float(seconds), None, "the handover token is as old as that")
