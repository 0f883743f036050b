"""What an accepted binding update makes of a binding."""

from __future__ import annotations

from dataclasses import replace

from pmicheck.nodes.correspondent.binding_cache import Entry
from pmicheck.nodes.correspondent.update import Credential, Update
from pmicheck.nodes.policy import Policy
from pmicheck.wire.constants import LIFETIME_UNIT, MAX_CGA_BINDING_LIFETIME, MAX_RR_BINDING_LIFETIME


def granted_units(policy: Policy, update: Update) -> int:
    """N088, RFC 6275 5.2.6, RFC 4866 4.2: seven minutes for T alone, a day for anything better; and no more than
    a delegation says."""
    if not policy.has("lifetime-bound"):
        return update.message.lifetime
    by_reachability = update.method == Credential.TEMPORARY.value
    limit = (MAX_RR_BINDING_LIFETIME if by_reachability else MAX_CGA_BINDING_LIFETIME) // LIFETIME_UNIT
    if update.delegation is not None and update.signed:
        limit = min(limit, update.delegation.lifetime)
    return min(update.message.lifetime, limit)


def changed(entry: Entry | None, update: Update, expires_at: float, now: float) -> Entry:
    """The binding after an accepted update.

    An early update of a verified binding keeps it verified unless the care-of address changes (RFC 4866
    4.2). Credit and permanent tokens stay; they belong to the binding, not to the care-of address (RFC 4866
    4.11).
    """
    stays = entry is not None and entry.verified and entry.care_of_address == update.care_of_address
    fresh = entry or Entry(
        home_address=update.home_address,
        care_of_address=update.care_of_address,
        verified=False,
        proxy=update.proxy,
        sequence=update.message.sequence,
        expires_at=expires_at,
        method=update.method,
        nonces=(None, None),
        credit_aged_at=now,
    )
    return replace(
        fresh,
        care_of_address=update.care_of_address,
        verified=update.complete or stays,
        proxy=update.proxy,
        sequence=update.message.sequence,
        expires_at=expires_at,
        method=update.method,
        nonces=(
            update.home_index if update.credential is Credential.TEMPORARY else None,
            update.care_of_index if update.complete else None,
        ),
    )
