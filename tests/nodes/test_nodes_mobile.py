"""RFC 6275 return routability on real packets: register, move, return home."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from world import (
    CARE_OF_1,
    CARE_OF_2,
    CORRESPONDENT,
    PLAIN_HOME,
    checks,
    kinds,
    message_in,
    mobile_world,
    policy,
    statuses,
)

from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import MECHANISMS, READINGS
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet


def test_register_move_return_home() -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    entry = cn.entry(PLAIN_HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.verified, entry.proxy, entry.method) == (
        CARE_OF_1,
        True,
        False,
        "temporary",
    )
    assert entry.expires_at == 420
    ha.register(PLAIN_HOME, CARE_OF_2, proxy=False)
    mn.move(CARE_OF_2, CORRESPONDENT, 100)
    network.settle(100)
    entry = cn.entry(PLAIN_HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.sequence) == (CARE_OF_2, 2)
    ha.deregister(PLAIN_HOME)
    mn.return_home(CORRESPONDENT, 200)
    network.settle(200)
    assert cn.entry(PLAIN_HOME) is None
    mine = mn.registration(CORRESPONDENT)
    assert mine is not None
    assert mine.outstanding is None
    assert mine.expires_at is None
    assert not any(checks(node) for node in network.nodes.values())


def test_links_and_extension_headers() -> None:
    network, mn, _, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    seen: dict[str, list[str]] = {}
    while flights := network.collect(0) or list(network.in_flight.values()):
        for flight in flights:
            seen.setdefault(type(message_in(flight.packet)).__name__, []).append(flight.link)
            network.deliver(flight.flight_id, 0)
    assert seen == {
        "HomeTestInit": ["tunnel", "ha-cn"],
        "CareOfTestInit": ["careof-cn"],
        "CareOfTest": ["careof-cn"],
        "HomeTest": ["ha-cn", "tunnel"],
        "BindingUpdate": ["careof-cn"],
        "BindingAcknowledgement": ["careof-cn"],
    }
    packets = [Packet.from_bytes(packet) for _, packet in network.capture]
    assert [packet.home_address for packet in packets if packet.home_address] == [PLAIN_HOME]
    assert [packet.routing_home_address for packet in packets if packet.routing_home_address] == [PLAIN_HOME]


def test_return_home_with_an_old_token_tests_again() -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    ha.deregister(PLAIN_HOME)
    mn.return_home(CORRESPONDENT, 300)
    assert kinds(mn)[-1] == "started-home-test"
    network.settle(300)
    assert cn.entry(PLAIN_HOME) is None


@pytest.mark.parametrize("lost", range(8))
def test_any_lost_packet_is_made_up_for_by_retransmission(lost: int) -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    count = 0
    while network.collect(0) or network.in_flight:
        flight_id = min(network.in_flight)
        if count == lost:
            network.drop(flight_id)
        else:
            network.deliver(flight_id, 0)
        count += 1
    mn.retransmit(CORRESPONDENT, 2)
    network.settle(2)
    entry = cn.entry(PLAIN_HOME)
    mine = mn.registration(CORRESPONDENT)
    assert entry is not None
    assert mine is not None
    assert entry.verified
    assert mine.outstanding is None


def test_data_takes_the_short_way_and_earns_credit() -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    mn.send_payload(CORRESPONDENT, 70, 1)
    assert cn.send_payload(PLAIN_HOME, 30, 1)
    network.settle(1)
    entry = cn.entry(PLAIN_HOME)
    assert entry is not None
    assert entry.credit == 70
    assert mn.log[-1].detail["octets"] == 30


def test_a_binding_error_answers_data_without_a_binding() -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    cn.advance(420)
    mine = mn.registration(CORRESPONDENT)
    assert mine is not None
    mine.expires_at = 1000
    mn.send_payload(CORRESPONDENT, 70, 421)
    network.settle(421)
    assert checks(cn) == ["home-address-option"]
    errors = [message_in(packet) for _, packet in network.capture[-1:]]
    assert isinstance(errors[0], codec.BindingError)


@pytest.mark.parametrize(("late", "status"), [("care-of-test", 136), ("home-test", 137), ("neither", 138)])
def test_expired_nonces_restart_the_tests_that_they_name(late: str, status: int) -> None:
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    for flight in network.collect(0):
        if (flight.link == "tunnel") == (late == "home-test") and late != "neither":
            network.drop(flight.flight_id)
    while "sent-complete" not in kinds(mn) and network.in_flight:
        network.deliver(min(network.in_flight), 0)
        network.collect(0)
    if late != "neither":
        cn.rotate_nonce(200)
        mn.retransmit(CORRESPONDENT, 200)
        network.collect(200)
    while "sent-complete" not in kinds(mn):
        network.deliver(min(network.in_flight), 200)
        network.collect(200)
    network.deliver(min(network.in_flight), 241)
    assert statuses(cn) == [status]
    network.settle(241)
    assert ("restarted", status) in [(event.kind, event.detail.get("status")) for event in mn.log]
    entry = cn.entry(PLAIN_HOME)
    assert entry is not None
    assert entry.verified


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in READINGS.items() for value in values],
)
def test_an_honest_life_succeeds_under_every_reading(name: str, value: str) -> None:
    _live(policy(**{name: value}).readings)


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS))
def test_an_honest_life_succeeds_without_any_one_mechanism(mechanism: str) -> None:
    _live({}, mechanism)


def _live(readings: object, *without: str) -> None:
    assert isinstance(readings, dict)
    network, mn, cn, ha = mobile_world(policy(*without, **readings))
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    if readings.get("plain_rr_fallback") == "no":
        assert checks(cn) == ["plain-rr-fallback"]
        return
    ha.register(PLAIN_HOME, CARE_OF_2, proxy=False)
    mn.move(CARE_OF_2, CORRESPONDENT, 50)
    network.settle(50)
    entry = cn.entry(PLAIN_HOME)
    assert entry is not None
    assert entry.care_of_address == CARE_OF_2
    ha.deregister(PLAIN_HOME)
    mn.return_home(CORRESPONDENT, 60)
    network.settle(60)
    assert cn.entry(PLAIN_HOME) is None


def test_a_correspondent_that_lost_the_binding_gets_data_through_the_home_agent() -> None:
    """RFC 6275 9.3.1, 9.3.3, 11.3.6."""
    network, mn, cn, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    cn.advance(1000)
    assert cn.entry(PLAIN_HOME) is None
    mn.send_payload(CORRESPONDENT, 10, 100)
    network.settle(100)
    assert kinds(mn)[-1] == "binding-lost"
    mn.send_payload(CORRESPONDENT, 10, 100)
    network.settle(100)
    assert kinds(cn)[-1] == "accepted-payload"


@pytest.mark.parametrize(
    ("source", "status", "home_address"),
    [(CARE_OF_2, 1, PLAIN_HOME), (CORRESPONDENT, 2, PLAIN_HOME), (CORRESPONDENT, 1, CARE_OF_2)],
)
def test_a_binding_error_of_another_correspondent_status_or_home_address_ends_no_binding(
    source: IPv6Address, status: int, home_address: IPv6Address
) -> None:
    """RFC 6275 11.3.6."""
    network, mn, _, ha = mobile_world(policy())
    ha.register(PLAIN_HOME, CARE_OF_1, proxy=False)
    mn.move(CARE_OF_1, CORRESPONDENT, 0)
    network.settle(0)
    network.inject(plain_packet(codec.BindingError(status, home_address), source, CARE_OF_1).to_bytes(), 1)
    registration = mn.registration(CORRESPONDENT)
    assert registration is not None
    assert registration.is_bound(1)
    assert checks(mn) == ["not-bound" if source == CARE_OF_2 else "home-address"]
