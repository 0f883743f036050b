"""What a proxy mobile agent does with what its nodes send: the draft's 4.1."""

from __future__ import annotations

from ipaddress import IPv6Address

from peer_world import (
    CN_HOME,
    CN_PROFILE,
    HOME_AGENT_2,
    PMA3,
    PeerWorld,
    leads_to,
)
from world import HOME, HOME_AGENT, PMA1, PMA2, PROFILE, checks, kinds

from pmicheck.bench.links import PEER_PATH, TUNNEL
from pmicheck.nodes.agent.local_routing import TriggerMode
from pmicheck.nodes.node import plain_packet
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet, UdpDatagram

DATA = Packet(HOME, CN_HOME, UdpDatagram(b"hello"))


def test_two_nodes_of_one_agent_talk_without_home_agent_and_signalling() -> None:
    """Case 2: their home agents are not the same."""
    world = PeerWorld()
    world.pma1.attach(CN_PROFILE, 0)
    world.ha2.register(CN_HOME, PMA1)
    world.pma1.from_node(DATA, 0)
    world.pma1.from_node(Packet(CN_HOME, HOME, UdpDatagram(b"hello")), 0)
    assert kinds(world.pma1).count("delivered") == 2
    assert world.send_all() == []


def test_nodes_of_two_home_agents_each_use_their_own() -> None:
    world = PeerWorld()
    world.pma1.attach(CN_PROFILE, 0)
    world.ha2.register(CN_HOME, PMA1)
    elsewhere = IPv6Address("2001:db8:77::1")
    for source, home_agent in ((HOME, HOME_AGENT), (CN_HOME, HOME_AGENT_2)):
        world.pma1.from_node(Packet(source, elsewhere, UdpDatagram(b"hello")), 0)
        (flight,) = world.send_all()
        assert (flight.destination, flight.link) == (home_agent, TUNNEL)
        world.drop_all()
    world.network.inject(Packet(elsewhere, CN_HOME, UdpDatagram(b"hello")).to_bytes(), 0)
    world.network.settle(0)
    assert kinds(world.pma1)[-1] == "delivered"


def test_a_home_test_goes_through_the_tunnel_of_the_nodes_own_home_agent() -> None:
    world = PeerWorld()
    world.pma1.attach(CN_PROFILE, 0)
    for home, home_agent in ((HOME, HOME_AGENT), (CN_HOME, HOME_AGENT_2)):
        world.pma1.start_home_test(home, IPv6Address("2001:db8:77::1"), 0)
        (flight,) = world.send_all()
        assert (flight.destination, flight.link) == (home_agent, TUNNEL)
        world.drop_all()


def test_in_implicit_mode_the_first_packet_starts_the_handshake_and_the_next_takes_the_shorter_path() -> None:
    world = PeerWorld()
    world.pma1.from_node(DATA, 0)
    world.network.settle(0)
    assert names_of_signalling(world) == 5
    world.pma1.from_node(DATA, 1)
    (flight,) = world.send_all(1)
    assert (flight.destination, flight.link) == (PMA3, PEER_PATH)
    world.network.settle(1)
    assert kinds(world.pma3)[-1] == "delivered"
    assert names_of_signalling(world) == 5, "it is not started again while it stands"


def names_of_signalling(world: PeerWorld) -> int:
    """How many packets of the capture, outside tunnels, are signalling."""
    parsed = [Packet.from_bytes(packet) for _, packet in world.network.capture]
    return sum(not isinstance(packet.payload, Packet | UdpDatagram) for packet in parsed)


def test_in_explicit_mode_nothing_starts_before_the_node_asks() -> None:
    world = PeerWorld()
    world.pma1.attach(PROFILE, 0, mode=TriggerMode.EXPLICIT)
    world.pma1.from_node(DATA, 0)
    world.handshake()
    assert names_of_signalling(world) == 0
    assert "not-triggered" in kinds(world.pma1)
    world.pma1.trigger(HOME, CN_HOME, 1)
    world.network.settle(1)
    assert leads_to(world, 1) == PMA1


def test_a_node_whose_optimised_path_moved_with_it_need_not_ask_again() -> None:
    world = PeerWorld()
    world.pma1.attach(PROFILE, 0, mode=TriggerMode.EXPLICIT)
    world.pma1.trigger(HOME, CN_HOME, 0)
    world.network.settle(0)
    world.move_to_pma2(10)
    world.network.settle(10)
    assert leads_to(world, 10) == PMA2
    world.pma2.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 20)
    assert "not-triggered" not in kinds(world.pma2)


def test_an_ingress_filter_stops_what_no_attached_node_could_say() -> None:
    spoofed = Packet(CN_HOME, HOME, UdpDatagram(b"hello"))
    for filtering in (True, False):
        world = PeerWorld()
        world.pma1.ingress_filtering = filtering
        world.pma1.from_node(spoofed, 0)
        assert checks(world.pma1) == (["ingress-filter"] if filtering else [])
        assert ("delivered" in kinds(world.pma1)) is not filtering


def test_signalling_of_a_node_itself_goes_to_its_home_agent_which_filters_it() -> None:
    world = PeerWorld()
    world.handshake()
    world.pma1.from_node(plain_packet(codec.HomeTestInit(bytes(8)), HOME, CN_HOME), 0)
    (flight,) = world.send_all()
    assert flight.destination == HOME_AGENT
    world.network.settle(0)
    assert checks(world.ha1) == ["ha-drops-hoti"]


def test_a_packet_that_is_tunnelled_too_deeply_already_stays_here() -> None:
    world = PeerWorld()
    packet = DATA
    for _ in range(4):
        packet = Packet(HOME, CN_HOME, packet)
    world.pma1.from_node(packet, 0)
    assert checks(world.pma1) == ["tunnel-limit"]
