"""What each bound of a scenario may be, which variants have no use for it, and what a larger one brings with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from pmicheck.model.time import LAST_PHASE
from pmicheck.model.world import HANDOVERS, MOBILE, TYPE2, Bounds

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

_HANDSHAKES = frozenset({"handshake", "handshake-handover"})
_LOCAL = frozenset({"local"})
_NO_PAIRS = frozenset({"mobile"}) | _HANDSHAKES | _LOCAL
USELESS: Mapping[str, tuple[tuple[frozenset[str], str], ...]] = {
    "refreshes": ((MOBILE | _HANDSHAKES | _LOCAL, "nobody refreshes with a permanent token there"),),
    "token_pairs": ((_NO_PAIRS, "no permanent token is issued there"),),
    "mobile_nodes": (
        (MOBILE, "the mobile node acts for itself there, and no agent serves a second one"),
        (_HANDSHAKES, "an answering PBU names the correspondent alone (N114), which serves one node at a time"),
        (_LOCAL, "the agent serves two nodes there already"),
    ),
    "correspondents": (
        (MOBILE, "the mobile node registers with one correspondent there"),
        (TYPE2, "a second type 2 correspondent has agents of its own and shares nothing with the first"),
    ),
    "handovers": ((frozenset({"settled"}), "the handover is over there; type1-handover takes a second one"),),
}
"""Variants in which a bound changes nothing, or means nothing that the text would settle, each with the reason."""


def fault(variant: str, bound: str, value: object) -> str:
    """What is wrong with the value of a bound in a variant, as the end of a sentence; "" if nothing is."""
    least, most = LEAST.get(bound, 0), MOST[bound]
    kind = "power of two" if bound == "sequence_modulus" else "whole number"
    fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if not fits or (isinstance(value, int) and bound == "sequence_modulus" and value & (value - 1)):
        return f"is {value!r}, but must be a {kind} from {least} to {most}"
    reason = useless(variant, bound)
    return f"is {value}, but stays {DEFAULTS[bound]}: {reason}" if reason and value != DEFAULTS[bound] else ""


def useless(variant: str, bound: str) -> str:
    """Why the variant has no use for the bound, "" if it has."""
    if bound == "handovers" and variant not in HANDOVERS:
        return "nobody is handed over there"
    return next((reason for variants, reason in USELESS.get(bound, ()) if variant in variants), "")


def enlarged(variant: str, own: Bounds, wanted: Mapping[str, int]) -> Bounds:
    """The bounds with those that are wanted, and with as many more token pairs and numbers as the rest then needs.

    What grows with them unless it is wanted too: a further registration issues a further pair, and the attacker's own
    numbers have to stay above those of honest nodes (`World.attacker_numbers`).
    """
    bounds = replace(own, **wanted)
    if "token_pairs" not in wanted and not useless(variant, "token_pairs"):
        pairs = own.token_pairs + max(0, _registrations(variant, bounds) - _registrations(variant, own))
        bounds = replace(bounds, token_pairs=min(pairs, MOST["token_pairs"]))
    if "sequence_modulus" not in wanted:
        bounds = replace(bounds, sequence_modulus=_modulus_for(variant, own, bounds))
    return bounds


def _agents(variant: str, bounds: Bounds) -> int:
    return 1 + bounds.handovers if variant in HANDOVERS else 1


def _registrations(variant: str, bounds: Bounds) -> int:
    """How many registrations honest nodes complete for one flow at most."""
    return _agents(variant, bounds) * (1 + bounds.refreshes) + bounds.retransmissions


def _numbers(variant: str, bounds: Bounds) -> int:
    """How many updates honest nodes send for one flow at most: early, complete, deregistering, each repeated."""
    return _agents(variant, bounds) * (2 * (1 + bounds.refreshes) + 1 + 2 * bounds.retransmissions)


def _modulus_for(variant: str, own: Bounds, bounds: Bounds) -> int:
    """The least power of two in which the attacker's numbers lie above what the honest nodes now send."""
    lowest = own.sequence_modulus // 2 - 1 - own.attacker_updates
    lowest += max(0, _numbers(variant, bounds) - _numbers(variant, own))
    modulus = own.sequence_modulus
    while modulus // 2 - 1 - bounds.attacker_updates < lowest:
        modulus *= 2
    return modulus
