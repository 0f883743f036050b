"""The rules of draft sections 4, 6 and 7: handshake, context transfer, local routing, payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from pmicheck.language.act import Act, Rule
from pmicheck.language.message import Message
from pmicheck.model.messages import (
    HA,
    HA2,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    PeerAcknowledgement,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
    name_of,
)
from pmicheck.model.roles import context_transfer, data_plane, home_agent, local_routing, peer_agent, type2_agent
from pmicheck.model.topology import AWAY, CN_HOME, MN, PMA1, PMA3, VICTIM_HOME
from pmicheck.model.world import World


def acts(world: World) -> Iterator[Act]:
    """What fires without a message, in the courses of these sections."""
    if world.course.handshakes:
        yield from _handshake_acts(world)
    if world.course.local:
        yield from _local_acts(world)
    elif world.course.reverse_tunnel:
        yield from _reverse_tunnel_acts(world)
    elif world.course.payload:
        yield from _data_acts(world)


def _handshake_acts(world: World) -> Iterator[Act]:
    flow = world.main

    def act(pma: str, key: str, does: str, section: str, statements: tuple[str, ...], rule: Rule) -> Act:
        name, named = f"{pma} {does}", (("agent", pma),)
        return Act(
            name=name,
            actor=pma,
            section=section,
            statements=statements,
            rule=rule,
            given=(world, pma, flow),
            key=key,
            arguments=named,
            does=does,
        )

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
            name=f"{pma} asks {previous} for the context",
            actor=pma,
            section="4.2.1",
            statements=("N121",),
            rule=context_transfer.ask_previous_agent,
            given=(world, pma, flow, previous),
            key="ask for context",
            arguments=(("agent", pma), ("previous", previous)),
            does=f"asks {previous} for the context",
        )


def _data_acts(world: World) -> Iterator[Act]:
    for pma in world.agents:
        for flow in world.flows:
            yield Act(
                name=f"{pma} tunnels the mobile node's data{flow.label}",
                actor=pma,
                section="7" if not world.type2 else "4.2",
                statements=("N161", "N162") if not world.type2 else ("N116", "N117"),
                rule=data_plane.send_from_node,
                given=(world, pma, flow),
                key="send data",
                arguments=(("by", pma), *flow.named),
                does=f"tunnels the mobile node's data{flow.label}",
            )
    for flow in world.flows:
        yield Act(
            name=f"{flow.at} sends data to the mobile node{flow.label}",
            actor=flow.at,
            section="7" if not world.type2 else "4.2",
            statements=("N006", "N164", "N165") if not world.type2 else ("N117",),
            rule=data_plane.send_from_correspondent,
            given=(world, flow),
            key="send data",
            arguments=(("by", flow.at), *flow.named),
            does=f"sends data to the mobile node{flow.label}",
        )


def _reverse_tunnel_acts(world: World) -> Iterator[Act]:
    for pma in world.agents:
        for flow in world.flows:
            does = f"sends the mobile node's data by the home agent{flow.label}"
            yield Act(
                name=f"{pma} {does}",
                actor=pma,
                section="RFC 6275 11.3.1",
                rule=data_plane.send_by_home_agent,
                given=(world, pma, flow),
                key="send data",
                arguments=(("by", pma), *flow.named),
                does=does,
            )


def _local_acts(world: World) -> Iterator[Act]:
    ends = {VICTIM_HOME: "mobile node", CN_HOME: "correspondent"}
    other = {VICTIM_HOME: CN_HOME, CN_HOME: VICTIM_HOME}
    for home, who in ends.items():
        yield Act(
            name=f"{PMA1} registers the {who}",
            actor=PMA1,
            section="4.1",
            statements=("N020", "N103", "N105", "N141"),
            rule=local_routing.register,
            given=(world, home),
            key="register",
            arguments=(("home", home),),
            does=f"registers the {who}",
        )
        yield Act(
            name=f"{who} sends data by its agent",
            actor=who,
            section="4.1",
            statements=("N104",),
            rule=local_routing.send_data,
            given=(world, home, other[home]),
            key="send data",
            arguments=(("home", home),),
            does="sends data by its agent",
        )
    yield Act(
        name="mobile node moves to away",
        actor=MN,
        section="3.4",
        statements=("N020",),
        rule=local_routing.leave,
        given=(VICTIM_HOME, AWAY),
        key="move",
        arguments=(("home", VICTIM_HOME), ("target", AWAY)),
        does=f"moves to {AWAY}",
    )
    yield Act(
        name=f"{PMA1} forgets the mobile node",
        actor=PMA1,
        section="6",
        statements=("N140",),
        rule=local_routing.forget,
        given=(VICTIM_HOME,),
        key="forget",
        arguments=(("home", VICTIM_HOME),),
        does="forgets the mobile node",
    )
    if world.policy.reads("ro_trigger", "explicit"):
        yield Act(
            name="mobile node asks for route optimisation",
            actor=MN,
            section="4.1",
            statements=("N099", "N100", "N101"),
            rule=local_routing.send_trigger,
            given=(VICTIM_HOME,),
            key="ask for route optimisation",
            arguments=(("home", VICTIM_HOME),),
            does="asks for route optimisation",
        )


def handler(world: World, message: Message) -> Act | None:
    """What the principal addressed does with a message of these sections; None if nobody processes it."""
    name = f"{message.to} receives {name_of(message)}"
    agents = (*world.agents, PMA3)

    def act(section: str, statements: tuple[str, ...], rule: Rule, *given: Any) -> Act:
        return Act(name=name, actor=message.to, section=section, statements=statements, rule=rule, given=given)

    to = message.to
    match message:
        case TestInit(to="ha2"):
            return act("4.3", ("N126", "N127"), type2_agent.forward_inward, message)
        case Test(to="ha2"):
            return act("4.3", ("N131",), type2_agent.forward_outward, message)
        case TestInit() if to == PMA3:
            tests = ("N110", "N124", "N128", "N129", "N130", "N147", "N148", "N157", "N158", "N168", "N171")
            return act("4.3", tests, type2_agent.answer_test, world, to, message)
        case CacheRequest() if to == HA2:
            return act("4.2", ("N112",), peer_agent.answer_request, message)
        case CacheAnswer() if to in world.agents:
            return act("4.2", ("N108", "N113"), peer_agent.receive_answer, world, to, world.main, message)
        case PeerUpdate() if to in agents:
            updates = ("N114", "N115", "N176") if message.lifetime else ("N140", "N160")
            return act("4.2", updates, peer_agent.receive_update, world, to, message)
        case PeerAcknowledgement() if to in agents:
            return act("4.2", ("N115", "N116"), peer_agent.receive_acknowledgement, world, to, message)
        case ContextRequest() if to in world.agents:
            return act(
                "4.2.1",
                ("N121", "N143", "N145"),
                context_transfer.answer_next_agent,
                world,
                to,
                world.main,
                message,
            )
        case ContextData() if to in world.agents:
            return act("4.2.1", ("N120", "N121"), context_transfer.receive_context, world, to, world.main, message)
        case Data():
            return _data_handler(world, message, act)
        case Trigger() if to == PMA1:
            return act("4.1", ("N101",), local_routing.receive_trigger, world, message)
    return None


def _data_handler(world: World, data: Data, act: Callable[..., Act]) -> Act | None:
    to = data.to
    if world.course.reverse_tunnel:
        return act("RFC 6275 10.4.5", (), home_agent.forward_data, world, data) if to == HA else None
    if world.course.local:
        if to != PMA1:
            return None
        if data.outer:
            return act("9", ("N177",), local_routing.route_from_tunnel, world, data)
        return act("4.1", ("N104", "N105", "N106"), local_routing.route, world, data)
    if data.routing and to in world.agents:
        statements = ("N150", "N151", "N152", "N153", "N154")
        return act("6", statements, data_plane.receive_routed, world, to, data)
    if world.type2 and to in (*world.agents, PMA3):
        return act("9", ("N177",), data_plane.receive_from_tunnel, world, to, data)
    if to in world.correspondents:
        return act("7", ("N161", "N162", "N163"), data_plane.receive_at_correspondent, world, to, data)
    return None
