"""Return routability with a type 2 correspondent: its agent takes the correspondent's part (draft 4.3, 6)."""

from __future__ import annotations

from pmicheck.language.cells import Context, require
from pmicheck.language.message import Term
from pmicheck.model.events import EVENT, Accepted, Believed
from pmicheck.model.messages import HA, HA2, HA_CN, TUNNEL2, Test, TestInit
from pmicheck.model.roles.attachment import attacker_addresses
from pmicheck.model.roles.binding_cache import Entry, cells_of, present
from pmicheck.model.roles.ghosts import USED, evidence, harm_to, was_used
from pmicheck.model.terms import home_token
from pmicheck.model.time import CLOCK, current_nonce
from pmicheck.model.topology import CARE_OF, CN_HOME, PMA3
from pmicheck.model.world import World


def forward_inward(ctx: Context, init: TestInit) -> None:
    """HA2 tunnels what comes for the correspondent's home address to its agent (N126, N127)."""
    ctx.send(init._replace(link=TUNNEL2, to=init.at))


def forward_outward(ctx: Context, test: Test) -> None:
    """HA2 forwards what comes out of the tunnel to the mobile node's home address (N131)."""
    ctx.send(test._replace(link=HA_CN, to=HA))


def answer_test(ctx: Context, world: World, at: str, init: TestInit) -> None:
    """PHoTI, intercepted: an entry is made, and PHoT brings T and the correspondent's address (N128-N130, N148)."""
    if init.hao is not None:
        require(not world.policy.on("hao-rejection-in-hoti"), "hao-rejection-in-hoti")
    genuine = init.cookie[0] == "cookie" and CARE_OF.get(init.cookie[1]) == init.care_of
    again = genuine and ctx.test(evidence(init_trace(init)), was_used)
    honest = genuine and not again
    if genuine:
        ctx.set(evidence(init_trace(init)), USED)
    _make_entry(ctx, world, at, init, honest=honest, again=again)
    nonce = current_nonce(ctx.get(CLOCK))
    token = home_token(init.hao or init.address, nonce, at)
    answer = Test(
        kind="PHoT",
        address=init.address,
        nonce=nonce,
        cookie=init.cookie,
        token=token,
        link=TUNNEL2,
        to=HA2,
        at=at,
        care_of=CARE_OF[at],
    )
    ctx.send(answer)


def init_trace(init: TestInit) -> Term:
    """Ghost: what tells the PHoTI of a home test from all others."""
    return ("PHoTI", init.address, init.cookie)


def _make_entry(ctx: Context, world: World, at: str, init: TestInit, *, honest: bool, again: bool) -> None:
    """Readings photi_state and photi_on_entry (A-16). By default an entry that is there already stays: the text says
    "creates" (N130, N148). One that is overwritten keeps its sequence number and its tokens."""
    if world.policy.reads("photi_state", "none"):
        return
    entry = cells_of(init.address, at).entry
    changes = ctx.test(entry, present)
    if changes and world.policy.reads("photi_on_entry", "keep"):
        return
    assert init.care_of is not None
    harm = harm_to(ctx, world, init.address, at, init.care_of) if changes else "none"
    used = world.policy.reads("photi_state", "active")
    registrant = "honest" if honest else "attacker"
    ctx.set(entry, Entry(care_of=init.care_of, verified=False, capped=True, registrant=registrant, used=used))
    if init.address in world.victims:
        author = "honest" if honest or again else "attacker"
        effect = "changed" if changes else "created"
        event = Accepted(step="PHoTI", author=author, again=again, effect=effect, harm=harm, authenticated=False)
        ctx.set(EVENT, event)


def note_peer(ctx: Context, world: World, pma: str, test: Test) -> bool:
    """The mobile node's agent adds the care-of address of the correspondent (N133); False if it is a false one.

    With phot_use=tested it sends there only once its updates were answered (N138). The attacker answers at an address
    of its own, since it knows the token of a PHoT that it made; nobody does at any other.
    """
    assert test.care_of is not None
    right = test.care_of == CARE_OF[PMA3]
    used = world.policy.reads("phot_use", "at-once") or test.care_of in attacker_addresses(world)
    registrant = "honest" if right else "attacker"
    entry = Entry(care_of=test.care_of, verified=False, capped=True, registrant=registrant, used=used)
    ctx.set(cells_of(CN_HOME, pma).entry, entry)
    if not right:
        ctx.set(EVENT, Believed(pma, "care-of address in a PHoT"))
    return right


def confirm_peer(ctx: Context, pma: str) -> None:
    """After both tests the entry for the correspondent is complete (N138)."""
    ctx.set(
        cells_of(CN_HOME, pma).entry,
        Entry(care_of=CARE_OF[PMA3], verified=True, capped=False, registrant="honest"),
    )
