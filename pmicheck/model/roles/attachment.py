"""Where the mobile node is attached, and who sits behind an address: ground truth, no protocol state."""

from __future__ import annotations

from pmicheck.model.cells import Cell, Context
from pmicheck.model.topology import AT_HOME, ATTACKER, COA1, COA2, FLOOD, MN, PMA1, PMA2, VICTIM_HOME
from pmicheck.model.world import World

ATTACHED = Cell("mobile node attached to", COA1)
"""The care-of address under which the mobile node is to be reached now, or `AT_HOME`."""

OWNERS = {COA1: PMA1, COA2: PMA2, ATTACKER: ATTACKER, FLOOD: FLOOD, AT_HOME: MN, VICTIM_HOME: MN}


def who_is_at(world: World, address: str) -> str:
    """The principal that receives what is sent to an address. With RFC 6275 the mobile node owns CoA1 and CoA2."""
    owner = OWNERS.get(address, address)
    return owner if world.proxied or owner not in (PMA1, PMA2) else MN


def serving_address(ctx: Context) -> str:
    address: str = ctx.get(ATTACHED)
    return address


def attacker_addresses(world: World) -> frozenset[str]:
    """Care-of addresses at which the attacker receives: its own, and those of the PMAs that act for it."""
    return frozenset({ATTACKER, *(address for address, owner in OWNERS.items() if owner in world.corrupted)})
