"""The home agent: forwards between its tunnel and the Internet (draft 5; RFC 6275 10.4)."""

from __future__ import annotations

from pmicheck.language.cells import Context, equals, require
from pmicheck.model.messages import HA2, HA_CN, TUNNEL, Acknowledgement, Data, HandoverToken, Test, TestInit
from pmicheck.model.roles.attachment import attached, who_is_at
from pmicheck.model.roles.data_plane import deliver
from pmicheck.model.topology import AT_HOME
from pmicheck.model.world import World


def forward_test_init(ctx: Context, world: World, init: TestInit) -> None:
    """PHoTI of a proxied home address goes on (N137), HoTI of one is dropped (N136); else HoTI goes on (RFC 6275)."""
    require(init.link == TUNNEL, "outbound")
    if init.kind == "HoTI" and world.proxied:
        require(not world.policy.on("ha-drops-hoti"), "ha-drops-hoti")
    ctx.send(init._replace(link=HA_CN, to=HA2 if world.type2 else init.at))


def intercept(ctx: Context, world: World, message: Test | Acknowledgement) -> None:
    """Packets to the home address go through the tunnel to where the mobile node is registered (N125, N132)."""
    require(message.link == HA_CN, "inbound")
    home = message.address if isinstance(message, Test) else message.home
    address: str = ctx.get(attached(home))
    ctx.send(message._replace(link=TUNNEL, to=who_is_at(world, address)))


def forward_data(ctx: Context, world: World, data: Data) -> None:
    """What comes out of a tunnel goes on as from its inner source, if the outer one is where that is registered
    (RFC 6275 10.4.5); ghost: an agent speaks for the node that it serves and for no other.

    The home agent keeps nothing of it, so it arrives in the same step. What names no honest node as its source, or goes
    elsewhere, is not followed.
    """
    require(data.outer != "", "not-tunnelled")
    require(data.source in world.victims and data.destination in world.correspondents, "not-followed")
    registered_there = ctx.test(attached(data.source), equals, data.outer)
    if world.policy.on("ha-outer-source-check"):
        require(registered_there, "ha-outer-source-check")
        ctx.passed("the home address is registered at the outer source")
    deliver(ctx, world, data.destination, data.source, data.source if registered_there else data.outer)


def relay_handover_token(ctx: Context, world: World, message: HandoverToken) -> None:
    """HT rides on the home registration of the next PMA, which is the one that serves the node now (N070)."""
    address: str = ctx.get(attached(message.home))
    require(address != AT_HOME, "not-attached")
    serving = who_is_at(world, address)
    earlier = world.agents[: world.agents.index(message.sender) + 1]
    require(serving not in earlier, "not-the-next")
    ctx.send(message._replace(to=serving))
