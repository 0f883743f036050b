"""The amendments of this project: each accepts the honest run and refuses what it is there to refuse, and without it
the same is accepted."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv6Address

import pytest
from enhanced_world import World, names
from forgery import care_of_token, home_token, update
from world import (
    ATTACKER,
    CARE_OF_2,
    CORRESPONDENT,
    HOME,
    HOME_IDENTITY,
    PMA1,
    PMA2,
    PROFILE,
    ProxyWorld,
    checks,
    kinds,
    message_in,
    policy,
    statuses,
)

from pmicheck.bench.forging.rejoining import filled, through_signature
from pmicheck.model.readings import READINGS as READINGS_OF_THE_MODEL
from pmicheck.nodes import sealing
from pmicheck.nodes.agent.local_routing import TriggerMode
from pmicheck.nodes.correspondent.nonces import HANDOVER_INDEX
from pmicheck.nodes.peer import context_transfer
from pmicheck.nodes.policy import READINGS, Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import checksum, codec, keys, tokens
from pmicheck.wire.constants import AUTHENTICATOR_OCTETS, NextHeader, Status
from pmicheck.wire.delegation import Delegation
from pmicheck.wire.packet import MobilityHeader, Packet

TIED, ONCE = policy(pt_binding="care-of-address"), policy(ht_use="once")
DELEGATED, COVERED = policy(agent_key="delegated"), policy(signed_nonces="yes")
AMENDED = policy(pt_binding="care-of-address", ht_use="once", agent_key="delegated", signed_nonces="yes")


def registered(chosen: Policy) -> ProxyWorld:
    world = ProxyWorld(chosen)
    world.register()
    return world


def place(world: ProxyWorld) -> IPv6Address | None:
    """Where the correspondent believes the node to be."""
    entry = world.cn.entry(HOME)
    return None if entry is None else entry.care_of_address


def hand_over(world: ProxyWorld, now: float) -> None:
    """The node goes to PMA2, which has the context of PMA1."""
    world.pma2.install(world.pma1.context(HOME), now)
    world.ha.register(HOME, PMA2, proxy=True)
    world.pma2.attach(dataclasses.replace(PROFILE, serial=2), now)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, now)
    world.network.settle(now)


@pytest.mark.parametrize("chosen", [TIED, ONCE, DELEGATED, COVERED, AMENDED], ids=lambda item: "+".join(item.readings))
def test_an_honest_life_has_nothing_to_fear_from_an_amendment(chosen: Policy) -> None:
    world = registered(chosen)
    world.pma1.refresh(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    hand_over(world, 20)
    world.pma2.refresh(HOME, CORRESPONDENT, 30)
    world.network.settle(30)
    assert checks(world.cn) + checks(world.pma1) + checks(world.pma2) == []
    assert place(world) == PMA2
    world.pma2.deregister(HOME, CORRESPONDENT, 40)
    world.network.settle(40)
    assert place(world) is None


def test_both_implementations_know_the_same_readings() -> None:
    assert dict(READINGS) == {name: reading.values for name, reading in READINGS_OF_THE_MODEL.items()}


# pt_binding: PT for one care-of address.


@pytest.mark.parametrize("chosen", [policy(), TIED])
def test_a_permanent_token_from_another_care_of_address(chosen: Policy) -> None:
    world = registered(chosen)
    (token,) = world.cn.permanent_tokens(HOME)
    world.network.inject(update(chosen, home_token=token, sequence=9), 1)
    if chosen is TIED:
        assert (checks(world.cn), statuses(world.cn)) == (["pt-binding"], [147])
        assert place(world) == PMA1
        world.network.inject(update(chosen, home_token=token, sequence=9, care_of_address=PMA1), 1)
        assert checks(world.cn) == ["pt-binding"]
    else:
        assert place(world) == ATTACKER


def test_a_permanent_token_deregisters_from_anywhere() -> None:
    world = registered(TIED)
    (token,) = world.cn.permanent_tokens(HOME)
    world.network.inject(update(TIED, home_token=token, sequence=9, lifetime=0, asks_for_care_of_token=False), 1)
    assert place(world) is None


def test_status_147_sends_a_mobile_node_that_moves_back_to_the_home_test() -> None:
    world = World(TIED)
    world.run("initial", 0)
    first = world.entry().permanent_token
    world.run("handoff", 50)
    assert checks(world.cn) == ["pt-binding"]
    assert "permanent-token-gone" in kinds(world.mn)
    assert (world.entry().care_of_address, world.entry().verified) == (CARE_OF_2, True)
    assert world.mine().permanent == world.entry().permanent_token != first


# ht_use: HT for one care-of address.


@pytest.mark.parametrize("chosen", [policy(), ONCE])
def test_a_handover_token_from_a_second_care_of_address(chosen: Policy) -> None:
    world = registered(chosen)
    (token,) = world.cn.handover_tokens(HOME)

    def early(care_of_address: IPv6Address, sequence: int) -> bytes:
        return update(
            chosen,
            home_token=token,
            home_index=HANDOVER_INDEX,
            sequence=sequence,
            care_of_address=care_of_address,
            identity=HOME_IDENTITY,
        )

    world.network.inject(early(PMA2, 9), 1)
    assert place(world) == PMA2
    world.network.inject(early(ATTACKER, 10), 2)
    if chosen is ONCE:
        assert (checks(world.cn), statuses(world.cn)) == (["ht-use"], [147])
        assert place(world) == PMA2
        world.network.inject(early(PMA2, 11), 3)
        assert checks(world.cn) == ["ht-use"]
    else:
        assert place(world) == ATTACKER


def test_a_new_handover_token_is_free_again() -> None:
    world = registered(ONCE)
    hand_over(world, 10)
    (token,) = world.cn.handover_tokens(HOME)
    packet = update(
        ONCE, home_token=token, home_index=HANDOVER_INDEX, care_of_address=PMA1, sequence=20, identity=HOME_IDENTITY
    )
    world.network.inject(packet, 20)
    assert checks(world.cn) == []
    assert place(world) == PMA1


# agent_key: a key pair for each agent, and a delegation.


def agent(
    name: str, care_of_address: IPv6Address, serial: int, *, by: str = "mobile_node", lifetime: int = 21600
) -> CgaIdentity:
    """An agent's key with a delegation that the key `by` has signed."""
    stated = Delegation(serial, lifetime, care_of_address, keys.der_public_key(name))
    signed = stated.signed(keys.private_key(by), HOME)
    return CgaIdentity(keys.private_key(name), HOME_IDENTITY.cga_parameters, signed.octets)


def early_update(
    world: ProxyWorld, identity: CgaIdentity | None, care_of_address: IPv6Address, now: float = 1, sequence: int = 100
) -> bytes:
    """An early update by T, which whoever reads the path between home agent and correspondent can make."""
    token, index = home_token(world, now)
    return update(
        world.policy,
        home_token=token,
        home_index=index,
        sequence=sequence,
        care_of_address=care_of_address,
        identity=identity,
    )


def test_updates_of_each_agent_hold_the_delegation_that_the_node_signed_at_its_attachment() -> None:
    world = registered(DELEGATED)
    hand_over(world, 10)
    found = [message_in(packet) for _, packet in world.network.capture]
    options = [codec.option_of(item, codec.DelegationOption) for item in found if isinstance(item, codec.BindingUpdate)]
    said = [Delegation.read(item.delegation) for item in options if item is not None]
    own = [keys.der_public_key(name) for name in ("pma1", "pma2")]
    assert [(item.serial, item.care_of_address, item.agent_key) for item in said] == [
        (1, PMA1, own[0]),
        (1, PMA1, own[0]),
        (2, PMA2, own[1]),
        (2, PMA2, own[1]),
    ]
    assert all(item.is_signed_by(keys.der_public_key("mobile_node"), HOME) for item in said)
    assert not any(item.is_signed_by(keys.der_public_key("mobile_node"), CORRESPONDENT) for item in said)


def test_no_agent_ever_holds_the_key_of_the_node() -> None:
    for chosen, held in ((DELEGATED, []), (policy(), ["pma1", "pma2"])):
        world = registered(chosen)
        hand_over(world, 10)
        agents = {"pma1": world.pma1, "pma2": world.pma2}
        node_key = keys.private_key("mobile_node")
        assert [name for name, item in agents.items() if node_key in item.private_keys(HOME)] == held


def test_tokens_come_encrypted_under_the_key_of_the_agent() -> None:
    world = registered(DELEGATED)
    answers = [message_in(packet) for _, packet in world.network.capture]
    brought = next(
        found.ciphertext
        for message in answers
        if (found := codec.option_of(message, codec.PermanentHomeKeygenTokenOption)) is not None
    )
    assert tokens.decrypt_token(keys.private_key("pma1"), brought) == world.cn.permanent_tokens(HOME)[0]
    assert tokens.decrypt_token(keys.private_key("mobile_node"), brought) != world.cn.permanent_tokens(HOME)[0]


def test_the_previous_agent_is_refused_once_the_next_one_has_registered() -> None:
    world, previous = registered(DELEGATED), agent("pma1", PMA1, 1)
    world.network.inject(early_update(world, previous, PMA1), 1)
    assert checks(world.cn) == []
    world.pma1.registrations(HOME)[0].sequence = 100
    hand_over(world, 10)
    world.network.inject(early_update(world, previous, PMA1, 20, 200), 20)
    assert (checks(world.cn), statuses(world.cn)) == (["delegation"], [148])
    assert place(world) == PMA2


def test_with_the_key_of_the_node_the_previous_agent_is_accepted_all_the_same() -> None:
    world = registered(policy())
    hand_over(world, 10)
    world.network.inject(early_update(world, HOME_IDENTITY, PMA1, 20, 200), 20)
    assert checks(world.cn) == []
    assert place(world) == PMA1


def test_the_newest_delegation_is_remembered_beyond_the_binding() -> None:
    world = registered(DELEGATED)
    hand_over(world, 10)
    world.pma2.deregister(HOME, CORRESPONDENT, 20)
    world.network.settle(20)
    assert place(world) is None
    world.network.inject(early_update(world, agent("pma1", PMA1, 1), PMA1, 30), 30)
    assert checks(world.cn) == ["delegation"]
    world.network.inject(early_update(world, agent("pma2", PMA2, 2), PMA2, 31), 31)
    assert checks(world.cn) == ["delegation"]
    assert place(world) == PMA2


@pytest.mark.parametrize(
    ("identity", "care_of_address"),
    [
        pytest.param(agent("pma1", PMA1, 1), ATTACKER, id="for another care-of address"),
        pytest.param(agent("attacker", ATTACKER, 5, by="attacker"), ATTACKER, id="by a wrong key"),
        pytest.param(agent("pma1", PMA1, 5, by="pma1"), PMA1, id="by the agent itself"),
        pytest.param(HOME_IDENTITY, ATTACKER, id="none"),
        pytest.param(dataclasses.replace(HOME_IDENTITY, delegation=bytes(40)), ATTACKER, id="unreadable"),
    ],
)
def test_a_delegation_that_does_not_hold(identity: CgaIdentity, care_of_address: IPv6Address) -> None:
    world = registered(DELEGATED)
    world.network.inject(early_update(world, identity, care_of_address), 1)
    assert (checks(world.cn), statuses(world.cn)) == (["delegation"], [148])
    assert place(world) == PMA1


def test_a_delegation_of_another_agent_does_not_lend_its_signature() -> None:
    world, stolen = registered(DELEGATED), agent("pma1", PMA1, 1)
    world.network.inject(
        early_update(world, dataclasses.replace(stolen, private_key=keys.private_key("pma2")), PMA1), 1
    )
    assert checks(world.cn) == ["signature"]


def test_without_the_amendment_a_delegation_is_an_option_to_skip() -> None:
    world = registered(policy())
    world.network.inject(early_update(world, agent("attacker", ATTACKER, 5), ATTACKER), 1)
    assert checks(world.cn) == ["signature"]
    own = dataclasses.replace(HOME_IDENTITY, delegation=bytes(40))
    world.network.inject(early_update(world, own, ATTACKER), 1)
    assert checks(world.cn) == ["signature"]
    assert place(world) == ATTACKER


def test_a_delegation_bounds_the_lifetime_of_the_binding() -> None:
    world = registered(DELEGATED)
    world.network.inject(early_update(world, agent("pma1", PMA1, 1, lifetime=10), PMA1), 1)
    entry = world.cn.entry(HOME)
    assert entry is not None
    assert entry.expires_at == 1 + 40


def test_a_context_brings_no_delegation_so_the_next_agent_waits_for_the_node() -> None:
    world = registered(DELEGATED)
    world.pma2.install(world.pma1.context(HOME), 10)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    assert checks(world.pma2) == ["lacks-delegation"]
    assert world.pma2.private_keys(HOME) == (keys.private_key("pma2"),)
    assert place(world) == PMA1


@pytest.mark.parametrize("chosen", [policy(), DELEGATED])
def test_a_transferred_context_holds_a_private_key_without_the_amendment_only(chosen: Policy) -> None:
    context = registered(chosen).pma1.context(HOME)
    message = context_transfer.data_message(1, context_transfer.TransferredContext(context, TriggerMode.IMPLICIT, ()))
    keyless = chosen is DELEGATED
    assert (codec.option_of(message, codec.PrivateKeyOption) is None) is keyless
    assert (context_transfer.read(message, with_key=True) is None) is keyless
    found = context_transfer.read(message, with_key=not keyless)
    assert found is not None
    assert found.context.correspondents[0].handover_token is not None


def test_an_update_that_outgrows_a_mobility_header_is_not_sent() -> None:
    world = ProxyWorld(DELEGATED)
    long = dataclasses.replace(PROFILE, cga_parameters=PROFILE.cga_parameters + bytes(1600))
    world.pma1.attach(long, 0)
    world.register()
    assert checks(world.pma1) == ["too-long"]
    assert "header of at most 2048 octets" in str(world.pma1.log[-1].detail["reason"])
    assert place(world) is None


# signed_nonces: the signature covers the nonce indices.


def captured_update(world: ProxyWorld) -> bytes:
    """A complete update on its way, which the attacker keeps."""
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    flight = world.step_until(world.pma1, "sent-complete", 0)
    return world.network.drop(flight.flight_id)


def rejoined(world: ProxyWorld, packet: bytes, now: float) -> bytes:
    """The signature of a captured complete update under a newer home nonce, care-of nonce and MAC."""
    parsed = Packet.from_bytes(packet)
    assert isinstance(parsed.payload, MobilityHeader)
    captured = parsed.payload.octets
    world.cn.rotate_nonce(now)
    home, home_index = home_token(world, now)
    care_of, care_of_index = care_of_token(world, now, PMA1)
    indices = codec.NonceIndicesOption(home_index, care_of_index)
    before = codec.option_of(message_in(packet), codec.NonceIndicesOption)
    assert before is not None
    assert before != indices
    prefix, last = through_signature(captured), codec.BindingAuthorizationDataOption()
    if world.policy.reading("signed_nonces") == "yes":
        old, new = (bytes([4, 4]) + _words(item) for item in (before, indices))
        assert prefix.count(old) == 1
        prefix = prefix.replace(old, new)
        header = filled(prefix, [last], len(captured))
    else:
        header = filled(prefix, [indices, last], len(captured))
    return resealed(world, parsed, header, home, care_of)


def _words(option: codec.NonceIndicesOption) -> bytes:
    return option.home.to_bytes(2, "big") + option.care_of.to_bytes(2, "big")


def resealed(world: ProxyWorld, frame: Packet, header: bytes, home: bytes, care_of: bytes) -> bytes:
    """A header with MAC and checksum put right."""
    kbm = tokens.binding_management_key(home, care_of)
    mac = sealing.mac(world.policy, kbm, PMA1, CORRESPONDENT, header)
    bare = header[:4] + bytes(2) + header[6:-AUTHENTICATOR_OCTETS] + mac
    value = checksum.checksum(frame.checksum_source, frame.checksum_destination, NextHeader.MOBILITY, bare)
    octets = bare[:4] + value.to_bytes(2, "big") + bare[6:]
    return dataclasses.replace(frame, payload=MobilityHeader(octets)).to_bytes()


@pytest.mark.parametrize("chosen", [policy(), COVERED])
def test_a_captured_signature_joined_to_other_nonces(chosen: Policy) -> None:
    world = ProxyWorld(chosen)
    packet = rejoined(world, captured_update(world), 30)
    world.network.inject(packet, 30)
    entry = world.cn.entry(HOME)
    assert entry is not None
    if chosen is COVERED:
        assert (checks(world.cn), statuses(world.cn)) == (["signature"], [148])
        assert not entry.verified
    else:
        assert checks(world.cn) == []
        assert entry.verified


def test_of_two_nonce_indices_the_signed_ones_count() -> None:
    world = ProxyWorld(COVERED)
    packet = captured_update(world)
    parsed = Packet.from_bytes(packet)
    assert isinstance(parsed.payload, MobilityHeader)
    world.cn.rotate_nonce(30)
    home, home_index = home_token(world, 30)
    care_of, care_of_index = care_of_token(world, 30, PMA1)
    message = message_in(packet)
    assert isinstance(message, codec.BindingUpdate)
    second = codec.NonceIndicesOption(home_index, care_of_index)
    options = (*message.options[:-1], second, message.options[-1])
    longer = dataclasses.replace(message, options=options)
    header = codec.encode(longer, source=parsed.checksum_source, destination=parsed.checksum_destination)
    world.network.inject(resealed(world, parsed, header, home, care_of), 30)
    assert checks(world.cn) == ["mac"]


def test_indices_behind_the_signature_are_refused() -> None:
    world = registered(COVERED)
    token, index = home_token(world, 1)
    packet = update(policy(), home_token=token, home_index=index, care_of_address=PMA1, identity=HOME_IDENTITY)
    world.network.inject(packet, 1)
    assert (checks(world.cn), statuses(world.cn)) == (["signed-nonces"], [Status.CGA_AND_SIGNATURE_VERIFICATION_FAILED])


@pytest.mark.parametrize(("chosen", "before"), [(policy(), False), (COVERED, True)])
def test_a_mobile_node_puts_the_indices_where_its_signature_covers_them(chosen: Policy, before: bool) -> None:
    world = World(chosen)
    world.run("initial", 0)
    orders = [names(message) for _, message in world.sent(codec.BindingUpdate)]
    assert [order.index("NonceIndices") < order.index("CgaParameters") for order in orders] == [before, before]
    assert world.entry().verified
