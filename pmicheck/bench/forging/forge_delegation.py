"""The delegation that an attacker puts beside a signature (amendment agent_key)."""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.replay.knowledge import Knowledge, Lacking
from pmicheck.wire import codec, keys
from pmicheck.wire.constants import LIFETIME_UNIT, MAX_CGA_BINDING_LIFETIME
from pmicheck.wire.delegation import Delegation


def delegation_options(
    knowledge: Knowledge, signer: str, home: IPv6Address, care_of: IPv6Address, *, own: bool
) -> list[codec.Option]:
    """The option that lets `signer` sign for a home address, as far as the attacker has one.

    Args:
        signer: name of the key that is to sign; for the attacker's own there is none beside a home address of others,
            and the update passes only where nobody looks at the key's right to it.
        own: the home address is made from the attacker's key, so it signs what it likes.

    Raises:
        Lacking: it has seen none to an agent's key.
    """
    public = keys.der_public_key(signer)
    if own:
        stated = Delegation(1, MAX_CGA_BINDING_LIFETIME // LIFETIME_UNIT, care_of, public)
        return [codec.DelegationOption(stated.signed(keys.private_key(signer), home).octets)]
    if signer == "attacker":
        return []
    octets = knowledge.delegation(home, public)
    if octets is None:
        raise Lacking(f"a delegation to {signer}")
    return [codec.DelegationOption(octets)]
