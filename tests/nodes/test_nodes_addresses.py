"""What addresses nodes answer, register, forward to and learn (RFC 6275 3.2, 6.1.7, 6.4, 9.2, 9.3, 9.5)."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from exchanges import (
    COOKIE,
    UNUSABLE,
    acknowledgement,
    ask,
    correspondent,
    message,
    plain_update,
    return_routability,
    said,
)
from peer_world import CN_HOME, HOME_AGENT_2, PMA3, PeerWorld, forged_update
from type2_world import CN4, Type2World
from type2_world import HOME_AGENT_2 as TYPE2_HOME_AGENT
from type2_world import PMA3 as TYPE2_PMA3
from world import (
    ATTACKER,
    CARE_OF_1,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    PLAIN_HOME,
    PMA1,
    PMA2,
    ProxyWorld,
    checks,
    kinds,
    mobile_world,
    policy,
)

from pmicheck.nodes.node import plain_packet
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingErrorStatus, BindingUpdateFlag, Status
from pmicheck.wire.packet import Packet, UdpDatagram

OTHER_HOME = IPv6Address("2001:db8:1::78")
UNKNOWN = codec.UnknownMessage(99, bytes(10))
INITS = (codec.HomeTestInit(COOKIE), codec.CareOfTestInit(COOKIE), codec.ProxyHomeTestInit(COOKIE, PMA1))
DATA = UdpDatagram(b"data")


# Sources.


@pytest.mark.parametrize("source", [*UNUSABLE, CORRESPONDENT])
@pytest.mark.parametrize("content", [*INITS, UNKNOWN], ids=lambda content: type(content).__name__)
def test_a_correspondent_answers_no_source_that_is_no_other_node(source: IPv6Address, content: codec.Message) -> None:
    """RFC 6275 9.3.3, 9.5.4; RFC 4291 2.1 for the correspondent's own address."""
    cn = correspondent()
    assert ask(cn, said(content, source)) == []
    assert checks(cn) == ["source"]


@pytest.mark.parametrize("source", UNUSABLE)
def test_a_binding_update_from_no_unicast_source_is_discarded(source: IPv6Address) -> None:
    """RFC 6275 9.5.4, although an Alternate Care-of Address names a good one and the MAC is right."""
    cn = correspondent()
    tests = return_routability(cn)
    assert ask(cn, plain_update(tests, source=source, alternate=CARE_OF_1)) == []
    assert cn.entries() == ()
    assert len(ask(cn, plain_update(tests, alternate=CARE_OF_1))) == 1


@pytest.mark.parametrize("source", UNUSABLE)
def test_no_context_and_no_binding_goes_to_such_a_source(source: IPv6Address) -> None:
    """4.2, 4.2.1 of the draft: who asks must be able to get the answer."""
    world = PeerWorld(policy(context_transfer="unauthenticated"))
    assert ask(world.pma1, said(codec.ContextTransferRequest(1, HOME), source, PMA1)) == []
    assert ask(world.ha1, said(codec.BindingCacheRequest(1, HOME), source, HOME_AGENT)) == []
    assert checks(world.pma1) == checks(world.ha1) == ["source"]


@pytest.mark.parametrize("source", UNUSABLE)
def test_what_comes_out_of_a_tunnel_has_a_source_too(source: IPv6Address) -> None:
    proxied = ProxyWorld()
    proxied.register()
    cn, pma1, ha = proxied.cn, proxied.pma1, proxied.ha
    for node, outer, inner_destination in (
        (cn, PMA1, CORRESPONDENT),
        (pma1, HOME_AGENT, HOME),
        (ha, PMA1, CORRESPONDENT),
    ):
        before = len(node.log)
        inner = Packet(source, inner_destination, DATA)
        assert ask(node, Packet(outer, node.address, inner), 1, protected=True) == []
        assert [event.detail.get("check") for event in node.log[before:]] == ["source"]
    network, mn, _, _ = mobile_world(policy())
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.collect(0)
    inner = Packet(source, PLAIN_HOME, DATA)
    assert ask(mn, Packet(HOME_AGENT, CARE_OF_1, inner), 1, protected=True) == []
    assert checks(mn) == ["source"]


def test_a_type_2_correspondent_sends_no_token_to_a_multicast_address() -> None:
    world = Type2World()
    inner = said(codec.ProxyHomeTestInit(COOKIE, PMA1), IPv6Address("ff0e::101"), CN4)
    assert ask(world.pma3, Packet(TYPE2_HOME_AGENT, TYPE2_PMA3, inner), protected=True) == []
    assert world.pma3.bindings(CN4).cache.entries() == ()


@pytest.mark.parametrize("destination", UNUSABLE)
def test_a_home_agent_forwards_nothing_to_an_address_that_is_not_routed(destination: IPv6Address) -> None:
    """RFC 4291 2.5.2, 2.5.3, 2.5.6."""
    world = ProxyWorld()
    tunnelled = Packet(PMA1, HOME_AGENT, Packet(HOME, destination, DATA))
    assert ask(world.ha, tunnelled, protected=True) == []
    assert checks(world.ha) == ["destination"]


# Home Address options and routing headers.


@pytest.mark.parametrize("home_address", UNUSABLE)
def test_a_home_address_option_names_a_unicast_routable_address(home_address: IPv6Address) -> None:
    """RFC 6275 9.3.1: else the packet is dropped, and no Binding Error says so."""
    cn = correspondent()
    assert ask(cn, Packet(CARE_OF_1, CORRESPONDENT, DATA, home_address=home_address)) == []
    assert ask(cn, said(UNKNOWN, CARE_OF_1, home_address=home_address)) == []
    assert ask(cn, plain_update(return_routability(cn), home=home_address)) == []
    assert checks(cn) == ["home-address"] * 3


def test_a_mobile_node_has_no_binding_that_a_home_address_option_agrees_with() -> None:
    """RFC 6275 9.3.1 holds for it as well; at home it answers from there, away through the home agent (11.3.1)."""
    network, mn, _, _ = mobile_world(policy())
    (error,) = ask(mn, Packet(ATTACKER, PLAIN_HOME, DATA, home_address=OTHER_HOME))
    assert (error.source, error.destination) == (PLAIN_HOME, ATTACKER)
    assert message(error) == codec.BindingError(BindingErrorStatus.UNKNOWN_BINDING, OTHER_HOME)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.collect(0)
    inner = Packet(ATTACKER, PLAIN_HOME, DATA, home_address=OTHER_HOME)
    (tunnelled,) = ask(mn, Packet(HOME_AGENT, CARE_OF_1, inner), protected=True)
    assert (tunnelled.source, tunnelled.destination) == (CARE_OF_1, HOME_AGENT)
    assert tunnelled.payload == error
    assert "delivered" not in kinds(mn)


@pytest.mark.parametrize("routing_home_address", [HOME, CORRESPONDENT, HOME_AGENT])
def test_only_a_node_with_a_home_address_takes_a_routing_header(routing_home_address: IPv6Address) -> None:
    """RFC 6275 6.4: the address in it must be a home address of the node, else the packet is dropped."""
    world = ProxyWorld()
    for node, content in ((world.cn, codec.HomeTestInit(COOKIE)), (world.ha, codec.BindingCacheRequest(1, HOME))):
        assert ask(node, said(content, PMA1, node.address, routing_home_address=routing_home_address)) == []
    data = Packet(PMA1, CORRESPONDENT, DATA, routing_home_address=routing_home_address)
    assert ask(world.cn, data) == []
    assert checks(world.cn) == ["routing-header"] * 2
    assert checks(world.ha) == ["routing-header"]
    assert "accepted-payload" not in kinds(world.cn)


def test_a_tunnel_behind_a_routing_header_is_no_home_agents_tunnel() -> None:
    """RFC 6275 6.4: the packet goes to the node whose home address is in it; its agent takes nothing out of it."""
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    (init,) = world.network.collect(0)
    hidden = message(Packet.from_bytes(init.packet))
    assert isinstance(hidden, codec.ProxyHomeTestInit)
    test = said(codec.ProxyHomeTest(1, hidden.cookie, b"a token!", CORRESPONDENT), CORRESPONDENT, HOME)
    around = Packet(HOME_AGENT, PMA1, test, routing_home_address=HOME)
    assert ask(world.pma1, around, protected=True) == []
    assert kinds(world.pma1)[-1] == "delivered"
    (update,) = ask(world.pma1, Packet(HOME_AGENT, PMA1, test), protected=True)
    assert isinstance(message(update), codec.BindingUpdate)


def test_no_home_test_has_a_routing_header() -> None:
    """RFC 6275 6.1: of all messages only an acknowledgement may have one."""
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    (init,) = world.network.collect(0)
    hidden = message(Packet.from_bytes(init.packet))
    assert isinstance(hidden, codec.ProxyHomeTestInit)
    content = codec.ProxyHomeTest(1, hidden.cookie, b"a token!", CORRESPONDENT)
    inner = said(content, CORRESPONDENT, HOME, routing_home_address=HOME)
    assert ask(world.pma1, Packet(HOME_AGENT, PMA1, inner), protected=True) == []
    assert checks(world.pma1) == ["routing-header"]


def test_a_mobile_node_takes_no_routing_header_for_others_out_of_its_tunnel() -> None:
    network, mn, _, _ = mobile_world(policy())
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.collect(0)
    inner = Packet(ATTACKER, PLAIN_HOME, DATA, routing_home_address=OTHER_HOME)
    ask(mn, Packet(HOME_AGENT, CARE_OF_1, inner), protected=True)
    assert checks(mn) == ["routing-header"]


# Binding Errors.


@pytest.mark.parametrize("home_address", [None, OTHER_HOME])
def test_a_binding_error_repeats_the_home_address_option_and_nothing_else(home_address: IPv6Address | None) -> None:
    """RFC 6275 9.3.3: the unspecified address where there was none."""
    cn = correspondent()
    (packet,) = ask(cn, said(UNKNOWN, CARE_OF_1, home_address=home_address))
    named = home_address or IPv6Address("::")
    assert message(packet) == codec.BindingError(BindingErrorStatus.UNRECOGNISED_MESSAGE_TYPE, named)
    assert (packet.source, packet.destination) == (CORRESPONDENT, CARE_OF_1)
    assert packet.routing_home_address is None


def test_every_node_names_a_message_type_that_it_does_not_know() -> None:
    """RFC 6275 9.2."""
    network, mn, cn, ha = mobile_world(policy())
    world = ProxyWorld()
    for node in (cn, ha, mn, world.pma1):
        (packet,) = ask(node, said(UNKNOWN, ATTACKER, node.address))
        assert isinstance(message(packet), codec.BindingError)
        assert (packet.source, packet.destination) == (node.address, ATTACKER)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.collect(0)
    (tunnelled,) = ask(mn, Packet(HOME_AGENT, CARE_OF_1, said(UNKNOWN, ATTACKER, PLAIN_HOME)), protected=True)
    assert (tunnelled.source, tunnelled.destination) == (CARE_OF_1, HOME_AGENT)
    assert isinstance(message(tunnelled), codec.BindingError)


def test_an_agent_does_not_answer_in_the_place_of_its_node() -> None:
    """What comes to the home address is the node's, but for home tests (N037)."""
    world = ProxyWorld()
    assert ask(world.pma1, Packet(HOME_AGENT, PMA1, said(UNKNOWN, ATTACKER, HOME)), protected=True) == []
    assert kinds(world.pma1)[-1] == "delivered"


# Care-of addresses.


@pytest.mark.parametrize("care_of_address", UNUSABLE)
def test_no_update_registers_a_care_of_address_that_is_none(care_of_address: IPv6Address) -> None:
    """RFC 6275 6.1.7: silence."""
    cn = correspondent()
    update = plain_update(
        return_routability(cn), alternate=care_of_address, early=True, others=(codec.CareOfTestInitOption(),)
    )
    assert ask(cn, update) == []
    assert checks(cn) == ["care-of-address"]


def test_the_correspondents_own_address_is_an_invalid_care_of_address() -> None:
    """RFC 6275 6.1.8; a sender without a valid MAC gets no answer."""
    cn = correspondent()
    asks = (codec.CareOfTestInitOption(),)
    (packet,) = ask(cn, plain_update(return_routability(cn), alternate=CORRESPONDENT, early=True, others=asks))
    answer = acknowledgement([packet])
    assert answer.status == Status.INVALID_CARE_OF_ADDRESS
    assert codec.option_of(answer, codec.BindingAuthorizationDataOption) is not None
    assert ask(cn, plain_update(return_routability(cn, ATTACKER), alternate=CORRESPONDENT)) == []
    assert cn.entries() == ()
    assert checks(cn) == ["own-address", "mac"]


def test_bindings_in_a_circle_are_followed_once() -> None:
    """RFC 6275 9.3.2: a destination is looked up in the cache, a care-of address is not, so nothing forbids them."""
    cn = correspondent()
    for home, other in ((PLAIN_HOME, OTHER_HOME), (OTHER_HOME, PLAIN_HOME)):
        ask(cn, plain_update(return_routability(cn, other, home), source=other, home=home))
        entry = cn.entry(home)
        assert entry is not None
        assert entry.care_of_address == other
    cn.send_payload(PLAIN_HOME, 10, 0)
    (packet,) = map(Packet.from_bytes, cn.packets_to_send())
    assert (packet.destination, packet.routing_home_address) == (OTHER_HOME, PLAIN_HOME)


# The H flag.


@pytest.mark.parametrize("acknowledge", [BindingUpdateFlag.ACKNOWLEDGE, BindingUpdateFlag(0)])
@pytest.mark.parametrize(
    ("bound", "lifetime", "status"),
    [
        (False, 100, Status.HOME_REGISTRATION_NOT_SUPPORTED),
        (False, 0, Status.NOT_HOME_AGENT_FOR_THIS_NODE),
        (True, 100, Status.REGISTRATION_TYPE_CHANGE_DISALLOWED),
        (True, 0, Status.REGISTRATION_TYPE_CHANGE_DISALLOWED),
    ],
)
def test_a_correspondent_is_no_home_agent_and_says_so(
    acknowledge: BindingUpdateFlag, bound: bool, lifetime: int, status: Status
) -> None:
    """RFC 6275 9.5.1, 10.3.1, 10.3.2: with the A flag or without, with Nonce Indices and a MAC or without."""
    flags = BindingUpdateFlag.HOME_REGISTRATION | acknowledge
    cn = correspondent()
    tests = return_routability(cn)
    if bound:
        ask(cn, plain_update(tests))
    before = cn.entries()
    bare = said(codec.BindingUpdate(8, lifetime, flags), CARE_OF_1, home_address=PLAIN_HOME)
    for update in (bare, plain_update(tests, flags=flags, sequence=8, lifetime=lifetime, deletes=not lifetime)):
        (packet,) = ask(cn, update)
        answer = acknowledgement([packet])
        assert (answer.status, answer.sequence, answer.lifetime, answer.options) == (status, 8, 0, ())
        assert (packet.destination, packet.routing_home_address) == (CARE_OF_1, PLAIN_HOME)
    assert cn.entries() == before


def test_an_agent_is_no_home_agent_either() -> None:
    flags = BindingUpdateFlag.HOME_REGISTRATION
    world = Type2World()
    bare = said(codec.BindingUpdate(8, 100, flags), CARE_OF_1, TYPE2_PMA3, home_address=PLAIN_HOME)
    assert acknowledgement(ask(world.pma3, bare)).status == Status.HOME_REGISTRATION_NOT_SUPPORTED
    peers = PeerWorld()
    update = message(Packet.from_bytes(forged_update(peers.policy, source=PMA2)))
    assert isinstance(update, codec.BindingUpdate)
    proxied = codec.BindingUpdate(8, 100, update.flags | flags, options=update.options)
    assert acknowledgement(ask(peers.pma3, said(proxied, PMA2, PMA3))).status == Status.HOME_REGISTRATION_NOT_SUPPORTED
    assert peers.pma3.proxy_binding(HOME) is None
    assert checks(peers.pma3) == ["home-registration"]


# Between agents.


@pytest.mark.parametrize("home_address", UNUSABLE)
def test_an_agent_registers_no_home_address_that_is_none(home_address: IPv6Address) -> None:
    """RFC 6275 9.5.1, 3.2; N114."""
    world = PeerWorld()
    world.network.inject(forged_update(world.policy, home_address=home_address), 0)
    assert world.pma3.proxy_binding(home_address) is None
    assert world.network.collect(0) == []
    assert checks(world.pma3) == ["home-address"]


def test_a_node_that_is_where_its_home_address_is_has_no_proxy_binding() -> None:
    """RFC 6275 9.5.1."""
    world = PeerWorld()
    world.network.inject(forged_update(world.policy, home_address=ATTACKER), 0)
    assert world.pma3.proxy_binding(ATTACKER) is None
    (answer,) = world.network.collect(0)
    assert acknowledgement([Packet.from_bytes(answer.packet)]).lifetime == 0


@pytest.mark.parametrize("care_of_address", UNUSABLE)
def test_an_agent_looks_for_no_peer_at_an_address_that_is_none(care_of_address: IPv6Address) -> None:
    """N112, N113."""
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    (request,) = world.send_all()
    asked = message(Packet.from_bytes(request.packet))
    assert isinstance(asked, codec.BindingCacheRequest)
    answer = codec.BindingCacheAcknowledgement(asked.transaction, CN_HOME, care_of_address)
    assert ask(world.pma1, said(answer, HOME_AGENT_2, PMA1)) == []
    assert kinds(world.pma1)[-1] == "no-peer"


@pytest.mark.parametrize("strange", UNUSABLE)
@pytest.mark.parametrize("at", ["correspondent", "peer"])
def test_an_agent_takes_over_no_list_with_addresses_that_are_none(strange: IPv6Address, at: str) -> None:
    """N122: updates would go there. A peer of :: is none of these: that correspondent speaks for itself."""
    world = PeerWorld(policy(context_transfer="unauthenticated"))
    world.handshake()
    world.move_to_pma2(1)
    world.pass_on(1, 1)
    (flight,) = [each for each in world.network.in_flight.values() if each.sender == "pma1"]
    data = message(Packet.from_bytes(flight.packet))
    assert isinstance(data, codec.ContextTransferData)
    entry = (
        codec.BindingUpdateListEntryOption(strange, PMA3, 1)
        if at == "correspondent"
        else codec.BindingUpdateListEntryOption(CN_HOME, strange, 1)
    )
    changed = codec.ContextTransferData(data.transaction, data.home_address, options=(*data.options, entry))
    sent = ask(world.pma2, plain_packet(changed, PMA1, PMA2), 1)
    speaks_for_itself = at == "peer" and strange == IPv6Address("::")
    assert bool(sent) is speaks_for_itself
    assert checks(world.pma2) == ([] if speaks_for_itself else ["profile"])
