"""The attacker's packets between agents: a message of a trace, in octets, from what the attacker holds.

Sixteen-bit numbers (sequence numbers, transaction ids) can be guessed within seconds, so they are taken from the stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pmicheck.bench.forging.forge import FIRST_OWN_NUMBER, UNITS, Forged
from pmicheck.bench.forging.secrets import OWN_HOMES
from pmicheck.bench.names import CARE_OF, CN_HOME, HA2, HOA, PMA3, SEED
from pmicheck.bench.peer_matching import PeerMatcher
from pmicheck.nodes.agent.local_routing import TriggerMode
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.peer import context_transfer, peer_messages
from pmicheck.nodes.peer.context_transfer import PeerContext, TransferredContext
from pmicheck.nodes.peer.peer_messages import PeerUpdate, association_key
from pmicheck.nodes.registrant.registration import Context, MobileProfile
from pmicheck.replay.knowledge import Knowledge, Lacking
from pmicheck.wire import codec, keys
from pmicheck.wire.constants import Status

if TYPE_CHECKING:
    from pmicheck.bench.peer import PeerStage

Fields = Mapping[str, Any]
BEFORE_ALL = 0xFFFF
"""The sequence number than which 0 and all numbers up to the middle of the space are greater."""


@dataclass
class PeerForger:
    """Turns messages of a trace into packets."""

    stage: PeerStage
    knowledge: Knowledge
    matcher: PeerMatcher
    _own_number: int = FIRST_OWN_NUMBER

    def forge(self, message: Fields) -> Forged:
        """The packet for an injected message.

        Raises:
            Lacking: the attacker does not have what it takes.
        """
        match message["type"]:
            case "PeerUpdate":
                return self._update(message)
            case "PeerAcknowledgement":
                return self._acknowledgement(message)
            case "CacheAnswer":
                return self._cache_answer(message)
            case "ContextData":
                return self._context(message)
            case other:
                raise Lacking(f"a way to make a message of type {other}")

    def _update(self, message: Fields) -> Forged:
        """A captured update if it has seen this very one, to this receiver, else one of its own."""
        at, receiver = self.stage.addresses, self.stage.addresses[CARE_OF[message["to"]]]
        for seen in reversed(self.knowledge.updates):
            octets = seen.packet.to_bytes()
            if seen.correspondent == receiver and self.matcher.is_update(octets, message):
                return Forged(octets, ("a captured update",), copied=True)
        update = PeerUpdate(
            home_address=at[message["home"]],
            care_of_address=at[message["care_of"]],
            correspondent=at[self._served(message["to"])],
            receiver=receiver,
            sequence=self._number(message),
            lifetime=UNITS if message["lifetime"] else 0,
            answers=bool(message["answers"]),
        )
        key, secrets = self._association(message, message["care_of"])
        return Forged(peer_messages.update_packet(self.stage.policy, update, key).to_bytes(), secrets)

    def _served(self, agent: str) -> str:
        """The node at an agent, for whose traffic another one is registered there."""
        return CN_HOME if agent == PMA3 else HOA

    def _number(self, message: Fields) -> int:
        """As the trace has it; it leaves out those of answers and of the attacker's own home addresses.

        An answer takes the least number that passes, so that any number of a later update passes as well.
        """
        if message["home"] in OWN_HOMES:
            self._own_number += 1
            return self._own_number
        if not message["answers"]:
            return int(message["seq"])
        last = self.stage.agents[message["to"]].proxy_binding(self.stage.addresses[message["home"]])
        return BEFORE_ALL if last is None else (last.sequence + 1) % (BEFORE_ALL + 1)

    def _association(self, message: Fields, source: str) -> tuple[bytes | None, tuple[str, ...]]:
        """The key under which a message from this address counts, and what to say of it; None where none is asked."""
        if message["proof"] is None:
            return None, ()
        at = self.stage.addresses
        key = association_key(SEED, at[source], at[CARE_OF[message["to"]]])
        if not self.knowledge.holds(key):
            raise Lacking(f"the security association of {source} with {message['to']}")
        return key, (self.knowledge.how(key),)

    def _acknowledgement(self, message: Fields) -> Forged:
        """The third message, from the address that the waiting entry leads to, with the number of the answer."""
        at, agent = self.stage.addresses, self.stage.agents[message["to"]]
        home, served = at[message["home"]], at[self._served(message["to"])]
        entry, registration = agent.proxy_binding(home), agent.peer_registration(served, home)
        if entry is None or registration is None or registration.answered is None:
            raise Lacking(f"a handshake of {message['to']} that waits for its third message")
        answer = PeerUpdate(
            home_address=served,
            care_of_address=agent.address,
            correspondent=home,
            receiver=entry.care_of_address,
            sequence=registration.answered,
            lifetime=UNITS,
            answers=True,
        )
        key, secrets = self._association(message, self.stage.name_of(entry.care_of_address))
        packet = peer_messages.acknowledgement_packet(
            self.stage.policy, answer, Status.ACCEPTED, registration.answered, UNITS, key
        )
        return Forged(packet.to_bytes(), secrets)

    def _cache_answer(self, message: Fields) -> Forged:
        """As if from the home agent; nothing but the transaction id vouches for it (A-25)."""
        at = self.stage.addresses
        transaction = self.matcher.asked.get((message["to"], message["number"]))
        if transaction is None:
            raise Lacking(f"a question of {message['to']} to answer")
        answer = codec.BindingCacheAcknowledgement(transaction, at[message["home"]], at[message["care_of"]])
        return Forged(plain_packet(answer, at[HA2], at[CARE_OF[message["to"]]]).to_bytes())

    def _context(self, message: Fields) -> Forged:
        """From the agent that was asked, or as if from it, with the node's key if the attacker has that."""
        at, home = self.stage.addresses, self.stage.addresses[message["home"]]
        asked = self.stage.agents[message["to"]].context_request(home)
        if asked is None:
            raise Lacking(f"a question of {message['to']} to answer")
        transaction, previous = asked
        known = self.stage.profile
        own = known.private_key and self.knowledge.key(known.private_key.public_key())
        profile = MobileProfile(home, own or keys.private_key("attacker"), known.cga_parameters)
        peer = PeerContext(at[CN_HOME], at[message["peer"]], int(message["seq"]))
        told = TransferredContext(Context(profile, ()), TriggerMode.IMPLICIT, (peer,))
        data = context_transfer.data_message(transaction, told)
        receiver = at[CARE_OF[message["to"]]]
        key = association_key(SEED, previous, receiver)
        if not self.knowledge.holds(key):
            return Forged(plain_packet(data, previous, receiver).to_bytes())
        packet = peer_messages.sealed(self.stage.policy, data, previous, receiver, key)
        return Forged(packet.to_bytes(), (self.knowledge.how(key),))
