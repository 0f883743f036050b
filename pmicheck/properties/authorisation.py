"""Who may make, change and end a binding: the properties on the correspondent node's cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from pmicheck.language.cells import Cell
from pmicheck.model.events import EVENT, Accepted
from pmicheck.model.readings import BINDINGS, HANDOVER, LOCAL, TYPE1
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.topology import Flow
from pmicheck.model.world import World
from pmicheck.properties.base import Look, Observation, Property, State
from pmicheck.properties.credit import carries, sender_of
from pmicheck.properties.witnesses import binding_made, node_left


def victims_entries(world: World) -> tuple[Cell, ...]:
    """Where correspondents keep the bindings of honest nodes."""
    return tuple(cells_of(*flow).entry for flow in world.entries)


def _each_victims_entry(world: World) -> tuple[Look, ...]:
    return tuple(Look((cell,)) for cell in victims_entries(world))


def event(world: World) -> tuple[Look, ...]:
    """What just happened."""
    del world
    return (Look((EVENT,)),)


def bindings_seen(state: State, flows: Iterable[Flow]) -> tuple[Observation, ...]:
    """Every binding that carries traffic, of those that are kept for these flows."""
    addresses = state.attacker.addresses if state.attacker else frozenset()
    world = state.world
    entries: list[tuple[Flow, Entry | None]] = [(flow, state.read(cells_of(*flow).entry)) for flow in flows]
    return tuple(
        {
            "keeper": flow.at,
            "home_address": flow.home,
            "care_of_address": entry.care_of,
            "care_of_is_attackers": entry.care_of in addresses,
            "registered_by_attacker": entry.registrant == "attacker",
            "verified": entry.verified,
        }
        for flow, entry in entries
        if entry is not None and carries(world, flow.home, entry)
    )


def no_redirection(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), z3.Not(z3.And(o["care_of_is_attackers"], o["registered_by_attacker"]))


def redirected(o: Observation) -> str:
    who, traffic = sender_of(str(o["keeper"]), str(o["home_address"]), "the victim's traffic")
    return f"{who} sends {traffic} to {o['care_of_address']}, which is the attacker's."


NO_REDIRECTION = Property(
    name="no-redirection",
    violated_when="an entry for the victim's home address holds an attacker's care-of address and is used for "
    "forwarding",
    harm="takes over the node's traffic",
    severity="9.1",
    families=BINDINGS,
    looks=_each_victims_entry,
    observe=lambda state: bindings_seen(state, state.world.entries),
    formula=no_redirection,
    witness=binding_made,
    conclusion=redirected,
)


def acceptance(state: State) -> tuple[Observation, ...]:
    """The update that was just accepted, if it is an event."""
    event = state.read(EVENT)
    if not isinstance(event, Accepted):
        return ()
    return (
        {
            "update": event.step,
            "is_update": event.step not in ("PHoTI", "trigger"),
            "sent_by_honest": event.author == "honest",
            "accepted_before": event.again,
            "entry_created": event.effect == "created",
            "entry_changed": event.effect in ("created", "changed", "deleted"),
            "honest_entry_deleted": event.harm == "deleted",
            "honest_entry_replaced": event.harm == "replaced",
            "authenticated": event.authenticated,
            "by_a_pma_not_serving": bool(state.attacker and state.attacker.corrupts) and not event.rogue_serves,
        },
    )


def _agreement(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), z3.Implies(o["is_update"], z3.And(o["sent_by_honest"], z3.Not(o["accepted_before"])))


BINDING_AGREEMENT = Property(
    name="binding-agreement",
    violated_when="a (P)BU is accepted for a home address that neither the mobile node nor its serving PMA sent",
    harm="has an update accepted that no entitled node sent",
    severity="6.1",
    families=BINDINGS,
    looks=event,
    observe=acceptance,
    formula=_agreement,
    witness=binding_made,
    conclusion=lambda o: (
        "The CN accepted an update a second time that was sent once."
        if o["accepted_before"]
        else "The CN accepted an update for the victim's home address that no honest node sent."
    ),
)


def _freshness(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), z3.Not(z3.And(o["accepted_before"], o["entry_changed"]))


BINDING_FRESHNESS = Property(
    name="binding-freshness",
    violated_when="an old genuine message or signature is accepted again and changes an entry",
    harm="has an old update accepted again",
    severity="5.7",
    families=BINDINGS,
    looks=event,
    observe=acceptance,
    formula=_freshness,
    witness=binding_made,
    conclusion=lambda o: (
        f"An old genuine {o['update']} update, or its signature, was accepted again and changed the entry."
    ),
)


def _no_deregistration(o: Mapping[str, Any]) -> tuple[Any, Any]:
    harmed = z3.Or(o["honest_entry_deleted"], o["honest_entry_replaced"])
    authorised = z3.And(o["sent_by_honest"], z3.Not(o["accepted_before"]))
    return z3.BoolVal(True), z3.Implies(harmed, authorised)


NO_UNAUTHORISED_DEREGISTRATION = Property(
    name="no-unauthorised-deregistration",
    violated_when="an honest current entry disappears, or becomes unusable, by a message that was not authorised",
    harm="ends or replaces the node's binding",
    severity="7.5",
    families=BINDINGS,
    looks=event,
    observe=acceptance,
    formula=_no_deregistration,
    witness=binding_made,
    conclusion=lambda o: (
        "The honest current entry was deleted by a message that nobody entitled sent."
        if o["honest_entry_deleted"]
        else "The honest current entry was replaced by a message that nobody entitled sent."
    ),
)


def _powerless(o: Mapping[str, Any]) -> tuple[Any, Any]:
    own_doing = z3.Or(z3.Not(o["sent_by_honest"]), o["accepted_before"])
    return z3.BoolVal(True), z3.Not(z3.And(o["by_a_pma_not_serving"], own_doing, o["entry_changed"]))


FORMER_PMA_POWERLESS = Property(
    name="former-pma-powerless",
    violated_when="a PMA that does not serve the node (any more, or ever) changes the entry",
    harm="changes the binding of a node that it does not serve",
    severity="6.8",
    families=TYPE1 | HANDOVER,
    looks=event,
    observe=acceptance,
    formula=_powerless,
    witness=node_left,
    conclusion=lambda o: f"A PMA that does not serve the node had its {o['update']} update accepted.",
    needs_leave=True,
)


def _stateless(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), z3.Implies(o["entry_created"], o["authenticated"])


STATELESS = Property(
    name="stateless-before-authentication",
    violated_when="a receiver allocates per-peer state on an unauthenticated message",
    harm="makes a receiver keep state for nothing",
    severity="4.3",
    families=BINDINGS | LOCAL,
    looks=event,
    observe=acceptance,
    formula=_stateless,
    witness=binding_made,
    conclusion=lambda o: (
        f"State was made on the strength of a message ({o['update']}) that nothing secret vouches for."
    ),
)
