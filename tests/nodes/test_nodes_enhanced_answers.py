"""What an RFC 4866 mobile node makes of refusals, old answers and unsigned tokens."""

from __future__ import annotations

import dataclasses

import pytest
from enhanced_world import STRANGER, Acknowledgement, Update, World, agree, names, registered
from hypothesis import given
from hypothesis import strategies as st
from world import (
    CARE_OF_1,
    CORRESPONDENT,
    CORRESPONDENT_IDENTITY,
    HOME,
    HOME_IDENTITY,
    checks,
    kinds,
    message_in,
    policy,
    statuses,
)

from pmicheck.nodes.policy import Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.replay.network import Flight
from pmicheck.wire import checksum
from pmicheck.wire.constants import MAX_RO_FAILURE, NextHeader, Status
from pmicheck.wire.packet import MobilityHeader, Packet


def test_an_expired_binding_has_no_permanent_token_and_147_leads_back_to_first_contact() -> None:
    world = registered()
    world.begin("handoff", 86401)
    world.step_until("started-home-test", 86401)
    assert statuses(world.cn) == [Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE]
    assert (kinds(world.mn)[-2], world.mine().permanent) == ("permanent-token-gone", None)
    world.network.settle(86401)
    assert world.entry().method == "cga"
    assert agree(world)


def test_the_wrong_key_makes_no_binding_and_148_ends_the_attempt() -> None:
    world = World(mobile=CgaIdentity(STRANGER.private_key, HOME_IDENTITY.cga_parameters))
    world.run("initial", 0)
    assert (checks(world.cn), statuses(world.cn)) == (["signature"], [148])
    assert world.cn.entry(HOME) is None
    assert world.mn.log[-1].kind == "refused"
    assert world.mn.log[-1].detail["authenticated"]
    assert world.mine().outstanding is None
    foreign = World(mobile=STRANGER)
    foreign.run("initial", 0)
    assert (checks(foreign.cn), foreign.cn.entry(HOME)) == (["cga"], None)


@pytest.mark.parametrize("status", [149, 150, 129])
def test_a_refusal_without_a_mac_is_noted_and_does_not_keep_the_genuine_answer_out(status: int) -> None:
    world = World()
    world.mn.start_tests(CORRESPONDENT, 0)
    world.step_until("sent-early", 0)
    world.answer(Status(status), world.mine().sequence)
    assert (world.mn.log[-1].kind, world.mn.log[-1].detail["status"]) == ("refused", status)
    assert not world.mn.packets_to_send()
    world.network.settle(1)
    assert agree(world)


def test_old_acknowledgements_are_refused() -> None:
    """A number is answered once, even where PT makes the same key for every early update."""
    world = registered()
    world.mn.register_with_permanent_token(CORRESPONDENT, 1000)
    world.network.settle(1000)
    old = [packet for _, packet in world.network.capture if isinstance(message_in(packet), Acknowledgement)]
    world.mn.register_with_permanent_token(CORRESPONDENT, 1001)
    world.network.collect(1001)
    before = world.mine().permanent
    for packet in old:
        world.network.inject(packet, 1001)
    assert checks(world.mn) == ["mac-of-ack", "mac-of-ack", "sequence-number", "mac-of-ack"]
    assert (world.mine().permanent, world.mine().sequence) == (before, 5)


def test_an_old_answer_out_of_window_does_not_lead_back_to_numbers_that_were_used() -> None:
    world = registered()
    world.mn.register_with_permanent_token(CORRESPONDENT, 1)
    early = world.network.collect(1)[0]
    copy = early.packet
    world.network.settle(1)
    world.network.inject(copy, 2)
    refusal = world.network.collect(2)[0]
    assert message_in(refusal.packet).status == Status.SEQUENCE_NUMBER_OUT_OF_WINDOW
    world.mn.register_with_permanent_token(CORRESPONDENT, 3)
    world.network.collect(3)
    world.mn.retransmit(CORRESPONDENT, 4)
    world.network.deliver(refusal.flight_id, 4)
    assert checks(world.mn) == ["sequence-number"]
    world.network.settle(4)
    assert agree(world)


def test_a_node_that_has_forgotten_its_number_takes_it_from_135() -> None:
    world = registered()
    world.mine().sequence = 65000
    world.run("handoff", 10)
    assert statuses(world.cn) == [Status.SEQUENCE_NUMBER_OUT_OF_WINDOW]
    assert world.entry().sequence == 4
    assert agree(world)


@pytest.mark.parametrize(("status", "tests"), [(136, 2), (137, 1), (138, 2)])
def test_expired_nonces_cost_a_home_test_or_another_early_update(status: int, tests: int) -> None:
    world = World()
    world.mn.start_tests(CORRESPONDENT, 0)
    world.network.drop(world.step_until("sent-complete", 0).flight_id)
    world.answer(Status(status), world.mine().sequence)
    world.network.settle(1)
    assert kinds(world.mn).count("started-home-test") == tests
    assert kinds(world.mn).count("sent-early") == 2
    assert agree(world)


def test_burnt_nonces_do_not_make_the_node_ask_for_ever() -> None:
    """Home and back within the life of a nonce: the correspondent refuses it with 138 until it has another."""
    world = registered()
    world.run("home", 10)
    world.ha.register(HOME, CARE_OF_1, proxy=False)
    world.mn.move(CARE_OF_1, CORRESPONDENT, 20)
    world.network.settle(20)
    assert kinds(world.mn).count("restarted") == MAX_RO_FAILURE
    assert set(checks(world.cn)) == {"tombstone"}
    world.mn.start_tests(CORRESPONDENT, 300)
    world.network.settle(300)
    assert agree(world)


@pytest.mark.parametrize("honest", [True, False])
def test_a_correspondent_that_is_asked_signs_the_permanent_token_with_the_key_of_its_address(honest: bool) -> None:
    world = World(policy(cn_cga_on_pba="on"), correspondent=CORRESPONDENT_IDENTITY if honest else STRANGER)
    world.run("initial", 0)
    assert "CgaParametersRequest" in names(world.sent(Update)[0][1])
    assert names(world.sent(Acknowledgement)[0][1])[:3] == ["PermanentHomeKeygenToken", "CgaParameters", "Signature"]
    assert agree(world) is honest
    assert checks(world.mn) == ([] if honest else ["correspondent-cga"])
    world.run("handoff", 10)
    assert agree(world) is honest


def _changed(flight: Flight, changes: list[tuple[int, int]]) -> bytes:
    """An acknowledgement with octets of its Mobility Header changed and the checksum put right."""
    packet = Packet.from_bytes(flight.packet)
    assert isinstance(packet.payload, MobilityHeader)
    octets = bytearray(packet.payload.octets)
    for offset, mask in changes:
        octets[offset % len(octets)] ^= mask
    octets[4:6] = bytes(2)
    octets[4:6] = checksum.checksum(
        packet.checksum_source, packet.checksum_destination, NextHeader.MOBILITY, bytes(octets)
    ).to_bytes(2, "big")
    return dataclasses.replace(packet, payload=MobilityHeader(bytes(octets))).to_bytes()


def _answered(chosen: Policy, kind: str) -> tuple[World, Flight]:
    """A node whose update of a kind is answered, with the answer in flight."""
    world = World(chosen)
    world.mn.start_tests(CORRESPONDENT, 0)
    world.network.deliver(world.step_until(kind, 0).flight_id, 0)
    return world, world.network.collect(0)[-1]


OFFSETS = st.integers(0, 599)
KINDS = st.sampled_from(["sent-early", "sent-complete"])


@given(KINDS, OFFSETS, st.integers(1, 255))
def test_no_octet_of_an_acknowledgement_can_be_changed(kind: str, offset: int, mask: int) -> None:
    world, answer = _answered(policy(), kind)
    before = dataclasses.replace(world.mine())
    length = len(Packet.from_bytes(answer.packet).payload.octets)
    world.network.inject(_changed(answer, [(offset, mask)]), 1)
    assert world.mine() == before or offset % length in (4, 5)


@given(KINDS, st.lists(st.tuples(OFFSETS, st.integers(0, 255)), max_size=4))
def test_no_acknowledgement_makes_a_node_raise_that_checks_nothing(kind: str, changes: list[tuple[int, int]]) -> None:
    world, answer = _answered(policy("mac-of-ack"), kind)
    world.network.inject(_changed(answer, changes), 1)
    for packet in world.mn.packets_to_send():
        Packet.from_bytes(packet)
