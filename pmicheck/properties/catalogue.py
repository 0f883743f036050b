"""All properties by name. `progress` is decided on the honest system, so it has no invariant."""

from __future__ import annotations

from pmicheck.model.policy import unknown
from pmicheck.properties.authorisation import (
    BINDING_AGREEMENT,
    BINDING_FRESHNESS,
    FORMER_PMA_POWERLESS,
    NO_REDIRECTION,
    NO_UNAUTHORISED_DEREGISTRATION,
    STATELESS,
)
from pmicheck.properties.base import Property
from pmicheck.properties.departure import HANDOVER_TOKEN_FRESHNESS, NO_RETAINED_BINDING, NO_STALE_DEREGISTRATION
from pmicheck.properties.flooding import NO_CAREOF_FLOODING, NO_HOME_FLOODING
from pmicheck.properties.payload import DATA_ORIGIN
from pmicheck.properties.secrecy import ACKNOWLEDGED_TOKEN_AGREEMENT, ACKNOWLEDGEMENT_AGREEMENT, TOKEN_SECRECY
from pmicheck.properties.uplink import NO_UPLINK_FLOODING, NO_UPLINK_REDIRECTION

INVARIANTS: dict[str, Property] = {
    prop.name: prop
    for prop in (
        NO_REDIRECTION,
        BINDING_FRESHNESS,
        NO_CAREOF_FLOODING,
        NO_HOME_FLOODING,
        BINDING_AGREEMENT,
        TOKEN_SECRECY,
        NO_UNAUTHORISED_DEREGISTRATION,
        FORMER_PMA_POWERLESS,
        NO_RETAINED_BINDING,
        NO_STALE_DEREGISTRATION,
        HANDOVER_TOKEN_FRESHNESS,
        STATELESS,
        ACKNOWLEDGEMENT_AGREEMENT,
        ACKNOWLEDGED_TOKEN_AGREEMENT,
        DATA_ORIGIN,
        NO_UPLINK_REDIRECTION,
        NO_UPLINK_FLOODING,
    )
}

PROGRESS = "progress"
PROGRESS_VIOLATED_WHEN = "without an attacker, the scenario's goal cannot be reached any more"
PROGRESS_HARM = "leaves the honest nodes unable to go on"

NAMES = (*INVARIANTS, PROGRESS)


def check_name(name: str) -> str:
    """The name itself. Raises UsageError if there is no such property."""
    if name not in NAMES:
        raise unknown("property", name, NAMES)
    return name
