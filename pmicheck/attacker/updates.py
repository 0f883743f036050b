"""Binding updates that the attacker may offer: captured, joined to other tokens, or of its own making."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product, starmap
from typing import TYPE_CHECKING

from pmicheck.attacker.candidate import Injection
from pmicheck.attacker.deduction import Potential, is_public
from pmicheck.model.messages import CARE_OF_CN, Message, Update
from pmicheck.model.roles.authorisation import (
    care_of_token_for,
    expected_authenticator,
    expected_signature,
    tokens_of,
)
from pmicheck.model.roles.registration import FORGED
from pmicheck.model.terms import Term, home_token, private_key
from pmicheck.model.time import LAST_PHASE, current_nonce
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, Flow, key_owner

if TYPE_CHECKING:
    from pmicheck.attacker.injection import Adversary

NONCES = tuple(sorted({current_nonce(phase) for phase in range(LAST_PHASE + 1)}))


class UpdateForger:
    """Enumerates updates for one adversary and what it could come to know."""

    def __init__(self, adversary: Adversary, potential: Potential) -> None:
        self.adversary = adversary
        self.world = adversary.world
        self.potential = potential

    def candidates(self, sent: list[Message]) -> Iterator[Injection]:
        """Captured updates, changed where nothing covers a field, and updates of the attacker's own making."""
        honest = {message for message in sent if isinstance(message, Update)}
        # An authenticator without lifetime covers no care-of address, so another source makes no other update of it.
        twins = {message._replace(care_of="") for message in honest if not message.lifetime}
        seen = set()
        for bare in (*self._captured(sent), *self._composed()):
            for update in self._authenticated(bare):
                twin = update not in honest and update._replace(care_of="") in twins
                if update not in seen and not twin:
                    seen.add(update)
                    needs = tuple(t for t in (update.mac, update.sig) if t is not None and not is_public(t))
                    yield Injection(update, needs, replay=update in honest)
                    if (
                        update.home == ATTACKER_HOME
                        and update.proxy
                        and not self.world.policy.on("hao-rejection-in-pbu")
                    ):
                        yield from (
                            Injection(update._replace(home=home, hao=True), needs) for home in self.world.victims
                        )

    def _captured(self, sent: list[Message]) -> Iterator[Update]:
        """Honest updates as seen, joined to other tokens, or with the fields changed that nothing covers."""
        for message in sent:
            if not isinstance(message, Update) or not self.adversary.may_see(message):
                continue
            if self.potential.can_make(message.sig):
                yield message
                yield from self._rejoined(message)
                for care_of in self.adversary.care_of_choices() if message.lifetime else ():
                    yield message._replace(care_of=care_of)
        yield from self._from_foreign_signatures()

    def _rejoined(self, message: Update) -> Iterator[Update]:
        """The captured signature under another home token: signature and nonces are bound by the MAC alone (2.4)."""
        if message.sig is None:
            return
        for credential, nonce in self._credentials(message.home, message.to):
            for care_of_nonce in (0, *self._care_of_nonces(message.care_of, nonce, message.to)):
                for at in self._receivers(message):
                    yield message._replace(
                        credential=credential, nonce=nonce, care_of_nonce=care_of_nonce, test=not care_of_nonce, to=at
                    )

    def _receivers(self, message: Update) -> tuple[str, ...]:
        """Correspondents that a captured signature verifies at."""
        return self.world.correspondents if not self.world.policy.on("cn-in-signature") else (message.to,)

    def _from_foreign_signatures(self) -> Iterator[Update]:
        """Signatures made for the rogue correspondent, offered to the CN."""
        for term in sorted((t for t in self.potential.terms if _signs_update(t)), key=repr):
            _, owner, _, care_of, _, signed = term
            fields = {field[0]: field[1] for field in signed[1:]}
            homes = [home for home in self.world.victims if home == fields["home"] or fields["home"] is None]
            for home in homes:
                for at in self.world.correspondents:
                    base = Update(
                        self.world.proxied,
                        home,
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
                        at,
                    )
                    yield from self._rejoined(base)

    def _composed(self) -> Iterator[Update]:
        """Updates of its own making."""
        kinds = ((True,) if self.world.type2 else (True, False)) if self.world.proxied else (False,)
        for flow in starmap(Flow, product(self.world.homes, self.world.correspondents)):
            numbers = self.world.attacker_numbers if flow.home in self.world.victims else (0,)
            for credential, nonce in self._credentials(*flow):
                for key in self._keys(flow.home, credential):
                    for proxy, seq in product(kinds, numbers):
                        yield from self._with_addresses(flow, credential, nonce, key, proxy, seq)

    def _with_addresses(
        self,
        flow: Flow,
        credential: str,
        nonce: int,
        key: str | None,
        proxy: bool,
        seq: int,
    ) -> Iterator[Update]:
        policy = self.world.policy
        home, at = flow
        for care_of in self.adversary.care_of_choices():
            for care_of_nonce in (0, *self._care_of_nonces(care_of, nonce, at)):
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
                    at,
                )
                if key is not None:
                    bare = bare._replace(sig=expected_signature(policy, bare))
                    if not self.potential.can_make(bare.sig):
                        if policy.on("signature"):
                            continue
                        bare = bare._replace(sig=FORGED)
                yield bare
        signer = key if credential == "T" and not proxy else None
        addressed = (("none",), CARE_OF_CN, at)
        end = Update(proxy, home, home, seq, False, credential, nonce, 0, signer, False, None, *addressed)
        yield end if signer is None else end._replace(sig=expected_signature(policy, end))

    def _credentials(self, home: str, at: str) -> Iterator[tuple[str, int]]:
        """(kind, nonce) of the home tokens of a correspondent that it may hold for this home address."""
        policy = self.world.policy
        anything = not policy.on("mac") or not policy.on("home-test")
        for nonce in NONCES:
            if anything or home_token(home, nonce, at) in self.potential.terms:
                yield "T", nonce
        kinds = ("PT", "HT") if self.world.proxied else ("PT",) if self.world.enhanced else ()
        for kind in kinds:
            if anything or any(term[:2] == (kind, home) and term[3] == at for term in self.potential.terms):
                yield kind, 0
        if policy.dereg_unauthenticated:
            yield "T", 0

    def _care_of_nonces(self, care_of: str, nonce: int, at: str) -> tuple[int, ...]:
        """Nonces for which it may hold C of this address, or needs none; beside T that of the same nonce is enough."""
        policy = self.world.policy
        free = not policy.on("mac") or not policy.on("careof-test")
        return tuple(
            index
            for index in ((nonce,) if nonce else NONCES)
            if free or care_of_token_for(policy, care_of, index, at) in self.potential.terms
        )

    def _keys(self, home: str, credential: str) -> tuple[str | None, ...]:
        """Whose CGA parameters its update may carry: none, the right ones, its own where a CN might take them.

        What it can sign it signs: whoever takes the update unsigned takes it signed, but for PT in a plain BU.
        """
        if not self.world.enhanced:
            return (None,)
        policy = self.world.policy
        if home in self.world.victims and policy.reads("agent_key", "delegated"):
            unchecked = not policy.on("signature")
            held = tuple(p for p in self.world.agents if unchecked or private_key(p) in self.potential.terms)
            return (*held, *self._own_or_none())
        owner = key_owner(home)
        keys: list[str | None] = []
        if private_key(owner) in self.potential.terms or not policy.on("signature"):
            keys.append(owner)
        if owner != ATTACKER and (not policy.on("cga") or policy.reads("key_owner", "pma")):
            keys.append(ATTACKER)
        if private_key(owner) not in self.potential.terms or credential == "PT":
            keys.append(None)
        return tuple(keys)

    def _own_or_none(self) -> tuple[str | None, ...]:
        """Beside a delegation: the attacker's own key where nobody checks the home address, and no key at all."""
        return (None,) if self.world.policy.on("cga") else (ATTACKER, None)

    def _authenticated(self, bare: Update) -> Iterator[Update]:
        """The update with every authenticator that the CN might expect and the attacker might know."""
        policy = self.world.policy
        if not policy.on("mac") or (not bare.lifetime and policy.dereg_unauthenticated):
            yield bare._replace(mac=("none",))
            return
        generations = range(1, self.world.token_pairs + 1) if bare.credential != "T" else (0,)
        for generation in generations:
            home, care_of = tokens_of(policy, bare, generation)
            mac = expected_authenticator(policy, bare, home, care_of)
            if self.potential.can_make(mac):
                yield bare._replace(mac=mac)


def _signs_update(term: Term) -> bool:
    """Whether it is somebody else's signature over an update, not over an acknowledgement (N096)."""
    return term[0] == "sig" and term[1] != ATTACKER and term[5][0] in ("PBU", "BU")
