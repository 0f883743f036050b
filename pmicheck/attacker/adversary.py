"""One attacker in one world: what it starts with, what it gets for the asking, which links and principals are its own.

Which messages it may send is not listed anywhere. It may put any message before any receiver whose terms it can derive
(`pmicheck.grounding.open`, `pmicheck.attacker.deduction`), over every link on which it may inject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pmicheck.attacker.profiles import Attacker
from pmicheck.language.cells import Context, equals
from pmicheck.language.message import NONE, Message, Term
from pmicheck.model.messages import (
    ACCESS,
    CARE_OF_CN,
    HA,
    HA_CN,
    ContextData,
    ContextRequest,
    Data,
    HandoverToken,
    Trigger,
    Update,
    visible_terms,
)
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.authorisation import care_of_token_for, expected_signature
from pmicheck.model.roles.registration import signer
from pmicheck.model.terms import association, corrupt, handover_token, held, home_token, permanent_token, private_key
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, CARE_OF, COA1, COA2, FLOOD, PMA1, STRANGER_HOME, key_owner
from pmicheck.model.world import World


@dataclass(frozen=True)
class Adversary:
    """The attacker of a cell of the matrix.

    With `eager` it is given the tokens of its own tests; without, it sends the test inits itself, but for those from
    its own home addresses, whose way home the model does not have.
    """

    attacker: Attacker
    world: World
    eager: bool = True

    # What it knows.

    def initial(self) -> set[Term]:
        """Its own key, and what a rogue correspondent was sent."""
        known: set[Term] = {private_key(ATTACKER)}
        for at in self.world.correspondents if self.attacker.own_home else ():
            for pair in range(1, self.world.pairs_of(ATTACKER_HOME) + 1):
                known |= {permanent_token(ATTACKER_HOME, pair, at), handover_token(ATTACKER_HOME, pair, at)}
        known.update(self._signatures_for_rogue_correspondent(COA1))
        known.update(self._associations())
        known.update(corrupt(pma) for pma in self.attacker.corrupts - {PMA1})
        return known

    def _associations(self) -> Iterator[Term]:
        """Security associations of an agent that never served the node, or of one that stands for a correspondent."""
        if not self.world.course.handshakes:
            return
        peers = (*self.world.agents, *self.world.correspondents)
        if self.attacker.is_correspondent:
            yield from (association(ATTACKER, peer) for peer in peers)
        for own in self.attacker.corrupts - {PMA1}:
            yield from (association(own, peer) for peer in peers if peer != own)

    def given(self) -> frozenset[Term]:
        """The tokens of its own tests: tests are free and leave nothing with the correspondent, so it has each from the
        moment on at which its nonce is made; before, nobody accepts it."""
        phases = range(self.world.bounds.clock + 1)
        reachable = self.always_reachable if self.eager else self._home_tokens
        return frozenset(token for phase in phases for token in reachable(phase))

    def on_phase(self, ctx: Context, phase: int) -> None:
        """What a rogue agent can test from its address once it acts for the attacker."""
        if self.eager and self._takes_over_later() and not ctx.test(ATTACHED, equals, COA1):
            ctx.learn(*sorted(self._care_of_tokens(COA1, phase), key=repr))

    def on_move(self, ctx: Context, address: str) -> None:
        """A rogue correspondent is registered with from the new address too; a rogue agent's address is taken over."""
        ctx.learn(*sorted(self._signatures_for_rogue_correspondent(address), key=repr))
        if self.eager and self._takes_over_later() and address != COA1:
            ctx.learn(*sorted(self._care_of_tokens(COA1, ctx.get(CLOCK)), key=repr))

    def _takes_over_later(self) -> bool:
        """Whether the first agent becomes the attacker's, and its address with it, when the node leaves."""
        return PMA1 in self.attacker.corrupts

    def _care_of_tokens(self, address: str, phase: int) -> set[Term]:
        if self.world.type2:
            return set()
        nonce, policy = current_nonce(phase), self.world.policy
        return {care_of_token_for(policy, address, nonce, at) for at in self.world.correspondents}

    def always_reachable(self, phase: int) -> set[Term]:
        """The tokens of a phase that it gets by asking."""
        tested = {token for at in self.world.correspondents for token in self._tokens_of(at, phase)}
        return tested | self._home_tokens(phase)

    def testable(self, phase: int) -> set[Term]:
        """The same, and those that it gets once an agent acts for it."""
        later = self._care_of_tokens(COA1, phase) if self._takes_over_later() else set()
        return self.always_reachable(phase) | later

    def testable_for_ever(self, phase: int) -> set[Term]:
        """Those of them that it gets in the search too, without the paths that it has left."""
        return replace(self, attacker=replace(self.attacker, left=frozenset())).testable(phase)

    def _tokens_of(self, at: str, phase: int) -> Iterator[Term]:
        policy, nonce = self.world.policy, current_nonce(phase)
        if self._stands_on(HA_CN, phase) or not policy.on("hao-rejection-in-hoti"):
            yield from (home_token(home, nonce, at) for home in self.world.victims)
        # An agent that stands for a type 2 correspondent answers no CoTI: C comes with the PBA to an early PBU (4.3).
        for care_of in self.testable_addresses(phase) if not self.world.type2 else ():
            yield care_of_token_for(policy, care_of, nonce, at)

    def _home_tokens(self, phase: int) -> set[Term]:
        """T for its own home addresses."""
        homes = [ATTACKER_HOME] if self.attacker.own_home else []
        if homes and self.attacker.sees("everywhere", self.world.policy):
            homes.append(STRANGER_HOME)
        return {home_token(home, current_nonce(phase), at) for at in self.world.correspondents for home in homes}

    def _stands_on(self, link: str, phase: int) -> bool:
        """Whether it can read the answer to a test there in this phase; where it has left, until the search begins."""
        begins: Any = self.world.initial.get(CLOCK.name, CLOCK.initial)
        return self.attacker.sees(link, self.world.policy) or (link in self.attacker.left and phase <= begins)

    def testable_addresses(self, phase: int) -> frozenset[str]:
        """Care-of addresses whose care-of tests it can read in a phase, none of them by corruption later on."""
        addresses = set(self.attacker.addresses)
        if self._takes_over_later():
            addresses.discard(COA1)
        if self._stands_on(CARE_OF_CN, phase):
            addresses.update(CARE_OF[pma] for pma in self.world.agents)
            if not self.world.proxied:
                addresses |= {COA1, COA2}
        if self.attacker.sees("everywhere", self.world.policy):
            addresses.add(FLOOD)
        return frozenset(addresses)

    def _signatures_for_rogue_correspondent(self, address: str) -> set[Term]:
        """The serving PMA registers with the rogue correspondent too: signatures made for that correspondent."""
        if not self.attacker.is_correspondent or not self.world.enhanced or address not in CARE_OF.values():
            return set()
        proxy = self.world.proxied
        updates = (
            Update(
                proxy=proxy,
                home=home,
                care_of=address,
                seq=seq,
                lifetime=True,
                credential="T",
                nonce=1,
                care_of_nonce=0,
                key=self._signer(home, address),
                test=True,
                sig=None,
                mac=NONE,
                link="",
            )
            for home in self.world.victims
            for seq in range(1, 5)
        )
        return {expected_signature(self.world.policy, update, "rogue-cn") for update in updates}

    def _signer(self, home: str, address: str) -> str:
        pma = next(pma for pma, care_of in CARE_OF.items() if care_of == address)
        return signer(self.world.policy, pma, home) if self.world.proxied else key_owner(home)

    # Where it reads and sends.

    def may_see(self, message: Message) -> bool:
        """Whether it reads this message on its way."""
        return message.to == ATTACKER or self.attacker.sees(message.link, self.world.policy)

    def may_have_seen(self, message: Message) -> bool:
        """Whether it read this message on its way in the prologue."""
        return message.to == ATTACKER or self.attacker.saw(message.link, self.world.policy)

    def keeps(self, message: Message, actor: str) -> Iterator[Term]:
        """What it gets of a message that one of its principals sends or is sent, once that acts for it.

        Authenticators and signatures are left out: who made them has the keys, and who checked an answer has its key.
        So are care-of tokens of its own address: a test of its own brings a newer one. What is encrypted for it counts
        as read.
        """
        for end in (actor, message.to):
            for term in visible_terms(message) if end in self.attacker.corrupts else ():
                content = term[2] if term[0] == "enc" else term
                own = self.eager and not self.world.type2 and content[:2] == ("C", CARE_OF[end])
                if content[0] not in ("mac", "sig") and not own:
                    yield held(end, content)

    def sends(self, kind: type[Message]) -> bool:
        """Whether it can put messages of this kind anywhere in this world."""
        if kind not in self.world.course.kinds:
            return False
        if kind is HandoverToken:
            return bool(self.attacker.corrupts) or not self.world.policy.tunnel_protected
        if kind in (ContextData, ContextRequest):
            return bool(self.attacker.corrupts) or self.world.policy.reads("context_transfer", "unauthenticated")
        return kind is not Trigger or self.attacker.own_home

    def puts(self, message: Message) -> bool:
        """Whether it can put this message where it goes. Any source address passes, but for payload: there ingress
        filtering is in place (data-origin), and an encrypted tunnel takes what an agent of its own sends (A-26)."""
        if not isinstance(message, Data):
            return True
        outside = message.outer or message.source
        if message.to == HA and self.world.policy.tunnel_protected and outside == ATTACKER:
            return False
        return message.link != ACCESS and outside in self.attacker.addresses
