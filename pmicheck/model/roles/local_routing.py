"""Two mobile nodes at one agent: triggering, and routing without signalling (draft 4.1, cases 1 and 2)."""

from __future__ import annotations

from functools import cache

from pmicheck.language.cells import About, Cell, Context, equals, require, require_within
from pmicheck.model.events import EVENT, Accepted
from pmicheck.model.messages import ACCESS, TUNNEL, Data, Trigger
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.data_plane import deliver
from pmicheck.model.roles.ghosts import SENT, evidence, was_sent
from pmicheck.model.time import CLOCK, at_most
from pmicheck.model.topology import CARE_OF, PMA1
from pmicheck.model.world import World

HERE = CARE_OF[PMA1]


@cache
def listed(home: str) -> Cell:
    """Whether the agent has the home address in its Binding Update List (N105, N141)."""
    about = About("local list", f"binding update list[{home}]", (("keeper", PMA1), ("home", home)))
    return Cell(f"{PMA1}.binding update list[{home}]", False, about=about)


@cache
def wanted(home: str) -> Cell:
    """State that an explicit trigger makes: the node with this home address wants an optimised path (N101)."""
    about = About("wish", f"route optimisation wanted by {home}", (("keeper", PMA1), ("home", home)))
    return Cell(f"{PMA1}.route optimisation wanted by {home}", False, about=about)


def register(ctx: Context, world: World, home: str) -> None:
    """After access authentication, which brings the profile, the agent registers the node at home (N103)."""
    require_within(ctx.test(CLOCK, at_most, world.bounds.honest_until), "honest_until")
    require(ctx.test(attached(home), equals, HERE), "not-attached")
    require(not ctx.test(listed(home), equals, True), "registered")
    ctx.set(listed(home), True)


def leave(ctx: Context, home: str, target: str) -> None:
    """The node goes; the agent learns of it later."""
    require(ctx.test(attached(home), equals, HERE), "elsewhere")
    ctx.set(attached(home), target)


def forget(ctx: Context, home: str) -> None:
    """The agent deletes what it kept for a node that has left (N140)."""
    require(not ctx.test(attached(home), equals, HERE), "still-attached")
    require(ctx.test(listed(home), equals, True), "not-registered")
    ctx.set(listed(home), False)
    ctx.set(wanted(home), False)


def send_trigger(ctx: Context, home: str) -> None:
    """Explicit mode: the node asks for route optimisation (N099-N101)."""
    require(ctx.test(attached(home), equals, HERE), "not-attached")
    ctx.set(evidence(("trigger", home)), SENT)
    ctx.send(Trigger(home, ACCESS, PMA1))


def receive_trigger(ctx: Context, world: World, trigger: Trigger) -> None:
    """The wish is kept; the text names nothing that vouches for it (N101). What the node itself sent, its link does."""
    require(world.policy.reads("ro_trigger", "explicit"), "implicit-mode")
    require(ctx.test(listed(trigger.home), equals, True), "not-registered")
    require(not ctx.test(wanted(trigger.home), equals, True), "known")
    honest = ctx.test(evidence(("trigger", trigger.home)), was_sent)
    ctx.set(wanted(trigger.home), True)
    ctx.set(
        EVENT,
        Accepted(
            step="trigger",
            author="honest" if honest else "attacker",
            again=False,
            effect="created",
            harm="none",
            authenticated=honest,
        ),
    )


def send_data(ctx: Context, world: World, source: str, destination: str) -> None:
    """A node sends to the other one by way of its agent."""
    require_within(ctx.test(CLOCK, at_most, world.bounds.honest_until), "honest_until")
    require(ctx.test(attached(source), equals, HERE), "not-attached")
    ctx.send(Data(source=source, destination=destination, outer="", routing="", link=ACCESS, to=PMA1))


def route(ctx: Context, world: World, data: Data) -> None:
    """A hit in the Binding Update List is delivered on the connected interface, all else goes to the home agent
    (N104-N106); in explicit mode only if one of the two nodes has asked (N100)."""
    hit = ctx.test(listed(data.destination), equals, True)
    if world.policy.reads("ro_trigger", "explicit") and hit:
        hit = any(ctx.test(wanted(end), equals, True) for end in (data.source, data.destination))
    if not hit:
        ctx.send(data._replace(link=TUNNEL, to="ha"))
        return
    require(ctx.test(attached(data.destination), equals, HERE), "gone")
    deliver(ctx, world, data.destination, data.source, data.source)


def route_from_tunnel(ctx: Context, world: World, data: Data) -> None:
    """Payload in a tunnel that is not the home agent's: only a registered peer may send it (N177); there is none."""
    require(ctx.test(listed(data.destination), equals, True), "not-registered")
    require(not world.policy.on("pma-tunnel-bce-check"), "pma-tunnel-bce-check")
    require(ctx.test(attached(data.destination), equals, HERE), "not-attached")
    deliver(ctx, world, data.destination, data.source, data.outer)
