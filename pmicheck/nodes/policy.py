"""Which reading of an open question, and which checks, a set of nodes lives by.

One policy is shared by all nodes of a network: honest nodes know how their peers read the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pmicheck.errors import UsageError

READINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "key_owner": ("mn", "pma"),
        "context_transfer": ("protected", "readable", "unauthenticated"),
        "context_key": ("carried", "absent"),
        "context_sequence": ("carried", "absent"),
        "hoa_conveyance": ("option", "source"),
        "ht_rotation": ("replace", "keep"),
        "ht_survives_dereg": ("yes", "no"),
        "ht_lifetime": ("none", "finite"),
        "token_issue_at": ("complete", "early"),
        "complete_token": ("newest", "same"),
        "encrypted_careof_token": ("handover", "never", "always"),
        "cga_in_early": ("yes", "no"),
        "rotation_grace": ("none", "until-used"),
        "sequence_scope": ("entry", "home-address"),
        "tombstone": ("rr", "none", "full"),
        "deleted_number": ("kept", "forgotten"),
        "photi_state": ("active", "provisional", "none"),
        "photi_on_entry": ("keep", "overwrite"),
        "photi_credit": ("limited", "unlimited"),
        "phot_use": ("at-once", "tested"),
        "dereg_auth": ("pt", "any", "none"),
        "dereg_repeat": ("no", "yes"),
        "plain_rr_fallback": ("yes", "no"),
        "data_check": ("outer", "pairwise"),
        "rh2_address": ("destination", "source"),
        "ro_trigger": ("implicit", "explicit"),
        "kcn_scope": ("pma", "cn"),
        "cba": ("on", "off"),
        "pma_auth": ("none", "sa", "attachment"),
        "attachment_scope": ("registrations", "all"),
        "handshake_effective": ("first", "third"),
        "tunnel_protected": ("yes", "no"),
        "cn_cga_on_pba": ("off", "on"),
        "pt_renewal": ("never", "half-window"),
        "pt_binding": ("home-address", "care-of-address"),
        "agent_key": ("shared", "delegated"),
        "signed_nonces": ("no", "yes"),
        "ht_use": ("many", "once"),
    }
)
"""Every reading and its values, the default first; the last four are amendments of this project."""

MECHANISMS = frozenset(
    {
        "home-test",
        "careof-test",
        "cga",
        "signature",
        "mac",
        "nonce-freshness",
        "sequence-number",
        "tombstone",
        "cba",
        "credit-aging",
        "no-credit-while-unverified",
        "token-encryption",
        "careof-token-encryption",
        "pt-revocation",
        "pt-replacement",
        "ht-rotation",
        "rule-149",
        "rule-150",
        "cga-in-complete",
        "cga-in-early",
        "hao-rejection-in-hoti",
        "hao-rejection-in-pbu",
        "outer-source-check",
        "pairwise-data-check",
        "ha-outer-source-check",
        "ha-drops-hoti",
        "tunnel-esp",
        "cookie",
        "coa-in-mac",
        "cn-in-mac",
        "cn-in-signature",
        "coa-in-signature",
        "type-tag",
        "mac-of-ack",
        "token-domain-octet",
        "lifetime-bound",
        "dereg-auth",
        "context-transfer-protection",
        "third-handshake-message",
        "pma-tunnel-bce-check",
    }
)
"""Every check that can be switched off."""


@dataclass(frozen=True)
class Policy:
    """Readings in force and mechanisms switched off.

    Args:
        readings: only those that differ from the default need to be named.
        without: mechanisms that no node applies.

    Raises:
        UsageError: a reading, a value or a mechanism that does not exist.
    """

    readings: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name, value in self.readings.items():
            if name not in READINGS:
                raise UsageError(f"there is no reading {name!r}")
            if value not in READINGS[name]:
                raise UsageError(f"reading {name} is one of {', '.join(READINGS[name])}, not {value!r}")
        unknown = sorted(self.without - MECHANISMS)
        if unknown:
            raise UsageError(f"there is no mechanism {unknown[0]!r}")

    def reading(self, name: str) -> str:
        """The value in force of a reading."""
        return self.readings.get(name, READINGS[name][0])

    def has(self, mechanism: str) -> bool:
        """Whether a mechanism is switched on."""
        if mechanism not in MECHANISMS:
            raise UsageError(f"there is no mechanism {mechanism!r}")
        return mechanism not in self.without

    @property
    def tunnel_protected(self) -> bool:
        """Whether the tunnel between home agent and care-of address is under IPsec (A-26)."""
        return self.reading("tunnel_protected") == "yes" and self.has("tunnel-esp")

    @property
    def credit_limits(self) -> bool:
        """Whether traffic to an unverified care-of address needs credit (N031, N057, A-23)."""
        return self.reading("cba") == "on" and self.has("cba")

    @property
    def deregistration_is_authenticated(self) -> bool:
        """Whether anything is asked of a deregistration (A-17)."""
        return self.reading("dereg_auth") != "none" and self.has("dereg-auth")
