"""Payload: what correspondents and agents accept as from whom (draft 6, 7, 9; RFC 6275 6.4).

Packets with a false source address and nothing else are not offered: ingress filtering stops them, and it stops no
inner header (data-origin).
"""

from __future__ import annotations

from functools import cache

from pmicheck.language.cells import Cell, Context, equals, require
from pmicheck.model.events import EVENT, Delivered
from pmicheck.model.messages import CARE_OF_CN, HA, INTERNET, TUNNEL, Data
from pmicheck.model.roles.attachment import attached, attacker_addresses, who_is_at
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.topology import ATTACKER, CARE_OF, CN_HOME, MN, PMA3, Flow, key_owner
from pmicheck.model.world import World


@cache
def arrived(who: str, source: str) -> Cell:
    """Whether `who` has got payload as from `source`."""
    return Cell(f"{who} has data from {source}", False, ghost=True)


def entry_used(entry: Entry | None) -> bool:
    return entry is not None and entry.used


def entry_at(entry: Entry | None, care_of: str) -> bool:
    return entry is not None and entry.used and entry.care_of == care_of


# Sending.


def send_from_node(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """The agent tunnels the node's payload: to the correspondent (N161), or to its agent (N117)."""
    require(ctx.test(attached(flow.home), equals, CARE_OF[pma]), "not-serving")
    if not world.type2:
        held: Registration = ctx.get(registration_of(pma, flow))
        require(held.done > 0 and held.stage == "registered", "not-registered")
        ctx.send(
            Data(source=flow.home, destination=flow.at, outer=CARE_OF[pma], routing="", link=CARE_OF_CN, to=flow.at)
        )
        return
    entry: Entry | None = ctx.get(cells_of(CN_HOME, pma).entry)
    require(entry_used(entry), "no-entry")
    assert entry is not None
    ctx.send(_tunnelled(world, flow.home, CN_HOME, CARE_OF[pma], entry.care_of))


def send_by_home_agent(ctx: Context, world: World, pma: str, flow: Flow) -> None:
    """Without route optimisation the node's payload takes the tunnel to its home agent (RFC 6275 11.3.1)."""
    require(ctx.test(attached(flow.home), equals, CARE_OF[pma]), "not-serving")
    ctx.send(Data(source=flow.home, destination=flow.at, outer=CARE_OF[pma], routing="", link=TUNNEL, to=HA))


def _tunnelled(world: World, source: str, destination: str, outer: str, care_of: str) -> Data:
    to = who_is_at(world, care_of)
    return Data(
        source=source,
        destination=destination,
        outer=outer,
        routing="",
        link=CARE_OF_CN if to in (*world.agents, PMA3) else INTERNET,
        to=to,
    )


def send_from_correspondent(ctx: Context, world: World, flow: Flow) -> None:
    """Payload by the cache: with a type 2 routing header (N164, N165), or through the tunnel of two agents (N117)."""
    entry: Entry | None = ctx.get(cells_of(*flow).entry)
    require(entry_used(entry), "no-entry")
    assert entry is not None
    if world.type2:
        ctx.send(_tunnelled(world, CN_HOME, flow.home, CARE_OF[flow.at], entry.care_of))
        return
    require(entry.verified, "credit")
    to = who_is_at(world, entry.care_of)
    link = CARE_OF_CN if to in world.agents else INTERNET
    ctx.send(Data(source=flow.at, destination=flow.home, outer="", routing=flow.home, link=link, to=to))


# Receiving.


def receive_at_correspondent(ctx: Context, world: World, at: str, data: Data) -> None:
    """IP-in-IP from an agent: the outer source must match the binding cache entry (N161-N163, reading data_check)."""
    policy = world.policy
    require(data.destination == at, "inner-packet")
    pairwise = policy.reads("data_check", "pairwise") and policy.on("pairwise-data-check")
    if pairwise:
        require(ctx.test(cells_of(data.source, at).entry, entry_at, data.outer), "pairwise-data-check")
    elif policy.on("outer-source-check"):
        _require_some_entry(ctx, world, at, data.outer)
    deliver(ctx, world, at, data.source, data.outer)


def _require_some_entry(ctx: Context, world: World, at: str, outer: str) -> None:
    """The literal text: the outer source matches an entry, whosoever it is (A-20)."""
    homes = [flow.home for flow in world.cache if flow.at == at]
    require(any(ctx.test(cells_of(home, at).entry, entry_at, outer) for home in homes), "outer-source-check")
    ctx.passed("the outer source is the care-of address of an entry")


def receive_from_tunnel(ctx: Context, world: World, at: str, data: Data) -> None:
    """Between agents: an entry for the inner source should exist (N177); which one it came from is not asked for."""
    policy = world.policy
    entry = cells_of(data.source, at).entry
    if policy.on("pma-tunnel-bce-check"):
        require(ctx.test(entry, entry_used), "pma-tunnel-bce-check")
        ctx.passed("there is an entry for the inner source")
        if policy.reads("data_check", "pairwise") and policy.on("pairwise-data-check"):
            require(ctx.test(entry, entry_at, data.outer), "pairwise-data-check")
    served = data.destination == CN_HOME if at == PMA3 else ctx.test(attached(data.destination), equals, CARE_OF[at])
    require(served, "not-attached")
    deliver(ctx, world, data.destination, data.source, data.outer)


def receive_routed(ctx: Context, world: World, pma: str, data: Data) -> None:
    """Type 2 routing header: the home address takes the place of the destination, or, as the text has it, of the
    source (N150-N154, E-02). Only the first asks whether that address is served here (RFC 6275 6.4)."""
    if world.policy.reads("rh2_address", "destination"):
        served = data.routing in world.victims and ctx.test(attached(data.routing), equals, CARE_OF[pma])
        require(served, "routing-header")
        deliver(ctx, world, key_owner(data.routing), data.source, data.source)
        return
    # In a tunnel the header is not for the agent, and ingress filtering looks at no source there.
    require(data.outer == "", "inner-packet")
    require(ctx.test(attached(world.main.home), equals, CARE_OF[pma]), "not-attached")
    deliver(ctx, world, MN, data.routing, data.source)


def deliver(ctx: Context, world: World, who: str, source: str, sent_from: str) -> None:
    """Payload reaches the upper layers of `who` as from `source`; ghost: whether the sender is entitled to that."""
    ctx.set(arrived(who, source), True)
    attackers = attacker_addresses(world)
    if sent_from in attackers:
        if source not in (*attackers, *world.own_homes):
            ctx.set(EVENT, Delivered(who, source, ATTACKER))
    elif sent_from in world.correspondents and source != sent_from:
        ctx.set(EVENT, Delivered(who, source, sent_from))
