"""Who may send optimised data to whom, and what arrives (the draft's 6, 7 and 9)."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from type2_world import CN4, CN5, CN5_IDENTITY, PMA3, Type2World
from world import (
    ATTACKER,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    PLAIN_HOME,
    PMA1,
    PMA2,
    PROFILE,
    SEED,
    ProxyWorld,
    checks,
    policy,
)

from pmicheck.nodes.agent.forwarding_agent import ForwardingAgent
from pmicheck.nodes.data_plane import Delivery, deliverable, refused_at_correspondent
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.wire.codec import ProxyHomeTestInit
from pmicheck.wire.packet import Packet, UdpDatagram

DATA = UdpDatagram(b"some data")
STRANGER = IPv6Address("2001:db8:3::1")
ROUTED = Packet(CORRESPONDENT, PMA1, DATA, routing_home_address=HOME)


def _nobody(home_address: IPv6Address, peer: IPv6Address) -> IPv6Address | None:
    return None


def _cn4_at_pma3(home_address: IPv6Address, peer: IPv6Address) -> IPv6Address | None:
    return PMA3 if (home_address, peer) == (HOME, CN4) else None


# Type 2 routing header at a proxy mobile agent (E-02).


def test_the_destination_is_replaced_and_the_header_removed() -> None:
    outcome = deliverable(policy(), ROUTED, [PLAIN_HOME, HOME], _nobody)
    assert outcome == Delivery(HOME, Packet(CORRESPONDENT, HOME, DATA))
    assert isinstance(outcome, Delivery)
    assert Packet.from_bytes(outcome.packet.to_bytes()) == outcome.packet


def test_a_routing_header_with_an_address_that_is_not_served() -> None:
    assert deliverable(policy(), ROUTED, [PLAIN_HOME], _nobody) == "routing-header"


@pytest.mark.parametrize(
    ("served", "node"),
    [
        ([HOME], HOME),
        ([PLAIN_HOME, HOME], HOME),
        ([PLAIN_HOME], PLAIN_HOME),
        ([PLAIN_HOME, STRANGER], None),
        ([], None),
    ],
)
def test_the_source_is_replaced_to_the_letter(served: list[IPv6Address], node: IPv6Address | None) -> None:
    """N152: the node gets a packet from itself, or from whomever the sender likes, addressed to the agent."""
    outcome = deliverable(policy(rh2_address="source"), ROUTED, served, _nobody)
    assert outcome == ("routing-header" if node is None else Delivery(node, Packet(HOME, PMA1, DATA)))


@pytest.mark.parametrize(("value", "source"), [("destination", CORRESPONDENT), ("source", HOME)])
def test_whom_the_node_sees_as_the_source_of_data_of_a_type_1_correspondent(value: str, source: IPv6Address) -> None:
    world = ProxyWorld(policy(rh2_address=value))
    agent = ForwardingAgent(PMA1, HOME_AGENT, world.policy, SEED)
    agent.attach(PROFILE, 0)
    world.pma1 = world.network.nodes["pma1"] = agent
    world.register()
    assert world.cn.send_payload(HOME, 100, 1)
    world.network.settle(1)
    event = agent.log[-1]
    assert (event.kind, event.detail["home_address"], event.detail["octets"]) == ("delivered", HOME, 100)
    assert event.detail["source"] == source


@pytest.mark.parametrize(("value", "relayed"), [("destination", False), ("source", True)])
def test_the_literal_agent_relays_packets_from_arbitrary_addresses(value: str, relayed: bool) -> None:
    agent = ForwardingAgent(PMA1, HOME_AGENT, policy(rh2_address=value), SEED)
    agent.attach(PROFILE, 0)
    agent.receive(Packet(ATTACKER, PMA1, DATA, routing_home_address=STRANGER).to_bytes(), 1)
    assert checks(agent) == ([] if relayed else ["routing-header"])
    if relayed:
        assert (agent.log[-1].detail["home_address"], agent.log[-1].detail["source"]) == (HOME, STRANGER)


# Tunnelled data at a type 1 correspondent (N162, A-20).

BINDINGS = {HOME: PMA1, PLAIN_HOME: PMA2}


@pytest.mark.parametrize(
    ("reading", "without", "outer", "inner", "check"),
    [
        ("outer", (), PMA1, HOME, None),
        ("outer", (), PMA2, HOME, None),
        ("outer", (), PMA2, STRANGER, None),
        ("outer", (), ATTACKER, HOME, "outer-source-check"),
        ("outer", ("outer-source-check",), ATTACKER, HOME, None),
        ("pairwise", (), PMA1, HOME, None),
        ("pairwise", (), PMA2, HOME, "pairwise-data-check"),
        ("pairwise", (), PMA2, STRANGER, "pairwise-data-check"),
        ("pairwise", (), ATTACKER, HOME, "outer-source-check"),
        ("pairwise", ("outer-source-check",), ATTACKER, HOME, "pairwise-data-check"),
        ("pairwise", ("pairwise-data-check",), PMA2, HOME, None),
        ("pairwise", ("pairwise-data-check",), ATTACKER, HOME, "outer-source-check"),
        ("pairwise", ("pairwise-data-check", "outer-source-check"), ATTACKER, HOME, None),
    ],
)
def test_what_a_correspondent_holds_tunnelled_data_against(
    reading: str, without: tuple[str, ...], outer: IPv6Address, inner: IPv6Address, check: str | None
) -> None:
    assert refused_at_correspondent(policy(*without, data_check=reading), outer, inner, BINDINGS) == check


def test_a_correspondent_takes_no_data_in_a_tunnel_that_are_for_somebody_else() -> None:
    world = ProxyWorld()
    world.register()
    inner = Packet(HOME, STRANGER, DATA)
    world.network.inject(Packet(PMA1, CORRESPONDENT, inner).to_bytes(), 1)
    assert checks(world.cn) == ["inner-packet"]


# Between proxy mobile agents (N117, N177).


@pytest.mark.parametrize(
    ("reading", "without", "outer", "inner", "check"),
    [
        ("outer", (), PMA3, CN4, None),
        ("outer", (), ATTACKER, CN4, None),
        ("outer", (), PMA3, STRANGER, "pma-tunnel-bce-check"),
        ("outer", ("pma-tunnel-bce-check",), ATTACKER, STRANGER, None),
        ("pairwise", (), PMA3, CN4, None),
        ("pairwise", (), ATTACKER, CN4, "pairwise-data-check"),
        ("pairwise", ("pairwise-data-check",), ATTACKER, CN4, None),
        ("pairwise", ("pma-tunnel-bce-check",), ATTACKER, STRANGER, "pairwise-data-check"),
    ],
)
def test_what_an_agent_holds_tunnelled_data_against(
    reading: str, without: tuple[str, ...], outer: IPv6Address, inner: IPv6Address, check: str | None
) -> None:
    packet = Packet(outer, PMA1, Packet(inner, HOME, DATA))
    outcome = deliverable(policy(*without, data_check=reading), packet, [HOME], _cn4_at_pma3)
    assert outcome == (check or Delivery(HOME, Packet(inner, HOME, DATA)))


def test_an_agent_decapsulates_for_attached_nodes_only() -> None:
    packet = Packet(PMA3, PMA1, Packet(CN4, STRANGER, DATA))
    assert deliverable(policy("pma-tunnel-bce-check"), packet, [HOME], _cn4_at_pma3) == "not-attached"


def test_signalling_between_agents_is_no_data() -> None:
    inner = plain_packet(ProxyHomeTestInit(bytes(8), ATTACKER), CN4, HOME)
    assert deliverable(policy(), Packet(PMA3, PMA1, inner), [HOME], _cn4_at_pma3) == "inner-packet"


def test_an_agent_without_a_proxy_binding_cache_takes_data_from_nobody() -> None:
    agent = ForwardingAgent(PMA1, HOME_AGENT, policy(), SEED)
    agent.attach(PROFILE, 0)
    agent.receive(Packet(PMA3, PMA1, Packet(CN4, HOME, DATA)).to_bytes(), 1)
    assert checks(agent) == ["pma-tunnel-bce-check"]


def test_data_take_the_tunnel_between_agents_in_both_directions() -> None:
    world = Type2World()
    world.pma1.send_payload(HOME, CN4, 30, 0)
    assert len(world.ways(0)) == 3
    world.register()
    world.pma1.send_payload(HOME, CN4, 40, 1)
    assert world.ways(1) == [(PMA1, PMA3)]
    world.pma3.send_payload(CN4, HOME, 50, 1)
    assert world.ways(1) == [(PMA3, PMA1)]
    for agent, octets, source in ((world.pma3, [30, 40], HOME), (world.pma1, [50], CN4)):
        events = [event for event in agent.log if event.kind == "delivered"]
        assert [(event.detail["octets"], event.detail["source"]) for event in events] == [(n, source) for n in octets]


def test_data_from_a_verified_peer_earn_credit_for_the_next_care_of_address() -> None:
    world = Type2World()
    world.register()
    world.pma1.send_payload(HOME, CN4, 40, 1)
    world.network.settle(1)
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert entry.credit == 40
    world.network.inject(Packet(ATTACKER, PMA3, Packet(HOME, CN4, DATA)).to_bytes(), 1)
    assert world.pma3.log[-1].kind == "delivered"
    assert world.pma3.entry(CN4, HOME) == entry


def test_data_for_an_unverified_care_of_address_wait_for_credit() -> None:
    world = Type2World()
    world.pma1.start_home_test(HOME, CN4, 0)
    for _ in range(3):
        world.network.collect(0)
        world.network.deliver(min(world.network.in_flight), 0)
    world.pma3.send_payload(CN4, HOME, 10, 0)
    assert checks(world.pma3) == ["credit"]
    world.network.settle(0)
    world.pma3.send_payload(CN4, HOME, 10, 1)
    assert world.ways(1) == [(PMA3, PMA1)]


@pytest.mark.parametrize(("value", "accepted"), [("active", True), ("provisional", False), ("none", False)])
def test_a_photi_opens_the_tunnel_for_its_home_address(value: str, accepted: bool) -> None:
    """What lets data in at the correspondent's agent is the entry that anybody can make (N130, N177)."""
    world = Type2World(policy(photi_state=value))
    data = Packet(ATTACKER, PMA3, Packet(STRANGER, CN4, DATA)).to_bytes()
    world.network.inject(data, 0)
    assert checks(world.pma3) == ["pma-tunnel-bce-check"]
    world.network.inject(plain_packet(ProxyHomeTestInit(bytes(8), ATTACKER), STRANGER, CN4).to_bytes(), 1)
    world.network.settle(1)
    world.network.inject(data, 2)
    assert (world.pma3.log[-1].kind == "delivered") is accepted


def test_an_entry_at_the_mobile_nodes_agent_lasts_as_long_as_the_binding() -> None:
    world = Type2World()
    world.register()
    assert world.pma1.peer_of(HOME, CN4, 86399) == PMA3
    assert world.pma1.peer_of(HOME, CN4, 86400) is None
    world.pma1.send_payload(HOME, CN4, 10, 86400)
    assert len(world.ways(86400)) == 3


def test_an_entry_is_for_one_node_and_one_peer() -> None:
    """N139: what one attached node has registered says nothing for another."""
    world = Type2World(second=True)
    world.pma1.attach(MobileProfile(STRANGER, CN5_IDENTITY.private_key, CN5_IDENTITY.cga_parameters), 0)
    world.register()
    assert world.pma1.peer_of(HOME, CN4, 1) == PMA3
    assert world.pma1.peer_of(HOME, CN5, 1) is None
    assert world.pma1.peer_of(STRANGER, CN4, 1) is None
