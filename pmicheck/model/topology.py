"""Who lives where: addresses, links and what the names of both mean (DESIGN section 4, Figure 1 of the draft)."""

from __future__ import annotations

from pmicheck.model.messages import CARE_OF_CN, CONTEXT, HA_CN, TUNNEL

VICTIM_HOME = "HoA"
ATTACKER_HOME = "attacker's HoA"
STRANGER_HOME = "stranger's HoA"
"""An address in somebody else's home network that the attacker made from its own key and never held."""

NOBODY = "nobody"
AWAY = "away"

PMA1 = "pma1"
PMA2 = "pma2"
COA1 = "CoA1"
COA2 = "CoA2"
AT_HOME = "home"
ATTACKER = "attacker"
FLOOD = "bystander"
"""Care-of address of an uninvolved node: the flooding victim."""

MN = "mn"
"""The mobile node; also the owner of the key pair behind the victim's home address (A-01)."""

LINKS = {
    TUNNEL: "HA-PMA tunnel",
    HA_CN: "HA-CN path",
    CARE_OF_CN: "care-of path to the CN",
    CONTEXT: "context transfer",
}


def key_owner(home: str) -> str:
    """Whose key pair the home address is generated from (N008)."""
    return MN if home == VICTIM_HOME else ATTACKER
