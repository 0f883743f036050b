"""The tunnel of two proxy mobile agents after a handover: the draft's 4.2.1."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from peer_world import (
    CN_HOME,
    CN_PROFILE,
    PMA3,
    ROGUE,
    PeerWorld,
    key_of,
    leads_to,
    names,
)
from world import ATTACKER, HOME, PMA1, PMA2, PROFILE, checks, message_in, policy

from pmicheck.bench.links import PEER_PATH
from pmicheck.nodes.agent.local_routing import TriggerMode
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.peer.peer_messages import sealed
from pmicheck.wire import codec

AUTHS = ["none", "sa", "attachment"]


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("effective", ["first", "third"])
@pytest.mark.parametrize("context", ["protected", "readable", "unauthenticated"])
def test_the_handover_has_the_messages_of_figure_8(auth: str, effective: str, context: str) -> None:
    world = PeerWorld(policy(pma_auth=auth, handshake_effective=effective, context_transfer=context))
    world.handshake()
    before = len(world.network.capture)
    world.move_to_pma2(10)
    world.network.settle(10)
    said = [name for name in names(world)[before:] if not name.startswith("BindingCache")]
    assert said == [
        "ContextTransferRequest",
        "ContextTransferData",
        "BindingUpdate",
        "BindingUpdate",
        "BindingAcknowledgement",
    ]
    assert leads_to(world, 10) == PMA2
    assert world.pma2.peer_of(HOME, CN_HOME, 10) == PMA3


def test_nothing_is_forwarded_by_an_entry_that_waits_for_the_third_message_after_a_handover() -> None:
    world = PeerWorld(policy(handshake_effective="third"))
    world.handshake()
    world.move_to_pma2(10)
    world.pass_on(3, 10)
    binding = world.pma3.proxy_binding(HOME)
    assert binding is not None
    assert (binding.care_of_address, binding.effective) == (PMA2, False)
    assert leads_to(world, 10) is None
    world.network.settle(10)
    assert leads_to(world, 10) == PMA2


def test_the_numbers_go_on_where_the_previous_agent_stopped() -> None:
    world = PeerWorld()
    world.handshake()
    first = world.pma3.proxy_binding(HOME)
    world.move_to_pma2(10)
    world.network.settle(10)
    second = world.pma3.proxy_binding(HOME)
    assert first is not None
    assert second is not None
    assert second.sequence == first.sequence + 1


def test_the_context_holds_keys_and_entries_but_no_permanent_token() -> None:
    world = PeerWorld()
    world.handshake()
    other = IPv6Address("2001:db8:2::5")
    world.pma1.start_home_test(HOME, other, 0)
    registration = world.pma1.registration(HOME, other)
    assert registration is not None
    registration.handover, registration.permanent, registration.sequence = b"handover", b"permanen", 9
    world.pma1.attach(PROFILE, 0, mode=TriggerMode.EXPLICIT)
    world.drop_all()
    world.move_to_pma2(10)
    world.network.settle(10)
    assert b"permanen" not in b"".join(packet for _, packet in world.network.capture)
    assert world.pma2.private_keys(HOME)[0].private_numbers() == PROFILE.private_key.private_numbers()
    taken = world.pma2.registration(HOME, other)
    assert taken is not None
    assert (taken.handover, taken.permanent, taken.sequence) == (b"handover", None, 9)
    assert [item.correspondent for item in world.pma2.registrations(HOME)] == [other]
    assert [item.correspondent for item in world.pma2.transferable(HOME).peers] == [CN_HOME]
    assert world.pma2.transferable(HOME).mode is TriggerMode.EXPLICIT


@pytest.mark.parametrize(
    ("context", "without", "source", "key", "protected", "check"),
    [
        ("protected", (), ROGUE, key_of(ROGUE, PMA1), True, None),
        ("protected", (), ROGUE, key_of(ROGUE, PMA1), False, "context-transfer-protection"),
        ("protected", (), ATTACKER, None, True, "security-association"),
        ("protected", ("context-transfer-protection",), ROGUE, key_of(ROGUE, PMA1), False, None),
        ("protected", ("context-transfer-protection",), PMA2, None, False, "mac"),
        ("readable", (), ROGUE, key_of(ROGUE, PMA1), False, None),
        ("readable", (), PMA2, None, False, "mac"),
        ("readable", ("mac",), PMA2, None, False, None),
        ("readable", (), ATTACKER, None, False, "security-association"),
        ("unauthenticated", (), ATTACKER, None, False, None),
    ],
)
def test_who_is_given_the_context(
    context: str,
    without: tuple[str, ...],
    source: IPv6Address,
    key: bytes | None,
    protected: bool,
    check: str | None,
) -> None:
    world = PeerWorld(policy(*without, context_transfer=context))
    request = sealed(world.policy, codec.ContextTransferRequest(1, HOME), source, PMA1, key)
    world.network.inject(request.to_bytes(), 0, via=PEER_PATH, protected=protected)
    assert checks(world.pma1) == ([] if check is None else [check])
    assert [flight.destination for flight in world.send_all()] == ([source] if check is None else [])


@pytest.mark.parametrize(
    ("context", "protected"), [("protected", True), ("readable", False), ("unauthenticated", False)]
)
def test_a_context_travels_under_the_association_where_the_reading_says_so(context: str, protected: bool) -> None:
    world = PeerWorld(policy(context_transfer=context))
    world.move_to_pma2(0)
    (request,) = world.send_all()
    world.network.deliver(request.flight_id, 0)
    (data,) = world.send_all()
    assert [(flight.link, flight.protected) for flight in (request, data)] == [(PEER_PATH, protected)] * 2


def test_a_context_is_not_taken_from_somebody_who_was_not_asked() -> None:
    world = PeerWorld(policy(context_transfer="unauthenticated"))
    world.move_to_pma2(0)
    (request,) = world.send_all()
    asked = message_in(request.packet)
    assert isinstance(asked, codec.ContextTransferRequest)
    for source, transaction in ((ATTACKER, asked.transaction), (PMA1, asked.transaction ^ 1)):
        data = codec.ContextTransferData(transaction, HOME)
        world.network.inject(plain_packet(data, source, PMA2).to_bytes(), 0)
    assert checks(world.pma2) == ["not-outstanding"] * 2


@pytest.mark.parametrize("key", [None, b"no key", CN_PROFILE.cga_parameters])
def test_a_context_without_a_usable_key_is_refused(key: bytes | None) -> None:
    world = PeerWorld(policy(context_transfer="unauthenticated"))
    world.move_to_pma2(0)
    asked = message_in(world.send_all()[0].packet)
    assert isinstance(asked, codec.ContextTransferRequest)
    options: list[codec.Option] = [codec.CgaParametersOption(PROFILE.cga_parameters)]
    if key is not None:
        options.append(codec.PrivateKeyOption(key))
    data = codec.ContextTransferData(asked.transaction, HOME, options=tuple(options))
    world.network.inject(plain_packet(data, PMA1, PMA2).to_bytes(), 0)
    assert checks(world.pma2) == ["profile"]


def test_a_context_that_no_message_can_hold_is_refused() -> None:
    world = PeerWorld()
    for number in range(40):
        world.pma1.start_home_test(HOME, IPv6Address(f"2001:db8:2::{number + 1:x}"), 0)
    world.drop_all()
    world.move_to_pma2(0)
    world.network.settle(0)
    assert checks(world.pma1) == ["too-long"]


def test_a_lost_context_is_asked_for_again() -> None:
    world = PeerWorld()
    world.handshake()
    world.move_to_pma2(10)
    world.pass_on(1, 10)
    world.drop_all(10)
    world.pma2.retransmit_context_request(HOME, 11)
    world.network.settle(11)
    assert leads_to(world, 11) == PMA2
    world.pma2.retransmit_context_request(HOME, 12)
    assert world.send_all(12) == [], "there is nothing to ask for any more"


def test_a_previous_agent_that_has_forgotten_the_node_says_nothing() -> None:
    world = PeerWorld()
    world.handshake()
    world.pma1.detach(HOME)
    world.move_to_pma2(10)
    world.network.settle(10)
    assert checks(world.pma1) == ["not-attached"]
    assert leads_to(world, 10) == PMA1
