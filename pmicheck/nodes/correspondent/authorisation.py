"""Whether a correspondent accepts a (proxy) binding update: one small predicate for each check, in the
order they are made.

RFC 6275 9.5.1, RFC 4866 4.2 and 4.6, the draft's 3.3-3.5 and 7. Cheap checks come before costly ones (RFC
4866 4.6), and what has no valid MAC learns nothing: neither a sequence number nor whether a signature was
good.
"""

from __future__ import annotations

from pmicheck.nodes import sealing
from pmicheck.nodes.addresses import is_routable_unicast
from pmicheck.nodes.correspondent.amendments import (
    delegation_is_valid,
    indices_are_signed,
    is_delegated,
    token_is_in_place,
)
from pmicheck.nodes.correspondent.update import Check, Correspondence, Credential, Refusal, Update
from pmicheck.wire import cga, codec, keys, tokens
from pmicheck.wire.constants import (
    MAX_OPTION_DATA_OCTETS,
    SEQUENCE_MODULUS,
    SEQUENCE_WINDOW,
    Status,
)


def authorise(here: Correspondence, update: Update) -> Refusal | None:
    """Makes every check in order; None means that the update may take effect."""
    for check in CHECKS:
        refusal = check(here, update)
        if refusal is not None:
            return refusal
    return None


def _addresses_are_unicast(here: Correspondence, update: Update) -> Refusal | None:
    """A unicast routable home address (RFC 6275 9.5.1), and such a care-of address (6.1.7); else silence."""
    for name, address in (("home-address", update.home_address), ("care-of-address", update.care_of_address)):
        if not is_routable_unicast(address):
            return Refusal(name)
    return None


def _is_for_a_correspondent(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 6275 9.5.1, 10.3.1, 10.3.2: with the H flag it is a home registration, whose answer has no MAC, since no key
    comes with it: 139 beside a binding that is none, 133 for a deletion, else 131."""
    if not update.home_registration:
        return None
    if update.entry is not None:
        return Refusal("home-registration", Status.REGISTRATION_TYPE_CHANGE_DISALLOWED)
    if update.deregisters:
        return Refusal("home-registration", Status.NOT_HOME_AGENT_FOR_THIS_NODE)
    return Refusal("home-registration", Status.HOME_REGISTRATION_NOT_SUPPORTED)


def _method_fits(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 4866 4.2 by home nonce index and CGA options; a proxy update may have CGA with PT (N087, N092,
    A-09)."""
    policy = here.policy
    with_cga = update.cga_parameters is not None
    unauthenticated = update.deregisters and not policy.deregistration_is_authenticated
    if update.credential is Credential.PERMANENT and not unauthenticated:
        if with_cga and not here.by_draft(update) and policy.has("rule-150"):
            return Refusal("rule-150", Status.NON_NULL_HOME_NONCE_INDEX_EXPECTED)
        if not here.cache.permanent_tokens(update.home_address):
            return Refusal("permanent-token", Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE)
    if update.credential is Credential.HANDOVER and not unauthenticated:
        barred = update.deregisters and policy.reading("dereg_auth") == "pt"
        if barred or not here.handover_tokens.usable(update.home_address, here.now):
            return Refusal("handover-token", Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE)
    if update.credential is Credential.TEMPORARY:
        if not unauthenticated and _has_something_better(here, update):
            return Refusal("rule-149", Status.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS)
        by_reachability = not (here.by_draft(update) or with_cga or unauthenticated)
        if by_reachability and policy.reading("plain_rr_fallback") == "no":
            return Refusal("plain-rr-fallback", Status.ADMINISTRATIVELY_PROHIBITED)
    return None


def _has_something_better(here: Correspondence, update: Update) -> bool:
    """Whether T alone will not do because there is a PT (RFC 4866 4.2; for deregistrations A-17).

    With CGA and signature it does, so that a mobile node that has lost PT is not locked out (RFC 4866 5.7);
    the draft has no such deregistration.
    """
    if not here.cache.permanent_tokens(update.home_address) or not here.policy.has("rule-149"):
        return False
    by_cga = update.cga_parameters is not None
    if update.deregisters and (here.by_draft(update) or not by_cga):
        return here.policy.reading("dereg_auth") == "pt"
    return not by_cga


def _nonces_are_fresh(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 6275 9.5.1, 5.2.8: what was used for a token must not be too old.

    This is a check of its own: it stays where a test is switched off, as the update names nonces all the same.
    """
    policy = here.policy
    if update.deregisters and not policy.deregistration_is_authenticated:
        return None
    home_is_stale = update.credential is Credential.TEMPORARY and not here.nonces.is_fresh(update.home_index, here.now)
    care_of_is_stale = _lacks_care_of_nonce(update) or (
        update.complete and not here.nonces.is_fresh(update.care_of_index, here.now)
    )
    if home_is_stale and care_of_is_stale:
        return Refusal("nonce-freshness", Status.EXPIRED_NONCES)
    if home_is_stale:
        return Refusal("nonce-freshness", Status.EXPIRED_HOME_NONCE_INDEX)
    if care_of_is_stale:
        return Refusal("nonce-freshness", Status.EXPIRED_CARE_OF_NONCE_INDEX)
    return None


def _lacks_care_of_nonce(update: Update) -> bool:
    """A plain update by T alone is early only if it asks for a care-of token; RFC 6275 knows no index
    zero."""
    by_reachability = not update.proxy and update.method == "temporary"
    asks = codec.option_of(update.message, codec.CareOfTestInitOption) is not None
    return by_reachability and update.early and not asks


def _mac_is_valid(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 6275 9.5.1, 6.2.7, with the token of the method for T; a failure is not answered.

    Where the MAC is not looked at, the answer goes under the token that it fits, or else under the newest.
    """
    held = _home_tokens(here, update)
    looked_at = here.policy.has("mac") and not (update.deregisters and not here.policy.deregistration_is_authenticated)
    for token in held:
        kbm = tokens.binding_management_key(token, _care_of_token(here, update))
        if _seals(here, update, kbm):
            update.token, update.kbm = token, kbm
            return None
        update.kbm = update.kbm or kbm
    if not looked_at:
        return None
    update.kbm = None
    return Refusal("mac")


def _home_tokens(here: Correspondence, update: Update) -> tuple[bytes, ...]:
    """The tokens that the update may be made with, the newest first; zero while the home test is switched off."""
    if not here.policy.has("home-test"):
        return (sealing.ZERO_TOKEN,)
    if update.credential is Credential.PERMANENT:
        return here.cache.permanent_tokens(update.home_address)
    if update.credential is Credential.HANDOVER:
        return here.handover_tokens.usable(update.home_address, here.now)
    token = here.nonces.home_token(update.home_index, update.home_address)
    return () if token is None else (token,)


def _care_of_token(here: Correspondence, update: Update) -> bytes | None:
    """None in a deregistration, eight zero octets in an early update, else C (RFC 4866 4.1)."""
    if update.deregisters:
        return None
    if update.early:
        return sealing.ZERO_TOKEN
    return here.nonces.care_of_token(update.care_of_index, update.care_of_address) or sealing.ZERO_TOKEN


def _seals(here: Correspondence, update: Update, kbm: bytes) -> bool:
    option = codec.option_of(update.message, codec.BindingAuthorizationDataOption)
    expected = sealing.mac(here.policy, kbm, update.mac_address, here.address, update.header)
    return option is not None and option.authenticator == expected


def _sequence_is_greater(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 6275 9.5.1: greater than the last one, modulo 2^16; any number if nothing is remembered."""
    last = here.cache.last_sequence(update.home_address)
    if last is None or not here.policy.has("sequence-number"):
        return None
    if is_greater(update.message.sequence, last):
        return None
    return Refusal("sequence-number", Status.SEQUENCE_NUMBER_OUT_OF_WINDOW, True, last)


def is_greater(sequence: int, last: int) -> bool:
    """The half-space rule: `sequence` lies in the half of the number circle after `last`."""
    return (last - sequence) % SEQUENCE_MODULUS > SEQUENCE_WINDOW


def _care_of_address_is_another_nodes(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 6275 has no rule for the correspondent's own address; its status 174 says what is wrong with it."""
    own = update.care_of_address == here.address and not update.deregisters
    return Refusal("own-address", Status.INVALID_CARE_OF_ADDRESS, True) if own else None


def _nonces_are_not_burnt(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 6275 9.5.3: the nonces of a binding that is gone must not make it again (A-15)."""
    if update.credential is not Credential.TEMPORARY:
        return None
    care_of_index = update.care_of_index if update.complete else None
    burnt = here.cache.is_burnt(update.home_index, care_of_index, update.home_address, update.care_of_address)
    return Refusal("tombstone", Status.EXPIRED_NONCES) if burnt else None


def _cga_is_there(here: Correspondence, update: Update) -> Refusal | None:
    """N090: always in a complete proxy update.

    N062, N077: in an early one by HT. N059 leaves an early one by T open (A-12). Never asked with PT (N060).
    """
    policy = here.policy
    if not here.by_draft(update) or update.deregisters or update.cga_parameters is not None:
        return None
    if update.complete and policy.has("cga-in-complete"):
        return Refusal("cga-in-complete", Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED, True)
    by_handover_token = update.credential is Credential.HANDOVER
    asked = by_handover_token or policy.reading("cga_in_early") == "yes"
    expected = asked and policy.has("cga-in-early")
    if update.early and expected and update.credential is not Credential.PERMANENT:
        return Refusal("cga-in-early", Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED, True)
    return None


def _cga_is_valid(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 3972 5: the home address is made from the key.

    With a key of the PMA's own there is nothing to check (A-01), unless that has to be delegated.
    """
    if update.cga_parameters is None:
        return None
    refusal = Refusal("cga", Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED, True)
    key = None if update.public_key is None else sealing.rsa_key(update.public_key)
    if key is None or not 512 <= key.key_size <= 8 * MAX_OPTION_DATA_OCTETS:
        return refusal  # no token could be encrypted with it
    own = update.proxy and here.policy.reading("key_owner") == "pma" and not is_delegated(here.policy, update)
    if own or not here.policy.has("cga"):
        return None
    return None if cga.verify(update.home_address, update.cga_parameters) else refusal


def _signature_is_valid(here: Correspondence, update: Update) -> Refusal | None:
    """RFC 4866 4.5, 4.6: under the key in the CGA Parameters, right after the only CGA Parameters option."""
    if update.cga_parameters is None or update.public_key is None:
        return None
    if here.policy.has("signature"):
        signature = _signature_of(update.message)
        covered = sealing.signed_data(here.policy, update.mac_address, here.address, codec.signed_part(update.header))
        if signature is None or not keys.is_signed(update.public_key, covered, signature):
            return Refusal("signature", Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED, True)
        if here.policy.reading("signed_nonces") == "yes" and not indices_are_signed(update.message):
            return Refusal("signed-nonces", Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED, True)
    update.signed = True
    return None


def _signature_of(message: codec.BindingUpdate) -> bytes | None:
    """The Signature option that directly follows the CGA Parameters."""
    kinds = [type(option) for option in message.options]
    if kinds.count(codec.CgaParametersOption) != 1:
        return None
    after = kinds.index(codec.CgaParametersOption) + 1
    follower = message.options[after] if after < len(kinds) else None
    return follower.signature if isinstance(follower, codec.SignatureOption) else None


CHECKS: tuple[Check, ...] = (
    _addresses_are_unicast,
    _is_for_a_correspondent,
    _method_fits,
    _nonces_are_fresh,
    _mac_is_valid,
    _sequence_is_greater,
    _care_of_address_is_another_nodes,
    _nonces_are_not_burnt,
    token_is_in_place,
    _cga_is_there,
    _cga_is_valid,
    delegation_is_valid,
    _signature_is_valid,
)
"""In the order in which they are made."""
