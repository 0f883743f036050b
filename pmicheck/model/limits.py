"""What each bound of a scenario may be, which courses have no use for it, and what a larger one brings with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from pmicheck.model.courses import Course
from pmicheck.model.time import LAST_PHASE, PHASES
from pmicheck.model.world import Bounds

BOUNDS = {
    "clock": "last phase of the clock",
    "retransmissions": "how often each node repeats what is not answered",
    "honest_until": "last phase of the clock in which honest nodes begin anything",
    "refreshes": "registrations with the permanent token after the first one",
    "token_pairs": "pairs of PT and HT that a correspondent issues for one home address",
    "sequence_modulus": "size of the space of sequence numbers, a power of two",
    "attacker_updates": "sequence numbers of the attacker's own",
    "answers": "true answers to honest nodes that the attacker asked for, or sends again, under way at a time",
    "late_packets": "1 if packets may arrive in any later phase of the clock, 0 if they are lost when it ticks",
    "mobile_nodes": "honest mobile nodes that one PMA serves",
    "correspondents": "correspondents of every mobile node",
    "handovers": "how often the mobile node goes to a next PMA",
}
MOST = {
    "clock": LAST_PHASE,
    "honest_until": LAST_PHASE,
    "retransmissions": 3,
    "refreshes": 3,
    "token_pairs": 31,
    "sequence_modulus": 65536,
    "attacker_updates": 6,
    "answers": 3,
    "late_packets": 1,
    "mobile_nodes": 2,
    "correspondents": 2,
    "handovers": 3,
}
LEAST = {"sequence_modulus": 16, "mobile_nodes": 1, "correspondents": 1, "handovers": 1}
DEFAULTS = {field.name: field.default for field in fields(Bounds)}


def fault(course: Course, bound: str, value: object) -> str:
    """What is wrong with the value of a bound in a course, as the end of a sentence; "" if nothing is."""
    least, most = LEAST.get(bound, 0), MOST[bound]
    kind = "power of two" if bound == "sequence_modulus" else "whole number"
    fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if not fits or (isinstance(value, int) and bound == "sequence_modulus" and value & (value - 1)):
        return f"is {value!r}, but must be a {kind} from {least} to {most}"
    reason = useless(course, bound)
    return f"is {value}, but stays {DEFAULTS[bound]}: {reason}" if reason and value != DEFAULTS[bound] else ""


def useless(course: Course, bound: str) -> str:
    """Why the course has no use for the bound, "" if it has."""
    if bound == "handovers" and not course.handover:
        return "nobody is handed over there"
    return course.useless.get(bound, "")


def within(bounds: Bounds, *, prologue: bool) -> str:
    """Within what verdicts hold, in words; `prologue`: the search begins after one."""
    parts = (
        f"clock to {PHASES[bounds.clock]}",
        f"honest exchanges begun before {PHASES[min(bounds.honest_until + 1, LAST_PHASE)]}",
        f"{bounds.retransmissions} repetition(s)",
        f"{bounds.refreshes} refresh(es)",
        f"{bounds.token_pairs} token pairs",
        f"sequence numbers modulo {bounds.sequence_modulus}",
        f"{bounds.attacker_updates} numbers of the attacker's own above honest ones and one below",
        f"{bounds.answers} true answer(s) by way of the attacker",
        "1 token pair for its own addresses",
        "packets that may arrive in any later phase" if bounds.late_packets else "delays that end with a phase",
        *(("a prologue that the attacker only watches",) if prologue else ()),
        *(
            f"{number} {what}"
            for number, what in (
                (bounds.mobile_nodes, "mobile nodes"),
                (bounds.correspondents, "correspondents"),
                (bounds.handovers, "handovers"),
            )
            if number > 1
        ),
    )
    return ", ".join(parts)


def enlarged(course: Course, own: Bounds, wanted: Mapping[str, int]) -> Bounds:
    """The bounds with those that are wanted, and with as many more token pairs and numbers as the rest then needs.

    What grows with them unless it is wanted too: a further registration issues a further pair, and the attacker's own
    numbers have to stay above those of honest nodes (`World.attacker_numbers`).
    """
    bounds = replace(own, **wanted)
    if "token_pairs" not in wanted and not useless(course, "token_pairs"):
        pairs = own.token_pairs + max(0, _registrations(course, bounds) - _registrations(course, own))
        bounds = replace(bounds, token_pairs=min(pairs, MOST["token_pairs"]))
    if "sequence_modulus" not in wanted:
        bounds = replace(bounds, sequence_modulus=_modulus_for(course, own, bounds))
    return bounds


def _agents(course: Course, bounds: Bounds) -> int:
    return 1 + bounds.handovers if course.handover else 1


def _registrations(course: Course, bounds: Bounds) -> int:
    """How many registrations honest nodes complete for one flow at most."""
    return _agents(course, bounds) * (1 + bounds.refreshes) + bounds.retransmissions


def _numbers(course: Course, bounds: Bounds) -> int:
    """How many updates honest nodes send for one flow at most: early, complete, deregistering, each repeated."""
    return _agents(course, bounds) * (2 * (1 + bounds.refreshes) + 1 + 2 * bounds.retransmissions)


def _modulus_for(course: Course, own: Bounds, bounds: Bounds) -> int:
    """The least power of two in which the attacker's numbers lie above what the honest nodes now send."""
    lowest = own.sequence_modulus // 2 - 1 - own.attacker_updates
    lowest += max(0, _numbers(course, bounds) - _numbers(course, own))
    modulus = own.sequence_modulus
    while modulus // 2 - 1 - bounds.attacker_updates < lowest:
        modulus *= 2
    return modulus
