"""What the attacker may send in draft sections 4, 6 and 7: PHoTI, handshake messages, contexts and payload.

Sixteen-bit numbers (sequence numbers, transaction ids) can be guessed, as everywhere. Payload is offered only with an
outer source that is the attacker's own, since ingress filtering is in place for data-origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from pmicheck.attacker.candidate import Injection
from pmicheck.attacker.deduction import Potential
from pmicheck.attacker.updates import NONCES
from pmicheck.model.messages import (
    ACCESS,
    CARE_OF_CN,
    CONTEXT,
    HA2,
    HA_CN,
    INTERNET,
    PMA_HA,
    TUNNEL,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    Message,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
)
from pmicheck.model.roles.attachment import who_is_at
from pmicheck.model.roles.context_transfer import profile_key
from pmicheck.model.roles.peer_agent import acknowledgement_for, with_proof
from pmicheck.model.roles.registration import FORGED
from pmicheck.model.terms import Term, home_token
from pmicheck.model.topology import ATTACKER, CARE_OF, CN_HOME, COA1, PMA1, PMA3, VICTIM_HOME

if TYPE_CHECKING:
    from pmicheck.attacker.injection import Adversary


class PeerForger:
    """Enumerates these messages for one adversary and what it could come to know."""

    def __init__(self, adversary: Adversary, potential: Potential) -> None:
        self.adversary = adversary
        self.world = adversary.world
        self.potential = potential

    def candidates(self, sent: list[Message]) -> Iterator[Injection]:
        """Everything worth sending in this variant."""
        variant = self.world.variant
        if variant == "type2-rr":
            yield from self._home_tests(sent)
        if variant in ("handshake", "handshake-handover"):
            yield from self._handshakes(sent)
        if variant == "handshake":
            yield from self._tunnelled((*self.world.agents, PMA3))
        if variant == "data":
            yield from self._to_correspondent()
            yield from self._routed()
        if variant == "local":
            yield from self._local()

    # Draft 4.3.

    def _home_tests(self, sent: list[Message]) -> Iterator[Injection]:
        """PHoTI under a false source, and PHoT with a false care-of address of the correspondent.

        An entry that a PHoTI makes for an address of the attacker's own is no more than an early PBU makes.
        """
        for home, care_of in product(self.world.victims, self.adversary.care_of_choices()):
            init = TestInit("PHoTI", home, ("none",), HA_CN, HA2, None, PMA3, care_of)
            yield Injection(init, ())
        for message in sent:
            if not isinstance(message, TestInit) or message.to != PMA3 or message.cookie == ("none",):
                continue
            cookie = message.cookie if self.world.policy.on("cookie") else ("none",)
            if self.potential.can_make(cookie):
                needs = () if cookie == ("none",) else (cookie,)
                asker = message.cookie[1]
                for care_of in (CARE_OF[PMA3], ATTACKER):
                    test = Test("PHoT", message.address, 1, cookie, FORGED, TUNNEL, asker, message.at, care_of)
                    yield Injection(test, needs)
                yield from self._true_tokens(test, needs)

    def _true_tokens(self, test: Test, needs: tuple[Term, ...]) -> Iterator[Injection]:
        """The correspondent's T beside a false care-of address: the early PBU goes there, and means the correspondent
        where that is named by its home address (reading kcn_scope)."""
        for nonce in NONCES if self.world.policy.reads("kcn_scope", "cn") else ():
            token = home_token(test.address, nonce, test.at)
            if self.potential.can_make(token):
                yield Injection(test._replace(nonce=nonce, token=token), (*needs, token))

    # Draft 4.2.

    def _handshakes(self, sent: list[Message]) -> Iterator[Injection]:
        # An entry for an address of the attacker's own knows no handover: type2-handshake has all that it can do.
        homes = self.world.homes if self.world.variant == "handshake" else self.world.victims
        for home, at in (*product(homes, (PMA3,)), *product((CN_HOME,), self.world.agents)):
            yield from self._registrations(home, at)
        for message in sent:
            match message:
                case PeerUpdate() if message.proof is None or self.adversary.may_see(message):
                    yield Injection(message, self._needs(message.proof), replay=True)
                case CacheRequest():
                    answer = CacheAnswer(CN_HOME, ATTACKER, message.number, PMA_HA, message.asker)
                    yield Injection(answer, ())
                case ContextRequest():
                    yield from self._contexts(message)
            if isinstance(message, PeerUpdate) and message.lifetime and not message.answers:
                yield from self._answers(message)

    def _registrations(self, home: str, at: str) -> Iterator[Injection]:
        """PBUs of its own: for its addresses and the bystander's, and to end a binding; and the third message."""
        numbers = (0,) if home in self.world.own_homes else self.world.attacker_numbers
        own = sorted(self.adversary.attacker.addresses)
        for care_of, seq in product(self.adversary.care_of_choices(), numbers):
            sender = who_is_at(self.world, care_of)
            for lifetime in (True, False) if care_of in own else (True,):
                update = PeerUpdate(home, care_of, seq, 0, lifetime, None, CARE_OF_CN, at)
                yield from self._provable(with_proof(self.world.policy, update, sender))
            if self.world.policy.reads("handshake_effective", "third"):
                yield from self._provable(acknowledgement_for(self.world.policy, home, seq, sender, at))

    def _answers(self, update: PeerUpdate) -> Iterator[Injection]:
        """The PBU that answers an agent's: from the attacker's address if it went there, else in the name of PMA3."""
        peer, link = (ATTACKER, INTERNET) if update.to == ATTACKER else (CARE_OF[PMA3], CARE_OF_CN)
        agent = who_is_at(self.world, update.care_of)
        answer = PeerUpdate(CN_HOME, peer, 1, update.seq, True, None, link, agent)
        yield from self._provable(with_proof(self.world.policy, answer, who_is_at(self.world, peer)))

    def _contexts(self, request: ContextRequest) -> Iterator[Injection]:
        """What a rogue previous agent answers, true or false, and a false answer of anybody where a reading allows."""
        rogue = request.to in self.adversary.attacker.corrupts
        peers = (ATTACKER, CARE_OF[PMA3]) if rogue else (ATTACKER,)
        if rogue or self.world.policy.reads("context_transfer", "unauthenticated"):
            key = profile_key(self.world.main)
            for peer in peers:
                yield Injection(ContextData(request.home, peer, 1, 0, key, CONTEXT, request.asker), ())

    def _provable(self, message: Message) -> Iterator[Injection]:
        proof: Term | None = getattr(message, "proof", None)
        if self.potential.can_make(proof):
            yield Injection(message, self._needs(proof))

    @staticmethod
    def _needs(proof: Term | None) -> tuple[Term, ...]:
        return () if proof is None else (proof,)

    # Payload.

    def _tunnelled(self, receivers: tuple[str, ...]) -> Iterator[Injection]:
        """Into the tunnel of two agents, as from the node of the other side."""
        outers = sorted(self.adversary.attacker.addresses)
        for to, outer in product(receivers, outers):
            inner = (VICTIM_HOME, CN_HOME) if to == PMA3 else (CN_HOME, VICTIM_HOME)
            yield Injection(Data(*inner, outer, "", CARE_OF_CN, to), ())

    def _to_correspondent(self) -> Iterator[Injection]:
        outers = sorted(self.adversary.attacker.addresses)
        for (home, at), outer in product(self.world.flows, outers):
            yield Injection(Data(home, at, outer, "", CARE_OF_CN, at), ())

    def _routed(self) -> Iterator[Injection]:
        """With a routing header that names an address of the attacker's choice (E-02)."""
        for routing in (*self.world.victims, *self.world.correspondents):
            yield Injection(Data(ATTACKER, COA1, "", routing, INTERNET, PMA1), ())

    def _local(self) -> Iterator[Injection]:
        """A tunnel of its own to the agent; for who is on its access link, a trigger in another's name."""
        for source, destination in ((VICTIM_HOME, CN_HOME), (CN_HOME, VICTIM_HOME)):
            yield Injection(Data(source, destination, ATTACKER, "", INTERNET, PMA1), ())
        if self.adversary.attacker.own_home:
            yield Injection(Trigger(VICTIM_HOME, ACCESS, PMA1), ())
