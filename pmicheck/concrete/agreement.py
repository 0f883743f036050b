"""Whether the nodes are in the state that a step of a trace tells: each change against what they show.

`CHECKS` has a comparison for every kind of change (`changes.KINDS`) that a correspondent and a registrant know. A
change without a comparison, or one that cannot be read, is a disagreement too, so a replay never goes on from a state
that it has not looked at. What the model keeps beside the protocol, such as who made an entry and how often something
was repeated, is named where it is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pmicheck.concrete.changes import Unreadable, changes_of
from pmicheck.concrete.registrants import registration_disagrees
from pmicheck.concrete.stage import AT_HOME, AWAY, HOA, other_end
from pmicheck.trace import Changed, Step
from pmicheck.wire.constants import (
    MAX_CGA_BINDING_LIFETIME,
    MAX_NONCE_LIFETIME,
    MAX_RR_BINDING_LIFETIME,
    MAX_TOKEN_LIFETIME,
)

if TYPE_CHECKING:
    from pmicheck.concrete.execution import Run

PHASE_BEGINS = (
    0,
    MAX_TOKEN_LIFETIME,
    MAX_NONCE_LIFETIME,
    MAX_TOKEN_LIFETIME + MAX_NONCE_LIFETIME,
    MAX_CGA_BINDING_LIFETIME,
)
"""Seconds at which the phases of the model's clock begin (protocol-facts 3.12)."""

LASTING = frozenset(
    {
        "attachment",
        "entry",
        "sequence number",
        "permanent tokens",
        "handover tokens",
        "pairs issued",
        "local list",
        "wish",
    }
)
"""Kinds of cells that are compared after every later step too.

A registration is not among them: a node sees by the time alone that its registration has ended, which the model tells
of no registrant, and an agent of the handshake takes a new peer over from any update (N114).
"""

Check = Callable[[Any, Changed], str | None]
"""What the nodes of a run show in place of a change, as a sentence without its full stop; None if they agree."""


def disagreements(run: Any, step: Step, checks: Mapping[str, Check], known: dict[str, Changed]) -> Iterator[str]:
    """What the nodes of a run show otherwise than the step tells, one sentence a change.

    Args:
        known: what earlier steps told of cells that nobody changes unseen, by cell; the changes of this one come in.
    """
    try:
        changes = tuple(changes_of(step))
    except Unreadable as error:
        yield str(error)
        return
    for change in changes:
        check = checks.get(change.kind)
        if check is None:
            yield f"the change {change.line!r} cannot be compared with these nodes"
        elif found := check(run, change):
            yield found
    told = {_cell(change): change for change in changes if change.kind in LASTING}
    for cell, change in known.items():
        if cell not in told and (found := checks[change.kind](run, _as_it_lasts(change))):
            yield f"{found}, though the step tells no such change"
    known.update(told)


def _cell(change: Changed) -> str:
    """Which cell it is, whatever it is called."""
    return json.dumps([change.kind, change.of], sort_keys=True)


def _as_it_lasts(change: Changed) -> Changed:
    """Without what runs out by itself: an entry has less and less time left."""
    if not isinstance(change.after, Mapping):
        return change
    return replace(change, after={name: value for name, value in change.after.items() if name != "capped"})


# Ground truth and time.


def clock_disagrees(run: Run, change: Changed) -> str | None:
    """The nodes have no clock of their own; the time that they are given lies in the phase."""
    phase = change.value["value"]
    begins, ends = (*PHASE_BEGINS, math.inf)[phase : phase + 2]
    return None if begins <= run.now < ends else f"{run.now:g} s is no time between {begins} s and {ends} s"


def attachment_disagrees(run: Run, change: Changed) -> str | None:
    """Where the node is, and its home registration, which leads there (N020, N032; RFC 6275 11.5)."""
    place, stage = change.value["value"], run.stage
    home_agent, home = stage.ha, stage.addresses[HOA]
    if place in (AT_HOME, AWAY):
        follows = home_agent.binding(home) is None
    else:
        follows = home_agent.is_registered_at(home, stage.addresses[place])
    if stage.serving == place and follows:
        return None
    return f"the mobile node is attached to {stage.serving}, not {place}, or its home agent does not know"


# What a correspondent keeps.


def _foreign(run: Run, change: Changed) -> str | None:
    keeper = change.of["keeper"]
    return (
        None if keeper == run.correspondent else f"{keeper} keeps no bindings here, so {change.line!r} is not compared"
    )


def _of_correspondent(compare: Check) -> Check:
    """The comparison for cells of the correspondent; the same cell of anybody else is not compared, so disagrees."""
    return lambda run, change: _foreign(run, change) or compare(run, change)


def entry_disagrees(run: Run, change: Changed) -> str | None:
    """Care-of address, whether it is verified, how long it lasts and which nonces made it.

    `registrant` says whom the model has for its author, which the judges find out by themselves; `used` is compared
    where entries that are not used exist.
    """
    stage, value, home = run.stage, change.value, change.of["home"]
    entry = stage.cn.entry(stage.addresses[home])
    shown = "none" if entry is None else f"{stage.name_of(entry.care_of_address)}, {_in_words(entry.verified)}"
    told = "none" if "care_of" not in value else f"{value['care_of']}, {_in_words(value['verified'])}"
    if shown != told:
        return f"the entry of {home} is {shown}, not {told}"
    if entry is None:
        return None
    capped = entry.expires_at <= run.now + MAX_RR_BINDING_LIFETIME
    if value.get("capped", capped) != capped:
        return f"the entry of {home} ends at {entry.expires_at:g} s, {'in' if capped else 'after more than'} 420 s"
    if value.get("nonces"):
        first, second = value["nonces"]
        nonces = stage.nonces[first], stage.nonces[second] if second else None
        if entry.nonces != nonces:
            return f"the entry of {home} was made with the nonces {entry.nonces}, not {nonces}"
    return None


def _in_words(verified: bool) -> str:
    return "verified" if verified else "unverified"


def number_disagrees(run: Run, change: Changed) -> str | None:
    """The number that the next one has to exceed (RFC 6275 9.5.1, A-14)."""
    home, wanted = change.of["home"], change.value["value"]
    shown = run.stage.cn.bindings.cache.last_sequence(run.stage.addresses[home])
    return None if shown == wanted else f"the last number of {home} is {shown}, not {wanted}"


def tokens_disagree(run: Run, change: Changed) -> str | None:
    """Which of the tokens that were issued are valid; of those for its own addresses the attacker knows the newest."""
    stage, home, what = run.stage, change.of["home"], change.kind
    permanent = what == "permanent tokens"
    look = stage.cn.permanent_tokens if permanent else stage.cn.handover_tokens
    kind, valid = ("PT" if permanent else "HT"), look(stage.addresses[home])
    numbers = change.value["value"]
    if len(valid) != len(numbers):
        return f"{len(valid)} {what} of {home} are valid, not {len(numbers)}"
    others = [number for number in numbers if run.forger.octets_of([kind, home, number]) not in valid]
    return f"{kind}{others[0]} of {home} is not valid" if others else None


def pairs_disagree(run: Run, change: Changed) -> str | None:
    """How many pairs of tokens were issued for a home address."""
    home, wanted = change.of["home"], change.value["value"]
    issued = len(run.stage.pairs.get(home, ()))
    return None if issued == wanted else f"{issued} pairs of tokens were issued for {home}, not {wanted}"


def burnt_disagrees(run: Run, change: Changed) -> str | None:
    """Whether the nonces of an entry that is gone are refused (RFC 6275 9.5.3, A-15).

    A correspondent forgets that nonces are burnt once they are too old to be accepted in any case.
    """
    stage, names, at = run.stage, change.of, run.stage.addresses
    bindings, home = stage.cn.bindings, names["home"]
    numbers = [names[name] for name in ("nonce", "care_of_nonce") if name in names]
    indices = [stage.nonces[number] for number in numbers if number]
    care_of = at[names.get("care_of", home)]
    refused = bindings.cache.is_burnt(
        indices[0], indices[1] if len(indices) > 1 else None, at[home], care_of
    ) or not all(bindings.nonces.is_fresh(index, run.now) for index in indices)
    return (
        None
        if refused is change.value["value"]
        else f"{change.line!r}: the nonces are {'' if refused else 'not '}refused"
    )


def place_disagrees(run: Run, change: Changed) -> str | None:
    """The care-of address that a token belongs to (amendments pt_binding and ht_use)."""
    stage, home, wanted = run.stage, change.of["home"], change.value["value"]
    kind, number = change.of["token"], change.of["number"]
    token = run.forger.octets_of([kind, home, number])
    place = stage.cn.bindings.memory.place_of(stage.addresses[home], token)
    shown = None if place is None else stage.name_of(place)
    return None if shown == wanted else f"{kind}{number} of {home} belongs to {shown}, not {wanted}"


def serial_disagrees(run: Run, change: Changed) -> str | None:
    """The newest delegation that was accepted (amendment agent_key)."""
    home, wanted = change.of["home"], change.value["value"]
    shown = run.stage.cn.bindings.memory.newest_serial(run.stage.addresses[home])
    return None if shown == wanted else f"the newest delegation of {home} is {shown}, not {wanted}"


# What an agent of two nodes keeps.


def local_list_disagrees(run: Run, change: Changed) -> str | None:
    """Whether a home address is in the list of the agent (N105, N141)."""
    home, wanted, shared = change.of["home"], change.value["value"], run.stage.shared
    shown = shared is not None and shared.agent.is_registered(run.stage.addresses[home])
    return None if shown is wanted else f"{home} is {'' if shown else 'not '}in the list of {change.of['keeper']}"


def wish_disagrees(run: Run, change: Changed) -> str | None:
    """Whether the agent keeps that a node wants an optimised path to the other one (N101)."""
    at, shared, home = run.stage.addresses, run.stage.shared, change.of["home"]
    shown = shared is not None and shared.agent.is_triggered(at[home], at[other_end(home)])
    agrees = shown is change.value["value"]
    return None if agrees else f"{change.of['keeper']} keeps {'a' if shown else 'no'} wish of {home}"


CHECKS: Mapping[str, Check] = {
    "clock": clock_disagrees,
    "attachment": attachment_disagrees,
    "registration": registration_disagrees,
    "local list": local_list_disagrees,
    "wish": wish_disagrees,
    "entry": _of_correspondent(entry_disagrees),
    "sequence number": _of_correspondent(number_disagrees),
    "permanent tokens": _of_correspondent(tokens_disagree),
    "handover tokens": _of_correspondent(tokens_disagree),
    "pairs issued": _of_correspondent(pairs_disagree),
    "burnt nonces": _of_correspondent(burnt_disagrees),
    "place of token": _of_correspondent(place_disagrees),
    "newest delegation": _of_correspondent(serial_disagrees),
}
"""The comparisons of a run with one correspondent."""
