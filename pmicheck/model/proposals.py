"""Proposals: changes of the draft that would mend something, each a reading or a flag in `Policy.adopted`."""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.model.readings import HANDSHAKE, TYPE1, TYPE2_RR


@dataclass(frozen=True)
class Proposal:
    """One proposed change; `families` says to which kind of scenario it applies.

    `settings` are the readings that it amounts to; where it amounts to none, `Policy.adopted` names it.
    """

    name: str
    does: str
    families: frozenset[str]
    settings: tuple[tuple[str, str], ...] = ()


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
