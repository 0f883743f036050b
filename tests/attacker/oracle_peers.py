"""Messages between agents, triggers and payload that the attacker can put together (draft 4.1, 4.2, 6, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from oracle_deduction import Knowledge
from oracle_domains import FORGED, Domains

from pmicheck.language.message import Message
from pmicheck.model.messages import (
    ACCESS,
    CARE_OF_CN,
    CONTEXT,
    HA2,
    INTERNET,
    PMA_HA,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    PeerAcknowledgement,
    PeerUpdate,
    Trigger,
)
from pmicheck.model.roles.attachment import who_is_at
from pmicheck.model.roles.peer_agent import proof_of, update_content
from pmicheck.model.terms import association, sealed
from pmicheck.model.topology import ATTACKER, CARE_OF, CN_HOME, COA1, FLOOD, PMA1, PMA3, key_owner

FIRST = 1
"""The number in a context of the attacker's making: one registration went before."""


class Peers(Domains):
    """The messages of draft 4.1 and 4.2, and payload."""

    def context_messages(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        key = ("sk", key_owner(world.main.home))
        sent: list[Message] = [
            ContextRequest(world.main.home, asker, CONTEXT, to)
            for asker, to in product((*world.agents, ATTACKER), world.agents)
        ]
        sent += [
            ContextData(world.main.home, peer, seq, 0, key if known.derives(key) else FORGED, CONTEXT, to)
            for peer, seq, to in product((ATTACKER, FLOOD, CARE_OF[PMA3]), (FIRST,), world.agents)
        ]
        yield from filter(self.may_send, sent)

    # The handshake between agents (draft 4.2).

    def peer_updates(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        homes = (*world.homes, CN_HOME)
        for home, care_of, to in product(homes, (*self.care_of_addresses, CARE_OF[PMA3]), (*world.agents, PMA3)):
            sender = who_is_at(world, care_of)
            if sender == to:
                continue
            # Only an answer has to come from the agent that was asked.
            answered = (0, *self.numbers) if care_of in self.places_of(home) else self.numbers
            for seq, answers, lifetime in product(self.numbers_for(home), answered, (True, False)):
                bare = PeerUpdate(home, care_of, seq, answers, lifetime, None, CARE_OF_CN, to)
                update = bare._replace(proof=proof_of(world.policy, sender, to, update_content(bare)))
                if known.derives(update.proof):
                    yield update

    def peer_acknowledgements(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        principals = (*world.agents, PMA3, ATTACKER, FLOOD)
        for home, to in product((*world.homes, CN_HOME), (*world.agents, PMA3)):
            for seq in dict.fromkeys((*self.numbers_for(home), *self.numbers)):
                proofs = [sealed(association(one, to), ("PBA", home, seq)) for one in principals if one != to]
                for proof in [None] if world.policy.reads("pma_auth", "none") else filter(known.derives, proofs):
                    yield PeerAcknowledgement(home, seq, proof, CARE_OF_CN, to)

    def cache_messages(self) -> Iterator[Message]:
        world = self.world
        for number, agent in product(self.numbers, (*world.agents, ATTACKER)):
            yield CacheRequest(CN_HOME, number, agent, PMA_HA, HA2)
        for number, care_of, to in product(self.numbers, self.care_of_addresses, world.agents):
            yield CacheAnswer(CN_HOME, care_of, number, PMA_HA, to)

    # Payload and triggers (draft 4.1, 6, 7).

    def data(self) -> Iterator[Message]:
        """Payload as from anybody but the receiver itself, for a node that the receiver serves."""
        world = self.world
        if not world.course.payload:
            return
        outers = ("", *sorted(self.attacker.addresses))
        routings = ("", *world.victims, *world.correspondents) if world.course.name == "data" else ("",)
        sources = (*world.homes, *((CN_HOME,) if world.type2 else world.correspondents), ATTACKER)
        for (to, served), source, outer, routing in product(self._served(), sources, outers, routings):
            data = Data(source, COA1 if routing else served, outer, routing, INTERNET, to)
            if self.may_send(data) and not (outer and routing) and source not in (to, served):
                yield data

    def _served(self) -> Iterator[tuple[str, str]]:
        """(receiver, node or home address) of everybody to whom payload is brought."""
        world = self.world
        if world.course.local:
            yield from ((PMA1, home) for home in (*world.victims, CN_HOME))
            return
        yield from product(world.agents, world.victims)
        yield from ((at, CN_HOME if world.type2 else at) for at in world.correspondents)

    def triggers(self) -> Iterator[Message]:
        if self.world.course.local:
            triggers = [Trigger(home, ACCESS, PMA1) for home in (*self.world.victims, CN_HOME)]
            yield from filter(self.may_send, triggers)
