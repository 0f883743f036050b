"""All rules of one world: who may act, who processes which message, and what of the draft says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pmicheck.language.act import Act, Rule
from pmicheck.language.message import Message
from pmicheck.model.ancestors import enhanced_mobile_node, mobile_node
from pmicheck.model.messages import Acknowledgement, HandoverToken, Test, TestInit, Update, name_of
from pmicheck.model.roles import clock, correspondent_node, home_agent, movement
from pmicheck.model.roles import proxy_mobile_agent as pma_role
from pmicheck.model.rules import orders, peer_protocol
from pmicheck.model.topology import MN, PMA1, Flow
from pmicheck.model.world import World


def spontaneous(world: World) -> tuple[Act, ...]:
    """Rules that need no message: they fire by policy, by timer, or because the mobile node moves."""
    acts = [*clock.acts(world), *movement.acts(world), *peer_protocol.acts(world)]
    if not world.course.registers:
        return tuple(acts)
    if world.proxied:
        for pma in world.agents:
            for flow in world.flows:
                acts += _pma_acts(world, pma, flow)
    else:
        acts += _enhanced_acts(world) if world.enhanced else _mobile_acts(world)
    return tuple(acts)


def _mobile_acts(world: World) -> Iterator[Act]:
    """The mobile node of RFC 6275."""
    yield _of_node(world, "start tests", "starts the tests", "RFC 6275 5.2.5", mobile_node.start_tests)
    yield _of_node(world, "repeat", "repeats its BU", "RFC 6275 11.8", mobile_node.retransmit)


def _enhanced_acts(world: World) -> Iterator[Act]:
    """The mobile node of RFC 4866."""
    role = enhanced_mobile_node
    yield _of_node(world, "start tests", "starts the home test", "RFC 4866 4.1", role.start_home_test)
    yield _of_node(world, "repeat", "repeats what is outstanding", "RFC 6275 11.8", role.retransmit)
    if world.course.moves:
        does = "registers with the permanent token"
        yield _of_node(world, "register with PT", does, "RFC 4866 4.1", role.register_after_move)
        yield _of_node(world, "deregister", "deregisters", "RFC 4866 4.1", role.deregister_at_home)


def _of_node(world: World, key: str, does: str, section: str, rule: Rule) -> Act:
    """A rule of a mobile node that acts for itself."""
    return Act(
        name=f"mobile node {does}",
        actor=MN,
        section=section,
        rule=rule,
        given=(world,),
        key=key,
        does=does,
    )


def _pma_acts(world: World, pma: str, flow: Flow) -> Iterator[Act]:
    def act(key: str, does: str, section: str, statements: tuple[str, ...], rule: Rule) -> Act:
        does = f"{does}{flow.label}"
        named = (("agent", pma), *flow.named)
        name = f"{pma} {does}"
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

    yield act("start tests", "starts the proxy home test", "3.2", orders.HOME_TEST, pma_role.start_home_test)
    yield act("repeat", "repeats what is outstanding", "RFC 6275 11.8", (), pma_role.retransmit)
    if world.bounds.refreshes:
        yield act("refresh", "refreshes with the permanent token", "3.3", orders.REFRESH, pma_role.refresh)
    if (pma == PMA1 or pma != world.agents[-1]) and world.leaves:
        yield act("deregister", "deregisters", "3.4", orders.DEREGISTER, pma_role.deregister)
    if pma != PMA1:
        yield act(
            "register with HT",
            "registers with the handover token",
            "3.4",
            orders.NEXT_AGENT,
            pma_role.register_after_handover,
        )
    if pma != world.agents[-1] and world.course.relays_token:
        statements = orders.TOKEN_THROUGH_HOME_AGENT
        yield act("hand over HT", "hands HT to the home agent", "3.4", statements, pma_role.hand_token_to_home_agent)


def handler(world: World, message: Message) -> Act | None:
    """What the principal addressed does with the message; None if nobody processes it."""
    if not isinstance(message, world.course.kinds):
        return None
    name = f"{message.to} receives {name_of(message)}"

    def act(section: str, statements: tuple[str, ...], rule: Rule, *given: Any) -> Act:
        return Act(name=name, actor=message.to, section=section, statements=statements, rule=rule, given=given)

    match message:
        case TestInit(to="ha"):
            return act("5", orders.FORWARD_TEST_INIT, home_agent.forward_test_init, world, message)
        case TestInit() if message.to in world.correspondents and not world.type2:
            return act("3.2", orders.ANSWER_TEST, correspondent_node.answer_test, world, message)
        case Test(to="ha") | Acknowledgement(to="ha"):
            return act("3.2", orders.INTERCEPT, home_agent.intercept, world, message)
        case HandoverToken(to="ha"):
            through = orders.TOKEN_THROUGH_HOME_AGENT
            return act("3.4", through, home_agent.relay_handover_token, world, message)
        case Update() if message.to in world.correspondents:
            section, statements = orders.UPDATES[message.step]
            return act(section, statements, correspondent_node.receive_update, world, message)
    return _registrant_handler(world, message, act)


def _registrant_handler(world: World, message: Message, act: Callable[..., Act]) -> Act | None:
    to = message.to
    match message:
        case Test() if to == MN and world.enhanced:
            return act("RFC 6275 11.6.2", (), enhanced_mobile_node.receive_home_test, world, message)
        case Acknowledgement() if to == MN and world.enhanced:
            return act("RFC 4866 4.4", (), enhanced_mobile_node.receive_acknowledgement, world, message)
        case Test() if to == MN:
            return act("RFC 6275 11.6.2", (), mobile_node.receive_test, world, message)
        case Acknowledgement() if to == MN:
            return act("RFC 6275 11.7.3", (), mobile_node.receive_acknowledgement, world, message)
        case Test() if to in world.agents:
            return act(
                "3.2",
                orders.HOME_TEST_ARRIVES + (orders.PEER_LEARNT if world.type2 else ()),
                pma_role.receive_home_test,
                world,
                to,
                Flow(message.address, message.at),
                message,
            )
        case Acknowledgement() if to in world.agents:
            return act(
                "3.5",
                orders.ACKNOWLEDGEMENT_ARRIVES + (orders.PEER_REGISTERED if world.type2 else ()),
                pma_role.receive_acknowledgement,
                world,
                to,
                Flow(message.home, message.at),
                message,
            )
        case HandoverToken() if to in world.agents:
            return act(
                "3.4",
                orders.TOKEN_THROUGH_HOME_AGENT,
                pma_role.receive_handover_token,
                world,
                to,
                Flow(message.home, message.at),
                message,
            )
    return peer_protocol.handler(world, message)
