"""Where the mobile nodes are attached, and who sits behind an address: ground truth, no protocol state."""

from __future__ import annotations

from functools import cache

from pmicheck.model.cells import Cell, Context
from pmicheck.model.topology import (
    AT_HOME,
    ATTACKER,
    CARE_OF,
    COA1,
    FLOOD,
    MN,
    SECOND_HOME,
    SECOND_MN,
    VICTIM_HOME,
)
from pmicheck.model.world import World


@cache
def attached(home: str) -> Cell:
    """The care-of address under which the node of this home address is to be reached now, or `AT_HOME`."""
    return Cell("mobile node attached to" if home == VICTIM_HOME else f"node of {home} attached to", COA1)


ATTACHED = attached(VICTIM_HOME)

OWNERS = {
    **{care_of: pma for pma, care_of in CARE_OF.items()},
    ATTACKER: ATTACKER,
    FLOOD: FLOOD,
    AT_HOME: MN,
    VICTIM_HOME: MN,
    SECOND_HOME: SECOND_MN,
}


def who_is_at(world: World, address: str) -> str:
    """The principal that receives what is sent to an address. Without PMAs care-of addresses are the mobile node's."""
    owner = OWNERS.get(address, address)
    return owner if world.proxied or owner not in CARE_OF else MN


def serving_address(ctx: Context, home: str = VICTIM_HOME) -> str:
    address: str = ctx.get(attached(home))
    return address


def attacker_addresses(world: World) -> frozenset[str]:
    """Care-of addresses at which the attacker receives: its own, and those of the PMAs that act for it."""
    return frozenset({ATTACKER, *(address for address, owner in OWNERS.items() if owner in world.corrupted)})
