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
from typing import NamedTuple

from pmicheck.attacker.deduction import Potential, is_public
from pmicheck.attacker.profiles import Attacker
from pmicheck.model.cells import Context
from pmicheck.model.messages import (
    CARE_OF_CN,
    HA_CN,
    TUNNEL,
    Acknowledgement,
    Message,
    Test,
    TestInit,
    Update,
)
from pmicheck.model.roles.attachment import who_is_at
from pmicheck.model.roles.authorisation import care_of_token_for, expected_authenticator, expected_signature
from pmicheck.model.roles.authorisation import tokens_of as home_and_care_of
from pmicheck.model.roles.correspondent_node import acknowledgement_authenticator, acknowledgement_signature
from pmicheck.model.roles.registration import FORGED, signer
from pmicheck.model.terms import (
    Term,
    encrypted,
    handover_token,
    home_token,
    permanent_token,
    private_key,
)
from pmicheck.model.time import LAST_PHASE, current_nonce
from pmicheck.model.topology import (
    ATTACKER,
    ATTACKER_HOME,
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

NONCES = tuple(sorted({current_nonce(phase) for phase in range(LAST_PHASE + 1)}))


class Injection(NamedTuple):
    """A message that the attacker may send once it knows all of `needs`; `replay` if an honest node sent just that."""

    message: Message
    needs: tuple[Term, ...]
    replay: bool = False


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
        if self.attacker.own_home:
            known |= {permanent_token(ATTACKER_HOME, 1), handover_token(ATTACKER_HOME, 1)}
        known.update(self._signatures_for_rogue_correspondent(COA1))
        return known

    def on_phase(self, ctx: Context, phase: int) -> None:
        """Tests are free and tell nobody anything, so it is given all tokens of a phase as the phase begins."""
        ctx.learn(*sorted(self.always_reachable(phase), key=repr))

    def on_move(self, ctx: Context, address: str) -> None:
        """A rogue correspondent is registered with from the new address too."""
        ctx.learn(*sorted(self._signatures_for_rogue_correspondent(address), key=repr))

    def always_reachable(self, phase: int) -> set[Term]:
        """The tokens of a phase that it gets by asking."""
        nonce = current_nonce(phase)
        policy = self.world.policy
        tokens: set[Term] = set()
        if self.attacker.sees(HA_CN, policy) or not policy.on("hao-rejection-in-hoti"):
            tokens.add(home_token(VICTIM_HOME, nonce))
        for care_of in self.testable_addresses():
            tokens.add(care_of_token_for(policy, care_of, nonce))
        if self.attacker.own_home:
            tokens.add(home_token(ATTACKER_HOME, nonce))
            if self.attacker.sees("everywhere", policy):
                tokens.add(home_token(STRANGER_HOME, nonce))
        return tokens

    def testable_addresses(self) -> frozenset[str]:
        """Care-of addresses whose care-of tests it can read."""
        addresses = set(self.attacker.addresses)
        if self.attacker.sees(CARE_OF_CN, self.world.policy):
            addresses |= {COA1, COA2}
        if self.attacker.sees("everywhere", self.world.policy):
            addresses.add(FLOOD)
        return frozenset(addresses)

    def care_of_choices(self) -> tuple[str, ...]:
        """Addresses that its own updates name."""
        extra = (VICTIM_HOME,) if not self.world.policy.on("token-domain-octet") else ()
        return (*sorted(self.attacker.addresses), FLOOD, *extra)

    def _signatures_for_rogue_correspondent(self, address: str) -> set[Term]:
        """The serving PMA registers with the rogue correspondent too: signatures made for that correspondent."""
        if not self.attacker.is_correspondent or not self.world.proxied or address not in (COA1, COA2):
            return set()
        key = signer(self.world.policy, {COA1: PMA1, COA2: PMA2}[address])
        numbers = range(1, 5)
        updates = (
            Update(True, VICTIM_HOME, address, seq, True, "T", 1, 0, key, True, None, ("none",), CARE_OF_CN)
            for seq in numbers
        )
        return {expected_signature(self.world.policy, update, "rogue-cn") for update in updates}

    def may_see(self, message: Message) -> bool:
        """Whether it reads this message on its way."""
        if isinstance(message, Acknowledgement) and message.to in self.attacker.corrupts:
            return True
        return message.to == ATTACKER or self.attacker.sees(message.link, self.world.policy)

    def candidates(self, potential: Potential, honest: Iterable[Message]) -> Iterator[Injection]:
        """Every message worth sending, given all it could come to know and all that honest nodes may send."""
        sent = list(honest)
        yield from self._updates(potential, sent)
        yield from self._forged_answers(potential, sent)

    # Binding updates

    def _updates(self, potential: Potential, sent: list[Message]) -> Iterator[Injection]:
        honest = {message for message in sent if isinstance(message, Update)}
        seen = set()
        for bare in (*self._captured(potential, sent), *self._composed(potential)):
            for update in self._authenticated(potential, bare):
                if update not in seen:
                    seen.add(update)
                    needs = tuple(t for t in (update.mac, update.sig) if t is not None and not is_public(t))
                    yield Injection(update, needs, replay=update in honest)
                    if (
                        update.home == ATTACKER_HOME
                        and update.proxy
                        and not self.world.policy.on("hao-rejection-in-pbu")
                    ):
                        yield Injection(update._replace(home=VICTIM_HOME, hao=True), needs)

    def _captured(self, potential: Potential, sent: list[Message]) -> Iterator[Update]:
        """Honest updates as seen, joined to other tokens, or with the fields changed that nothing covers."""
        for message in sent:
            if not isinstance(message, Update) or not self.may_see(message):
                continue
            if potential.can_make(message.sig):
                yield message
                yield from self._rejoined(potential, message)
                for care_of in self.care_of_choices() if message.lifetime else ():
                    yield message._replace(care_of=care_of)
        yield from self._from_foreign_signatures(potential)

    def _rejoined(self, potential: Potential, message: Update) -> Iterator[Update]:
        """The captured signature under another home token: signature and nonces are bound by the MAC alone (2.4)."""
        if message.sig is None:
            return
        for credential, nonce in self._credentials(potential, message.home):
            for care_of_nonce in (0, *self._care_of_nonces(potential, message.care_of, nonce)):
                yield message._replace(
                    credential=credential, nonce=nonce, care_of_nonce=care_of_nonce, test=not care_of_nonce
                )

    def _from_foreign_signatures(self, potential: Potential) -> Iterator[Update]:
        """Signatures made for the rogue correspondent, offered to the CN."""
        for term in sorted((t for t in potential.terms if t[0] == "sig" and t[1] != ATTACKER), key=repr):
            _, owner, _, care_of, _, signed = term
            fields = {field[0]: field[1] for field in signed[1:]}
            base = Update(
                True,
                VICTIM_HOME,
                care_of or ATTACKER,
                fields["seq"],
                True,
                "T",
                0,
                0,
                owner,
                True,
                term,
                ("none",),
                CARE_OF_CN,
            )
            yield from self._rejoined(potential, base)

    def _composed(self, potential: Potential) -> Iterator[Update]:
        """Updates of its own making."""
        for home in self.world.homes:
            numbers = self.world.attacker_numbers if home == VICTIM_HOME else (0,)
            for credential, nonce in self._credentials(potential, home):
                for key in self._keys(potential, home, credential):
                    for proxy in (True, False) if self.world.proxied else (False,):
                        for seq in numbers:
                            yield from self._with_addresses(potential, home, credential, nonce, key, proxy, seq)

    def _with_addresses(
        self,
        potential: Potential,
        home: str,
        credential: str,
        nonce: int,
        key: str | None,
        proxy: bool,
        seq: int,
    ) -> Iterator[Update]:
        policy = self.world.policy
        for care_of in self.care_of_choices():
            for care_of_nonce in (0, *self._care_of_nonces(potential, care_of, nonce)):
                bare = Update(
                    proxy,
                    home,
                    care_of,
                    seq,
                    True,
                    credential,
                    nonce,
                    care_of_nonce,
                    key,
                    not care_of_nonce,
                    None,
                    ("none",),
                    CARE_OF_CN,
                )
                if key is not None:
                    bare = bare._replace(sig=expected_signature(policy, bare))
                    if not potential.can_make(bare.sig):
                        if policy.on("signature"):
                            continue
                        bare = bare._replace(sig=FORGED)
                yield bare
        yield Update(proxy, home, home, seq, False, credential, nonce, 0, None, False, None, ("none",), CARE_OF_CN)

    def _credentials(self, potential: Potential, home: str) -> Iterator[tuple[str, int]]:
        """(kind, nonce) of the home tokens it may hold for this home address."""
        policy = self.world.policy
        anything = not policy.on("mac") or not policy.on("home-test")
        for nonce in NONCES:
            if anything or home_token(home, nonce) in potential.terms:
                yield "T", nonce
        for kind in ("PT", "HT") if self.world.proxied else ():
            if anything or any(term[:2] == (kind, home) for term in potential.terms):
                yield kind, 0
        if policy.dereg_unauthenticated:
            yield "T", 0

    def _care_of_nonces(self, potential: Potential, care_of: str, nonce: int) -> tuple[int, ...]:
        """Nonces for which it may hold C of this address, or needs none; beside T that of the same nonce is enough."""
        policy = self.world.policy
        free = not policy.on("mac") or not policy.on("careof-test")
        return tuple(
            index
            for index in ((nonce,) if nonce else NONCES)
            if free or care_of_token_for(policy, care_of, index) in potential.terms
        )

    def _keys(self, potential: Potential, home: str, credential: str) -> tuple[str | None, ...]:
        """Whose CGA parameters its update may carry: none, the right ones, its own where a CN might take them.

        What it can sign it signs: whoever takes the update unsigned takes it signed, but for PT in a plain BU.
        """
        if not self.world.proxied:
            return (None,)
        policy = self.world.policy
        owner = key_owner(home)
        keys: list[str | None] = []
        if private_key(owner) in potential.terms or not policy.on("signature"):
            keys.append(owner)
        if owner != ATTACKER and (not policy.on("cga") or policy.reads("key_owner", "pma")):
            keys.append(ATTACKER)
        if private_key(owner) not in potential.terms or credential == "PT":
            keys.append(None)
        return tuple(keys)

    def _authenticated(self, potential: Potential, bare: Update) -> Iterator[Update]:
        """The update with every authenticator that the CN might expect and the attacker might know."""
        policy = self.world.policy
        if not policy.on("mac") or (not bare.lifetime and policy.dereg_unauthenticated):
            yield bare._replace(mac=("none",))
            return
        generations = range(1, self.world.bounds.token_pairs + 1) if bare.credential != "T" else (0,)
        for generation in generations:
            home, care_of = home_and_care_of(policy, bare, generation)
            mac = expected_authenticator(policy, bare, home, care_of)
            if potential.can_make(mac):
                yield bare._replace(mac=mac)

    # Answers to honest requests

    def _forged_answers(self, potential: Potential, sent: list[Message]) -> Iterator[Injection]:
        for message in sent:
            match message:
                case TestInit(to="cn"):
                    yield from self._forged_test(potential, message)
                case Update():
                    yield from self._forged_acknowledgement(potential, message)

    def _forged_test(self, potential: Potential, init: TestInit) -> Iterator[Injection]:
        """An answer with the right cookie and a token of its own choice; anybody may send to the home address."""
        cookie = init.cookie if self.world.policy.on("cookie") else ("none",)
        if not potential.can_make(cookie):
            return
        kind = {"HoTI": "HoT", "PHoTI": "PHoT", "CoTI": "CoT"}[init.kind]
        asker = init.cookie[1]
        link = CARE_OF_CN if kind == "CoT" else TUNNEL
        needs = () if cookie == ("none",) else (cookie,)
        yield Injection(Test(kind, init.address, 1, cookie, FORGED, link, asker), needs)

    def _forged_acknowledgement(self, potential: Potential, update: Update) -> Iterator[Injection]:
        """A refusal, which nothing authenticates (136 to 138), or an acceptance with tokens of its own choice."""
        policy = self.world.policy
        if update.proxy and not update.lifetime:
            return
        to = who_is_at(self.world, update.care_of) if update.proxy else MN
        refusal = Acknowledgement(
            update.proxy, update.care_of, update.home, update.seq, 138, None, 0, (), None, CARE_OF_CN, to
        )
        yield Injection(refusal, ())
        token = FORGED if update.test else None
        tokens = () if update.test else (FORGED,) if update.key is None else (encrypted(update.key, FORGED),)
        mac: Term = ("none",)
        if policy.on("mac-of-ack"):
            mac = acknowledgement_authenticator(
                policy, update.proxy, update.care_of, update.mac[1], update.seq, token, tokens
            )
            if not potential.can_make(mac):
                return
        sig = acknowledgement_signature(policy, update.care_of, update.seq, tokens) if update.proxy and tokens else None
        if not potential.can_make(sig):
            return
        nonce = 1 if update.test else 0
        ack = Acknowledgement(
            update.proxy,
            update.care_of,
            update.home,
            update.seq,
            0,
            token,
            nonce,
            tokens,
            mac,
            CARE_OF_CN,
            to,
        )
        yield Injection(ack, () if mac == ("none",) else (mac,))
