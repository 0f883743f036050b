"""What both sides make of one message, and how the nodes are kept in step where they differ by design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from walk_explained import HOME_AS_CARE_OF, NO_LAST_NUMBER, same_refusal
from walk_pair import EndOfWalk, Pair

from pmicheck.language.message import Message
from pmicheck.model.messages import CN, Test, Update, describe, name_of
from pmicheck.model.roles.binding_cache import Entry, burnt_nonce, burnt_pair, cells_of
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.topology import MN, PMA1, PMA2, VICTIM_HOME
from pmicheck.nodes.node import Event
from pmicheck.replay.knowledge import message_in, update_in
from pmicheck.replay.network import Flight
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet


class Reactions(Pair):
    """Gives a message to the nodes and compares what they decide with what the model decided."""

    # What both sides made of a message.

    def _old_entry(self, message: Message) -> Entry | None:
        entry: Entry | None = self.model.get(cells_of(message.home).entry) if isinstance(message, Update) else None
        return entry

    def _react(self, message: Message, refusal: str | None, give: Any) -> None:
        """Gives the message to the node, and compares what it decides."""
        node = self.stage.network.nodes[message.to]
        had_entry = isinstance(message, Update) and self.stage.cn.entry(self.stage.addresses[message.home]) is not None
        start = len(node.log)
        give()
        check = _refusal_of(node.log[start:], message, had_entry)
        self._count(message, refusal)
        at_home = isinstance(message, Update) and message.lifetime and message.care_of == message.home
        if refusal is None and check is None and not at_home:
            return
        explained = HOME_AS_CARE_OF if at_home else same_refusal(refusal, check, message, self.policy)
        if explained is None:
            ours = "accepts it" if refusal is None else f"refuses it by '{refusal}'"
            theirs = "accepts it" if check is None else f"refuses it by '{check}'"
            raise self.fail(f"the model {ours}, the node {theirs}")
        if explained:
            self.tally.explained[explained] += 1
        if refusal is None or check is None:
            raise EndOfWalk

    def _count(self, message: Message, refusal: str | None) -> None:
        if refusal is None:
            self.tally.accepted[name_of(message)] += 1
        else:
            self.tally.refused[name_of(message)] += 1
            self.tally.checks[refusal] += 1
            self.tell(f"(refused by '{refusal}')")

    def _after(self, message: Message, refusal: str | None, known: int, old: Entry | None) -> None:
        if isinstance(message, Update):
            if old is not None and self.model.get(cells_of(message.home).entry) is None:
                self._mirror_burnt(message.home, old)
            self._learn_tokens(message, refusal)
        elif message.to in (MN, PMA1, PMA2) and refusal is None:
            self._forget_what_misleads(message.to)
            self._catch_up(message.to)
        self.absorb(known)
        self.compare()

    def _learn_tokens(self, update: Update, refusal: str | None) -> None:
        """Names for the tokens that the correspondent has just issued."""
        at, home = self.stage.addresses[update.home], update.home
        for found, valid in (
            (self.octets.permanent, self.stage.cn.permanent_tokens(at)),
            (self.octets.handover, self.stage.cn.handover_tokens(at)),
        ):
            names = found.setdefault(home, {})
            generation = int(self.model.get(cells_of(home).pairs)) if home == VICTIM_HOME else 1
            if valid and valid[0] not in names.values() and not (home != VICTIM_HOME and refusal is not None):
                names[generation] = valid[0]

    def _forget_what_misleads(self, who: str) -> None:
        """A registrant that believes a forged answer goes on with it; the model stops there, since no CN accepts that.

        The node is set back to the number that it had, and waits for nothing, as the model's does.
        """
        held: Registration = self.model.get(registration_of(who))
        concrete = self._concrete(who)
        if held.stage != "misled" or concrete is None:
            return
        for flight in self.stage.network.collect(self.now):
            self._try_forged(flight)
        concrete.sequence = held.seq
        concrete.outstanding = concrete.cookie = concrete.care_of_cookie = None
        concrete.temporary = concrete.care_of = None
        concrete.permanent = self.octets.permanent.get(VICTIM_HOME, {}).get(held.pt)
        concrete.handover = self.octets.handover.get(VICTIM_HOME, {}).get(held.ht)

    def _catch_up(self, who: str) -> None:
        """Status 135: the model takes refusal, answer and the update under a greater number as one step."""
        held: Registration = self.model.get(registration_of(who))
        for flight in self.stage.network.collect(self.now):
            found = message_in(Packet.from_bytes(flight.packet))
            if not isinstance(found, codec.BindingUpdate) or held.stage != "early" or found.sequence >= held.seq:
                continue
            start = len(self.stage.cn.log)
            self.stage.network.deliver(flight.flight_id, self.now)
            event = self.stage.cn.log[start]
            if event.detail.get("check") != "sequence-number":
                self.tally.explained[NO_LAST_NUMBER] += 1
                raise EndOfWalk
            while answers := self.stage.network.collect(self.now):
                if update_in(Packet.from_bytes(answers[0].packet)) is not None:
                    break
                self.stage.network.deliver(answers[0].flight_id, self.now)

    def _try_forged(self, flight: Flight) -> None:
        """What a misled registrant sends is really refused, as long as the tests and the MAC count."""
        counts = all(self.policy.on(name) for name in ("mac", "home-test", "careof-test"))
        if update_in(Packet.from_bytes(flight.packet)) is None or not counts:
            self.stage.network.drop(flight.flight_id)
            return
        log = self.stage.cn.log
        start = len(log)
        self.stage.network.deliver(flight.flight_id, self.now)
        if not any(event.kind == "rejected" for event in log[start:]):
            raise self.fail("the correspondent accepts what a misled registrant sends")
        for answer in self.stage.network.collect(self.now):
            self.stage.network.drop(answer.flight_id)

    def _mirror_burnt(self, home: str, old: Entry | None) -> None:
        """The model burns nonces of honest registrations only (`Entry.nonces`), the nodes those of any: add them."""
        if old is None or old.registrant == "honest":
            return
        for stone in self.stage.cn._bindings.cache._tombstones:
            if stone.home_address != self.stage.addresses[home]:
                continue
            nonce = _name(self.stage.nonces, stone.home_index)
            if stone.care_of_index is None:
                self.model.set(burnt_nonce(home, nonce, CN), True)
            else:
                care_of_nonce = _name(self.stage.nonces, stone.care_of_index)
                assert stone.care_of_address is not None
                care_of = self.stage.name_of(stone.care_of_address)
                self.model.set(burnt_pair(home, care_of, nonce, care_of_nonce, CN), True)

    def _drop_answers(self, known: int, sent: int) -> None:
        """What answers the attacker's own test goes no further; T and C are known to this attacker anyway."""
        flights = self.stage.network.collect(self.now)
        for message in self.model.sent[sent:]:
            flight = self._find(message, flights)
            if flight is None:
                raise self.fail(f"the nodes do not answer with {describe(message)}")
            found = None if flight is None else message_in(Packet.from_bytes(flight.packet))
            if isinstance(message, Test) and isinstance(found, codec.HomeTest | codec.ProxyHomeTest | codec.CareOfTest):
                tested = self.policy.on("careof-test" if message.kind == "CoT" else "home-test")
                if tested and found.token != self.octets.token(message.token, care_of=message.kind == "CoT"):
                    raise self.fail("the token in the answer is another one than in the model")
        del self.model.in_flight[known:]
        for flight_id in set(self.stage.network.in_flight) - {f.flight_id for _, f in self.flying if f is not None}:
            self.stage.network.drop(flight_id)


def _name(nonces: Mapping[int, int], index: int) -> int:
    return next((nonce for nonce, known in nonces.items() if known == index), 0)


def _refusal_of(events: list[Event], message: Message, had_entry: bool) -> str | None:
    """The check by which a node refused, None if it did not; a deregistration without an entry has no effect."""
    for event in events:
        if event.kind == "rejected":
            return str(event.detail["check"])
        if event.kind == "delivered":
            return "delivered"
    if isinstance(message, Update) and message.proxy and not message.lifetime and not had_entry:
        return "no-entry"
    if not events:
        return "ignored"
    return None
