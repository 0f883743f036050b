"""The attackers of DESIGN section 4 and those that have left a path, as sets of powers, and their combinations."""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.errors import UsageError
from pmicheck.model.messages import ACCESS, CARE_OF_CN, CONTEXT, HA_CN, TUNNEL, TUNNEL2
from pmicheck.model.policy import Policy, unknown
from pmicheck.model.topology import ATTACKER, CARE_OF, PMA1, PMA2

EVERYWHERE = "everywhere"
"""Stands for every link that is not protected, the bystander's access link included."""


@dataclass(frozen=True)
class Attacker:
    """Powers per link and per corrupted principal; every attacker can send any packet with any source address.

    Attributes:
        does: what sets it apart, as a clause; who: what it is, as a sentence names it.
        rank: how much it takes to be it; 0 is the least.
        taps: links on which it reads, injects, drops and delays.
        left: links of which it read what crossed them until the search began, its own tests included; no longer.
        corrupts: PMAs that act for it, from the moment that the scenario names.
        own_home: it has home addresses made from its own key.
        is_correspondent: it is a correspondent node (another one than the CN under attack).
        needs: words that a scenario must offer for this attacker to differ from `off-path`.
    """

    name: str
    does: str
    who: str = ""
    rank: int = 0
    taps: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    corrupts: frozenset[str] = frozenset()
    own_home: bool = False
    is_correspondent: bool = False
    needs: frozenset[str] = frozenset()

    def sees(self, link: str, policy: Policy) -> bool:
        """Whether it reads what crosses the link."""
        if link in self.taps:
            return True
        if EVERYWHERE not in self.taps:
            return False
        if link in (TUNNEL, TUNNEL2):
            return not policy.tunnel_protected
        if link == CONTEXT:
            return policy.context_readable
        return link != ACCESS

    def saw(self, link: str, policy: Policy) -> bool:
        """Whether it read what crossed the link before the search began; positions on paths hold from the start."""
        return link in self.left or self.sees(link, policy)

    @property
    def addresses(self) -> frozenset[str]:
        """Care-of addresses at which it receives: its own, and those of the PMAs that act for it."""
        return frozenset({ATTACKER}) | {CARE_OF[pma] for pma in self.corrupts}


ATTACKERS: dict[str, Attacker] = {
    attacker.name: attacker
    for attacker in (
        Attacker(
            "off-path", "sends with any source address and receives at its own", who="any host on the Internet", rank=0
        ),
        Attacker(
            "home-path",
            "sits on the HA-CN path",
            who="whoever reads the path between home agent and correspondent",
            rank=5,
            taps=frozenset({HA_CN}),
        ),
        Attacker(
            "careof-path",
            "sits on the PMA-CN path",
            who="whoever reads the path between PMA and correspondent",
            rank=6,
            taps=frozenset({CARE_OF_CN}),
        ),
        Attacker(
            "dolev-yao",
            "sits on every unprotected link",
            who="whoever reads several links at once",
            rank=9,
            taps=frozenset({HA_CN, CARE_OF_CN, EVERYWHERE}),
        ),
        Attacker(
            "malicious-mn",
            "has a home address, key pair and CGA of its own",
            who="a mobile node with a home address of its own",
            rank=1,
            own_home=True,
        ),
        Attacker(
            "rogue-previous-pma",
            "is the PMA that the node left, with all it held",
            who="the PMA that the node has left",
            rank=8,
            corrupts=frozenset({PMA1}),
            needs=frozenset({"leave"}),
        ),
        Attacker(
            "rogue-next-pma",
            "is a PMA that got the handover context while the node is elsewhere",
            who="a PMA that was given the handover context",
            rank=7,
            corrupts=frozenset({PMA2}),
            needs=frozenset({"handover"}),
        ),
        Attacker(
            "rogue-cn",
            "is another correspondent of the victim",
            who="another correspondent of the node",
            rank=2,
            is_correspondent=True,
        ),
        Attacker(
            "past-home-path",
            "has left the HA-CN path and keeps what it read there",
            who="whoever read the path between home agent and correspondent some time ago",
            rank=3,
            left=frozenset({HA_CN}),
            needs=frozenset({"prologue"}),
        ),
        Attacker(
            "past-careof-path",
            "has left the PMA-CN path and keeps what it read there",
            who="whoever read the path between PMA and correspondent some time ago",
            rank=4,
            left=frozenset({CARE_OF_CN}),
            needs=frozenset({"prologue"}),
        ),
    )
}

USUAL = tuple(name for name, attacker in ATTACKERS.items() if not attacker.left)
"""Under these each scenario is decided where they differ from `off-path`. What has left a path is tried where a
scenario names it: the ancestors' scenarios begin without a prologue, so a comparison with them would say nothing."""


def attacker_named(name: str) -> Attacker:
    """The attacker of this name, or the one with the powers of all that a `+` joins.

    Raises:
        UsageError: an unknown name, or the same name twice.
    """
    parts = name.split("+")
    for part in parts:
        if part not in ATTACKERS:
            raise unknown("attacker", part, ATTACKERS)
    if len(set(parts)) < len(parts):
        raise UsageError(f"attacker '{name}' names the same powers twice")
    powers = [ATTACKERS[part] for part in parts]
    return Attacker(
        name,
        " and ".join(power.does for power in powers),
        who=" and ".join(power.who for power in powers),
        taps=frozenset().union(*(power.taps for power in powers)),
        left=frozenset().union(*(power.left for power in powers)),
        corrupts=frozenset().union(*(power.corrupts for power in powers)),
        own_home=any(power.own_home for power in powers),
        is_correspondent=any(power.is_correspondent for power in powers),
        needs=frozenset().union(*(power.needs for power in powers)),
    )
