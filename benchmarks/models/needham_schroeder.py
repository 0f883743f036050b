"""The public-key protocol of Needham and Schroeder, with an intruder who is the network's master.

    call     A -> B: {Na, A}Kb        answer   B -> A: {Na, Nb, B}Ka        finish   A -> B: {Nb}Kb

A, an initiator, looks at the name in the answer only if Lowe's fix is in. Every agent runs one session; the intruder is
an agent too, whom initiators may call. The network holds one message at a time. The intruder takes any message out of
it, keeps it, and reads it if it is for him; and he puts into it whatever he kept or can make of the nonces that he
knows. His knowledge is closed: a message that he could make is known, whether he kept it or not.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.building import Builder
from pmicheck.grounding.system import TransitionSystem

Message = tuple[str, int, int, int, int]
"""Kind, the agent whose key it is under, the nonces by their owners, a name; 0 for what a message does not have."""

RULES = (
    "initiator calls",
    "initiator finishes",
    "responder answers",
    "responder is done",
    "intruder takes",
    "intruder sends",
)


def needham_schroeder(initiators: int, responders: int, *, fixed: bool = False) -> TransitionSystem:
    build = Builder(f"needham-schroeder-{initiators}-{responders}{'-fixed' if fixed else ''}", RULES)
    intruder = initiators
    agents = range(initiators + 1 + responders)
    callers, called = agents[: intruder + 1], agents[intruder:]
    messages = list(_messages(agents, callers, called))
    net = build.field("net", (None, *messages))
    for i in callers[:-1]:
        done = (("done", peer, nonce) for peer in called for nonce in agents)
        at = build.field(f"initiator {i}", ("idle", *(("waits", peer) for peer in called), *done))
        for peer in called:
            build.step(RULES[0], {at: "idle", net: None}, {at: ("waits", peer), net: ("call", peer, i, 0, i)})
            for nonce in agents:
                after = {at: ("done", peer, nonce), net: ("finish", peer, nonce, 0, 0)}
                for name in (peer,) if fixed else called:
                    build.step(RULES[1], {at: ("waits", peer), net: ("answer", i, i, nonce, name)}, after)
    for r in called[1:]:
        phases = ((phase, peer, nonce) for phase in ("waits", "done") for peer in callers for nonce in agents)
        at = build.field(f"responder {r}", ("idle", *phases))
        for peer in callers:
            for nonce in agents:
                after = {at: ("waits", peer, nonce), net: ("answer", peer, nonce, r, r)}
                build.step(RULES[2], {at: "idle", net: ("call", r, nonce, 0, peer)}, after)
                before = {at: ("waits", peer, nonce), net: ("finish", r, r, 0, 0)}
                build.step(RULES[3], before, {at: ("done", peer, nonce), net: None})
    _intruder(build, net, intruder, messages)
    for nonce in agents:  # a responder is done with an initiator who only ever called the intruder
        fooled = {f"responder {called[1]}": ("done", 0, 0), "initiator 0": ("done", intruder, nonce)}
        build.goal(f"Lowe's attack, nonce {nonce}", fooled)
    return build.system(intruder)


def _messages(agents: range, callers: range, called: range) -> Iterator[Message]:
    for first in agents:
        for key in called:
            yield "finish", key, first, 0, 0
            yield from (("call", key, first, 0, name) for name in callers)
        for second in agents:
            yield from (("answer", key, first, second, name) for key in callers for name in called)


def _intruder(build: Builder, net: str, intruder: int, messages: list[Message]) -> None:
    """Facts are nonces, by their owners, and messages."""
    for message in messages:
        kind, key, first, second, _ = message
        nonces = (first, second) if kind == "answer" else (first,)
        build.follows(message, *nonces)
        if key == intruder:
            for nonce in nonces:
                build.follows(nonce, message)
        else:
            build.step(RULES[5], {net: None}, {net: message}, needs=(message,))
        build.step(RULES[4], {net: message}, {net: None}, learns=(message,))
