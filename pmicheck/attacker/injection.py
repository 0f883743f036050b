"""Which messages the attacker may put before a receiver: enumerated over what the receiver cannot compute itself.

A receiver compares authenticator and signature with what it computes; so for every choice of the public fields there is
one authenticator worth sending, and the question is whether the attacker knows it. Fields are enumerated within these
limits, each of which loses no attack:

* care-of addresses: its own, the bystander's, and those that a captured signature or authenticator names. A binding
  to any other honest address could as well name the bystander.
* an update that an honest node might send is sent only after it did: before that, the attacker can as well name its own
  address.
* sequence numbers: those of captured messages, and `World.attacker_numbers`, greater than all honest ones.
* seen answers (tests, acknowledgements) are not sent again: an honest node believes one only while it waits for it,
  and an honest delivery within the tick does the same.
* sixteen-bit numbers (sequence numbers, nonce indices) can be guessed; 64-bit tokens and cookies and 96-bit
  authenticators cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pmicheck.attacker.answers import forged_answers
from pmicheck.attacker.candidate import Injection
from pmicheck.attacker.deduction import Potential
from pmicheck.attacker.peers import PeerForger
from pmicheck.attacker.profiles import Attacker
from pmicheck.attacker.updates import UpdateForger
from pmicheck.model.cells import Context
from pmicheck.model.messages import CARE_OF_CN, HA_CN, Acknowledgement, Message, Update
from pmicheck.model.roles.authorisation import care_of_token_for, expected_signature
from pmicheck.model.roles.registration import signer
from pmicheck.model.terms import Term, association, handover_token, home_token, permanent_token, private_key
from pmicheck.model.time import current_nonce
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, CARE_OF, COA1, COA2, FLOOD, PMA1, STRANGER_HOME, key_owner
from pmicheck.model.world import World


@dataclass(frozen=True)
class Adversary:
    """One attacker in one world: what it starts with, what it gets for the asking, what it may send.

    Tokens for its own addresses are given as early as they can matter: knowing one before the CN holds it is no use.
    """

    attacker: Attacker
    world: World

    def initial(self) -> set[Term]:
        """Its own key, the tokens of the first phase, and what a rogue correspondent was sent."""
        known = {private_key(ATTACKER), *self.always_reachable(0)}
        for at in self.world.correspondents if self.attacker.own_home else ():
            known |= {permanent_token(ATTACKER_HOME, 1, at), handover_token(ATTACKER_HOME, 1, at)}
        known.update(self._signatures_for_rogue_correspondent(COA1))
        known.update(self._associations())
        return known

    def _associations(self) -> Iterator[Term]:
        """Security associations of an agent that never served the node, or of one that stands for a correspondent."""
        if self.world.variant not in ("handshake", "handshake-handover"):
            return
        peers = (*self.world.agents, *self.world.correspondents)
        if self.attacker.is_correspondent:
            yield from (association(ATTACKER, peer) for peer in peers)
        for own in self.attacker.corrupts - {PMA1}:
            yield from (association(own, peer) for peer in peers if peer != own)

    def on_phase(self, ctx: Context, phase: int) -> None:
        """Tests are free and tell nobody anything, so it is given all tokens of a phase as the phase begins."""
        ctx.learn(*sorted(self.always_reachable(phase), key=repr))

    def on_move(self, ctx: Context, address: str) -> None:
        """A rogue correspondent is registered with from the new address too."""
        ctx.learn(*sorted(self._signatures_for_rogue_correspondent(address), key=repr))

    def always_reachable(self, phase: int) -> set[Term]:
        """The tokens of a phase that it gets by asking."""
        return {token for at in self.world.correspondents for token in self._tokens_of(at, current_nonce(phase))}

    def _tokens_of(self, at: str, nonce: int) -> Iterator[Term]:
        policy = self.world.policy
        if self.attacker.sees(HA_CN, policy) or not policy.on("hao-rejection-in-hoti"):
            yield from (home_token(home, nonce, at) for home in self.world.victims)
        # An agent that stands for a type 2 correspondent answers no CoTI: C comes with the PBA to an early PBU (4.3).
        for care_of in self.testable_addresses() if not self.world.type2 else ():
            yield care_of_token_for(policy, care_of, nonce, at)
        if self.attacker.own_home:
            yield home_token(ATTACKER_HOME, nonce, at)
            if self.attacker.sees("everywhere", policy):
                yield home_token(STRANGER_HOME, nonce, at)

    def testable_addresses(self) -> frozenset[str]:
        """Care-of addresses whose care-of tests it can read."""
        addresses = set(self.attacker.addresses)
        if self.attacker.sees(CARE_OF_CN, self.world.policy):
            addresses.update(CARE_OF[pma] for pma in self.world.agents)
            if not self.world.proxied:
                addresses |= {COA1, COA2}
        if self.attacker.sees("everywhere", self.world.policy):
            addresses.add(FLOOD)
        return frozenset(addresses)

    def care_of_choices(self) -> tuple[str, ...]:
        """Addresses that its own updates name."""
        extra = self.world.victims if not self.world.policy.on("token-domain-octet") else ()
        return (*sorted(self.attacker.addresses), FLOOD, *extra)

    def _signatures_for_rogue_correspondent(self, address: str) -> set[Term]:
        """The serving PMA registers with the rogue correspondent too: signatures made for that correspondent."""
        if not self.attacker.is_correspondent or not self.world.enhanced or address not in CARE_OF.values():
            return set()
        proxy = self.world.proxied
        updates = (
            Update(proxy, home, address, seq, True, "T", 1, 0, self._signer(home, address), True, None, ("none",), "")
            for home in self.world.victims
            for seq in range(1, 5)
        )
        return {expected_signature(self.world.policy, update, "rogue-cn") for update in updates}

    def _signer(self, home: str, address: str) -> str:
        pma = next(pma for pma, care_of in CARE_OF.items() if care_of == address)
        return signer(self.world.policy, pma, home) if self.world.proxied else key_owner(home)

    def may_see(self, message: Message) -> bool:
        """Whether it reads this message on its way."""
        if isinstance(message, Acknowledgement) and message.to in self.attacker.corrupts:
            return True
        return message.to == ATTACKER or self.attacker.sees(message.link, self.world.policy)

    def candidates(self, potential: Potential, honest: Iterable[Message]) -> Iterator[Injection]:
        """Every message worth sending, given all it could come to know and all that honest nodes may send."""
        sent = list(honest)
        if self.world.variant not in ("handshake", "handshake-handover", "local"):
            yield from UpdateForger(self, potential).candidates(sent)
            yield from forged_answers(self.world, potential, sent)
        yield from PeerForger(self, potential).candidates(sent)
