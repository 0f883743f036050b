"""What proxy mobile agents check of each other's messages: the draft's 4.2 and 9 (A-24)."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv4Address, IPv6Address

import pytest
from peer_world import (
    CN_HOME,
    HOME_AGENT_2,
    PMA3,
    ROGUE,
    PeerWorld,
    forged_update,
    key_of,
    leads_to,
    names,
)
from world import ATTACKER, HOME, HOME_AGENT, PMA1, PMA2, checks, kinds, message_in, policy

from pmicheck.bench.links import QUERY_PATH
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.peer.peer_messages import sealed
from pmicheck.nodes.peer.proxy_binding_cache import ProxyBinding, ProxyBindingCache
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingAcknowledgementFlag, Status
from pmicheck.wire.packet import Packet


@pytest.mark.parametrize(
    ("auth", "source", "key", "check"),
    [
        ("none", ATTACKER, None, None),
        ("sa", ATTACKER, None, "security-association"),
        ("sa", ROGUE, None, "mac"),
        ("sa", PMA1, key_of(ROGUE, PMA3), "mac"),
        ("sa", ROGUE, key_of(ROGUE, PMA3), None),
        ("attachment", ROGUE, key_of(ROGUE, PMA3), "attachment"),
    ],
)
def test_who_can_attract_the_packets_of_a_node_that_is_not_his(
    auth: str, source: IPv6Address, key: bytes | None, check: str | None
) -> None:
    world = PeerWorld(policy(pma_auth=auth))
    world.handshake()
    world.network.inject(forged_update(world.policy, source=source, key=key), 0)
    world.network.settle(0)
    assert leads_to(world) == (source if check is None else PMA1)
    assert checks(world.pma3) == ([] if check is None else [check])


def test_the_mac_of_an_update_may_be_switched_off_but_not_the_association() -> None:
    world = PeerWorld(policy("mac", pma_auth="sa"))
    world.network.inject(forged_update(world.policy, source=ROGUE), 0)
    world.network.inject(forged_update(world.policy, source=ATTACKER, sequence=2000), 0)
    assert leads_to(world) == ROGUE
    assert checks(world.pma3) == ["security-association"]


def test_no_entry_is_made_before_the_home_agent_has_confirmed_the_attachment() -> None:
    world = PeerWorld(policy(pma_auth="attachment"))
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(3)
    (question,) = world.network.in_flight.values()
    assert (question.destination, question.link) == (HOME_AGENT, QUERY_PATH)
    assert world.pma3.proxy_binding(HOME) is None
    world.network.settle(0)
    assert leads_to(world) == PMA1
    assert names(world).count("BindingCacheRequest") == 2, "the home agent that named PMA3 is not asked again"


def test_an_attachment_that_nobody_can_confirm_is_refused() -> None:
    chosen = policy(pma_auth="attachment")
    world = PeerWorld(chosen)
    stranger = IPv6Address("2001:db8:77::1")
    forged = forged_update(chosen, source=ROGUE, home_address=stranger, key=key_of(ROGUE, PMA3))
    world.network.inject(forged, 0)
    assert checks(world.pma3) == ["attachment"]


@pytest.mark.parametrize("wrong", ["source", "transaction", "home address"])
def test_an_answer_of_the_home_agent_must_be_for_a_question(wrong: str) -> None:
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    (flight,) = world.send_all()
    request = message_in(flight.packet)
    assert isinstance(request, codec.BindingCacheRequest)
    answer = codec.BindingCacheAcknowledgement(
        request.transaction ^ (wrong == "transaction"), HOME if wrong == "home address" else CN_HOME, ATTACKER
    )
    source = ATTACKER if wrong == "source" else HOME_AGENT_2
    world.network.inject(plain_packet(answer, source, PMA1).to_bytes(), 0)
    assert checks(world.pma1) == ["not-outstanding"]
    world.network.settle(0)
    assert leads_to(world) == PMA1


@pytest.mark.parametrize(
    ("source", "home_address", "check"),
    [
        (ATTACKER, CN_HOME, "not-outstanding"),
        (PMA3, IPv6Address("2001:db8:5::99"), "not-outstanding"),
        (PMA3, CN_HOME, None),
    ],
)
def test_an_answer_must_come_from_the_address_that_was_asked_for_the_home_address_that_was_asked_for(
    source: IPv6Address, home_address: IPv6Address, check: str | None
) -> None:
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(2)
    forged = forged_update(
        world.policy, source=source, home_address=home_address, correspondent=HOME, receiver=PMA1, answers=True
    )
    world.network.inject(forged, 0)
    assert checks(world.pma1) == ([] if check is None else [check])
    assert (world.pma1.proxy_binding(home_address) is None) == (check is not None)


def test_nobody_answers_what_was_not_asked() -> None:
    world = PeerWorld()
    world.network.inject(forged_update(world.policy, source=PMA1, answers=True), 0)
    assert checks(world.pma3) == ["not-outstanding"]


def test_whoever_takes_over_as_peer_has_not_been_asked_itself() -> None:
    world = PeerWorld()
    world.handshake()
    for sequence, answers in ((1000, False), (1001, True)):
        forged = forged_update(
            world.policy,
            source=ROGUE,
            sequence=sequence,
            home_address=CN_HOME,
            correspondent=HOME,
            receiver=PMA1,
            answers=answers,
        )
        world.network.inject(forged, 0)
    assert checks(world.pma1) == ["not-outstanding"]


def test_an_answer_to_a_question_that_was_put_again_comes_too_late() -> None:
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(1)
    world.pma1.retransmit_handshake(HOME, CN_HOME, 1)
    world.network.settle(1)
    assert checks(world.pma1) == ["not-outstanding"]
    assert leads_to(world, 1) == PMA1


def test_an_update_for_a_correspondent_that_is_not_here() -> None:
    world = PeerWorld()
    world.network.inject(forged_update(world.policy, correspondent=IPv6Address("2001:db8:5::99")), 0)
    assert checks(world.pma3) == ["not-attached"]


def with_options(packet: bytes, *options: codec.Option) -> bytes:
    """A packet with other options."""
    parsed, message = Packet.from_bytes(packet), message_in(packet)
    assert isinstance(message, codec.BindingUpdate)
    return plain_packet(dataclasses.replace(message, options=options), parsed.source, parsed.destination).to_bytes()


def test_an_update_with_an_ipv4_home_address_option_is_silently_ignored() -> None:
    world = PeerWorld()
    packet = forged_update(world.policy)
    options = (*message_in(packet).options, codec.IPv4HomeAddressOption(0, IPv4Address("192.0.2.5")))
    world.network.inject(with_options(packet, *options), 0)
    assert checks(world.pma3) == ["ipv4-home-address"]
    assert world.pma3.proxy_binding(HOME) is None
    assert world.send_all() == []


def test_an_update_that_names_one_node_only_is_silently_ignored() -> None:
    world = PeerWorld()
    world.network.inject(with_options(forged_update(world.policy), codec.MobileNodeHomeAddressOption(HOME)), 0)
    assert checks(world.pma3) == ["home-address"]
    assert world.send_all() == []


def test_an_update_with_a_home_address_destination_option_is_silently_ignored() -> None:
    for without, check in (((), ["home-address-option"]), (("hao-rejection-in-pbu",), [])):
        world = PeerWorld(policy(*without))
        parsed = Packet.from_bytes(forged_update(world.policy, source=HOME))
        packet = dataclasses.replace(parsed, source=ATTACKER, home_address=HOME)
        world.network.inject(packet.to_bytes(), 0)
        assert checks(world.pma3) == check


def test_numbers_must_grow_and_a_refusal_names_the_last_one() -> None:
    for without, accepted in (((), False), (("sequence-number",), True)):
        world = PeerWorld(policy(*without))
        world.network.inject(forged_update(world.policy, source=PMA1, sequence=50), 0)
        world.send_all()
        world.network.inject(forged_update(world.policy, source=ATTACKER, sequence=50), 0)
        assert leads_to(world) == (ATTACKER if accepted else PMA1)
        answer = message_in(world.send_all()[-1].packet)
        if not accepted:
            assert isinstance(answer, codec.BindingAcknowledgement)
            assert (answer.status, answer.sequence) == (Status.SEQUENCE_NUMBER_OUT_OF_WINDOW, 50)


def test_an_agent_that_is_told_a_greater_number_goes_on_from_there() -> None:
    world = PeerWorld()
    world.network.inject(forged_update(world.policy, source=PMA2, sequence=50), 0)
    world.drop_all()
    world.handshake()
    binding = world.pma3.proxy_binding(HOME)
    assert binding is not None
    assert (binding.care_of_address, binding.sequence) == (PMA1, 51)


def refusal(status: Status, sequence: int) -> bytes:
    """What PMA3 may say to a request of PMA1."""
    options = (codec.MobileNodeHomeAddressOption(HOME), codec.CorrespondentHomeAddressOption(CN_HOME))
    flags = BindingAcknowledgementFlag.PROXY_REGISTRATION
    return plain_packet(
        codec.BindingAcknowledgement(status, sequence, 0, flags, options=options), PMA3, PMA1
    ).to_bytes()


def test_a_number_is_raised_once_only() -> None:
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(2)
    world.drop_all()
    for sequence, sent in ((50, [51]), (60, [])):
        world.network.inject(refusal(Status.SEQUENCE_NUMBER_OUT_OF_WINDOW, sequence), 0)
        messages = [message_in(flight.packet) for flight in world.send_all()]
        assert [message.sequence for message in messages if isinstance(message, codec.BindingUpdate)] == sent
        world.drop_all()
    assert kinds(world.pma1)[-1] == "refused-by-peer"


def test_an_agent_that_is_refused_otherwise_gives_up() -> None:
    world = PeerWorld()
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(2)
    world.drop_all()
    for _ in range(2):
        world.network.inject(refusal(Status.ADMINISTRATIVELY_PROHIBITED, 1), 0)
    assert "refused-by-peer" in kinds(world.pma1)
    assert checks(world.pma1) == ["not-outstanding"], "a second one refuses nothing"


def third_message(world: PeerWorld, source: IPv6Address, sequence: int, key: bytes | None) -> bytes:
    options = (codec.MobileNodeHomeAddressOption(CN_HOME), codec.CorrespondentHomeAddressOption(HOME))
    message = codec.BindingAcknowledgement(
        Status.ACCEPTED, sequence, 100, BindingAcknowledgementFlag.PROXY_REGISTRATION, options=options
    )
    return sealed(world.policy, message, source, PMA3, key).to_bytes()


@pytest.mark.parametrize(
    ("auth", "without", "source", "sequence", "check"),
    [
        ("none", (), PMA1, 1, None),
        ("none", (), PMA1, 2, "sequence-number"),
        ("none", (), ATTACKER, 1, "not-outstanding"),
        ("sa", (), PMA1, 1, "mac-of-ack"),
        ("sa", ("mac-of-ack",), PMA1, 1, None),
    ],
)
def test_what_is_checked_of_the_third_message(
    auth: str, without: tuple[str, ...], source: IPv6Address, sequence: int, check: str | None
) -> None:
    world = PeerWorld(policy(*without, pma_auth=auth, handshake_effective="third"))
    world.pma1.start_handshake(HOME, CN_HOME, HOME_AGENT_2, 0)
    world.pass_on(3)
    world.network.inject(third_message(world, source, sequence, None), 0)
    assert checks(world.pma3) == ([] if check is None else [check])
    assert leads_to(world) == (PMA1 if check is None else None)


@pytest.mark.parametrize("source", [PMA1, ATTACKER])
def test_a_deregistration_ends_the_entry_wherever_it_leads(source: IPv6Address) -> None:
    world = PeerWorld()
    world.handshake()
    world.network.inject(forged_update(world.policy, source=source, sequence=5, lifetime=0), 0)
    assert leads_to(world) is None


def test_a_deregistration_needs_no_word_of_the_home_agent_since_the_node_has_left() -> None:
    chosen = policy(pma_auth="attachment")
    world = PeerWorld(chosen)
    world.handshake()
    world.ha1.register(HOME, PMA2)
    world.network.inject(forged_update(chosen, source=PMA1, lifetime=0, key=key_of(PMA1, PMA3)), 0)
    assert world.pma3.proxy_binding(HOME) is None


@pytest.mark.parametrize(
    ("source", "node_is_at", "check"),
    [(PMA1, PMA2, None), (PMA1, PMA1, "attachment"), (ROGUE, PMA2, "attachment")],
)
def test_a_home_agent_may_be_asked_about_deregistrations_too(
    source: IPv6Address, node_is_at: IPv6Address, check: str | None
) -> None:
    """Reading attachment_scope: an agent ends the entry of its own address, once the node has left it."""
    chosen = policy(pma_auth="attachment", attachment_scope="all")
    world = PeerWorld(chosen)
    world.handshake()
    world.ha1.register(HOME, node_is_at)
    world.network.inject(forged_update(chosen, source=source, lifetime=0, key=key_of(source, PMA3)), 0)
    world.network.settle(0)
    assert (world.pma3.proxy_binding(HOME) is None) == (check is None)
    assert checks(world.pma3) == ([] if check is None else [check])


def test_a_third_message_makes_no_other_entry_effective() -> None:
    cache = ProxyBindingCache()
    cache.put(ProxyBinding(home_address=HOME, care_of_address=PMA2, effective=False, sequence=1, expires_at=100))
    cache.confirm(HOME, PMA1)
    assert cache.effective(HOME) is None
    cache.confirm(HOME, PMA2)
    assert (
        cache.effective(HOME)
        == cache.get(HOME)
        == ProxyBinding(home_address=HOME, care_of_address=PMA2, effective=True, sequence=1, expires_at=100)
    )


def test_an_agent_forgets_the_peers_of_a_node_that_leaves() -> None:
    world = PeerWorld()
    world.handshake()
    world.pma1.detach(HOME)
    assert world.pma1.peer_registration(HOME, CN_HOME) is None
