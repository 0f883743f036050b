"""Proposals: changes of the draft that would mend something, each as the settings that put it in force."""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.model.readings import CGA, HANDSHAKE, TYPE1, TYPE2_RR


@dataclass(frozen=True)
class Proposal:
    """One proposed change; `families` says to which kind of scenario it applies, `settings` what it amounts to."""

    name: str
    does: str
    families: frozenset[str]
    settings: tuple[tuple[str, str], ...]


PROPOSALS: dict[str, Proposal] = {
    proposal.name: proposal
    for proposal in (
        Proposal(
            "early-permanent-token",
            "the CN issues PT and HT with the early PBU",
            TYPE1,
            (("token_issue_at", "early"),),
        ),
        Proposal(
            "token-for-one-care-of-address",
            "PT serves the care-of address only that it was issued for",
            CGA,
            (("pt_binding", "care-of-address"),),
        ),
        Proposal(
            "delegated-key",
            "each PMA has a key of its own, and a delegation signed by the mobile node's key names it, its address and "
            "a serial number",
            TYPE1,
            (("agent_key", "delegated"),),
        ),
        Proposal(
            "signed-nonce-index",
            "the signature covers the nonce indices",
            CGA,
            (("signed_nonces", "yes"),),
        ),
        Proposal(
            "handover-token-once",
            "HT lives for a day and serves one registration from one care-of address",
            TYPE1,
            (("ht_lifetime", "finite"), ("ht_use", "once")),
        ),
        Proposal(
            "state-after-early-update",
            "a type 2 CN keeps no state before the early PBU",
            TYPE2_RR,
            (("photi_state", "none"),),
        ),
        Proposal(
            "attachment-confirmed",
            "the HA confirms to a PMA where the mobile node is attached",
            HANDSHAKE,
            (("pma_auth", "attachment"),),
        ),
    )
}
