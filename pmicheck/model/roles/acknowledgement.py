"""The correspondent node's (P)BA: what it holds, what vouches for it, and where it goes.

Draft 3.2-3.4; RFC 6275 9.5.4; RFC 4866 4.
"""

from __future__ import annotations

from pmicheck.language.cells import Context
from pmicheck.language.message import Term
from pmicheck.model.messages import (
    CARE_OF_CN,
    CN,
    HA,
    HA_CN,
    INTERNET,
    Acknowledgement,
    Update,
)
from pmicheck.model.policy import Policy
from pmicheck.model.roles.attachment import who_is_at
from pmicheck.model.roles.authorisation import (
    care_of_token_for,
    tokens_of,
)
from pmicheck.model.terms import (
    authenticator,
    encrypted,
    management_key,
    signature,
)
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.model.topology import ATTACKER, ATTACKER_HOME, CARE_OF, NOBODY
from pmicheck.model.world import World


def acknowledge(
    ctx: Context, world: World, update: Update, generation: int, tokens: tuple[Term, ...], author: str
) -> None:
    """The (P)BA, under the key of the update it answers; where the update names the HoA as source it goes there (A-04).

    An update with lifetime zero names no care-of address, so that a Care-of Test Init option in it has nothing to test
    (RFC 6275 5.2.6; protocol-facts 2.1: C is not used).
    """
    policy = world.policy
    tests = update.lifetime and update.test
    nonce = current_nonce(ctx.get(CLOCK)) if tests else 0
    token = _care_of_token_to_send(policy, update, nonce) if tests else None
    registered = update.care_of if update.lifetime else update.home
    kbm = management_key(*tokens_of(policy, update, generation))
    sig = (
        acknowledgement_signature(policy, registered, update.seq, tokens, update.to)
        if update.proxy and tokens
        else None
    )
    content = (update.seq, token, nonce, tokens)
    mac = acknowledgement_authenticator(policy, update.proxy, registered, kbm, content, update.to)
    link, to = _way_back(world, update)
    ctx.send(
        Acknowledgement(
            proxy=update.proxy,
            care_of=registered,
            home=update.home,
            seq=update.seq,
            status=0,
            care_of_token=token,
            care_of_nonce=nonce,
            tokens=tokens,
            mac=mac,
            link=link,
            to=to,
            sig=sig,
            at=update.to,
        ),
        # What answers an update of the attacker's is followed to honest nodes as Bounds.answers says.
        lost=author == "attacker" and not world.bounds.answers,
    )


def way_to(world: World, care_of: str) -> tuple[str, str]:
    """(link, receiver) of what goes to a care-of address: an agent's, or one elsewhere in the Internet."""
    return CARE_OF_CN if care_of in CARE_OF.values() else INTERNET, who_is_at(world, care_of)


def _way_back(world: World, update: Update) -> tuple[str, str]:
    """(link, receiver) of an answer: the care-of address, or the home address where that is the packet's source."""
    if update.lifetime and not (update.proxy and world.policy.reads("hoa_conveyance", "source")):
        return way_to(world, update.care_of)
    if update.home in world.victims:
        return HA_CN, HA
    return INTERNET, ATTACKER if update.home == ATTACKER_HOME else NOBODY


def acknowledgement_authenticator(
    policy: Policy,
    proxy: bool,
    care_of: str,
    kbm: Term,
    content: tuple[int, Term | None, int, tuple[Term, ...]],
    at: str = CN,
) -> Term:
    """The authenticator of a (P)BA: the formula of protocol-facts 2.2 with the BA as MH Data.

    `content` is the sequence number, C with the index of its nonce (None and 0 without), and PT and HT.
    """
    seq, token, nonce, tokens = content
    tested = ("care-of token", token, nonce)
    header = ("PBA" if proxy else "BA", ("seq", seq), tested, ("tokens", tokens))
    return authenticator(
        kbm, care_of if policy.on("coa-in-mac") else None, at if policy.on("cn-in-mac") else None, header
    )


def acknowledgement_signature(
    policy: Policy, care_of: str, seq: int, tokens: tuple[Term, ...], at: str = CN
) -> Term | None:
    """Reading cn_cga_on_pba=on: the CN signs a PBA that brings tokens with the key of its own CGA (N096, A-30)."""
    if policy.reads("cn_cga_on_pba", "off"):
        return None
    return signature(at, True, care_of, at, ("PBA", ("seq", seq), ("tokens", tokens)))


def _care_of_token_to_send(policy: Policy, update: Update, nonce: int) -> Term:
    """C in clear, or encrypted under the key of the update's CGA parameters (N078, A-10)."""
    token = care_of_token_for(policy, update.care_of, nonce, update.to)
    wanted = policy.reads("encrypted_careof_token", "always") or (
        policy.reads("encrypted_careof_token", "handover") and update.credential == "HT"
    )
    if wanted and update.key is not None and policy.on("careof-token-encryption"):
        return encrypted(update.key, token)
    return token
