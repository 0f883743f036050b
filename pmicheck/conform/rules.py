"""Which sentence of an RFC or of the draft decides where two correspondents differ.

It is found by the check with which the packet node refuses a packet, else by the status with which the node under test
refuses it.
"""

from __future__ import annotations

from typing import NamedTuple

from pmicheck.conform.beside import Found
from pmicheck.model.statements import load_statements
from pmicheck.wire.constants import Status


class Rule(NamedTuple):
    """A sentence in our own words, and where it stands."""

    source: str
    says: str


def _draft(name: str) -> Rule:
    statement = load_statements()[name]
    return Rule(f"{name}, draft {statement.section}", statement.says)


_MAC = Rule("RFC 6275 9.5.1", "The authenticator must be valid, else the update is silently discarded.")
_NONCES = Rule("RFC 6275 9.5.1", "Nonces that are too old are refused with 136, 137 or 138.")
_NUMBER = Rule("RFC 6275 9.5.1", "The sequence number must be greater than the last, modulo 2^16; else 135.")
_BURNT = Rule(
    "RFC 6275 9.5.3",
    "Nonces that made a binding which was deleted do not make it again while they are young, else 138. It is open "
    "whether that holds for the one deleted care-of address or for all.",
)
_CGA = Rule("RFC 4866 4.2", "CGA Parameters and signature must verify, else the update is refused with 148.")
_PERMANENT = Rule("RFC 4866 4.2", "The permanent token is used only if there is one; without one the answer is 147.")
_OPTION = Rule(
    "RFC 6275 9.3.1", "Payload with a Home Address option needs a binding of that care-of address, else an error."
)
_HOME_REGISTRATION = Rule("RFC 6275 9.5.1", "A correspondent accepts no home registration.")

CHECKS = {
    "mac": _MAC,
    "binding-authorisation-data": Rule("RFC 6275 9.5.1", "An update needs Binding Authorization Data."),
    "nonce-indices": Rule("RFC 6275 9.5.1", "An update needs Nonce Indices."),
    "nonce-freshness": _NONCES,
    "sequence-number": _NUMBER,
    "tombstone": _BURNT,
    "cga": _CGA,
    "signature": _CGA,
    "permanent-token": _PERMANENT,
    "home-registration": _HOME_REGISTRATION,
    "rule-149": Rule("RFC 4866 4.2", "Where there is a permanent token, an update by return routability gets 149."),
    "rule-150": Rule("RFC 4866 4.2", "An update with a permanent token and CGA options gets 150."),
    "home-address": Rule("RFC 6275 9.3.1", "A home address is a unicast routable one."),
    "care-of-address": Rule("RFC 6275 6.1.7", "A care-of address is a unicast routable one."),
    "own-address": Rule("RFC 6275 6.1.8", "A care-of address of another node is wanted, else 174."),
    "source": Rule("RFC 6275 9.3.3", "No answer goes to an address that is not one node's own."),
    "message-type": Rule("RFC 6275 9.2", "An unknown MH Type is answered by a Binding Error with status 2."),
    "wire": Rule("RFC 6275 9.2", "A Mobility Header that cannot be parsed is discarded."),
}
"""By the check of the packet node."""

DRAFT_CHECKS = {
    "cga-in-complete": "N090",
    "cga-in-early": "N062",
    "handover-token": "N062",
    "home-address-option": "N158",
    "ipv4-home-address": "N155",
    "outer-source-check": "N162",
}
"""The statement of the draft behind a check of the packet node."""

STATUSES = {
    Status.SEQUENCE_NUMBER_OUT_OF_WINDOW: _NUMBER,
    Status.EXPIRED_HOME_NONCE_INDEX: _NONCES,
    Status.EXPIRED_CARE_OF_NONCE_INDEX: _NONCES,
    Status.EXPIRED_NONCES: _BURNT,
    Status.HOME_REGISTRATION_NOT_SUPPORTED: _HOME_REGISTRATION,
    Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE: _PERMANENT,
    Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED: _CGA,
    Status.PERMANENT_HOME_KEYGEN_TOKEN_EXISTS: CHECKS["rule-149"],
    Status.NON_NULL_HOME_NONCE_INDEX_EXPECTED: CHECKS["rule-150"],
}
"""By the status of the node under test."""


def rule_of(found: Found) -> Rule | None:
    """The sentence that the two read differently, None if neither names one."""
    if found.check in CHECKS:
        return CHECKS[found.check]
    if found.check in DRAFT_CHECKS:
        return _OPTION if found.message == "payload" else _draft(DRAFT_CHECKS[found.check])
    if found.status in STATUSES:
        return STATUSES[Status(found.status)]
    return None
