"""The rules of draft sections 4, 6 and 7: handshake, context transfer, local routing, payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from pmicheck.model.act import Act
from pmicheck.model.cells import Context
from pmicheck.model.messages import (
    HA2,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    Message,
    PeerAcknowledgement,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
    name_of,
)
from pmicheck.model.roles import context_transfer, data_plane, local_routing, peer_agent, type2_agent
from pmicheck.model.topology import AWAY, CN_HOME, MN, PMA1, PMA3, VICTIM_HOME
from pmicheck.model.world import World

Run = Callable[[Context], None]


def acts(world: World) -> Iterator[Act]:
    """What fires without a message, in the variants of these sections."""
    if world.variant in ("handshake", "handshake-handover"):
        yield from _handshake_acts(world)
    if world.variant in ("handshake", "data"):
        yield from _data_acts(world)
    if world.variant == "local":
        yield from _local_acts(world)


def _handshake_acts(world: World) -> Iterator[Act]:
    flow = world.main

    def act(pma: str, key: str, does: str, section: str, statements: tuple[str, ...], rule: Callable[..., Any]) -> Act:
        name, named = f"{pma} {does}", (("agent", pma),)
        return Act(name, pma, section, statements, lambda ctx: rule(ctx, world, pma, flow), key, named, does)

    asks = ("N107", "N108", "N109", "N111")
    for pma in world.agents:
        # Beside an attacker the first handshake of an agent is the subject of type2-handshake.
        if pma == PMA1 or not world.attacked:
            yield act(pma, "ask home agent", "asks HA2 for the binding", "4.2", asks, peer_agent.ask_home_agent)
        yield act(pma, "repeat", "repeats its handshake PBU", "RFC 6275 11.8", (), peer_agent.retransmit)
    for previous, pma in pairwise(world.agents):
        statements = ("N118", "N119", "N120", "N122", "N123")
        yield act(
            pma,
            "register from context",
            "registers with the peer in the context",
            "4.2.1",
            statements,
            peer_agent.begin_from_context,
        )
        yield act(previous, "deregister", "deregisters with the peer", "6", ("N140",), peer_agent.deregister)
        yield Act(
            f"{pma} asks {previous} for the context",
            pma,
            "4.2.1",
            ("N121",),
            lambda c, pma=pma, previous=previous: context_transfer.ask_previous_agent(c, world, pma, flow, previous),  # type: ignore[misc]
            "ask for context",
            (("agent", pma), ("previous", previous)),
            f"asks {previous} for the context",
        )


def _data_acts(world: World) -> Iterator[Act]:
    for pma in world.agents:
        for flow in world.flows:
            yield Act(
                f"{pma} tunnels the mobile node's data{flow.label}",
                pma,
                "7" if not world.type2 else "4.2",
                ("N161", "N162") if not world.type2 else ("N116", "N117"),
                lambda c, pma=pma, flow=flow: data_plane.send_from_node(c, world, pma, flow),  # type: ignore[misc]
                "send data",
                (("by", pma), *flow.named),
                f"tunnels the mobile node's data{flow.label}",
            )
    for flow in world.flows:
        yield Act(
            f"{flow.at} sends data to the mobile node{flow.label}",
            flow.at,
            "7" if not world.type2 else "4.2",
            ("N006", "N164", "N165") if not world.type2 else ("N117",),
            lambda c, flow=flow: data_plane.send_from_correspondent(c, world, flow),  # type: ignore[misc]
            "send data",
            (("by", flow.at), *flow.named),
            f"sends data to the mobile node{flow.label}",
        )


def _local_acts(world: World) -> Iterator[Act]:
    ends = {VICTIM_HOME: "mobile node", CN_HOME: "correspondent"}
    other = {VICTIM_HOME: CN_HOME, CN_HOME: VICTIM_HOME}
    for home, who in ends.items():
        yield Act(
            f"{PMA1} registers the {who}",
            PMA1,
            "4.1",
            ("N020", "N103", "N105", "N141"),
            lambda c, home=home: local_routing.register(c, world, home),  # type: ignore[misc]
            "register",
            (("home", home),),
            f"registers the {who}",
        )
        yield Act(
            f"{who} sends data by its agent",
            who,
            "4.1",
            ("N104",),
            lambda c, home=home: local_routing.send_data(c, world, home, other[home]),  # type: ignore[misc]
            "send data",
            (("home", home),),
            "sends data by its agent",
        )
    yield Act(
        "mobile node moves to away",
        MN,
        "3.4",
        ("N020",),
        lambda c: local_routing.leave(c, VICTIM_HOME, AWAY),
        "move",
        (("home", VICTIM_HOME), ("target", AWAY)),
        f"moves to {AWAY}",
    )
    yield Act(
        f"{PMA1} forgets the mobile node",
        PMA1,
        "6",
        ("N140",),
        lambda c: local_routing.forget(c, VICTIM_HOME),
        "forget",
        (("home", VICTIM_HOME),),
        "forgets the mobile node",
    )
    if world.policy.reads("ro_trigger", "explicit"):
        yield Act(
            "mobile node asks for route optimisation",
            MN,
            "4.1",
            ("N099", "N100", "N101"),
            lambda c: local_routing.send_trigger(c, VICTIM_HOME),
            "ask for route optimisation",
            (("home", VICTIM_HOME),),
            "asks for route optimisation",
        )


def handler(world: World, message: Message) -> Act | None:
    """What the principal addressed does with a message of these sections; None if nobody processes it."""
    name = f"{message.to} receives {name_of(message)}"
    agents = (*world.agents, PMA3)

    def act(section: str, statements: tuple[str, ...], run: Run) -> Act:
        return Act(name, message.to, section, statements, run)

    to = message.to
    match message:
        case TestInit(to="ha2"):
            return act("4.3", ("N126", "N127"), lambda c: type2_agent.forward_inward(c, message))
        case Test(to="ha2"):
            return act("4.3", ("N131",), lambda c: type2_agent.forward_outward(c, message))
        case TestInit() if to == PMA3:
            tests = ("N110", "N124", "N128", "N129", "N130", "N147", "N148", "N157", "N158", "N168", "N171")
            return act("4.3", tests, lambda c: type2_agent.answer_test(c, world, to, message))
        case CacheRequest() if to == HA2:
            return act("4.2", ("N112",), lambda c: peer_agent.answer_request(c, message))
        case CacheAnswer() if to in world.agents:
            return act("4.2", ("N108", "N113"), lambda c: peer_agent.receive_answer(c, world, to, world.main, message))
        case PeerUpdate() if to in agents:
            updates = ("N114", "N115", "N176") if message.lifetime else ("N140", "N160")
            return act("4.2", updates, lambda c: peer_agent.receive_update(c, world, to, message))
        case PeerAcknowledgement() if to in agents:
            return act("4.2", ("N115", "N116"), lambda c: peer_agent.receive_acknowledgement(c, world, to, message))
        case ContextRequest() if to in world.agents:
            return act(
                "4.2.1",
                ("N121", "N143", "N145"),
                lambda c: context_transfer.answer_next_agent(c, world, to, world.main, message),
            )
        case ContextData() if to in world.agents:
            return act(
                "4.2.1", ("N120", "N121"), lambda c: context_transfer.receive_context(c, world, to, world.main, message)
            )
        case Data():
            return _data_handler(world, message, act)
        case Trigger() if to == PMA1:
            return act("4.1", ("N101",), lambda c: local_routing.receive_trigger(c, world, message))
    return None


def _data_handler(world: World, data: Data, act: Callable[[str, tuple[str, ...], Run], Act]) -> Act | None:
    to = data.to
    if world.variant == "local":
        if to != PMA1:
            return None
        if data.outer:
            return act("9", ("N177",), lambda c: local_routing.route_from_tunnel(c, world, data))
        return act("4.1", ("N104", "N105", "N106"), lambda c: local_routing.route(c, world, data))
    if data.routing and to in world.agents:
        statements = ("N150", "N151", "N152", "N153", "N154")
        return act("6", statements, lambda c: data_plane.receive_routed(c, world, to, data))
    if world.type2 and to in (*world.agents, PMA3):
        return act("9", ("N177",), lambda c: data_plane.receive_from_tunnel(c, world, to, data))
    if to in world.correspondents:
        return act("7", ("N161", "N162", "N163"), lambda c: data_plane.receive_at_correspondent(c, world, to, data))
    return None
