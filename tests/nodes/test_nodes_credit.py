"""Credit-based authorisation (RFC 4866 4.10, 4.11): what an unverified care-of address may cost."""

from __future__ import annotations

import pytest
from forgery import update
from world import ATTACKER, CORRESPONDENT, HOME, ProxyWorld, checks, policy

from pmicheck.wire.packet import Packet, UdpDatagram


def _credit(world: ProxyWorld) -> int:
    entry = world.cn.entry(HOME)
    assert entry is not None
    return entry.credit


def _unverified(world: ProxyWorld, earned: int) -> None:
    """A binding with credit whose care-of address has just changed to one that was not tested."""
    world.register()
    world.network.add_sink("victim", ATTACKER)
    if earned:
        world.pma1.send_payload(HOME, CORRESPONDENT, earned, 0)
        world.network.settle(0)
    permanent = world.cn.permanent_tokens(HOME)[0]
    world.network.inject(update(world.policy, home_token=permanent), 0)
    world.network.settle(0)


def test_credit_is_earned_and_spent_octet_by_octet() -> None:
    world = ProxyWorld()
    _unverified(world, 100)
    assert world.cn.send_payload(HOME, 60, 1)
    assert _credit(world) == 40
    assert not world.cn.send_payload(HOME, 41, 1)
    assert checks(world.cn) == ["credit"]
    assert world.cn.send_payload(HOME, 40, 1)
    assert not world.cn.send_payload(HOME, 1, 1)
    world.network.settle(1)
    assert world.network.sinks["victim"].payload_octets == 100


def test_a_verified_care_of_address_costs_nothing() -> None:
    world = ProxyWorld()
    world.register()
    assert world.cn.send_payload(HOME, 1000, 1)
    assert _credit(world) == 0


@pytest.mark.parametrize("chosen", [policy("cba"), policy(cba="off")])
def test_without_credit_limits_everything_goes(chosen: object) -> None:
    world = ProxyWorld(chosen)  # type: ignore[arg-type]
    _unverified(world, 0)
    assert world.cn.send_payload(HOME, 1000, 1)
    world.network.settle(1)
    assert world.network.sinks["victim"].payload_octets == 1000


def test_credit_ages_by_an_eighth_every_five_seconds() -> None:
    world = ProxyWorld()
    _unverified(world, 800)
    for now, left in ((4.9, 800), (5, 700), (9.9, 700), (10, 612), (20, 468)):
        world.cn.advance(now)
        assert _credit(world) == left
    assert not world.cn.send_payload(HOME, 469, 20)
    forever = ProxyWorld(policy("credit-aging"))
    _unverified(forever, 800)
    forever.cn.advance(399)
    assert _credit(forever) == 800


def test_only_a_verified_care_of_address_earns() -> None:
    for without, earned in (((), 0), (("no-credit-while-unverified",), 50)):
        world = ProxyWorld(policy(*without))
        _unverified(world, 0)
        inner = Packet(HOME, CORRESPONDENT, UdpDatagram(bytes(50)))
        world.network.inject(Packet(ATTACKER, CORRESPONDENT, inner).to_bytes(), 1)
        assert _credit(world) == earned


def test_credit_vanishes_with_the_binding() -> None:
    world = ProxyWorld()
    world.register()
    world.pma1.send_payload(HOME, CORRESPONDENT, 500, 0)
    world.network.settle(0)
    assert _credit(world) == 500
    world.pma1.deregister(HOME, CORRESPONDENT, 1)
    world.network.settle(1)
    world.pma1.start_home_test(HOME, CORRESPONDENT, 250)
    world.network.settle(250)
    assert _credit(world) == 0


@pytest.mark.parametrize(
    ("readings", "without", "accepted"),
    [
        ({}, (), True),
        ({"data_check": "pairwise"}, (), False),
        ({"data_check": "pairwise"}, ("pairwise-data-check",), True),
    ],
)
def test_whose_care_of_address_tunnelled_data_may_come_from(
    readings: dict[str, str], without: tuple[str, ...], accepted: bool
) -> None:
    """The agent serves one home address and claims to speak for another."""
    world = ProxyWorld(policy(*without, **readings))
    world.register()
    other = Packet(ATTACKER, CORRESPONDENT, UdpDatagram(bytes(9)))
    world.network.inject(Packet(world.pma1.address, CORRESPONDENT, other).to_bytes(), 1)
    assert (world.cn.log[-1].kind == "accepted-payload") is accepted


def test_tunnelled_data_from_nowhere() -> None:
    for without, accepted in (((), False), (("outer-source-check",), True)):
        world = ProxyWorld(policy(*without))
        inner = Packet(HOME, CORRESPONDENT, UdpDatagram(bytes(9)))
        world.network.inject(Packet(ATTACKER, CORRESPONDENT, inner).to_bytes(), 1)
        assert (world.cn.log[-1].kind == "accepted-payload") is accepted
