"""Time: the clock ticks, entries and handover tokens end (N088, N160; protocol-facts 3.12)."""

from __future__ import annotations

from collections.abc import Iterator

from pmicheck.language.act import Act
from pmicheck.language.cells import Context, equals, require
from pmicheck.model.roles.binding_cache import cells_of, dead, entry_is_capped, nonempty, present
from pmicheck.model.roles.correspondent_node import forget_entry
from pmicheck.model.rules import orders
from pmicheck.model.time import CLOCK, LAST_PHASE, PHASES, reaches
from pmicheck.model.world import World

CAPPED_ENDS = 3
DAY_ENDS = LAST_PHASE


def acts(world: World) -> Iterator[Act]:
    """The clock's rules, within the scenario's bound on it."""
    for phase in range(world.bounds.clock):
        yield Act(
            name=f"clock reaches {PHASES[phase + 1]}",
            actor="clock",
            section="RFC 6275 12",
            statements=("N013", "N088"),
            rule=tick,
            given=(world, phase),
            key="tick",
            arguments=(("phase", phase + 1),),
        )
    for home, at in world.cache:
        where = "" if at == world.main.at else f" at {at}"
        if world.bounds.clock >= CAPPED_ENDS:
            yield Act(
                name=f"entry of {home} ends{where}",
                actor=at,
                section="7",
                statements=orders.ENTRY_ENDS,
                rule=expire,
                given=(world, home, at),
                key="end entry",
                arguments=(("home", home), ("at", at)),
            )
        if world.policy.reads("ht_lifetime", "finite") and world.bounds.clock >= DAY_ENDS and world.proxied:
            yield Act(
                name=f"handover token of {home} ends{where}",
                actor=at,
                section="2",
                statements=("N015",),
                rule=end_token,
                given=(home, at),
                key="end handover token",
                arguments=(("home", home), ("at", at)),
            )


def tick(ctx: Context, world: World, phase: int) -> None:
    """The next phase begins; no binding of 420 s lives for a day.

    The Internet may delay a packet across the moment at which a phase begins; `Bounds.late_packets` follows that.
    """
    require(ctx.test(CLOCK, equals, phase), "other-phase")
    if phase + 1 == DAY_ENDS:
        for home, at in world.cache:
            require(not ctx.test(cells_of(home, at).entry, entry_is_capped), "entry-must-end-first")
    ctx.set(CLOCK, phase + 1)
    if world.keeps_number:
        _forget_numbers(ctx, world, phase + 1)
    if not world.bounds.late_packets:
        ctx.lose_packets_in_flight()


def _forget_numbers(ctx: Context, world: World, phase: int) -> None:
    """The number of a deleted entry is kept as long as the nonces live that its updates named (RFC 6275 5.2.8)."""
    for flow in world.flows:
        cells = cells_of(*flow)
        if ctx.test(cells.newest, dead, phase):
            ctx.set(cells.newest, 0)
            if world.policy.reads("sequence_scope", "entry") and not ctx.test(cells.entry, present):
                ctx.set(cells.seq, None)


def expire(ctx: Context, world: World, home: str, at: str) -> None:
    """The lifetime ran out: after 420 s by return routability, after a day otherwise; PT goes with it."""
    cells = cells_of(home, at)
    require(ctx.test(cells.entry, present), "no-entry")
    capped = ctx.test(cells.entry, entry_is_capped)
    require(ctx.test(CLOCK, reaches, CAPPED_ENDS if capped else DAY_ENDS), "lifetime")
    if world.keeps_number:
        ctx.set(cells.newest, 0)  # an entry lasts longer than the nonces of its last update live
    forget_entry(ctx, world, home, ctx.get(cells.entry), at)
    ctx.set(cells.pt, ())


def end_token(ctx: Context, home: str, at: str) -> None:
    """Reading ht_lifetime=finite: HT dies a day after its issue."""
    require(ctx.test(CLOCK, reaches, DAY_ENDS), "lifetime")
    require(ctx.test(cells_of(home, at).ht, nonempty), "no-token")
    ctx.set(cells_of(home, at).ht, ())
