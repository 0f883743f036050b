"""Where the mobile nodes are attached, and who sits behind an address: ground truth, no protocol state."""

from __future__ import annotations

from functools import cache

from pmicheck.language.cells import About, Cell, Context, equals, require, require_within
from pmicheck.model.time import CLOCK, at_most
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
    key_owner,
)
from pmicheck.model.world import World


@cache
def attached(home: str) -> Cell:
    """The care-of address under which the node of this home address is to be reached now, or `AT_HOME`."""
    who = "mobile node" if home == VICTIM_HOME else f"node of {home}"
    about = About("attachment", "attached to", (("keeper", key_owner(home)), ("home", home)))
    return Cell(f"{who} attached to", COA1, about=about)


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
    return _addresses_with(world.corrupted)


@cache
def _addresses_with(corrupted: frozenset[str]) -> frozenset[str]:
    return frozenset({ATTACKER, *(address for address, owner in OWNERS.items() if owner in corrupted)})


def require_serving(ctx: Context, world: World, pma: str, home: str) -> None:
    """An honest agent begins and continues exchanges for a node that is attached to it, while the bounds allow."""
    require_within(ctx.test(CLOCK, at_most, world.bounds.honest_until), "honest_until")
    require(ctx.test(attached(home), equals, CARE_OF[pma]), "not-serving")


def require_honest(ctx: Context, world: World, pma: str, home: str) -> None:
    """A corrupted PMA is the attacker's from the moment it does not serve the node (DESIGN section 4)."""
    if pma in world.corrupted and not world.in_prologue:
        require(ctx.test(attached(home), equals, CARE_OF[pma]), "corrupted")
