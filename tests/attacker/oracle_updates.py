"""Tests, binding updates and acknowledgements that the attacker can put together (draft 3, 4.3; RFC 6275, RFC 4866)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from oracle_deduction import Knowledge
from oracle_domains import FORGED, NOTHING, Domains

from pmicheck.language.message import Message, Term
from pmicheck.model.messages import (
    CARE_OF_CN,
    HA_CN,
    TUNNEL,
    TUNNEL2,
    Acknowledgement,
    HandoverToken,
    Test,
    TestInit,
    Update,
)
from pmicheck.model.roles.acknowledgement import acknowledgement_authenticator, acknowledgement_signature
from pmicheck.model.roles.authorisation import care_of_token_for, expected_authenticator, expected_signature, tokens_of
from pmicheck.model.terms import encrypted, handover_token, home_token, management_key, permanent_token
from pmicheck.model.topology import ATTACKER, CARE_OF, COA1, COA2, PMA3

NEW_AGENT = 0
"""The number in a handover token of the attacker's making: the next agent counts as if nobody had registered before."""


def number_signed(sig: Term) -> int:
    """The sequence number that the signature of an update covers."""
    number: int = sig[5][1][1]
    return number


class Signalling(Domains):
    """The messages of a registration with a correspondent."""

    # Tests (draft 3.2, 4.3; RFC 6275 5.2.5).

    def _cookies(self, known: Knowledge) -> list[Term]:
        return [NOTHING, *known.of_kind("cookie")]

    def test_inits(self, known: Knowledge) -> Iterator[Message]:
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

    def tests(self, known: Knowledge, nonces: tuple[int, ...]) -> Iterator[Message]:
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
                    false = token == FORGED or care_of not in (None, CARE_OF[PMA3])
                    if known.derives(token) and (false or world.bounds.answers):
                        yield Test(kind, address, nonce, cookie, token, TUNNEL, to, at, care_of)

    # Binding updates (draft 3.3 to 3.5).

    def updates(self, known: Knowledge, nonces: tuple[int, ...]) -> Iterator[Message]:
        world, policy = self.world, self.world.policy
        seen_numbers: dict[Term, set[int]] = {}
        for mac in known.of_kind("mac"):
            seen_numbers.setdefault(mac[1], set()).add(mac[4][1][1])
        captured = self._captured(known)
        options = (False,) if policy.on("hao-rejection-in-pbu") else (False, True)
        for home, at, lifetime in product(world.homes, world.correspondents, (True, False)):
            checked = policy.on("mac") and not (not lifetime and policy.dereg_unauthenticated)
            # A care-of address that is the home address ends a binding as a lifetime of zero does (RFC 6275 9.5.1).
            own = self.places_of(home)
            elsewhere = tuple(dict.fromkeys((*own, *filter(None, (sig[3] for sig in captured)))))
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
                    CARE_OF_CN if world.proxied or lifetime else HA_CN,
                    at,
                )
                secrets = tokens_of(policy, bare, generation)
                key = management_key(*secrets)
                every = known.derives(key) or not checked
                picked = self.numbers_for(home) if every else sorted(seen_numbers.get(key, ()))
                numbers = dict.fromkeys((*picked, *(number_signed(sig) for sig in captured if every)))
                for proxy, seq, test, hao in product(self.proxy_flags(), numbers, (True, False), options):
                    plain = bare._replace(proxy=proxy, seq=seq, test=test, hao=hao)
                    for signed in self._signed(known, plain):
                        if signed.sig not in captured and (seq not in picked or care_of not in (*own, home)):
                            continue
                        right = signed._replace(mac=expected_authenticator(policy, signed, *secrets))
                        if known.derives(right.mac):
                            yield right
                        elif not checked:
                            yield from (signed._replace(mac=mac) for mac in (NOTHING, *self._unchecked(known, signed)))

    def _captured(self, known: Knowledge) -> list[Term]:
        """Signatures of others that it has seen: with them it can name their number and their care-of address, which
        without them it need not (decision 122, `care_of_addresses`)."""
        seen = known.of_kind("sig") if not self.world.corrupted else []
        return [sig for sig in seen if not known.derives(("sk", sig[1]))]

    def _unchecked(self, known: Knowledge, update: Update) -> list[Term]:
        """Authenticators that were seen under a token of the same kind, each generation once: it names the token."""
        seen = (mac for mac in known.of_kind("mac") if mac[1][1][:1] == (update.credential,))
        return list({mac[1][1]: mac for mac in seen}.values()) if update.lifetime and update.credential != "T" else []

    def _credentials(self, nonces: tuple[int, ...]) -> list[tuple[str, int, int]]:
        """(kind, nonce, generation) of every home token that an update can be authenticated with."""
        kinds = ("PT", "HT") if self.world.proxied else ("PT",) if self.world.enhanced else ()
        generations = range(1, self.world.token_pairs + 1)
        return [*(("T", nonce, 0) for nonce in (0, *nonces)), *((kind, 0, g) for kind in kinds for g in generations)]

    def _signed(self, known: Knowledge, update: Update) -> Iterator[Update]:
        """Without CGA parameters, and with those of each key, signed as well as the attacker can."""
        yield update
        for key in self.keys(update.home):
            with_key = update._replace(key=key)
            right = expected_signature(self.world.policy, with_key)
            checked = self.world.policy.on("signature") and (update.lifetime or not update.proxy)
            for sig in (right,) if checked else (right, FORGED):
                if known.derives(sig):
                    yield with_key._replace(sig=sig)

    # Acknowledgements (draft 3.5; RFC 6275 9.5.4).

    def acknowledgements(self, known: Knowledge, nonces: tuple[int, ...]) -> Iterator[Message]:
        world = self.world
        for to, home, at in product(self.registrants, world.victims, world.correspondents):
            places = (CARE_OF[to],) if world.proxied else (COA1, COA2, home)
            for place, proxy, seq in product(places, self.proxy_flags(), self.numbers):
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
                    content = (ack.seq, token, nonce, tokens)
                    mac = acknowledgement_authenticator(policy, ack.proxy, ack.care_of, key, content, ack.at)
                    ack = ack._replace(mac=mac)
                sig = acknowledgement_signature(policy, ack.care_of, ack.seq, tokens, ack.at) if tokens else None
                forged = any(FORGED in (each, each[-1]) for each in tokens)
                for signed in dict.fromkeys((None, sig)) if forged or self.world.bounds.answers else ():
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
        return tuple(key for key in self.keys(home) if key != ATTACKER)

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

    def handover_tokens(self, known: Knowledge) -> Iterator[Message]:
        for (home, at), sender, to in product(self.world.flows, self.world.agents, self.world.agents):
            for generation in range(1, self.world.token_pairs + 1):
                token = handover_token(home, generation, at)
                message = HandoverToken(home, token, NEW_AGENT, 0, sender, TUNNEL, to, at)
                if known.derives(token) and self.may_send(message):
                    yield message
