"""Readings: questions that the draft leaves open, each with the answers that the model knows (first one: default)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One open question; `values[0]` is the default, `families` says to which kind of scenario it applies.

    An `amendment` is no question that the text leaves open: its other values are changes that this project proposes.
    """

    name: str
    values: tuple[str, ...]
    source: str
    question: str
    families: frozenset[str]
    amendment: bool = False


RR = frozenset({"rr"})
ERO = frozenset({"ero"})
TYPE1 = frozenset({"type1"})
ANCESTORS = RR | ERO
"""RFC 6275 and RFC 4866 without the draft."""
CGA = ERO | TYPE1
RFC4866_CN = frozenset({"rfc4866-cn"})
"""Where a correspondent that knows RFC 4866 alone can take part: no prologue hands over with HT, no agent answers."""
BOTH = RR | CGA
"""Wherever binding updates are authenticated with keygen tokens."""
HANDOVER = frozenset({"handover"})
TOKEN_HANDOVER = frozenset({"token-handover"})
"""Handovers with a handover token; between agents that shake hands there is none."""
CONTEXT = frozenset({"context"})
"""Where the previous PMA sends the handover token in a context of its own (3.4)."""
TYPE2_RR = frozenset({"type2-rr"})
HANDSHAKE = frozenset({"handshake"})
LOCAL = frozenset({"local"})
TYPE2 = TYPE2_RR | HANDSHAKE | LOCAL
DATA = frozenset({"data"})
ROUTED = frozenset({"routed"})
TUNNELLED = frozenset({"tunnelled"})
"""Payload: with routing header and binding cache (draft 7), or between two agents (9)."""
REVERSE_TUNNEL = frozenset({"reverse-tunnel"})
"""Payload by way of the home agent (RFC 6275 10.4.5)."""
BINDINGS = BOTH | TYPE2_RR | HANDSHAKE
"""Wherever somebody keeps a binding for an address that is not his."""

READINGS: dict[str, Reading] = {
    reading.name: reading
    for reading in (
        Reading("key_owner", ("mn", "pma"), "A-01", "whose key pair signs and decrypts", TYPE1),
        Reading(
            "token_key",
            ("covered", "apart"),
            "A-01, N078, N174",
            "whether the MAC of a PBU covers the public key that its tokens are encrypted under, and the signature",
            TYPE1,
        ),
        Reading(
            "context_transfer",
            ("protected", "readable", "unauthenticated"),
            "A-02",
            "how the handover context travels",
            HANDOVER,
        ),
        Reading(
            "context_key",
            ("carried", "absent"),
            "N040, N047",
            "whether the handover context carries the node's private key",
            CONTEXT,
        ),
        Reading(
            "context_sequence",
            ("carried", "absent"),
            "N047, A-14",
            "whether the handover context carries the last sequence number",
            HANDOVER,
        ),
        Reading("hoa_conveyance", ("option", "source"), "A-04", "how a PBU names the home address", TYPE1),
        Reading("ht_rotation", ("replace", "keep"), "A-06", "whether a new pair kills the old HT", TYPE1),
        Reading("ht_survives_dereg", ("yes", "no"), "A-06", "whether HT outlives the deregistration", TYPE1),
        Reading("ht_lifetime", ("none", "finite"), "A-06, N015", "whether HT ever expires (24 h)", TYPE1),
        Reading("token_issue_at", ("complete", "early"), "A-07", "which PBU brings PT and HT", TYPE1),
        Reading(
            "complete_token",
            ("newest", "same"),
            "A-07",
            "which handover token makes the complete PBU when the early answer brought a new one",
            TOKEN_HANDOVER,
        ),
        Reading(
            "encrypted_careof_token",
            ("handover", "never", "always"),
            "A-10",
            "when the care-of keygen token is encrypted",
            TYPE1,
        ),
        Reading("cga_in_early", ("yes", "no"), "A-12", "whether an early PBU must be signed", TYPE1),
        Reading(
            "rotation_grace",
            ("none", "until-used"),
            "A-13",
            "whether the old HT lives until the new is used",
            TYPE1,
        ),
        Reading("sequence_scope", ("entry", "home-address"), "A-14", "what the sequence number belongs to", BOTH),
        Reading("tombstone", ("rr", "none", "full"), "A-15", "which nonces are burnt with an entry", BOTH),
        Reading(
            "deleted_number",
            ("kept", "forgotten"),
            "protocol-facts 3.4, A-14",
            "whether the number of a deleted binding is kept as long as its nonces live (RFC 6275 5.2.8)",
            ANCESTORS,
        ),
        Reading(
            "photi_state",
            ("active", "provisional", "none"),
            "A-16",
            "what a PHoTI leaves at a type 2 CN",
            TYPE2_RR,
        ),
        Reading(
            "photi_on_entry",
            ("keep", "overwrite"),
            "A-16, N130",
            "whether a PHoTI changes an entry that is there already",
            TYPE2_RR,
        ),
        Reading(
            "photi_credit",
            ("limited", "unlimited"),
            "N130, N067",
            "whether credit limits what goes by the entry of a PHoTI",
            TYPE2_RR,
        ),
        Reading(
            "phot_use",
            ("at-once", "tested"),
            "N133, N138",
            "when a PMA sends by the care-of address that a PHoT names",
            TYPE2_RR,
        ),
        Reading(
            "method_selection",
            ("draft", "rfc4866"),
            "E-07, A-08, A-09",
            "whether a correspondent issues HT, and takes PT beside CGA, as the draft has it, or not, as RFC 4866 4.2",
            RFC4866_CN,
        ),
        Reading("dereg_auth", ("pt", "any", "none"), "A-17", "which token authorises a deregistration", BOTH),
        Reading(
            "dereg_repeat",
            ("no", "yes"),
            "N071, N082, A-18",
            "whether a PMA repeats a deregistration that no PBA has confirmed",
            TOKEN_HANDOVER,
        ),
        Reading("plain_rr_fallback", ("yes", "no"), "A-19", "whether plain return routability is accepted", CGA),
        Reading("data_check", ("outer", "pairwise"), "A-20", "what tunnelled data is held against", DATA),
        Reading(
            "rh2_address",
            ("destination", "source"),
            "E-02",
            "which address the home address of a routing header replaces",
            ROUTED,
        ),
        Reading("ro_trigger", ("implicit", "explicit"), "N100", "who decides on route optimisation", LOCAL),
        Reading("kcn_scope", ("pma", "cn"), "A-22", "whose secret makes the tokens of a type 2 CN", TYPE2_RR),
        Reading("cba", ("on", "off"), "A-23", "whether credit limits an unverified care-of address", BOTH),
        Reading("pma_auth", ("none", "sa", "attachment"), "A-24", "how PMAs authenticate each other", HANDSHAKE),
        Reading(
            "attachment_scope",
            ("registrations", "all"),
            "A-24",
            "whether the home agent is asked about deregistrations too (with pma_auth=attachment)",
            HANDSHAKE,
        ),
        Reading("handshake_effective", ("first", "third"), "A-24", "when the handshake makes an entry", HANDSHAKE),
        Reading(
            "tunnel_protected", ("yes", "no"), "A-26", "whether the HA-PMA tunnel is encrypted", BOTH | REVERSE_TUNNEL
        ),
        Reading("cn_cga_on_pba", ("off", "on"), "N096, A-30", "whether the CN signs its PBA", TYPE1),
        Reading(
            "pt_renewal",
            ("never", "half-window"),
            "E-13",
            "whether PT is renewed before numbers repeat",
            TYPE1,
        ),
        Reading(
            "pt_binding",
            ("home-address", "care-of-address"),
            "N011",
            "whether PT serves the care-of address it was issued for only",
            CGA,
            amendment=True,
        ),
        Reading(
            "agent_key",
            ("shared", "delegated"),
            "N040, A-02",
            "whether each PMA has a key of its own, with a delegation that the node's key signed",
            TYPE1,
            amendment=True,
        ),
        Reading(
            "signed_nonces",
            ("no", "yes"),
            "protocol-facts 2.4",
            "whether the signature covers the nonce indices",
            CGA,
            amendment=True,
        ),
        Reading(
            "ht_use",
            ("many", "once"),
            "A-06",
            "whether HT serves one registration from one care-of address",
            TYPE1,
            amendment=True,
        ),
    )
}
