"""Who may speak for an address: payload that upper layers accept as from somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from pmicheck.model.events import EVENT, Delivered
from pmicheck.model.readings import DATA, LOCAL, REVERSE_TUNNEL
from pmicheck.properties.authorisation import event
from pmicheck.properties.base import Observation, Property, State
from pmicheck.properties.witnesses import data_arrived


def _delivery(state: State) -> tuple[Observation, ...]:
    delivered = state.read(EVENT)
    if not isinstance(delivered, Delivered):
        return ()
    return ({"who": delivered.who, "as_from": delivered.source, "sent_by": delivered.sender, "entitled": False},)


def _data_origin(o: Mapping[str, Any]) -> tuple[Any, Any]:
    return z3.BoolVal(True), o["entitled"]


DATA_ORIGIN = Property(
    name="data-origin",
    violated_when="payload is accepted as from an address by a node that could not have sent it with ingress "
    "filtering in place",
    harm="has payload accepted as from an address that is not its own",
    severity="6.5",
    families=DATA | LOCAL | REVERSE_TUNNEL,
    looks=event,
    observe=_delivery,
    formula=_data_origin,
    witness=data_arrived,
    conclusion=lambda o: f"{o['who']} accepted payload as from {o['as_from']}, which {o['sent_by']} sent.",
)
