"""What credit lets go by a binding cache entry whose care-of address is unverified (RFC 4866 4.10, 4.11; draft 3.4)."""

from __future__ import annotations

from collections.abc import Mapping

from pmicheck.model.roles.binding_cache import Entry
from pmicheck.model.topology import CN_HOME
from pmicheck.model.world import World


def allowance(world: World, home: str, entry: Entry) -> Mapping[str, bool]:
    """The credit rules for the entry of a home address.

    Returns:
        may_have_earned: the entry can hold credit that was earned while its care-of address was verified; one that a
        PHoTI made is new and has earned nothing.
        credit_limits: without credit nothing goes by the entry while it is unverified.
        credit_ages: credit decays by 7/8 every 5 s.
        unverified_earns: payload from the unverified address earns credit, too.
    """
    policy = world.policy
    return {
        "may_have_earned": entry.verified or not _made_by_init(world, entry),
        "credit_limits": policy.credit_limits and not _is_free(world, home, entry),
        "credit_ages": policy.on("credit-aging"),
        "unverified_earns": not policy.on("no-credit-while-unverified"),
    }


def carries(world: World, home: str, entry: Entry) -> bool:
    """Whether any payload goes by the entry: it is used for forwarding, and its credit need not be zero."""
    rules = allowance(world, home, entry)
    free = entry.verified or not rules["credit_limits"]
    return entry.used and (free or rules["may_have_earned"] or rules["unverified_earns"])


def sender_of(keeper: str, home: str, otherwise: str) -> tuple[str, str]:
    """Who sends by an entry, and whose traffic, in words: an agent's entry for the correspondent carries what its own
    node sends to it, any other entry what a correspondent sends.

    Args:
        keeper: who keeps the entry; home: the home address that it is for.
        otherwise: what to call the traffic of a correspondent.
    """
    return (keeper, f"the mobile node's traffic to {home}") if home == CN_HOME else ("The CN", otherwise)


def _made_by_init(world: World, entry: Entry) -> bool:
    """Whether a test made the entry: updates are signed in type 2, so that their entries last longer (N130)."""
    return world.type2 and entry.capped


def _is_free(world: World, home: str, entry: Entry) -> bool:
    """An agent is no correspondent of its own node: reading phot_use says when it sends, and no credit is named.
    Whether an entry of a PHoTI is under credit is a reading, too, since 4.3 names none."""
    unlimited = _made_by_init(world, entry) and world.policy.reads("photi_credit", "unlimited")
    return home == CN_HOME or unlimited
