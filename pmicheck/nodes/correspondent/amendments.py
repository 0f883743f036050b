"""What the amendments of this project ask of a binding update besides the checks of the draft.

* pt_binding=care-of-address: PT registers only the care-of address that it was issued for.
* ht_use=once: HT registers one care-of address only.
* agent_key=delegated: a proxy update is signed with the agent's key, to which the mobile node's key delegates.
* signed_nonces=yes: the Nonce Indices option stands in the signed part.
"""

from __future__ import annotations

from pmicheck.nodes.correspondent.update import Correspondence, Credential, Refusal, Update
from pmicheck.nodes.policy import Policy
from pmicheck.wire import cga, codec
from pmicheck.wire.constants import Status


def token_is_in_place(here: Correspondence, update: Update) -> Refusal | None:
    """Where PT and HT may come from; a deregistration may come from anywhere.

    Status 147 sends an RFC 4866 node back to the home test, so it needs to know nothing of the amendment.
    """
    if update.deregisters:
        return None
    place = here.memory.place_of(update.home_address, update.token)
    by_permanent_token = update.credential is Credential.PERMANENT
    bound = here.policy.reading("pt_binding") == "care-of-address"
    if by_permanent_token and bound and place != update.care_of_address:
        return Refusal("pt-binding", Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE, True)
    once = update.credential is Credential.HANDOVER and here.policy.reading("ht_use") == "once"
    if once and place not in (None, update.care_of_address):
        return Refusal("ht-use", Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE, True)
    return None


def delegation_is_valid(here: Correspondence, update: Update) -> Refusal | None:
    """For this home address by its own key, for this care-of address, and no older than the newest accepted one.

    It stands on the CGA check, and is not asked where that is switched off.
    """
    parameters = update.cga_parameters
    if parameters is None or not is_delegated(here.policy, update) or not here.policy.has("cga"):
        return None
    delegation = update.delegation
    valid = (
        delegation is not None
        and delegation.is_signed_by(cga.public_key_of(parameters), update.home_address)
        and delegation.care_of_address == update.care_of_address
        and delegation.serial >= here.memory.newest_serial(update.home_address)
    )
    return None if valid else Refusal("delegation", Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED, True)


def is_delegated(policy: Policy, update: Update) -> bool:
    """Whether the key that signs the update needs a delegation."""
    return update.proxy and policy.reading("agent_key") == "delegated"


def indices_are_signed(message: codec.BindingUpdate) -> bool:
    """Whether the Nonce Indices that count, the first ones, stand before the only CGA Parameters."""
    kinds = [type(option) for option in message.options]
    return kinds.index(codec.NonceIndicesOption) < kinds.index(codec.CgaParametersOption)


def remember(here: Correspondence, update: Update, permanent_token: bytes | None) -> None:
    """Notes what later updates are held against, after a registration was accepted.

    Args:
        permanent_token: PT that was issued with it, if one was.
    """
    if permanent_token is not None:
        here.memory.tie(update.home_address, permanent_token, update.care_of_address)
    if update.credential is Credential.HANDOVER:
        here.memory.tie(update.home_address, update.token, update.care_of_address)
    if update.delegation is not None and update.signed:
        here.memory.accept_serial(update.home_address, update.delegation.serial)
