"""RFC 4866 by a mobile node of its own, on real packets: first contact, handoff by permanent token, return home."""

from __future__ import annotations

import pytest
from enhanced_world import Acknowledgement, Update, World, agree, forget, names, registered
from hypothesis import given, settings
from hypothesis import strategies as st
from world import (
    CARE_OF_1,
    CARE_OF_2,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    HOME_IDENTITY,
    checks,
    kinds,
    message_in,
    policy,
)

from pmicheck.nodes.policy import MECHANISMS, READINGS, Policy
from pmicheck.wire import codec, signature, tokens
from pmicheck.wire.constants import MAX_RO_FAILURE, BindingUpdateFlag
from pmicheck.wire.packet import Packet


def test_first_contact_ends_verified_for_a_day_with_a_permanent_token_at_both_ends() -> None:
    world = registered()
    entry = world.entry()
    assert (entry.care_of_address, entry.verified, entry.proxy, entry.method) == (CARE_OF_1, True, False, "cga")
    assert (entry.expires_at, world.mine().expires_at) == (86400, 86400)
    assert world.mine().permanent == entry.permanent_token is not None
    assert agree(world)
    assert not any(checks(node) for node in world.network.nodes.values())
    assert not world.cn.handover_tokens(HOME)


def test_the_messages_of_first_contact_and_what_is_in_them() -> None:
    world = World()
    world.mn.start_tests(CORRESPONDENT, 0)
    links = []
    while flights := world.network.collect(0):
        links += [(type(message_in(flight.packet)).__name__, flight.link) for flight in flights]
        world.network.deliver(flights[-1].flight_id, 0)
    assert links == [
        ("HomeTestInit", "tunnel"),
        ("HomeTestInit", "ha-cn"),
        ("HomeTest", "ha-cn"),
        ("HomeTest", "tunnel"),
        *2 * [("BindingUpdate", "careof-cn"), ("BindingAcknowledgement", "careof-cn")],
    ]
    updates, answers = world.sent(Update), world.sent(Acknowledgement)
    proof, ending = ["CgaParameters", "Signature"], ["NonceIndices", "BindingAuthorizationData"]
    assert [names(message) for _, message in updates] == [[*proof, "CareOfTestInit", *ending], [*proof, *ending]]
    assert [names(message) for _, message in answers] == [
        ["PermanentHomeKeygenToken", "CareOfTest", *ending],
        ["PermanentHomeKeygenToken", "BindingAuthorizationData"],
    ]
    assert all(packet.home_address == HOME for packet, _ in updates)
    assert all(packet.routing_home_address == HOME for packet, _ in answers)
    assert [message.flags for _, message in updates] == 2 * [BindingUpdateFlag.ACKNOWLEDGE]


@pytest.mark.parametrize("complete", [False, True])
def test_authenticator_and_signature_are_those_of_the_formulas(complete: bool) -> None:
    world = registered()
    packet, message = world.sent(Update)[complete]
    indices = codec.option_of(message, codec.NonceIndicesOption)
    signed = codec.option_of(message, codec.SignatureOption)
    mac = codec.option_of(message, codec.BindingAuthorizationDataOption)
    home_token = world.cn.home_keygen_token(indices.home, HOME)
    assert (indices.care_of != 0) is complete
    care_of_token = world.cn.care_of_keygen_token(indices.care_of, CARE_OF_1) if complete else bytes(8)
    kbm = tokens.binding_management_key(home_token, care_of_token)
    octets = packet.payload.octets
    assert mac.authenticator == tokens.authenticator(kbm, CARE_OF_1, CORRESPONDENT, octets)
    key = HOME_IDENTITY.cga_parameters[25:]
    assert signature.verify(key, CARE_OF_1, CORRESPONDENT, codec.signed_part(octets), signed.signature)


def test_a_handoff_by_permanent_token_needs_no_home_test_and_no_signature() -> None:
    world = registered()
    token, before = world.mine().permanent, len(world.network.capture)
    world.run("handoff", 1000)
    updates = world.sent(Update, before)
    ending = ["NonceIndices", "BindingAuthorizationData"]
    assert [names(message) for _, message in updates] == [["CareOfTestInit", *ending], ending]
    indices = [codec.option_of(message, codec.NonceIndicesOption) for _, message in updates]
    assert [each.home for each in indices] == [0, 0]
    assert [each.care_of > 0 for each in indices] == [False, True]
    assert len(world.network.capture) - before == 4
    entry = world.entry()
    assert (entry.care_of_address, entry.method, entry.permanent_token) == (CARE_OF_2, "permanent", token)
    assert agree(world)


def test_returning_home_by_permanent_token_takes_two_messages_from_the_home_address() -> None:
    world = registered()
    before = len(world.network.capture)
    world.run("home", 1000)
    (packet, message), (answer, _) = world.sent(Update, before) + world.sent(Acknowledgement, before)
    assert (packet.source, packet.home_address, message.lifetime) == (HOME, None, 0)
    assert (answer.destination, answer.routing_home_address) == (HOME, None)
    assert names(message) == ["NonceIndices", "BindingAuthorizationData"]
    assert agree(world)


def test_returning_home_without_a_permanent_token_takes_a_home_test_and_a_signature() -> None:
    """T alone would be refused with 149, as the correspondent still holds a PT (RFC 4866 4.2)."""
    world = registered()
    forget(world)
    before = len(world.network.capture)
    world.run("home", 1000)
    assert "CgaParameters" in names(world.sent(Update, before)[0][1])
    assert world.cn.entry(HOME) is None
    assert agree(world)
    assert not checks(world.cn)


@pytest.mark.parametrize(("what", "count"), [("initial", 8), ("handoff", 4), ("home", 2)])
@pytest.mark.parametrize("lost", range(8))
def test_any_lost_message_is_made_up_for_by_retransmission(what: str, count: int, lost: int) -> None:
    world = World() if what == "initial" else registered()
    world.begin(what, 10)
    sent = 0
    while world.network.collect(10) or world.network.in_flight:
        flight_id = min(world.network.in_flight)
        (world.network.drop if sent == lost else world.network.deliver)(flight_id, *[10] * (sent != lost))
        sent += 1
    assert agree(world) is (lost >= count)
    world.mn.retransmit(CORRESPONDENT, 12)
    world.network.settle(12)
    assert agree(world)
    # What is home already has no permanent token any more, and proves its key once again.
    assert checks(world.cn) == (["permanent-token"] if (what, lost) == ("home", 1) else [])


@pytest.mark.parametrize(("waited", "kind"), [(210, "sent-complete"), (211, "sent-early")])
def test_a_care_of_token_is_used_for_210_seconds_and_then_asked_for_again(waited: int, kind: str) -> None:
    world = registered()
    world.begin("handoff", 1000)
    world.network.drop(world.step_until("sent-complete", 1000).flight_id)
    world.mn.retransmit(CORRESPONDENT, 1000 + waited)
    assert kinds(world.mn)[-1] == kind
    world.network.settle(1000 + waited)
    assert agree(world)


def test_a_permanent_token_that_nobody_answers_is_given_up_for_a_home_test() -> None:
    """The answer to the signed complete update was lost, and a new PT with it: the older one meets silence."""
    world = World()
    world.mn.start_tests(CORRESPONDENT, 0)
    update = world.step_until("sent-complete", 0)
    world.network.deliver(update.flight_id, 0)
    world.network.drop(world.network.collect(0)[-1].flight_id)
    world.run("handoff", 1)
    attempts = 0
    while not agree(world):
        attempts += 1
        world.mn.retransmit(CORRESPONDENT, 1 + attempts)
        world.network.settle(1 + attempts)
    assert "permanent-token-unanswered" in kinds(world.mn)
    assert attempts <= MAX_RO_FAILURE
    assert set(checks(world.cn)) == {"mac"}


@pytest.mark.parametrize("step", ["early", "complete"])
def test_a_permanent_token_is_used_for_half_the_numbers_at_most(step: str) -> None:
    world = World(policy(pt_renewal="half-window"))
    world.run("initial", 0)
    world.mine().numbers_with_permanent_token = 32766 if step == "early" else 32765
    old = world.mine().permanent
    world.run("handoff", 10)
    assert "permanent-token-used-up" in kinds(world.mn)
    by_token = [event for event in world.mn.log if event.detail.get("using") == "permanent"]
    assert len(by_token) == (0 if step == "early" else 1)
    assert (world.mine().permanent != old, world.mine().numbers_with_permanent_token) == (True, 0)
    assert agree(world)


def test_data_goes_through_the_home_agent_until_the_new_care_of_address_is_bound() -> None:
    world = registered()
    world.begin("handoff", 10)
    world.mn.send_payload(CORRESPONDENT, 50, 10)
    early, data = world.network.collect(10)
    assert Packet.from_bytes(data.packet).destination == HOME_AGENT
    world.network.deliver(early.flight_id, 10)
    world.network.deliver(world.network.collect(10)[-1].flight_id, 10)
    world.mn.send_payload(CORRESPONDENT, 50, 10)
    direct = Packet.from_bytes(world.network.collect(10)[-1].packet)
    assert (direct.destination, direct.home_address) == (CORRESPONDENT, HOME)
    world.network.settle(10)
    assert [event.detail["octets"] for event in world.cn.log if event.kind == "accepted-payload"] == [50, 50]


def test_two_runs_give_the_same_octets() -> None:
    first, second = registered(), registered()
    assert first.network.capture == second.network.capture


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in READINGS.items() for value in values])
def test_an_honest_life_succeeds_under_every_reading(name: str, value: str) -> None:
    _live(policy(**{name: value}))


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS))
def test_an_honest_life_succeeds_without_any_one_mechanism(mechanism: str) -> None:
    _live(policy(mechanism))


def _live(chosen: Policy) -> None:
    world, handoffs = World(chosen), 0
    tied = chosen.reading("pt_binding") == "care-of-address"
    for now, what in ((0, "initial"), (50, "handoff"), (500, "handoff"), (600, "home")):
        world.run(what, now)
        handoffs += what == "handoff"
        assert checks(world.mn) + checks(world.cn) == ["pt-binding"] * (handoffs if tied else 0)
        assert (world.cn.entry(HOME) is None) is (what == "home")
        assert world.mine().outstanding is None
    assert not any(packet for _, packet in world.network.unroutable)


FATES = st.sampled_from(
    ["deliver", "deliver", "deliver", "drop", "twice", "last", "wait", "handoff", "home", "retransmit"]
)


@settings(max_examples=60)
@given(st.lists(FATES, max_size=40))
def test_whatever_the_network_does_the_ends_agree_afterwards_and_no_number_serves_a_token_twice(
    fates: list[str],
) -> None:
    world, now = World(), 0.0
    world.begin("initial", now)
    for fate in fates:
        now += 300 if fate == "wait" else 1
        flying = sorted(flight.flight_id for flight in world.network.collect(now)) or sorted(world.network.in_flight)
        if fate == "retransmit":
            world.mn.retransmit(CORRESPONDENT, now)
        elif fate in ("handoff", "home"):
            world.begin(fate, now)
        elif flying and fate == "drop":
            world.network.drop(flying[0])
        elif flying and fate != "wait":
            if fate == "twice":
                world.network.inject(world.network.in_flight[flying[0]].packet, now, via="tunnel", protected=True)
            world.network.deliver(flying[-1 if fate == "last" else 0], now)
    for _ in range(MAX_RO_FAILURE + 2):
        now += 300
        world.network.settle(now)
        world.mn.retransmit(CORRESPONDENT, now)
    world.network.settle(now)
    assert agree(world)
    numbers = [event.detail["sequence"] for event in world.mn.log if event.kind.startswith("sent-")]
    assert numbers == sorted(set(numbers))
