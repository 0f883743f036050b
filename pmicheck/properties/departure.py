"""What a PMA leaves behind at correspondents when the node has left it: the properties on its own binding there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from pmicheck.model.events import EVENT, Accepted
from pmicheck.model.readings import CONTEXT, HANDOVER, TOKEN_HANDOVER, TYPE1
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.topology import CARE_OF
from pmicheck.model.world import World
from pmicheck.properties.authorisation import acceptance, event
from pmicheck.properties.base import Look, Observation, Property, State
from pmicheck.properties.credit import carries, sender_of
from pmicheck.properties.flooding import MAX_CGA_BINDING_LIFETIME, MAX_RR_BINDING_LIFETIME
from pmicheck.properties.witnesses import node_left


def _entry_and_place(world: World) -> tuple[Look, ...]:
    """Each entry of an honest node, and where that node is."""
    return tuple(Look((cells_of(*flow).entry, attached(flow.home))) for flow in world.flows)


def _kept(state: State) -> tuple[Observation, ...]:
    """Every entry that a corrupted PMA made while it was honest, and that carries traffic to it though the node left.

    An entry that the PMA made after that is its doing, which `former-pma-powerless` and `no-redirection` see.
    """
    found: list[Observation] = []
    former = {CARE_OF[pma] for pma in state.world.corrupted}
    for home, keeper in state.world.flows:
        entry: Entry | None = state.read(cells_of(home, keeper).entry)
        if entry is None or entry.registrant != "honest" or entry.care_of not in former:
            continue
        if state.read(attached(home)) != entry.care_of and carries(state.world, home, entry):
            found.append(
                {
                    "keeper": keeper,
                    "home_address": home,
                    "care_of_address": entry.care_of,
                    "lifetime_capped": entry.capped,
                }
            )
    return tuple(found)


def _no_retained_binding(o: Mapping[str, Any]) -> tuple[Any, Any]:
    """RFC 6275 12 is the yardstick: a binding of return routability ends 420 s after its last update in any case."""
    update, kept = z3.Ints("s_from_last_update_to_departure s_kept_after_departure")
    longest = z3.If(o["lifetime_capped"], MAX_RR_BINDING_LIFETIME, MAX_CGA_BINDING_LIFETIME)
    rules = z3.And(update >= 0, kept >= 0, update + kept <= longest)
    return rules, kept <= MAX_RR_BINDING_LIFETIME


def _conclusion(o: Observation) -> str:
    who, traffic = sender_of(str(o["keeper"]), str(o["home_address"]), "the node's traffic")
    return f"{who} goes on to send {traffic} to {o['care_of_address']}, which the node has left."


NO_RETAINED_BINDING = Property(
    name="no-retained-binding",
    violated_when="a PMA that the node has left keeps the entry that it made while it served the node, for longer than "
    "return routability allows",
    harm="goes on receiving the traffic of a node that has left it",
    severity="6.6",
    families=TYPE1 | HANDOVER,
    looks=_entry_and_place,
    observe=_kept,
    formula=_no_retained_binding,
    witness=node_left,
    conclusion=_conclusion,
    needs_leave=True,
)


def _no_stale_deregistration(o: Mapping[str, Any]) -> tuple[Any, Any]:
    honest = z3.And(o["sent_by_honest"], z3.Not(o["accepted_before"]))
    return z3.BoolVal(True), z3.Not(z3.And(honest, z3.Or(o["honest_entry_deleted"], o["honest_entry_replaced"])))


NO_STALE_DEREGISTRATION = Property(
    name="no-stale-deregistration",
    violated_when="an update that an honest PMA sent, and that arrives late, ends or replaces the binding of the next "
    "PMA",
    harm="has the node's current binding ended by a packet that came late",
    severity="5.0",
    families=TOKEN_HANDOVER,
    looks=event,
    observe=acceptance,
    formula=_no_stale_deregistration,
    witness=node_left,
    conclusion=lambda o: (
        f"The {o['update']} update of an honest PMA came late and "
        + ("deleted" if o["honest_entry_deleted"] else "replaced")
        + " the entry of the next one."
    ),
    needs_leave=True,
)


def _by_token(state: State) -> tuple[Observation, ...]:
    """An update by a handover token that outlived its registration; reading ht_lifetime=finite ends it after a day."""
    accepted = state.read(EVENT)
    if not isinstance(accepted, Accepted) or not accepted.by_old_token:
        return ()
    return ({"update": accepted.step, "tokens_end": state.world.policy.reads("ht_lifetime", "finite")},)


def _handover_token_freshness(o: Mapping[str, Any]) -> tuple[Any, Any]:
    """The lifetime of a binding is the yardstick: as long as one lasts its token has to serve the next registration."""
    age = z3.Int("s_token_age")
    rules = z3.And(age >= 0, z3.Implies(o["tokens_end"], age <= MAX_CGA_BINDING_LIFETIME))
    return rules, age <= MAX_CGA_BINDING_LIFETIME


HANDOVER_TOKEN_FRESHNESS = Property(
    name="handover-token-freshness",
    violated_when="a handover token makes an entry more than a day after it was issued, when no binding of that time "
    "lasts any more",
    harm="registers with a handover token at any later time",
    severity="5.9",
    families=CONTEXT,
    looks=event,
    observe=_by_token,
    formula=_handover_token_freshness,
    witness=node_left,
    conclusion=lambda o: (
        f"The CN accepted the {o['update']} update by a handover token that was issued more than a day before."
    ),
    needs_leave=True,
)
