"""Proxy mobile agents shake hands: the draft's 4.2."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from peer_world import (
    CN_HOME,
    HOME_AGENT_2,
    PMA3,
    PeerWorld,
    forged_update,
    leads_to,
    names,
)
from world import ATTACKER, HOME, HOME_AGENT, PMA1, checks, kinds, message_in, policy

from pmicheck.bench.links import PEER_PATH, QUERY_PATH
from pmicheck.errors import UsageError
from pmicheck.nodes.home_agent import NO_BINDING
from pmicheck.nodes.node import plain_packet
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet

AUTHS = ["none", "sa", "attachment"]


# The home agent's answer (N109, N111, N112; A-25).


@pytest.mark.parametrize(("home_address", "care_of_address"), [(CN_HOME, PMA3), (HOME, NO_BINDING)])
def test_a_home_agent_tells_anybody_where_a_home_address_is_registered(
    home_address: IPv6Address, care_of_address: IPv6Address
) -> None:
    world = PeerWorld()
    request = codec.BindingCacheRequest(0x1234, home_address)
    world.network.inject(plain_packet(request, ATTACKER, HOME_AGENT_2).to_bytes(), 0)
    (answer,) = world.send_all()
    assert answer.destination == ATTACKER
    assert message_in(answer.packet) == codec.BindingCacheAcknowledgement(0x1234, home_address, care_of_address)


def test_a_home_agent_takes_no_other_signalling() -> None:
    world = PeerWorld()
    message = codec.BindingCacheAcknowledgement(1, CN_HOME, PMA3)
    world.network.inject(plain_packet(message, ATTACKER, HOME_AGENT_2).to_bytes(), 0)
    assert checks(world.ha2) == ["not-for-a-home-agent"]


def test_a_home_agent_knows_where_an_address_is_registered() -> None:
    world = PeerWorld()
    assert world.ha2.is_registered_at(CN_HOME, PMA3)
    assert not world.ha2.is_registered_at(CN_HOME, PMA1)
    assert not world.ha2.is_registered_at(HOME, PMA1)


# The handshake (N111-N117).


def test_the_handshake_has_the_messages_of_figure_6() -> None:
    world = PeerWorld()
    world.handshake()
    assert names(world) == [
        "BindingCacheRequest",
        "BindingCacheAcknowledgement",
        "BindingUpdate",
        "BindingUpdate",
        "BindingAcknowledgement",
    ]
    ends = [
        (Packet.from_bytes(octets).source, Packet.from_bytes(octets).destination) for _, octets in world.network.capture
    ]
    assert ends == [(PMA1, HOME_AGENT_2), (HOME_AGENT_2, PMA1), (PMA1, PMA3), (PMA3, PMA1), (PMA1, PMA3)]


def test_its_links_have_their_names() -> None:
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    links = []
    while flights := world.send_all():
        links += [(flight.link, flight.protected) for flight in flights]
        world.network.deliver(flights[0].flight_id, 0)
    assert links == [(QUERY_PATH, False)] * 2 + [(PEER_PATH, False)] * 3


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("effective", ["first", "third"])
def test_after_the_handshake_each_agent_knows_the_node_of_the_other(auth: str, effective: str) -> None:
    world = PeerWorld(policy(pma_auth=auth, handshake_effective=effective))
    world.handshake(7)
    for agent, home_address, peer in ((world.pma3, HOME, PMA1), (world.pma1, CN_HOME, PMA3)):
        binding = agent.proxy_binding(home_address)
        assert binding is not None
        assert (binding.care_of_address, binding.effective, binding.expires_at) == (peer, True, 407)
    assert checks(world.pma1) == checks(world.pma3) == []


def test_a_correspondent_that_is_registered_nowhere_has_no_agent_to_shake_hands_with() -> None:
    world = PeerWorld()
    world.ha2.deregister(CN_HOME)
    world.handshake()
    assert kinds(world.pma1)[-1] == "no-peer"
    assert len(world.network.capture) == 2


def test_the_handshake_needs_an_attached_node() -> None:
    with pytest.raises(UsageError):
        PeerWorld().pma2.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)


@pytest.mark.parametrize(
    ("effective", "without", "used"),
    [("first", (), True), ("third", (), False), ("third", ("third-handshake-message",), True)],
)
def test_when_the_entry_of_the_first_message_carries_data(effective: str, without: tuple[str, ...], used: bool) -> None:
    world = PeerWorld(policy(*without, handshake_effective=effective))
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(3)
    binding = world.pma3.proxy_binding(HOME)
    assert binding is not None
    assert binding.care_of_address == PMA1
    assert leads_to(world) == (PMA1 if used else None)
    world.network.settle(0)
    assert leads_to(world) == PMA1


@pytest.mark.parametrize("step", range(5))
def test_a_lost_message_is_made_good_by_sending_again_what_has_no_answer(step: int) -> None:
    world = PeerWorld(policy(pma_auth="sa", handshake_effective="third"))
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(step)
    world.drop_all()
    assert leads_to(world) is None
    world.pma1.retransmit_handshake(HOME, CN_HOME, 1)
    world.pma3.retransmit_handshake(CN_HOME, HOME, 1)
    world.network.settle(1)
    assert leads_to(world, 1) == PMA1
    assert world.pma1.peer_of(HOME, CN_HOME, 1) == PMA3
    for agent, pair in ((world.pma1, (HOME, CN_HOME)), (world.pma3, (CN_HOME, HOME))):
        registration = agent.peer_registration(*pair)
        assert registration is not None
        assert (registration.transaction, registration.requested, registration.answered) == (None, None, None)


def test_handshakes_that_cross_come_to_an_end() -> None:
    world = PeerWorld(policy(handshake_effective="third"))
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pma3.start_handshake(CN_HOME, HOME, HOME_AGENT, 0)
    world.network.settle(0)
    assert (leads_to(world), world.pma1.peer_of(HOME, CN_HOME, 0)) == (PMA1, PMA3)
    assert checks(world.pma1) == checks(world.pma3) == []


def test_forged_requests_to_both_ends_do_not_make_them_answer_each_other_for_ever() -> None:
    world = PeerWorld()
    world.network.inject(forged_update(world.policy, source=PMA1), 0)
    world.network.inject(
        forged_update(world.policy, source=PMA3, home_address=CN_HOME, correspondent=HOME, receiver=PMA1), 0
    )
    assert world.network.settle(0) <= 4


def test_entries_end_with_their_lifetime() -> None:
    world = PeerWorld()
    world.handshake()
    assert (leads_to(world, 399), leads_to(world, 400)) == (PMA1, None)
    assert "expired-proxy-binding" in kinds(world.pma3)


def test_no_entry_lasts_longer_than_a_day_unless_nothing_bounds_it() -> None:
    for without, lifetime in (((), 86400), (("lifetime-bound",), 262140)):
        world = PeerWorld(policy(*without))
        world.network.inject(forged_update(world.policy, lifetime=65535), 0)
        binding = world.pma3.proxy_binding(HOME)
        assert binding is not None
        assert binding.expires_at == lifetime
