"""Who receives traffic that he never asked for: z3 supplies the octets and the seconds that no state enumerates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from pmicheck.model.events import FALLBACK, FellBack
from pmicheck.model.readings import BINDINGS
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.topology import FLOOD, Flow
from pmicheck.model.world import World
from pmicheck.properties.base import Look, Observation, Property, State
from pmicheck.properties.credit import allowance, sender_of
from pmicheck.properties.witnesses import binding_ended, binding_made


def _each_entry(world: World) -> tuple[Look, ...]:
    """Every binding that somebody may make."""
    return tuple(Look((cells_of(*flow).entry,)) for flow in world.cache)


def _fallback(world: World) -> tuple[Look, ...]:
    del world
    return (Look((FALLBACK,)),)


PACKET = 1500
"""Octets of the largest payload packet that the timeline uses."""

MAX_NONCE_LIFETIME, MAX_RR_BINDING_LIFETIME, MAX_CGA_BINDING_LIFETIME = 240, 420, 86400


def aimed(state: State, flows: Iterable[Flow]) -> tuple[Observation, ...]:
    """Every entry of these flows that sends traffic to the bystander, with the credit rules in force."""
    found: list[Observation] = []
    for home, keeper in flows:
        entry: Entry | None = state.read(cells_of(home, keeper).entry)
        if entry is not None and entry.used and entry.care_of == FLOOD:
            rules = allowance(state.world, home, entry)
            found.append({"keeper": keeper, "home_address": home, "verified": entry.verified, **rules})
    return tuple(found)


def no_careof_flooding(o: Mapping[str, Any]) -> tuple[Any, Any]:
    """RFC 4866 4.10, 4.11: what was earned while verified, aged once, is all that may be spent unverified.

    `earned` and `earned_unverified` are octets received from the care-of address, `spent` octets sent to it.
    """
    earned, unverified, spent = z3.Ints("octets_earned octets_sent_unverified octets_to_bystander")
    allowed = earned * 7
    credit = z3.If(o["credit_ages"], earned * 7, earned * 8) + z3.If(o["unverified_earns"], unverified * 8, 0)
    capped = z3.And(o["credit_limits"], z3.Not(o["verified"]))
    rules = z3.And(
        *(z3.And(number >= 0, number % PACKET == 0) for number in (earned, unverified, spent)),
        earned <= z3.If(o["may_have_earned"], 8 * PACKET, 0),
        unverified <= 8 * PACKET,
        spent <= 800 * PACKET,
        z3.Implies(capped, 8 * spent <= credit),
    )
    return rules, 8 * spent <= allowed


def flooded(o: Observation) -> str:
    home = str(o["home_address"])
    who, traffic = sender_of(str(o["keeper"]), home, f"the traffic of {home}")
    if o["verified"]:
        return f"{who} sends {traffic} to an uninvolved address as if it were verified."
    return f"{who} sends more of {traffic} to an uninvolved address than was earned."


NO_CAREOF_FLOODING = Property(
    name="no-careof-flooding",
    violated_when="more payload goes to a care-of address that never answered a care-of test than the credit earned",
    harm="floods an uninvolved address with what the correspondent sends",
    severity="8.6",
    families=BINDINGS,
    looks=_each_entry,
    observe=lambda state: aimed(state, state.world.cache),
    formula=no_careof_flooding,
    witness=binding_made,
    conclusion=flooded,
)


def _ended(state: State) -> tuple[Observation, ...]:
    event = state.read(FALLBACK)
    if not isinstance(event, FellBack):
        return ()
    return ({"home_address": event.home, "reached_once": event.reach == "lost", "lifetime_capped": event.capped},)


def _no_home_flooding(o: Mapping[str, Any]) -> tuple[Any, Any]:
    """A fallback is fair if the registrant answered a home test as recently as RFC 6275 makes certain (240 + 420 s)."""
    test, update, lost, fallback = z3.Ints("s_home_test s_last_update s_home_lost s_fallback")
    rules = z3.And(
        test == 0,
        lost > test,
        fallback > lost,
        update >= test,
        fallback >= update,
        z3.Implies(o["lifetime_capped"], update <= test + MAX_NONCE_LIFETIME),
        z3.If(
            o["lifetime_capped"],
            fallback <= update + MAX_RR_BINDING_LIFETIME,
            fallback <= update + MAX_CGA_BINDING_LIFETIME,
        ),
    )
    fair = z3.And(o["reached_once"], fallback - test <= MAX_NONCE_LIFETIME + MAX_RR_BINDING_LIFETIME)
    return rules, fair


NO_HOME_FLOODING = Property(
    name="no-home-flooding",
    violated_when="traffic falls back to a home address whose reachability the registrant no longer has, or never had",
    harm="floods a home network with what the correspondent sends",
    severity="8.2",
    families=BINDINGS,
    looks=_fallback,
    observe=_ended,
    formula=_no_home_flooding,
    witness=binding_ended,
    conclusion=lambda o: (
        f"Traffic falls back to {o['home_address']}, which its registrant "
        + ("gave up longer ago than return routability allows." if o["reached_once"] else "never could be reached at.")
    ),
)
