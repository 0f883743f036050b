"""Which values each plain field of a message can have, and which messages the attacker's packets can be."""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.attacker.profiles import Attacker
from pmicheck.language.message import Message, Term
from pmicheck.model.messages import (
    ACCESS,
    HA,
    HA2,
    TUNNEL,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    HandoverToken,
    PeerAcknowledgement,
    PeerUpdate,
    Trigger,
)
from pmicheck.model.topology import ATTACKER, CARE_OF, CN_HOME, FLOOD, MN, key_owner
from pmicheck.model.world import World

FORGED: Term = ("forged",)
NOTHING: Term = ("none",)

HANDSHAKES = ("handshake", "handshake-handover")


@dataclass(frozen=True)
class Domains:
    """The values of plain fields in one world.

    Attributes:
        numbers: sequence numbers and transaction numbers that honest nodes use.
    """

    world: World
    attacker: Attacker
    numbers: tuple[int, ...]

    def may_send(self, message: Message) -> bool:
        """Whether the link lets the attacker's packets through, as the scenarios and readings have it."""
        policy, corrupts = self.world.policy, self.attacker.corrupts
        if message.to in (HA, HA2):
            return isinstance(message, CacheRequest)
        match message:
            case ContextRequest():
                return policy.reads("context_transfer", "unauthenticated")
            case ContextData():
                return bool(corrupts & {*self.world.agents}) or policy.reads("context_transfer", "unauthenticated")
            case HandoverToken():
                return message.sender in corrupts or self.attacker.sees(TUNNEL, policy)
            case Trigger():
                return self.attacker.own_home
            case PeerUpdate() | PeerAcknowledgement():
                # Nothing looks at an entry that an agent makes for a node which it serves itself.
                return (message.home == CN_HOME) == (message.to in self.world.agents)
            case Data(outer=""):
                return message.source == ATTACKER and message.link != ACCESS
            case Data():
                return message.outer in self.attacker.addresses
        return True

    @property
    def care_of_addresses(self) -> tuple[str, ...]:
        """Where a binding can lead: to the attacker, or to the bystander, who stands for all honest nodes."""
        return (ATTACKER, FLOOD, *(CARE_OF[pma] for pma in sorted(self.world.corrupted)))

    def places_of(self, home: str) -> tuple[str, ...]:
        """Where the home address can be bound to; "attacker" stands for all places of its own where the address is its
        own too. Where T and C are not told apart, T of a victim's home address passes for C of that address."""
        places = (ATTACKER, FLOOD) if home in self.world.own_homes else self.care_of_addresses
        tested = () if self.world.policy.on("token-domain-octet") else self.world.victims
        return (*places, *(address for address in tested if address != home))

    @property
    def registrants(self) -> tuple[str, ...]:
        """Who waits for tests and acknowledgements."""
        return self.world.agents if self.world.proxied else (MN,)

    def numbers_for(self, home: str) -> tuple[int, ...]:
        """Sequence numbers; those of its own addresses nobody checks."""
        if home in self.world.own_homes:
            return (0,)
        return self.world.attacker_numbers

    def proxy_flags(self) -> tuple[bool, ...]:
        """Whether updates can have the proxy flag: RFC 6275 and RFC 4866 know none, the agent of 4.3 no other."""
        if not self.world.proxied:
            return (False,)
        return (True,) if self.world.type2 else (True, False)

    def keys(self, home: str) -> tuple[str, ...]:
        """Whose CGA parameters an update can carry."""
        if not self.world.enhanced:
            return ()
        policy = self.world.policy
        own = self.world.agents if policy.reads("key_owner", "pma") or policy.reads("agent_key", "delegated") else ()
        return tuple(dict.fromkeys((key_owner(home), ATTACKER, *own)))
