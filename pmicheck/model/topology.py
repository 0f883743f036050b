"""Who lives where: addresses, links and what the names of both mean (DESIGN section 4, Figure 1 of the draft)."""

from __future__ import annotations

from typing import NamedTuple

from pmicheck.model.messages import ACCESS, CARE_OF_CN, CN, CONTEXT, HA_CN, PMA_HA, TUNNEL, TUNNEL2

VICTIM_HOME = "HoA"
SECOND_HOME = "second HoA"
"""Home address of a second mobile node of the same domain (bound mobile_nodes)."""
ATTACKER_HOME = "attacker's HoA"
STRANGER_HOME = "stranger's HoA"
"""An address in somebody else's home network that the attacker made from its own key and never held."""

NOBODY = "nobody"
AWAY = "away"

PMA1 = "pma1"
PMA2 = "pma2"
PMA3 = "pma3"
"""The agent of a type 2 correspondent (Figure 7 of the draft)."""
PMA4 = "pma4"
PMA5 = "pma5"
"""The agents after a second and a third handover."""
COA1 = "CoA1"
COA2 = "CoA2"
COA3 = "CoA3"
COA4 = "CoA4"
COA5 = "CoA5"
CARE_OF = {PMA1: COA1, PMA2: COA2, PMA3: COA3, PMA4: COA4, PMA5: COA5}
CN_HOME = "CN's HoA"
"""Home address of a type 2 correspondent node."""
SECOND_CN = "cn2"
AT_HOME = "home"
ATTACKER = "attacker"
FLOOD = "bystander"
"""Care-of address of an uninvolved node: the flooding victim."""

MN = "mn"
"""The mobile node; also the owner of the key pair behind the victim's home address (A-01)."""
SECOND_MN = "mn2"


class Flow(NamedTuple):
    """Traffic between a mobile node and a correspondent: what one registration is about."""

    home: str
    at: str

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Both ends by name, as arguments of an act."""
        return ("home", self.home), ("at", self.at)

    @property
    def label(self) -> str:
        """What tells it from the main flow in names, "" for the main one."""
        return "" if self in (MAIN, Flow(VICTIM_HOME, PMA3)) else f" ({self.home} at {self.at})"


MAIN = Flow(VICTIM_HOME, CN)

LINKS = {
    TUNNEL: "HA-PMA tunnel",
    HA_CN: "HA-CN path",
    CARE_OF_CN: "care-of path to the CN",
    CONTEXT: "context transfer",
    TUNNEL2: "tunnel between HA2 and PMA3",
    PMA_HA: "path between agents and HA2",
    ACCESS: "access link",
}


def key_owner(home: str) -> str:
    """Whose key pair the home address is generated from (N008)."""
    return {VICTIM_HOME: MN, SECOND_HOME: SECOND_MN}.get(home, ATTACKER)
