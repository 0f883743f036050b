"""Where agents send what their own nodes have for the other side: the entries for a type 2 correspondent (4.2, 4.3)."""

from __future__ import annotations

from pmicheck.model.readings import HANDSHAKE, TYPE2_RR
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.topology import CN_HOME, Flow
from pmicheck.model.world import World
from pmicheck.properties.authorisation import bindings_seen, no_redirection, redirected
from pmicheck.properties.base import Look, Property
from pmicheck.properties.flooding import aimed, flooded, no_careof_flooding
from pmicheck.properties.witnesses import binding_made


def _uplinks(world: World) -> tuple[Flow, ...]:
    """Judged apart: a violation by an entry at the correspondent's side would hide the ones by these."""
    return tuple(flow for flow in world.entries if flow.home == CN_HOME)


def _each_uplink(world: World) -> tuple[Look, ...]:
    return tuple(Look((cells_of(*flow).entry,)) for flow in _uplinks(world))


NO_UPLINK_REDIRECTION = Property(
    name="no-uplink-redirection",
    violated_when="a PMA's entry for the correspondent of its node holds an attacker's care-of address and is used for "
    "forwarding",
    harm="takes over what the node sends",
    severity="8.1",
    families=TYPE2_RR | HANDSHAKE,
    looks=_each_uplink,
    observe=lambda state: bindings_seen(state, _uplinks(state.world)),
    formula=no_redirection,
    witness=binding_made,
    conclusion=redirected,
)

NO_UPLINK_FLOODING = Property(
    name="no-uplink-flooding",
    violated_when="a PMA sends what its node has for the correspondent to an address that never asked for it",
    harm="floods an uninvolved address with what the node sends",
    severity="7.7",
    families=TYPE2_RR | HANDSHAKE,
    looks=_each_uplink,
    observe=lambda state: aimed(state, _uplinks(state.world)),
    formula=no_careof_flooding,
    witness=binding_made,
    conclusion=flooded,
)
