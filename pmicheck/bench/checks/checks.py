"""What the nodes of a run show in place of each kind of cell that a step of a trace tells.

`CHECKS` has a comparison for every kind (`kinds`) that a correspondent and a registrant know, `PEER_CHECKS` for the
kinds that agents which shake hands know. What the model keeps beside the protocol, such as who made an entry and how
often something was repeated, is named where it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pmicheck.bench.checks.registrants import peer_registration_disagrees, registration_disagrees
from pmicheck.bench.names import AT_HOME, AWAY, HOA
from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.replay.comparison import Check
from pmicheck.replay.records import Place
from pmicheck.replay.run import Run
from pmicheck.trace import Changed
from pmicheck.wire.constants import (
    MAX_CGA_BINDING_LIFETIME,
    MAX_NONCE_LIFETIME,
    MAX_RR_BINDING_LIFETIME,
    MAX_TOKEN_LIFETIME,
)

if TYPE_CHECKING:
    from pmicheck.bench.local import LocalStage
    from pmicheck.bench.peer import PeerStage
    from pmicheck.bench.registering import Registering
    from pmicheck.bench.stage import Stage

PHASE_BEGINS = (
    0,
    MAX_TOKEN_LIFETIME,
    MAX_NONCE_LIFETIME,
    MAX_TOKEN_LIFETIME + MAX_NONCE_LIFETIME,
    MAX_CGA_BINDING_LIFETIME,
)
"""Seconds at which the phases of the model's clock begin (protocol-facts 3.12)."""

# Ground truth and time.


def _clock(run: Run[Stage], change: Changed) -> str | None:
    """The nodes have no clock of their own; the time that they are given lies in the phase."""
    phase = change.value["value"]
    begins, ends = (*PHASE_BEGINS, math.inf)[phase : phase + 2]
    return None if begins <= run.now < ends else f"{run.now:g} s is no time between {begins} s and {ends} s"


def _attachment(run: Run[Stage], change: Changed) -> str | None:
    """Where the node is, and its home registration, which leads there (N020, N032; RFC 6275 11.5)."""
    place, bench = change.value["value"], run.bench
    home = bench.addresses[HOA]
    if place in (AT_HOME, AWAY):
        follows = bench.ha.binding(home) is None
    else:
        follows = bench.ha.is_registered_at(home, bench.addresses[place])
    if bench.serving == place and follows:
        return None
    return f"the mobile node is attached to {bench.serving}, not {place}, or its home agent does not know"


# Bindings.


def _place(change: Changed) -> Place:
    return change.of["keeper"], change.of["home"]


def _kept(compare: Check, *, by_correspondent: bool = False) -> Check:
    """The comparison for cells about a binding that a node of this run keeps; a cell about any other disagrees.

    Args:
        by_correspondent: no other node has such cells.
    """

    def check(run: Run[Stage], change: Changed) -> str | None:
        keeper, bench = change.of["keeper"], run.bench
        keeps = keeper == bench.keeper if by_correspondent else _place(change) in bench.bindings(run.now)
        return compare(run, change) if keeps else f"{keeper} keeps no bindings here, so {change.line!r} is not compared"

    return check


def _entry(run: Run[Stage], change: Changed) -> str | None:
    """Care-of address, whether it is verified and used, how long it lasts and which nonces made it.

    `registrant` says whom the model has for its author, which the judges find out by themselves.
    """
    place, value = _place(change), change.value
    binding, name = run.bench.bindings(run.now)[place], f"the entry of {run.bench.label(place)}"
    told = value.get("care_of", "none")
    shown = "none" if binding is None else binding.care_of
    if place[0] == run.bench.keeper:
        # The sentence names both at once: of the correspondent's entry a care-of test decides as much as its address.
        shown += "" if binding is None else f", {_in_words(binding.verified)}"
        told += "" if "care_of" not in value else f", {_in_words(value['verified'])}"
    if shown != told:
        return f"{name} is {shown}, not {told}"
    if binding is None:
        return None
    if binding.verified != value["verified"]:
        return f"{name} is {'' if binding.verified else 'not '}verified"
    if value.get("used", binding.used) != binding.used:
        return f"{name} is {'' if binding.used else 'not '}used"
    return _origin(run, change, binding.held) if isinstance(binding.held, Entry) else None


def _in_words(verified: bool) -> str:
    return "verified" if verified else "unverified"


def _origin(run: Run[Stage], change: Changed, entry: Entry) -> str | None:
    """How long an entry of the correspondent's lasts, and which nonces made it."""
    home, value = change.of["home"], change.value
    capped = entry.expires_at <= run.now + MAX_RR_BINDING_LIFETIME
    if value.get("capped", capped) != capped:
        return f"the entry of {home} ends at {entry.expires_at:g} s, {'in' if capped else 'after more than'} 420 s"
    if value.get("nonces"):
        first, second = value["nonces"]
        nonces = run.bench.nonces[first], run.bench.nonces[second] if second else None
        if entry.nonces != nonces:
            return f"the entry of {home} was made with the nonces {entry.nonces}, not {nonces}"
    return None


def _number(run: Run[Registering | PeerStage], change: Changed) -> str | None:
    """The number that the next one has to exceed."""
    place, wanted = _place(change), change.value["value"]
    shown = run.bench.last_number(place)
    return None if shown == wanted else f"the last number of {run.bench.label(place)} is {shown}, not {wanted}"


def _tokens(run: Run[Registering], change: Changed) -> str | None:
    """Which of the tokens that were issued are valid; of those for its own addresses the attacker knows the newest.

    Nobody but a correspondent issues any.
    """
    bench, home, what, numbers = run.bench, change.of["home"], change.kind, change.value["value"]
    if change.of["keeper"] != bench.keeper:
        return f"{change.of['keeper']} has issued no tokens to {home}" if numbers else None
    kind = TOKENS[what]
    valid = bench.tokens(home)[kind]
    if len(valid) != len(numbers):
        return f"{len(valid)} {what} of {home} are valid, not {len(numbers)}"
    others = [number for number in numbers if bench.forger.octets_of([kind, home, number]) not in valid]
    return f"{kind}{others[0]} of {home} is not valid" if others else None


TOKENS = {"permanent tokens": "PT", "handover tokens": "HT"}

COMMON: Mapping[str, Check] = {
    "clock": _clock,
    "attachment": _attachment,
    "entry": _kept(_entry),
    "sequence number": _kept(_number),
    "permanent tokens": _kept(_tokens),
    "handover tokens": _kept(_tokens),
}
"""The comparisons of every run."""

# What else a correspondent keeps.


def _pairs(run: Run[Registering], change: Changed) -> str | None:
    """How many pairs of tokens were issued for a home address."""
    home, wanted = change.of["home"], change.value["value"]
    issued = len(run.bench.pairs.get(home, ()))
    return None if issued == wanted else f"{issued} pairs of tokens were issued for {home}, not {wanted}"


def _newest_nonce(run: Run[Registering], change: Changed) -> str | None:
    """The newest nonce that keeps the last number beyond its entry (RFC 6275 5.2.8); 0 stands for none."""
    bench, home, wanted = run.bench, change.of["home"], change.value["value"]
    named = bench.kept.cache.named_nonces(bench.addresses[home])
    shown = max((number for number, index in bench.nonces.items() if index in named), default=0)
    return None if shown == wanted else f"the newest nonce of updates of {home} is {shown}, not {wanted}"


def _burnt(run: Run[Registering], change: Changed) -> str | None:
    """Whether the nonces of an entry that is gone are refused (RFC 6275 9.5.3, A-15).

    A correspondent forgets that nonces are burnt once they are too old to be accepted in any case.
    """
    bench, names, at = run.bench, change.of, run.bench.addresses
    home, care_of = names["home"], names.get("care_of", names["home"])
    numbers = [names[name] for name in ("nonce", "care_of_nonce") if name in names]
    indices = [bench.nonces[number] for number in numbers if number]
    second = indices[1] if len(indices) > 1 else None
    fresh = all(bench.kept.nonces.is_fresh(index, run.now) for index in indices)
    refused = bench.kept.cache.is_burnt(indices[0], second, at[home], at[care_of]) or not fresh
    agrees = refused is change.value["value"]
    return None if agrees else f"{change.line!r}: the nonces are {'' if refused else 'not '}refused"


def _place_of_token(run: Run[Registering], change: Changed) -> str | None:
    """The care-of address that a token belongs to (amendments pt_binding and ht_use)."""
    bench, home, wanted = run.bench, change.of["home"], change.value["value"]
    kind, number = change.of["token"], change.of["number"]
    token = bench.forger.octets_of([kind, home, number])
    place = bench.kept.memory.place_of(bench.addresses[home], token)
    shown = None if place is None else bench.name_of(place)
    return None if shown == wanted else f"{kind}{number} of {home} belongs to {shown}, not {wanted}"


def _serial(run: Run[Registering], change: Changed) -> str | None:
    """The newest delegation that was accepted (amendment agent_key)."""
    home, wanted = change.of["home"], change.value["value"]
    shown = run.bench.kept.memory.newest_serial(run.bench.addresses[home])
    return None if shown == wanted else f"the newest delegation of {home} is {shown}, not {wanted}"


CHECKS: Mapping[str, Check] = {
    **COMMON,
    "registration": registration_disagrees,
    "pairs issued": _kept(_pairs, by_correspondent=True),
    "newest nonce": _kept(_newest_nonce, by_correspondent=True),
    "burnt nonces": _kept(_burnt, by_correspondent=True),
    "place of token": _kept(_place_of_token, by_correspondent=True),
    "newest delegation": _kept(_serial, by_correspondent=True),
}
"""The comparisons of a run with one correspondent."""

# What an agent of two nodes keeps.


def _local_list(run: Run[LocalStage], change: Changed) -> str | None:
    """Whether a home address is in the list of the agent (N105, N141)."""
    home, wanted = change.of["home"], change.value["value"]
    shown = run.bench.agent.is_registered(run.bench.addresses[home])
    return None if shown is wanted else f"{home} is {'' if shown else 'not '}in the list of {change.of['keeper']}"


def _wish(run: Run[LocalStage], change: Changed) -> str | None:
    """Whether the agent keeps that a node wants an optimised path to the other one (N101)."""
    shown, home = run.bench.is_triggered(change.of["home"]), change.of["home"]
    agrees = shown is change.value["value"]
    return None if agrees else f"{change.of['keeper']} keeps {'a' if shown else 'no'} wish of {home}"


LOCAL_CHECKS: Mapping[str, Check] = {**CHECKS, "local list": _local_list, "wish": _wish}
"""The comparisons of a run with one agent of two nodes."""


PEER_CHECKS: Mapping[str, Check] = {**COMMON, "registration": peer_registration_disagrees}
"""The comparisons of a run between agents."""
