"""Attacked moves: messages with random fields from somebody who knows every token and every key.

Within limits that the model states itself: `test` stands with every early update and nowhere else, a refusal has status
136 to 138, a forged token is the term FORGED, and tests carry tokens of the current nonce or forged ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from pmicheck.language.message import Message, Term
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import CARE_OF_CN, HA_CN, TUNNEL, Acknowledgement, Test, TestInit, Update
from pmicheck.model.roles.acknowledgement import acknowledgement_authenticator
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.authorisation import (
    care_of_token_for,
    expected_authenticator,
    expected_signature,
    tokens_of,
)
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.registration import (
    FORGED,
    Registration,
    outstanding_key,
    registration_of,
    signer,
)
from pmicheck.model.terms import cookie, encrypted, home_token
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.model.topology import (
    AT_HOME,
    ATTACKER,
    ATTACKER_HOME,
    AWAY,
    CARE_OF,
    COA1,
    COA2,
    FLOOD,
    MN,
    PMA1,
    PMA2,
    STRANGER_HOME,
    VICTIM_HOME,
    key_owner,
)
from pmicheck.model.world import World

OWN_HOMES = (ATTACKER_HOME, STRANGER_HOME)
LARGEST_NUMBER = 60000
"""The model counts honest numbers without wrap, so walks end before one would be due."""
NO_MAC: Term = ("none",)


class Moves:
    """What an attacker may try next, given the state of a walk."""

    def __init__(self, world: World, run: Interpreter, rng: random.Random) -> None:
        self.world, self.run, self.rng = world, run, rng
        self.policy = world.policy
        self._own_number = 100

    @property
    def _nonce(self) -> int:
        return current_nonce(self.run.get(CLOCK))

    def _mostly(self, right: float) -> bool:
        return self.rng.random() < right

    # Binding updates.

    def composed(self) -> Update:
        """An update of its own making, about half of the time such that a node could accept it."""
        rng, policy = self.rng, self.policy
        home = rng.choices((VICTIM_HOME, *OWN_HOMES), (8, 1.5, 0.5))[0]
        proxy = self.world.proxied and self._mostly(0.65)
        lifetime = self._mostly(0.8)
        credential = self._credential(home)
        nonce = self._some_nonce() if credential == "T" else 0
        care_of = rng.choice((COA1, COA2, ATTACKER, FLOOD))
        if policy.on("token-domain-octet") is False and self._mostly(0.2):
            care_of = home
        care_of_nonce = self._some_nonce() if lifetime and self._mostly(0.5) else 0
        if not lifetime:
            care_of = rng.choice((home, care_of)) if proxy else home
        key = self._key(home, proxy) if lifetime and self.world.proxied else None
        early = lifetime and not care_of_nonce
        update = Update(
            proxy,
            home,
            care_of,
            self._number(home),
            lifetime,
            credential,
            nonce,
            care_of_nonce,
            key,
            early and self.world.proxied,
            None,
            NO_MAC,
            CARE_OF_CN,
            hao=proxy and self._mostly(0.05),
        )
        return self._sealed(self._signed(update))

    def _credential(self, home: str) -> str:
        """ "T", "PT" or "HT"; what does not exist only now and then."""
        if not self.world.proxied:
            return "T"
        cells = cells_of(home)
        held = ["T"] + ["PT"] * bool(self.run.get(cells.pt)) + ["HT"] * bool(self.run.get(cells.ht))
        return self.rng.choice(held) if self._mostly(0.9) else self.rng.choice(("T", "PT", "HT"))

    def _some_nonce(self) -> int:
        current = self._nonce
        return self.rng.choices((current, max(1, current - 1), current + 1), (8, 1, 0.7))[0]

    def _number(self, home: str) -> int:
        """Around the last number; the model has none for homes of the attacker's, so a rising one there."""
        if home != VICTIM_HOME:
            self._own_number += 1
            return self._own_number
        last = self.run.get(cells_of(home).seq) or 0
        far = (32767, 32768, 32769, 40000)
        number = last + self.rng.choices((1, 2, 0, -1, *far), (8, 1, 1.2, 0.6, 0.05, 0.1, 0.05, 0.05))[0]
        return number if 0 <= number <= LARGEST_NUMBER else last

    def _key(self, home: str, proxy: bool) -> str | None:
        if not self._mostly(0.7 if proxy else 0.3):
            return None
        keys = (key_owner(home), ATTACKER, MN)
        own = (PMA1,) if self.policy.reads("key_owner", "pma") else ()
        chosen: str = self.rng.choices((*keys, *own), (7, 0.7, 0.3, *((3,) if own else ())))[0]
        return chosen

    def _signed(self, update: Update) -> Update:
        if update.key is None:
            return update
        right = expected_signature(self.policy, update)
        if self._mostly(0.88):
            return update._replace(sig=right)
        other = COA2 if update.care_of != COA2 else COA1
        elsewhere = expected_signature(self.policy, update._replace(care_of=other))
        forged = ("sig", ATTACKER if update.key != ATTACKER else MN, *right[2:])
        # Where the header names the care-of address itself, a signature for another one has another header too.
        wrong = [FORGED, forged] if elsewhere[5] != right[5] else [FORGED, forged, elsewhere]
        return update._replace(sig=self.rng.choice(wrong))

    def _generation(self, update: Update) -> int:
        """One that is valid, or was, or will be."""
        if update.credential == "T":
            return 0
        if update.home != VICTIM_HOME:
            return 1
        cells = cells_of(update.home)
        valid = self.run.get(cells.pt if update.credential == "PT" else cells.ht)
        if valid and self._mostly(0.85):
            return int(self.rng.choice(valid))
        return self.rng.randint(1, max(1, int(self.run.get(cells.pairs))))

    def _sealed(self, update: Update) -> Update:
        """With an authenticator by the right tokens, or by some that are not, or over something else."""
        generation = self._generation(update)
        home, care_of = tokens_of(self.policy, update, generation)
        right = expected_authenticator(self.policy, update, home, care_of)
        if self._mostly(0.87):
            return update._replace(mac=right)
        wrong: list[Term] = [
            NO_MAC,
            expected_authenticator(self.policy, update, home_token(update.home, update.nonce + 1), care_of),
            expected_authenticator(self.policy, update, home_token(COA1, max(update.nonce, 1)), care_of),
            expected_authenticator(self.policy, update._replace(seq=update.seq + 1), home, care_of),
        ]
        if self.policy.on("coa-in-mac"):
            wrong.append((*right[:2], FLOOD if update.care_of != FLOOD else COA1, *right[3:]))
        return update._replace(mac=self.rng.choice(wrong))

    def readdressed(self, seen: Sequence[Update]) -> Update | None:
        """An honest update with another care-of address and the authenticator and signature that it had."""
        chosen = [update for update in seen if update.lifetime]
        if not chosen:
            return None
        update = self.rng.choice(chosen)
        others = [care_of for care_of in (COA1, COA2, ATTACKER, FLOOD) if care_of != update.care_of]
        return update._replace(care_of=self.rng.choice(others))

    def rejoined(self, seen: Sequence[Update]) -> Update | None:
        """An honest signature under an authenticator by another token (protocol-facts 2.4)."""
        chosen = [update for update in seen if update.sig is not None]
        if not chosen:
            return None
        update = self.rng.choice(chosen)
        credential = self._credential(update.home)
        care_of_nonce = self._some_nonce() if self._mostly(0.5) else 0
        update = update._replace(
            credential=credential,
            nonce=self._some_nonce() if credential == "T" else 0,
            care_of_nonce=care_of_nonce,
            test=not care_of_nonce,
        )
        return self._sealed(update)

    # Test inits.

    def test_init(self) -> TestInit:
        name = ("cookie", ATTACKER, "test", self.rng.randrange(1000))
        serving = self.run.get(ATTACHED)
        if serving in (COA1, COA2) and self._mostly(0.3):
            return TestInit(self.rng.choice(("HoTI", "PHoTI")), VICTIM_HOME, name, TUNNEL, "ha")
        if self._mostly(0.3):
            return TestInit("CoTI", self.rng.choice((COA1, ATTACKER, FLOOD)), name, CARE_OF_CN, "cn")
        hao = VICTIM_HOME if self._mostly(0.5) else None
        kind = self.rng.choice(("HoTI", "PHoTI"))
        return TestInit(kind, VICTIM_HOME if hao is None else ATTACKER, name, HA_CN, "cn", hao)

    # Answers to honest nodes.

    def answer(self) -> Test | Acknowledgement | None:
        """A test or an acknowledgement for the node that is registering, right or wrong."""
        serving = self.run.get(ATTACHED)
        if serving == AWAY:
            return None
        who = MN if not self.world.proxied else {COA1: PMA1, COA2: PMA2}[serving]
        held: Registration = self.run.get(registration_of(who))
        testing = held.stage == "testing"
        return self._test(who, held) if self._mostly(0.8 if testing else 0.2) else self._acknowledgement(who, held)

    def _test(self, who: str, held: Registration) -> Test:
        serving, proxied = self.run.get(ATTACHED), self.world.proxied
        kind = ("PHoT" if self._mostly(0.9) else "HoT") if proxied else self.rng.choice(("HoT", "CoT"))
        care_of_test = kind == "CoT"
        address = serving if care_of_test and serving != AT_HOME and self._mostly(0.8) else VICTIM_HOME
        attempt = held.tests if self._mostly(0.6) else max(0, held.tests - 1)
        challenge = cookie(who, "care-of test" if care_of_test else "home test", attempt)
        if self._mostly(0.1):
            challenge = NO_MAC
        right = (
            care_of_token_for(self.policy, address, self._nonce) if care_of_test else home_token(address, self._nonce)
        )
        token = right if self._mostly(0.6) else FORGED
        return Test(kind, address, self._nonce, challenge, token, CARE_OF_CN if care_of_test else TUNNEL, who)

    def _acknowledgement(self, who: str, held: Registration) -> Acknowledgement:
        serving = self.run.get(ATTACHED)
        care_of = VICTIM_HOME if serving == AT_HOME else serving
        seq = held.seq if self._mostly(0.8) else held.seq + self.rng.choice((-1, 1))
        seq = max(seq, 0)
        proxy = self.world.proxied
        if self._mostly(0.2):
            status = self.rng.choice((136, 137, 138))
            return Acknowledgement(proxy, care_of, VICTIM_HOME, seq, status, None, 0, (), None, CARE_OF_CN, who)
        waiting = held.stage in ("early", "complete")
        token = None
        nonce = 0
        if held.stage == "early" and self._mostly(0.85):
            nonce = self._nonce
            token = care_of_token_for(self.policy, care_of, nonce) if self._mostly(0.6) else FORGED
        tokens: tuple[Term, ...] = ()
        if proxy and held.stage == "complete" and self._mostly(0.6):
            hidden = self.policy.on("token-encryption")
            tokens = (encrypted(signer(self.policy, who), FORGED) if hidden else FORGED,)
        ack = Acknowledgement(proxy, care_of, VICTIM_HOME, seq, 0, token, nonce, tokens, NO_MAC, CARE_OF_CN, who)
        if waiting and self._mostly(0.7):
            kbm = outstanding_key(self.world, CARE_OF.get(who, care_of), held, ack)
            return ack._replace(
                mac=acknowledgement_authenticator(self.policy, proxy, care_of, kbm, (seq, token, nonce, tokens))
            )
        return ack._replace(mac=None) if self._mostly(0.3) else ack

    def any(self, seen: Sequence[Update]) -> Message | None:
        """One attacked move; None if the kind that was drawn is not possible now."""
        pick = self.rng.random()
        if pick < 0.52:
            return self.composed()
        if pick < 0.60:
            return self.rejoined(seen)
        if pick < 0.64:
            return self.readdressed(seen)
        if pick < 0.71:
            victims = [update for update in seen if update.home == VICTIM_HOME]
            return self.rng.choice(victims) if victims else None
        return self.test_init() if pick < 0.76 else self.answer()
