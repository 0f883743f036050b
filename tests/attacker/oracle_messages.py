"""Every message that the attacker can put together: the product of the values of all fields, as far as it derives it.

Where a receiver recomputes a field (authenticator, signature, proof), that field takes every value that the receiver
could compute for the other fields, and each is kept if the attacker derives it. Three rules keep the product to what
the model gives a meaning to:

* ("forged",) stands for every token that is not the right one: a token field takes the genuine token of the fields
  beside it, if the attacker derives it, and the forged one.
* A signature is there if and only if CGA parameters are.
* Home agents only forward, so each message is offered to the receiver behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product

from oracle_deduction import Knowledge

from pmicheck.attacker.profiles import Attacker
from pmicheck.model.messages import (
    ACCESS,
    CARE_OF_CN,
    CONTEXT,
    HA2,
    INTERNET,
    PMA_HA,
    TUNNEL,
    TUNNEL2,
    Acknowledgement,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    HandoverToken,
    Message,
    PeerAcknowledgement,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
    Update,
    visible_terms,
)
from pmicheck.model.roles.attachment import who_is_at
from pmicheck.model.roles.authorisation import (
    care_of_token_for,
    expected_authenticator,
    expected_signature,
    tokens_of,
)
from pmicheck.model.roles.correspondent_node import acknowledgement_authenticator, acknowledgement_signature
from pmicheck.model.roles.peer_agent import proof_of, update_content
from pmicheck.model.terms import (
    Term,
    association,
    encrypted,
    handover_token,
    home_token,
    management_key,
    permanent_token,
    sealed,
)
from pmicheck.model.topology import (
    ATTACKER,
    CARE_OF,
    CN_HOME,
    COA1,
    COA2,
    FLOOD,
    MN,
    PMA1,
    PMA3,
    key_owner,
)
from pmicheck.model.world import World

FORGED: Term = ("forged",)
NOTHING: Term = ("none",)

HANDSHAKES = ("handshake", "handshake-handover")


@dataclass(frozen=True)
class Offer:
    """What the attacker of one world can send.

    Attributes:
        numbers: sequence numbers and transaction numbers that honest nodes use.
    """

    world: World
    attacker: Attacker
    numbers: tuple[int, ...]

    def seen_again(self, known: Knowledge, seen: Iterable[Message]) -> Iterator[Message]:
        """Messages that somebody sent before, as they are."""
        yield from (m for m in seen if self.may_send(m) and all(known.derives(t) for t in visible_terms(m)))

    def composed(self, known: Knowledge, nonce: int) -> Iterator[Message]:
        """The messages that can be derived while `nonce` is the newest one."""
        variant = self.world.variant
        nonces = tuple(range(1, nonce + 1))
        if variant in HANDSHAKES:
            yield from self._peer_updates(known)
            yield from self._peer_acknowledgements(known)
            yield from self._cache_messages()
            yield from self._context_messages(known)
        elif variant != "local":
            yield from self._test_inits(known)
            yield from self._tests(known, nonces)
            yield from self._updates(known, nonces)
            yield from self._acknowledgements(known, nonces)
            yield from self._handover_tokens(known)
        yield from self._data()
        yield from self._triggers()

    def may_send(self, message: Message) -> bool:
        """Whether the link lets the attacker's packets through, as the scenarios and readings have it."""
        policy, corrupts = self.world.policy, self.attacker.corrupts
        match message:
            case ContextRequest():
                return policy.reads("context_transfer", "unauthenticated")
            case ContextData():
                return bool(corrupts & {*self.world.agents}) or policy.reads("context_transfer", "unauthenticated")
            case HandoverToken():
                return message.sender in corrupts or self.attacker.sees(TUNNEL, policy)
            case Trigger():
                return self.attacker.own_home
            case Data(outer=""):
                return message.source == ATTACKER and message.link != ACCESS
            case Data():
                return message.outer in self.attacker.addresses
        return message.to not in ("ha", "ha2") or isinstance(message, CacheRequest)

    # The domains of plain fields.

    @property
    def care_of_addresses(self) -> tuple[str, ...]:
        """Where a binding can lead: to agents or the mobile node, to the attacker, the bystander, or home."""
        own = [CARE_OF[pma] for pma in self.world.agents] if self.world.proxied else [COA1, COA2]
        peer = [CARE_OF[PMA3]] if self.world.type2 else []
        return (*own, *peer, ATTACKER, FLOOD, *self.world.victims)

    @property
    def registrants(self) -> tuple[str, ...]:
        """Who waits for tests and acknowledgements."""
        return self.world.agents if self.world.proxied else (MN,)

    def _numbers_for(self, home: str) -> tuple[int, ...]:
        """Sequence numbers; those of its own addresses nobody checks."""
        if home in self.world.own_homes:
            return (0,)
        return tuple(sorted({*self.numbers, *self.world.attacker_numbers}))

    def _kinds(self) -> tuple[bool, ...]:
        """Whether updates can have the proxy flag: RFC 6275 and RFC 4866 know none, the agent of 4.3 no other."""
        if not self.world.proxied:
            return (False,)
        return (True,) if self.world.type2 else (True, False)

    def _keys(self, home: str) -> tuple[str, ...]:
        """Whose CGA parameters an update can carry."""
        if not self.world.enhanced:
            return ()
        policy = self.world.policy
        own = self.world.agents if policy.reads("key_owner", "pma") or policy.reads("agent_key", "delegated") else ()
        return tuple(dict.fromkeys((key_owner(home), ATTACKER, *own)))

    # Tests (draft 3.2, 4.3; RFC 6275 5.2.5).

    def _cookies(self, known: Knowledge) -> list[Term]:
        return [NOTHING, *known.of_kind("cookie")]

    def _test_inits(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        hidden = (None,) if world.policy.on("hao-rejection-in-hoti") else (None, *world.victims)
        for at, cookie, hao in product(world.correspondents, self._cookies(known), hidden):
            if world.type2:
                for home, care_of in product(world.homes, self.care_of_addresses):
                    yield TestInit("PHoTI", home, cookie, TUNNEL2, at, hao, at, care_of)
                continue
            for kind, home in product(("HoTI", "PHoTI") if world.proxied else ("HoTI",), world.homes):
                yield TestInit(kind, home, cookie, CARE_OF_CN, at, hao, at)
            for care_of in self.care_of_addresses:
                yield TestInit("CoTI", care_of, cookie, CARE_OF_CN, at, hao, at)

    def _tests(self, known: Knowledge, nonces: tuple[int, ...]) -> Iterator[Message]:
        world = self.world
        kinds = ("PHoT",) if world.proxied else ("HoT", "CoT")
        peers: tuple[str | None, ...] = self.care_of_addresses if world.type2 else (None,)
        for kind, to, at, nonce in product(kinds, self.registrants, world.correspondents, nonces):
            for address in self.care_of_addresses if kind == "CoT" else world.victims:
                right = (
                    care_of_token_for(world.policy, address, nonce, at)
                    if kind == "CoT"
                    else home_token(address, nonce, at)
                )
                for token, cookie, care_of in product((FORGED, right), self._cookies(known), peers):
                    if known.derives(token):
                        yield Test(kind, address, nonce, cookie, token, TUNNEL, to, at, care_of)

    # Binding updates (draft 3.3 to 3.5).

    def _updates(self, known: Knowledge, nonces: tuple[int, ...]) -> Iterator[Message]:
        world, policy = self.world, self.world.policy
        seen_numbers: dict[Term, set[int]] = {}
        for mac in known.of_kind("mac"):
            seen_numbers.setdefault(mac[1], set()).add(mac[4][1][1])
        options = (False,) if policy.on("hao-rejection-in-pbu") else (False, True)
        for home, at, lifetime in product(world.homes, world.correspondents, (True, False)):
            checked = policy.on("mac") and not (not lifetime and policy.dereg_unauthenticated)
            # A care-of address that is the home address ends a binding as a lifetime of zero does (RFC 6275 9.5.1).
            elsewhere = [address for address in self.care_of_addresses if address != home]
            for (credential, nonce, generation), care_of, index in product(
                self._credentials(nonces), elsewhere if lifetime else (*elsewhere, home), (0, *nonces)
            ):
                bare = Update(
                    True,
                    home,
                    care_of,
                    0,
                    lifetime,
                    credential,
                    nonce,
                    index,
                    None,
                    False,
                    None,
                    NOTHING,
                    CARE_OF_CN,
                    at,
                )
                secrets = tokens_of(policy, bare, generation)
                key = management_key(*secrets)
                every = known.derives(key) or not checked
                numbers = self._numbers_for(home) if every else sorted(seen_numbers.get(key, ()))
                for proxy, seq, test, hao in product(self._kinds(), numbers, (True, False), options):
                    plain = bare._replace(proxy=proxy, seq=seq, test=test, hao=hao)
                    for signed in self._signed(known, plain):
                        right = signed._replace(mac=expected_authenticator(policy, signed, *secrets))
                        if known.derives(right.mac):
                            yield right
                        elif not checked:
                            yield from (signed._replace(mac=mac) for mac in (NOTHING, *self._unchecked(known, signed)))

    def _unchecked(self, known: Knowledge, update: Update) -> list[Term]:
        """Authenticators that were seen under a token of the same kind, each generation once: it names the token."""
        seen = (mac for mac in known.of_kind("mac") if mac[1][1][:1] == (update.credential,))
        return list({mac[1][1]: mac for mac in seen}.values()) if update.credential != "T" else []

    def _credentials(self, nonces: tuple[int, ...]) -> list[tuple[str, int, int]]:
        """(kind, nonce, generation) of every home token that an update can be authenticated with."""
        kinds = ("PT", "HT") if self.world.proxied else ("PT",) if self.world.enhanced else ()
        generations = range(1, self.world.token_pairs + 1)
        return [*(("T", nonce, 0) for nonce in (0, *nonces)), *((kind, 0, g) for kind in kinds for g in generations)]

    def _signed(self, known: Knowledge, update: Update) -> Iterator[Update]:
        """Without CGA parameters, and with those of each key, signed as well as the attacker can."""
        yield update
        seen = known.of_kind("sig")
        for key in self._keys(update.home):
            with_key = update._replace(key=key)
            right = expected_signature(self.world.policy, with_key)
            checked = self.world.policy.on("signature") and (update.lifetime or not update.proxy)
            unchecked = () if checked else (FORGED, *(sig for sig in seen if sig[1] == key))
            for sig in dict.fromkeys((right, *unchecked)):
                if known.derives(sig):
                    yield with_key._replace(sig=sig)

    # Acknowledgements (draft 3.5; RFC 6275 9.5.4).

    def _acknowledgements(self, known: Knowledge, nonces: tuple[int, ...]) -> Iterator[Message]:
        world = self.world
        for to, home, at in product(self.registrants, world.victims, world.correspondents):
            places = (CARE_OF[to],) if world.proxied else (COA1, COA2, home)
            for place, proxy, seq in product(places, self._kinds(), self._numbers_for(home)):
                bare = Acknowledgement(proxy, place, home, seq, 0, None, 0, (), None, CARE_OF_CN, to, None, at)
                yield from (bare._replace(status=status) for status in (136, 137, 138))
                yield from self._acceptances(known, bare, nonces)

    def _acceptances(self, known: Knowledge, bare: Acknowledgement, nonces: tuple[int, ...]) -> Iterator[Message]:
        policy = self.world.policy
        keys: list[Term | None] = [None]
        if policy.on("mac-of-ack"):
            keys = list(self._keys_of_acknowledgements(known, bare, nonces))
        for key in keys:
            for (nonce, token), tokens in product(
                self._care_of_tokens(known, bare, nonces), self._issued_tokens(known, bare)
            ):
                ack = bare._replace(care_of_token=token, care_of_nonce=nonce, tokens=tokens)
                if key is not None:
                    mac = acknowledgement_authenticator(
                        policy, ack.proxy, ack.care_of, key, ack.seq, token, tokens, ack.at
                    )
                    ack = ack._replace(mac=mac)
                sig = acknowledgement_signature(policy, ack.care_of, ack.seq, tokens, ack.at) if tokens else None
                for signed in dict.fromkeys((None, sig)):
                    if known.derives(ack.mac) and known.derives(signed):
                        yield ack._replace(sig=signed)

    def _keys_of_acknowledgements(
        self, known: Knowledge, bare: Acknowledgement, nonces: tuple[int, ...]
    ) -> Iterator[Term]:
        """Every Kbm that the attacker has; under those of others it can but send again what it saw."""
        policy = self.world.policy
        lifetime = bare.care_of != bare.home
        for (credential, nonce, generation), index in product(self._credentials(nonces), (0, *nonces)):
            update = Update(
                bare.proxy,
                bare.home,
                bare.care_of,
                bare.seq,
                lifetime,
                credential,
                nonce,
                index,
                None,
                False,
                None,
                NOTHING,
                CARE_OF_CN,
                bare.at,
            )
            key = management_key(*tokens_of(policy, update, generation))
            if known.derives(key):
                yield key

    def _owners(self, home: str) -> tuple[str, ...]:
        """Whose public keys tokens are encrypted under. In clear or encrypted, a receiver takes them alike."""
        return tuple(key for key in self._keys(home) if key != ATTACKER)

    def _care_of_tokens(
        self, known: Knowledge, bare: Acknowledgement, nonces: tuple[int, ...]
    ) -> Iterator[tuple[int, Term | None]]:
        yield 0, None
        for nonce in nonces:
            right = care_of_token_for(self.world.policy, bare.care_of, nonce, bare.at)
            for token in (FORGED, right):
                as_sent = (token, *(encrypted(owner, token) for owner in self._owners(bare.home)))
                yield from ((nonce, sent) for sent in islice(filter(known.derives, as_sent), 1))

    def _issued_tokens(self, known: Knowledge, bare: Acknowledgement) -> Iterator[tuple[Term, ...]]:
        yield ()
        if not self.world.enhanced:
            return
        pairs: list[tuple[Term, ...]] = [(FORGED,)]
        for generation in range(1, self.world.token_pairs + 1):
            pt = permanent_token(bare.home, generation, bare.at)
            ht = handover_token(bare.home, generation, bare.at)
            pairs += [(pt,), (ht,), (pt, ht)] if bare.proxy else [(pt,)]
        for tokens in pairs:
            as_sent = (tokens, *(tuple(encrypted(o, token) for token in tokens) for o in self._owners(bare.home)))
            yield from islice(filter(known.derives_all, as_sent), 1)

    # Handover (draft 3.4, 4.2.1).

    def _handover_tokens(self, known: Knowledge) -> Iterator[Message]:
        for (home, at), sender, to in product(self.world.flows, self.world.agents, self.world.agents):
            for generation, seq in product(range(1, self.world.token_pairs + 1), self._numbers_for(home)):
                token = handover_token(home, generation, at)
                message = HandoverToken(home, token, seq, 0, sender, TUNNEL, to, at)
                if known.derives(token) and self.may_send(message):
                    yield message

    def _context_messages(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        key = ("sk", key_owner(world.main.home))
        sent: list[Message] = [
            ContextRequest(world.main.home, asker, CONTEXT, to)
            for asker, to in product((*world.agents, ATTACKER), world.agents)
        ]
        sent += [
            ContextData(world.main.home, peer, seq, 0, key if known.derives(key) else FORGED, CONTEXT, to)
            for peer, seq, to in product(self.care_of_addresses, self._numbers_for(world.main.home), world.agents)
        ]
        yield from filter(self.may_send, sent)

    # The handshake between agents (draft 4.2).

    def _peer_updates(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        homes = (*world.homes, CN_HOME)
        for home, care_of, to in product(homes, self.care_of_addresses, (*world.agents, PMA3)):
            if care_of == home:
                continue
            sender = who_is_at(world, care_of)
            for seq, answers, lifetime in product(self._numbers_for(home), (0, *self.numbers), (True, False)):
                bare = PeerUpdate(home, care_of, seq, answers, lifetime, None, CARE_OF_CN, to)
                update = bare._replace(proof=proof_of(world.policy, sender, to, update_content(bare)))
                if known.derives(update.proof):
                    yield update

    def _peer_acknowledgements(self, known: Knowledge) -> Iterator[Message]:
        world = self.world
        principals = (*world.agents, PMA3, ATTACKER, FLOOD)
        for home, to in product((*world.homes, CN_HOME), (*world.agents, PMA3)):
            for seq in self._numbers_for(home):
                proofs = [sealed(association(one, to), ("PBA", home, seq)) for one in principals if one != to]
                for proof in [None] if world.policy.reads("pma_auth", "none") else filter(known.derives, proofs):
                    yield PeerAcknowledgement(home, seq, proof, CARE_OF_CN, to)

    def _cache_messages(self) -> Iterator[Message]:
        world = self.world
        for number, agent in product(self.numbers, (*world.agents, ATTACKER)):
            yield CacheRequest(CN_HOME, number, agent, PMA_HA, HA2)
        for number, care_of, to in product(self.numbers, self.care_of_addresses, world.agents):
            yield CacheAnswer(CN_HOME, care_of, number, PMA_HA, to)

    # Payload and triggers (draft 4.1, 6, 7).

    def _data(self) -> Iterator[Message]:
        world = self.world
        if world.variant not in ("handshake", "data", "local"):
            return
        nodes = (*world.homes, *((CN_HOME,) if world.type2 else world.correspondents))
        receivers = (PMA1,) if world.variant == "local" else (*world.agents, *world.correspondents)
        outers = ("", *sorted(self.attacker.addresses))
        routings = ("", *world.victims, *world.correspondents) if world.variant == "data" else ("",)
        for source, destination, outer, routing, to in product(
            (*nodes, ATTACKER), (*nodes, COA1), outers, routings, receivers
        ):
            data = Data(source, destination, outer, routing, INTERNET, to)
            if self.may_send(data) and not (outer and routing):
                yield data

    def _triggers(self) -> Iterator[Message]:
        if self.world.variant == "local":
            triggers = [Trigger(home, ACCESS, PMA1) for home in (*self.world.victims, CN_HOME)]
            yield from filter(self.may_send, triggers)
