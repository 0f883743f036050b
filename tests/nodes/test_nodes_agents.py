"""What home agents, proxy mobile agents and mobile nodes refuse, and the tests at the correspondent."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv6Address

import pytest
from forgery import COOKIE, tunnelled, update
from world import (
    ATTACKER,
    CARE_OF_1,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    HOME_IDENTITY,
    PLAIN_HOME,
    PMA1,
    PMA2,
    PROFILE,
    ProxyWorld,
    checks,
    identity,
    kinds,
    message_in,
    mobile_world,
    policy,
)

from pmicheck.errors import UsageError
from pmicheck.nodes import sealing
from pmicheck.nodes.node import plain_packet
from pmicheck.wire import codec, keys, signature, tokens
from pmicheck.wire.constants import BindingAcknowledgementFlag, Status
from pmicheck.wire.packet import MobilityHeader, OtherPayload, Packet, UdpDatagram

HOTI = plain_packet(codec.HomeTestInit(COOKIE), HOME, CORRESPONDENT)


@pytest.mark.parametrize(
    ("mechanism", "source", "protected"),
    [
        ("ha-drops-hoti", PMA1, True),
        ("ha-outer-source-check", PMA2, True),
        ("tunnel-esp", PMA1, False),
    ],
)
def test_what_a_home_agent_refuses(mechanism: str, source: IPv6Address, protected: bool) -> None:
    inner = HOTI if mechanism == "ha-drops-hoti" else Packet(HOME, CORRESPONDENT, UdpDatagram(b"x"))
    for without, forwarded in (((), False), ((mechanism,), True)):
        world = ProxyWorld(policy(*without))
        packet = tunnelled(inner, source, HOME_AGENT)
        world.network.inject(packet, 0, via="tunnel", protected=protected)
        assert checks(world.ha) == ([] if forwarded else [mechanism])
        assert len(world.network.collect(0)) == int(forwarded)


def test_an_unprotected_tunnel_by_reading() -> None:
    world = ProxyWorld(policy(tunnel_protected="no"))
    inner = Packet(HOME, CORRESPONDENT, UdpDatagram(b"x"))
    world.network.inject(tunnelled(inner, PMA1, HOME_AGENT), 0, via="tunnel")
    assert kinds(world.ha) == ["forwarded"]


def test_a_home_agent_forwards_the_home_test_of_a_node_that_speaks_for_itself() -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    assert "answered-home-test-init" in kinds(cn)


def test_a_home_agent_tunnels_no_deeper_than_packets_may_nest() -> None:
    world = ProxyWorld()
    packet = Packet(ATTACKER, HOME, UdpDatagram(b"x"))
    for _ in range(4):
        packet = Packet(ATTACKER, HOME, packet)
    world.network.inject(packet.to_bytes(), 0)
    assert checks(world.ha) == ["tunnel-limit"]


@pytest.mark.parametrize("init", ["home", "proxy"])
def test_a_home_address_option_in_a_home_test_init(init: str) -> None:
    message: codec.KnownMessage = (
        codec.HomeTestInit(COOKIE) if init == "home" else codec.ProxyHomeTestInit(COOKIE, PMA1)
    )
    blank = Packet(ATTACKER, CORRESPONDENT, MobilityHeader(b""), home_address=HOME)
    octets = codec.encode(message, source=HOME, destination=CORRESPONDENT)
    packet = dataclasses.replace(blank, payload=MobilityHeader(octets)).to_bytes()
    guarded = ProxyWorld()
    guarded.network.inject(packet, 0)
    assert checks(guarded.cn) == ["home-address-option"]
    assert guarded.network.collect(0) == []
    world = ProxyWorld(policy("hao-rejection-in-hoti"))
    world.network.inject(packet, 0)
    answer = world.network.collect(0)[0]
    assert answer.destination == ATTACKER
    world.network.inject(HOTI.to_bytes(), 0)
    honest = message_in(world.network.collect(0)[0].packet)
    stolen = message_in(answer.packet)
    assert isinstance(stolen, codec.HomeTest | codec.ProxyHomeTest)
    assert isinstance(honest, codec.HomeTest)
    assert stolen.token == honest.token


def test_test_messages_leave_no_state() -> None:
    world = ProxyWorld()
    inits = (codec.HomeTestInit(COOKIE), codec.CareOfTestInit(COOKIE), codec.ProxyHomeTestInit(COOKIE, PMA1))
    for message in inits:
        world.network.inject(plain_packet(message, ATTACKER, CORRESPONDENT).to_bytes(), 0)
    assert world.cn.entries() == ()
    assert len(world.network.collect(0)) == 3


def test_nonces_are_renewed_when_they_are_old_and_on_demand() -> None:
    world = ProxyWorld()

    def index(now: float) -> int:
        world.network.inject(HOTI.to_bytes(), now)
        message = message_in(world.network.collect(now)[0].packet)
        assert isinstance(message, codec.HomeTest)
        return message.nonce_index

    assert [index(0), index(210), index(211)] == [1, 1, 2]
    assert world.cn.rotate_nonce(212) == 3
    assert index(212) == 3


def _forged_home_test(world: ProxyWorld, cookie: bytes) -> Packet:
    return plain_packet(codec.ProxyHomeTest(1, cookie, b"forged!!", CORRESPONDENT), CORRESPONDENT, HOME)


def test_a_forged_proxy_home_test() -> None:
    for without, accepted in (((), False), (("cookie",), True)):
        world = ProxyWorld(policy(*without))
        world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
        world.network.drop(world.network.collect(0)[0].flight_id)
        world.network.inject(_forged_home_test(world, b"guessed!").to_bytes(), 0)
        world.network.settle(0)
        assert (checks(world.pma1) == ["cookie"]) is not accepted
        assert ("accepted-proxy-home-test" in kinds(world.pma1)) is accepted


def test_a_proxy_home_test_must_come_out_of_the_tunnel() -> None:
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    init = message_in(world.network.collect(0)[0].packet)
    assert isinstance(init, codec.ProxyHomeTestInit)
    test = _forged_home_test(world, init.cookie)
    world.network.inject(tunnelled(test, HOME_AGENT, PMA1), 0, via="tunnel")
    world.network.inject(tunnelled(test, ATTACKER, PMA1), 0)
    direct = plain_packet(codec.ProxyHomeTest(1, init.cookie, b"forged!!", PMA1), CORRESPONDENT, PMA1)
    world.network.inject(direct.to_bytes(), 0)
    assert checks(world.pma1) == ["tunnel-esp", "tunnel-source", "not-expected"]
    world.network.inject(tunnelled(test, HOME_AGENT, PMA1), 0, via="tunnel", protected=True)
    assert "accepted-proxy-home-test" in kinds(world.pma1)


def _acknowledgement(status: int, sequence: int, *options: codec.Option) -> bytes:
    flags = BindingAcknowledgementFlag.PROXY_REGISTRATION
    message = codec.BindingAcknowledgement(status, sequence, 100, flags, options=options)
    return plain_packet(message, CORRESPONDENT, PMA1).to_bytes()


def test_a_forged_acknowledgement() -> None:
    forged = _acknowledgement(
        0,
        1,
        codec.CareOfTestOption(bytes(8)),
        codec.NonceIndicesOption(0, 1),
        codec.BindingAuthorizationDataOption(),
    )
    for without, accepted in (((), False), (("mac-of-ack",), True)):
        world = ProxyWorld(policy(*without))
        world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
        world.step_until(world.pma1, "sent-early", 0)
        world.network.inject(forged, 0)
        assert (checks(world.pma1) == ["mac-of-ack"]) is not accepted
        assert (kinds(world.pma1)[-1] == "sent-complete") is accepted


@pytest.mark.parametrize("status", [136, 137, 138])
def test_expired_nonces_are_believed_without_a_mac_if_the_number_is_right(status: int) -> None:
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    world.step_until(world.pma1, "sent-early", 0)
    world.network.inject(_acknowledgement(status, 77), 0)
    assert checks(world.pma1) == ["sequence-number"]
    world.network.inject(_acknowledgement(status, 1), 0)
    assert kinds(world.pma1)[-2:] == ["restarted", "started-home-test"]


@pytest.mark.parametrize("status", [129, 147, 149, 150])
def test_a_refusal_without_a_mac_is_logged_but_does_not_end_the_exchange(status: int) -> None:
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    world.step_until(world.pma1, "sent-early", 0)
    world.network.inject(_acknowledgement(status, 1), 0)
    assert world.pma1.log[-1].kind == "refused"
    assert world.pma1.log[-1].detail["authenticated"] is False
    world.network.settle(0)
    entry = world.cn.entry(HOME)
    assert entry is not None
    assert entry.verified


def test_a_refusal_with_a_mac_ends_the_exchange() -> None:
    world = ProxyWorld()
    parameters = bytearray(PROFILE.cga_parameters)
    parameters[24] = 1  # the collision count: another address
    world.pma1.attach(dataclasses.replace(PROFILE, cga_parameters=bytes(parameters)), 0)
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    world.network.settle(0)
    assert checks(world.cn) == ["cga"]
    assert world.pma1.log[-1].kind == "refused"
    assert world.pma1.log[-1].detail["status"] == Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED
    mine = world.pma1.registration(HOME, CORRESPONDENT)
    assert mine is not None
    assert mine.outstanding is None


def test_data_for_a_home_address_that_is_not_served() -> None:
    world = ProxyWorld()
    packet = Packet(CORRESPONDENT, PMA1, UdpDatagram(b"x"), routing_home_address=ATTACKER)
    world.network.inject(packet.to_bytes(), 0)
    inner = Packet(CORRESPONDENT, ATTACKER, UdpDatagram(b"x"))
    world.network.inject(tunnelled(inner, HOME_AGENT, PMA1), 0, via="tunnel", protected=True)
    assert checks(world.pma1) == ["routing-header", "not-attached"]


def test_an_agent_knows_only_who_is_attached() -> None:
    world = ProxyWorld()
    with pytest.raises(UsageError):
        world.pma2.start_home_test(HOME, CORRESPONDENT, 0)
    world.pma1.detach(HOME)
    with pytest.raises(UsageError):
        world.pma1.context(HOME)


def test_an_unknown_message_is_answered_by_a_binding_error() -> None:
    world = ProxyWorld()
    octets = codec.encode(codec.UnknownMessage(99, bytes(10)), source=ATTACKER, destination=CORRESPONDENT)
    world.network.inject(Packet(ATTACKER, CORRESPONDENT, MobilityHeader(octets)).to_bytes(), 0)
    answer = message_in(world.network.collect(0)[0].packet)
    assert isinstance(answer, codec.BindingError)
    assert answer.status == 2


def test_a_foreign_test_at_a_mobile_node() -> None:
    network, mn, _, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    test = plain_packet(codec.CareOfTest(1, b"guessed!", bytes(8)), CORRESPONDENT, CARE_OF_1)
    network.inject(test.to_bytes(), 0)
    home = plain_packet(codec.HomeTest(1, b"guessed!", bytes(8)), CORRESPONDENT, CARE_OF_1)
    network.inject(home.to_bytes(), 0)
    inner = plain_packet(codec.HomeTest(1, b"guessed!", bytes(8)), CORRESPONDENT, PLAIN_HOME)
    network.inject(tunnelled(inner, HOME_AGENT, CARE_OF_1), 0, via="tunnel", protected=True)
    network.inject(tunnelled(inner, HOME_AGENT, CARE_OF_1), 0, via="tunnel")
    stranger = plain_packet(codec.HomeTest(1, b"guessed!", bytes(8)), ATTACKER, CARE_OF_1)
    network.inject(stranger.to_bytes(), 0)
    assert checks(mn) == ["cookie", "tunnel-source", "cookie", "tunnel-esp", "not-in-progress"]


def test_other_payload_is_refused_quietly() -> None:
    world = ProxyWorld()
    world.network.inject(Packet(ATTACKER, CORRESPONDENT, OtherPayload(99, b"?")).to_bytes(), 0)
    world.network.inject(Packet(ATTACKER, HOME_AGENT, OtherPayload(99, b"?")).to_bytes(), 0)
    assert checks(world.cn) == ["next-header"]
    assert checks(world.ha) == ["not-for-a-home-agent"]


def test_inputs_of_mac_and_signature_are_those_of_the_codec() -> None:
    chosen, key, header = policy(), PROFILE.private_key, bytes(range(40))
    kbm = tokens.binding_management_key(bytes(8), None)
    assert sealing.mac(chosen, kbm, PMA1, CORRESPONDENT, header) == tokens.authenticator(
        kbm, PMA1, CORRESPONDENT, header
    )
    covered = sealing.signed_data(chosen, PMA1, CORRESPONDENT, header)
    assert keys.sign(key, covered) == signature.sign(key, PMA1, CORRESPONDENT, header)


@pytest.mark.parametrize(
    ("mechanism", "care_of_address", "correspondent"),
    [("cn-in-mac", PMA1, ATTACKER), ("coa-in-mac", PMA2, CORRESPONDENT)],
)
def test_an_address_left_out_of_the_mac(
    mechanism: str, care_of_address: IPv6Address, correspondent: IPv6Address
) -> None:
    header, kbm = bytes(range(40)), bytes(20)
    for chosen, same in ((policy(), False), (policy(mechanism), True)):
        right = sealing.mac(chosen, kbm, PMA1, CORRESPONDENT, header)
        other = sealing.mac(chosen, kbm, care_of_address, correspondent, header)
        assert (right == other) is same


@pytest.mark.parametrize(
    ("reading", "proxy", "same"), [("covered", True, False), ("apart", True, True), ("apart", False, False)]
)
def test_the_key_and_its_signature_may_stand_apart_from_the_mac_of_a_proxy_update(
    reading: str, proxy: bool, same: bool
) -> None:
    """Reading token_key (A-01): two updates that differ in both."""
    chosen, macs = policy(token_key=reading), set()
    for someone in (HOME_IDENTITY, identity("attacker", "2001:db8:1::")[1]):
        packet = Packet.from_bytes(update(chosen, identity=someone, proxy=proxy))
        assert isinstance(packet.payload, MobilityHeader)
        macs.add(sealing.mac(chosen, bytes(20), PMA1, CORRESPONDENT, packet.payload.octets))
    assert (len(macs) == 1) is same


@pytest.mark.parametrize("mechanism", ["cn-in-signature", "coa-in-signature", "type-tag"])
def test_a_field_left_out_of_the_signature(mechanism: str) -> None:
    full = sealing.signed_data(policy(), PMA1, CORRESPONDENT, b"header")
    assert len(sealing.signed_data(policy(mechanism), PMA1, CORRESPONDENT, b"header")) == len(full) - 16
