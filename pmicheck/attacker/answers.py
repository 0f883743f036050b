"""Answers that the attacker may forge: tests and acknowledgements for which an honest node waits."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.attacker.candidate import Injection
from pmicheck.attacker.deduction import Potential
from pmicheck.model.messages import CARE_OF_CN, TUNNEL, Acknowledgement, Message, Test, TestInit, Update
from pmicheck.model.roles.attachment import who_is_at
from pmicheck.model.roles.correspondent_node import acknowledgement_authenticator, acknowledgement_signature
from pmicheck.model.roles.registration import FORGED
from pmicheck.model.terms import Term, encrypted
from pmicheck.model.topology import MN
from pmicheck.model.world import World


def forged_answers(world: World, potential: Potential, sent: list[Message]) -> Iterator[Injection]:
    """A forged answer to everything that honest nodes ask, as far as the attacker can make it."""
    for message in sent:
        match message:
            case TestInit() if message.to in world.correspondents and not world.type2:
                yield from _forged_test(world, potential, message)
            case Update():
                yield from _forged_acknowledgement(world, potential, message)


def _forged_test(world: World, potential: Potential, init: TestInit) -> Iterator[Injection]:
    """An answer with the right cookie and a token of its own choice; anybody may send to the home address."""
    cookie = init.cookie if world.policy.on("cookie") else ("none",)
    if not potential.can_make(cookie):
        return
    kind = {"HoTI": "HoT", "PHoTI": "PHoT", "CoTI": "CoT"}[init.kind]
    asker = init.cookie[1]
    link = CARE_OF_CN if kind == "CoT" else TUNNEL
    needs = () if cookie == ("none",) else (cookie,)
    yield Injection(Test(kind, init.address, 1, cookie, FORGED, link, asker, init.at), needs)


def _forged_acknowledgement(world: World, potential: Potential, update: Update) -> Iterator[Injection]:
    """A refusal, which nothing authenticates (136 to 138), or an acceptance with tokens of its own choice."""
    policy = world.policy
    if update.proxy and not update.lifetime:
        return
    to = who_is_at(world, update.care_of) if update.proxy else MN
    refusal = Acknowledgement(
        update.proxy, update.care_of, update.home, update.seq, 138, None, 0, (), None, CARE_OF_CN, to, at=update.to
    )
    yield Injection(refusal, ())
    token = FORGED if update.test else None
    tokens = () if update.test else (FORGED,) if update.key is None else (encrypted(update.key, FORGED),)
    mac: Term = ("none",)
    if policy.on("mac-of-ack"):
        mac = acknowledgement_authenticator(
            policy, update.proxy, update.care_of, update.mac[1], update.seq, token, tokens, update.to
        )
        if not potential.can_make(mac):
            return
    sig = (
        acknowledgement_signature(policy, update.care_of, update.seq, tokens, update.to)
        if update.proxy and tokens
        else None
    )
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
        at=update.to,
    )
    yield Injection(ack, () if mac == ("none",) else (mac,))
