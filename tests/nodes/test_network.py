"""The network between the nodes."""

from __future__ import annotations

from ipaddress import IPv6Address
from pathlib import Path

import pytest
from world import ATTACKER, CORRESPONDENT, HOME, HOME_AGENT, PMA1, PMA2, ProxyWorld

from pmicheck.errors import UsageError
from pmicheck.wire import pcap
from pmicheck.wire.packet import Packet, UdpDatagram


def _data(destination: IPv6Address, octets: int = 10) -> bytes:
    return Packet(ATTACKER, destination, UdpDatagram(bytes(octets))).to_bytes()


def test_packets_wait_until_they_are_delivered_or_dropped() -> None:
    world = ProxyWorld()
    world.cn.send_payload(HOME, 10, 0)
    world.cn.send_payload(HOME, 20, 0)
    first, second = world.network.collect(0)
    assert (first.flight_id, second.flight_id, first.sender) == (1, 2, "cn")
    assert world.network.deliver(2, 0) == "ha"
    assert world.network.drop(1) == first.packet
    assert world.network.in_flight == {}
    for lost in (world.network.drop, lambda flight_id: world.network.deliver(flight_id, 0)):
        with pytest.raises(UsageError):
            lost(1)


def test_sinks_count_what_they_get() -> None:
    world = ProxyWorld()
    sink = world.network.add_sink("victim", ATTACKER)
    assert world.network.inject(_data(ATTACKER, 10), 3) == "victim"
    assert (sink.octets, sink.payload_octets, len(sink.packets)) == (58, 10, 1)


def test_packets_for_nobody_are_kept_apart() -> None:
    world = ProxyWorld()
    assert world.network.inject(_data(ATTACKER), 3) is None
    assert world.network.inject(b"no packet", 4) is None
    assert [time for time, _ in world.network.unroutable] == [3, 4]


def test_the_home_agent_intercepts_and_moves_with_the_registration() -> None:
    world = ProxyWorld()
    assert world.network.inject(_data(HOME), 0) == "ha"
    assert [flight.link for flight in world.network.collect(0)] == ["tunnel"]
    assert world.network.deliver(1, 0) == "pma1"
    world.ha.register(HOME, PMA2, proxy=True)
    world.network.inject(_data(HOME), 1)
    world.network.collect(1)
    assert world.network.deliver(2, 1) == "pma2"
    world.ha.deregister(HOME)
    assert world.network.inject(_data(HOME), 2) is None


def test_only_the_tunnel_is_protected() -> None:
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    tunnel = world.network.collect(0)[0]
    assert (tunnel.link, tunnel.protected, tunnel.destination) == ("tunnel", True, HOME_AGENT)
    world.network.deliver(tunnel.flight_id, 0)
    plain = world.network.collect(0)[0]
    assert (plain.link, plain.protected) == ("ha-cn", False)
    with pytest.raises(UsageError):
        world.network.inject(_data(HOME), 0, via="nowhere")


def test_the_capture_holds_every_packet_once(tmp_path: Path) -> None:
    world = ProxyWorld()
    world.register(5)
    world.network.inject(_data(PMA1), 6)
    assert [time for time, _ in world.network.capture] == [5] * 8 + [6]
    pcap.write(tmp_path / "run.pcap", world.network.capture)
    assert (tmp_path / "run.pcap").stat().st_size == 24 + sum(16 + len(packet) for _, packet in world.network.capture)


def test_settling_has_a_limit() -> None:
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    with pytest.raises(UsageError):
        world.network.settle(0, limit=3)
