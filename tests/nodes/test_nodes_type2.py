"""The draft's 4.3 on real packets: a type 2 correspondent behind its proxy mobile agent."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from type2_world import CN4, CN4_IDENTITY, CN5, HOME_AGENT_2, PMA3, Type2World
from world import (
    ATTACKER,
    CORRESPONDENT,
    HOME,
    HOME_AGENT,
    HOME_IDENTITY,
    PMA1,
    PROFILE,
    SEED,
    ProxyWorld,
    checks,
    kinds,
    message_in,
    policy,
    statuses,
)

from pmicheck.bench.links import Links
from pmicheck.errors import UsageError
from pmicheck.nodes import sealing
from pmicheck.nodes.agent.readdressing import readdressed
from pmicheck.nodes.agent.type2_correspondent import Type2Correspondent
from pmicheck.nodes.agent.type2_sender import Type2Sender
from pmicheck.nodes.correspondent.binding_cache import HOME_TEST_INIT
from pmicheck.nodes.home_agent import HomeAgent
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import MECHANISMS, READINGS
from pmicheck.nodes.registrant.proxy_update import UpdatePlan, proxy_update
from pmicheck.nodes.registrant.registration import MobileProfile
from pmicheck.wire import codec
from pmicheck.wire.constants import MAX_RR_BINDING_LIFETIME, Status
from pmicheck.wire.packet import Packet

COOKIE = b"whatever"
SCOPES = READINGS["kcn_scope"]


def _home_test_init(correspondent: IPv6Address = CN4) -> bytes:
    """A PHoTI with a care-of address of the attacker's, which anybody on the Internet can send."""
    return plain_packet(codec.ProxyHomeTestInit(COOKIE, ATTACKER), HOME, correspondent).to_bytes()


def _until(world: Type2World, kind: str, now: float = 0) -> None:
    """Delivers packets until the mobile node's agent has sent its `kind` of update, which stays in flight."""
    for _ in range(50):
        world.network.collect(now)
        if world.pma1.log[-1].kind == kind:
            return
        world.network.deliver(min(world.network.in_flight), now)
    raise AssertionError(f"{kind} was never sent")


# The exchange of Figure 9.


@pytest.mark.parametrize("scope", SCOPES)
def test_the_messages_take_the_ways_of_figure_9(scope: str) -> None:
    world = Type2World(policy(kcn_scope=scope))
    seen = []
    world.pma1.start_home_test(HOME, CN4, 0)
    for _ in range(20):
        for flight in world.network.collect(0):
            outer = Packet.from_bytes(flight.packet)
            seen.append((type(message_in(flight.packet)).__name__, outer.source, outer.destination, flight.protected))
        if not world.network.in_flight:
            break
        world.network.deliver(min(world.network.in_flight), 0)
    assert seen == [
        ("ProxyHomeTestInit", PMA1, HOME_AGENT, True),
        ("ProxyHomeTestInit", HOME, CN4, False),
        ("ProxyHomeTestInit", HOME_AGENT_2, PMA3, True),
        ("ProxyHomeTest", PMA3, HOME_AGENT_2, True),
        ("ProxyHomeTest", CN4, HOME, False),
        ("ProxyHomeTest", HOME_AGENT, PMA1, True),
        ("BindingUpdate", PMA1, PMA3, False),
        ("BindingAcknowledgement", PMA3, PMA1, False),
        ("BindingUpdate", PMA1, PMA3, False),
        ("BindingAcknowledgement", PMA3, PMA1, False),
    ]


@pytest.mark.parametrize("scope", SCOPES)
def test_the_exchange_ends_verified_with_tokens_on_both_sides(scope: str) -> None:
    world = Type2World(policy(kcn_scope=scope))
    world.register()
    entry = world.pma3.entry(CN4, HOME)
    mine = world.pma1.registration(HOME, CN4)
    assert entry is not None
    assert mine is not None
    assert (entry.care_of_address, entry.verified, entry.proxy, entry.method) == (PMA1, True, True, "cga")
    assert (mine.permanent, mine.outstanding) == (entry.permanent_token, None)
    assert (mine.handover,) == world.pma3.bindings(CN4).usable_handover_tokens(HOME)
    assert world.pma1.peer_of(HOME, CN4, 1) == PMA3
    assert not any(checks(node) for node in world.network.nodes.values())


def test_phot_names_the_care_of_address_of_the_correspondent() -> None:
    world = Type2World()
    world.network.inject(_home_test_init(), 0)
    for flight in world.network.collect(0):
        world.network.deliver(flight.flight_id, 0)
    answer = message_in(world.network.collect(0)[0].packet)
    assert isinstance(answer, codec.ProxyHomeTest)
    token = world.pma3.bindings(CN4).nonces.home_token(answer.nonce_index, HOME)
    assert (answer.cookie, answer.token, answer.care_of_address) == (COOKIE, token, PMA3)


@pytest.mark.parametrize(("scope", "named"), [("pma", PMA3), ("cn", CN4)])
def test_who_stands_in_the_mac(scope: str, named: IPv6Address) -> None:
    world = Type2World(policy(kcn_scope=scope))
    world.pma1.start_home_test(HOME, CN4, 0)
    _until(world, "sent-early")
    packet = Packet.from_bytes(next(iter(world.network.in_flight.values())).packet)
    sent = world.pma1.registration(HOME, CN4)
    assert sent is not None
    assert sent.outstanding is not None
    message = message_in(packet.to_bytes())
    option = codec.option_of(message, codec.BindingAuthorizationDataOption)
    assert option is not None
    assert option.authenticator == sealing.mac(world.policy, sent.outstanding.kbm, PMA1, named, packet.payload.octets)
    assert packet.destination == PMA3


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("lost", range(10))
def test_any_lost_packet_is_made_up_for_by_retransmission(scope: str, lost: int) -> None:
    world = Type2World(policy(kcn_scope=scope))
    world.pma1.start_home_test(HOME, CN4, 0)
    for _ in range(lost):
        world.network.collect(0)
        world.network.deliver(min(world.network.in_flight), 0)
    world.network.collect(0)
    world.network.drop(min(world.network.in_flight))
    world.network.settle(0)
    world.pma1.retransmit(HOME, CN4, 1)
    world.network.settle(1)
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert entry.verified


def test_expired_nonces_send_another_photi_to_the_home_address() -> None:
    world = Type2World()
    world.pma1.start_home_test(HOME, CN4, 0)
    _until(world, "sent-early")
    early = min(world.network.in_flight)
    world.network.deliver(early, 1000)
    ways = world.ways(1000)
    assert statuses(world.pma3) == [int(Status.EXPIRED_HOME_NONCE_INDEX)]
    assert (HOME, CN4) in ways
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert entry.verified


@pytest.mark.parametrize("scope", SCOPES)
def test_an_update_that_comes_too_late_for_its_token_begins_again(scope: str) -> None:
    world = Type2World(policy(kcn_scope=scope))
    world.pma1.start_home_test(HOME, CN4, 0)
    _until(world, "sent-early")
    world.network.drop(min(world.network.in_flight))
    world.pma1.retransmit(HOME, CN4, 300)
    assert world.ways(300)[:2] == [(PMA1, HOME_AGENT), (HOME, CN4)]
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert entry.verified


def _live(world: Type2World) -> None:
    """Registration, data both ways, refresh, deregistration."""
    world.register()
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.verified) == (PMA1, True)
    world.pma1.refresh(HOME, CN4, 50)
    world.network.settle(50)
    world.pma1.send_payload(HOME, CN4, 60, 51)
    world.pma3.send_payload(CN4, HOME, 60, 51)
    assert sorted(world.ways(51)) == sorted([(PMA1, PMA3), (PMA3, PMA1)])
    assert (world.pma1.log[-1].kind, world.pma3.log[-1].kind) == ("delivered", "delivered")
    world.pma1.deregister(HOME, CN4, 60)
    world.network.settle(60)
    assert world.pma3.entry(CN4, HOME) is None
    assert world.pma1.peer_of(HOME, CN4, 60) is None


OFFERED = {name: values for name, values in READINGS.items() if name != "method_selection"}
"""An agent that answers for a node knows the draft."""


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OFFERED.items() for value in values])
def test_an_honest_life_succeeds_under_every_reading(name: str, value: str) -> None:
    _live(Type2World(policy(**{name: value})))


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS))
def test_an_honest_life_succeeds_without_any_one_mechanism(mechanism: str) -> None:
    _live(Type2World(policy(mechanism)))


@given(
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OFFERED.items()}),
    st.sets(st.sampled_from(sorted(MECHANISMS))),
)
def test_an_honest_life_succeeds_under_any_combination(readings: dict[str, str], without: set[str]) -> None:
    _live(Type2World(policy(*without, **readings)))


def test_a_type_1_correspondent_is_registered_with_as_before() -> None:
    mixed, plain = ProxyWorld(), ProxyWorld()
    agent = Type2Sender(PMA1, HOME_AGENT, mixed.policy, SEED)
    agent.attach(PROFILE, 0)
    mixed.pma1 = agent
    mixed.network = Links({"ha": mixed.ha, "cn": mixed.cn, "pma1": agent})
    for world in (mixed, plain):
        world.register()
        world.pma1.send_payload(HOME, CORRESPONDENT, 10, 1)
        world.network.settle(1)
    assert mixed.network.capture == plain.network.capture


def test_an_agent_may_have_both_roles() -> None:
    """Two mobile nodes, each registered with the other."""

    class Both(Type2Correspondent, Type2Sender):
        pass

    chosen = policy()
    left = Both(PMA1, HOME_AGENT, chosen, SEED)
    right = Both(PMA3, HOME_AGENT_2, chosen, SEED)
    ha1, ha2 = HomeAgent(HOME_AGENT, chosen, SEED), HomeAgent(HOME_AGENT_2, chosen, SEED)
    ha1.register(HOME, PMA1)
    ha2.register(CN4, PMA3)
    left.attach(PROFILE, 0)
    right.attach(MobileProfile(CN4, CN4_IDENTITY.private_key, CN4_IDENTITY.cga_parameters), 0)
    network = Links({"ha1": ha1, "ha2": ha2, "left": left, "right": right})
    left.start_home_test(HOME, CN4, 0)
    network.settle(0)
    right.start_home_test(CN4, HOME, 1)
    network.settle(1)
    entries = left.entry(HOME, CN4), right.entry(CN4, HOME)
    assert [(entry.care_of_address, entry.verified) for entry in entries if entry] == [(PMA3, True), (PMA1, True)]


# What a PHoTI leaves.


@pytest.mark.parametrize(
    ("value", "stored", "next_hop"),
    [("active", True, PMA1), ("provisional", True, HOME_AGENT_2), ("none", False, HOME_AGENT_2)],
)
def test_what_a_photi_leaves_and_where_data_go_then(value: str, stored: bool, next_hop: IPv6Address) -> None:
    world = Type2World(policy(photi_state=value, cba="off"))
    world.pma1.start_home_test(HOME, CN4, 0)
    _until(world, "sent-early")
    assert (world.pma3.entry(CN4, HOME) is not None) is stored
    world.pma3.send_payload(CN4, HOME, 9, 1)
    assert [flight.destination for flight in world.network.collect(1)] == [next_hop]
    world.network.settle(1)
    world.pma3.send_payload(CN4, HOME, 9, 2)
    assert world.ways(2) == [(PMA3, PMA1)]


@pytest.mark.parametrize(
    ("readings", "stolen", "refused"),
    [
        ({"cba": "off"}, 1, []),
        ({"cba": "on"}, 0, ["credit"]),
        ({"cba": "on", "photi_credit": "unlimited"}, 1, []),
        ({"cba": "off", "photi_state": "provisional"}, 0, []),
        ({"cba": "off", "photi_state": "none"}, 0, []),
    ],
)
def test_anybody_redirects_data_by_a_photi(readings: dict[str, str], stolen: int, refused: list[str]) -> None:
    """The flaw of N130 and N148: from off the path, without any token; credit makes a black hole of it."""
    world = Type2World(policy(**readings))
    sink = world.network.add_sink("attacker", ATTACKER)
    world.network.inject(_home_test_init(), 0)
    world.network.settle(0)
    world.pma3.send_payload(CN4, HOME, 100, 1)
    world.network.settle(1)
    assert len(sink.packets) == stolen
    assert checks(world.pma3) == refused
    assert (world.pma1.log[-1].kind == "delivered") is (not stolen and not refused)


def test_a_photi_leaves_a_verified_entry_alone() -> None:
    world = Type2World()
    world.register()
    before = world.pma3.entry(CN4, HOME)
    world.network.inject(_home_test_init(), 1)
    world.network.settle(1)
    assert world.pma3.entry(CN4, HOME) == before


def test_a_photi_may_take_the_place_of_a_verified_entry() -> None:
    """Reading photi_on_entry (A-16): the number and the tokens of the entry stay."""
    world = Type2World(policy(photi_on_entry="overwrite"))
    world.register()
    before = world.pma3.entry(CN4, HOME)
    world.network.inject(_home_test_init(), 1)
    world.network.settle(1)
    after = world.pma3.entry(CN4, HOME)
    assert before is not None
    assert after is not None
    assert (after.care_of_address, after.verified, after.method) == (ATTACKER, False, HOME_TEST_INIT)
    assert (after.sequence, after.permanent_tokens) == (before.sequence, before.permanent_tokens)
    world.pma3.send_payload(CN4, HOME, 100, 2)
    assert checks(world.pma3) == ["credit"]


@pytest.mark.parametrize(("value", "next_hop"), [("at-once", PMA3), ("tested", HOME_AGENT)])
def test_when_the_agent_of_the_mobile_node_sends_by_the_address_in_a_phot(value: str, next_hop: IPv6Address) -> None:
    """Reading phot_use: N133 adds the address to the entry, N138 makes the entry after both tests."""
    world = Type2World(policy(phot_use=value))
    world.pma1.start_home_test(HOME, CN4, 0)
    _until(world, "sent-early")
    world.network.collect(0)
    world.pma1.send_payload(HOME, CN4, 100, 0)
    assert [flight.destination for flight in world.network.collect(0)] == [next_hop]


def test_an_entry_of_the_first_photi_stays_until_an_update() -> None:
    world = Type2World()
    world.network.inject(_home_test_init(), 0)
    world.network.settle(0)
    world.pma1.start_home_test(HOME, CN4, 1)
    _until(world, "sent-early", 1)
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.verified, entry.method) == (ATTACKER, False, HOME_TEST_INIT)
    world.network.settle(1)
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.verified) == (PMA1, True)


def test_an_entry_of_a_photi_ends_with_the_time_of_return_routability() -> None:
    world = Type2World()
    world.network.inject(_home_test_init(), 0)
    world.network.settle(0)
    world.pma3.advance(MAX_RR_BINDING_LIFETIME - 1)
    assert world.pma3.entry(CN4, HOME) is not None
    world.pma3.advance(MAX_RR_BINDING_LIFETIME)
    assert world.pma3.entry(CN4, HOME) is None


@pytest.mark.parametrize(("scope", "for_all"), [("pma", True), ("cn", False)])
def test_for_whom_a_photi_makes_an_entry(scope: str, for_all: bool) -> None:
    world = Type2World(policy(kcn_scope=scope), second=True)
    world.network.inject(_home_test_init(), 0)
    world.network.settle(0)
    assert world.pma3.entry(CN4, HOME) is not None
    assert (world.pma3.entry(CN5, HOME) is not None) is for_all


@pytest.mark.parametrize(("value", "last", "accepted"), [("entry", None, True), ("home-address", 7, False)])
def test_an_entry_of_a_photi_knows_no_number_but_the_cache_may(value: str, last: int | None, accepted: bool) -> None:
    world = Type2World(policy(sequence_scope=value))
    world.register()
    for _ in range(2):
        world.pma1.refresh(HOME, CN4, 10)
        world.network.settle(10)
    world.pma1.deregister(HOME, CN4, 20)
    world.network.settle(20)
    world.network.inject(_home_test_init(), 21)
    world.network.settle(21)
    assert world.pma3.bindings(CN4).cache.last_sequence(HOME) == last
    world.network.inject(_forged_update(world, 22, sequence=1), 22)
    assert ("sequence-number" not in checks(world.pma3)) is accepted


def test_a_photi_that_does_not_come_through_the_home_agent() -> None:
    world = Type2World()
    world.network.inject(_home_test_init(correspondent=PMA3), 0)
    inner = Packet.from_bytes(_home_test_init())
    world.network.inject(Packet(ATTACKER, PMA3, inner).to_bytes(), 0)
    world.network.inject(Packet(HOME_AGENT_2, PMA3, inner).to_bytes(), 0)
    assert checks(world.pma3) == ["not-expected", "inner-packet", "tunnel-esp"]
    assert world.pma3.entry(CN4, HOME) is None


@pytest.mark.parametrize(("without", "answered"), [((), False), (("hao-rejection-in-hoti",), True)])
def test_a_home_address_option_in_a_photi(without: tuple[str, ...], answered: bool) -> None:
    world = Type2World(policy(*without))
    octets = codec.encode(codec.ProxyHomeTestInit(COOKIE, ATTACKER), source=HOME, destination=CN4)
    packet = Packet.from_bytes(_home_test_init())
    packet = dataclasses.replace(packet, source=ATTACKER, home_address=HOME)
    packet = dataclasses.replace(packet, payload=type(packet.payload)(octets))
    world.network.inject(packet.to_bytes(), 0)
    world.network.settle(0)
    assert (world.pma3.entry(CN4, HOME) is not None) is answered
    assert ("home-address-option" not in checks(world.pma3)) is answered


def test_an_update_to_a_correspondents_home_address_is_none_for_its_agent() -> None:
    world = Type2World(policy(photi_state="none"))
    packet = Packet.from_bytes(_forged_update(world, 0))
    world.network.inject(readdressed(packet, destination=CN4).to_bytes(), 0)
    world.network.settle(0)
    assert world.pma3.log[-1].kind == "delivered"
    assert world.pma3.entry(CN4, HOME) is None


# Whose secret, whose cache.


def _forged_update(
    world: Type2World, now: float, *, through: IPv6Address = CN4, home_token: bytes | None = None, sequence: int = 1
) -> bytes:
    """An early update for the cache of CN4 that binds the home address to the attacker's.

    Args:
        through: the correspondent whose T it is made with, if no other token is given.
    """
    index, token = world.pma3.bindings(through).home_test(HOME, now)
    plan = UpdatePlan(
        home_address=HOME,
        care_of_address=ATTACKER,
        correspondent=PMA3 if world.policy.reading("kcn_scope") == "pma" else CN4,
        sequence=sequence,
        lifetime=100,
        home_token=home_token or token,
        home_index=index,
        care_of_token=sealing.ZERO_TOKEN,
        care_of_index=0,
        identity=HOME_IDENTITY,
        asks_for_care_of_token=True,
    )
    return readdressed(proxy_update(world.policy, plan), destination=PMA3).to_bytes()


@pytest.mark.parametrize(("scope", "accepted"), [("pma", True), ("cn", False)])
def test_a_token_got_through_another_correspondent(scope: str, accepted: bool) -> None:
    """With one secret for all, T of a test towards CN5 makes a binding with CN4."""
    world = Type2World(policy(kcn_scope=scope), second=True)
    world.pma3.bindings(CN4).home_test(HOME, 0)
    world.network.inject(_forged_update(world, 0, through=CN5), 0)
    entry = world.pma3.entry(CN4, HOME)
    assert (entry is not None) is accepted
    assert checks(world.pma3) == ([] if accepted else ["mac"])


def test_two_correspondents_with_secrets_of_their_own_have_bindings_of_their_own() -> None:
    world = Type2World(policy(kcn_scope="cn"), second=True)
    world.register()
    assert world.pma3.entry(CN5, HOME) is None
    world.register(1, CN5)
    first, second = world.pma3.entry(CN4, HOME), world.pma3.entry(CN5, HOME)
    assert first is not None
    assert second is not None
    assert first.permanent_token != second.permanent_token
    for correspondent, entry in ((CN4, first), (CN5, second)):
        mine = world.pma1.registration(HOME, correspondent)
        assert mine is not None
        assert (mine.permanent, mine.sequence) == (entry.permanent_token, entry.sequence)
    world.pma1.deregister(HOME, CN5, 10)
    world.network.settle(10)
    assert [entry.permanent_token for entry in world.pma3.bindings(CN4).cache.entries()] == [first.permanent_token]
    assert world.pma3.entry(CN5, HOME) is None


def test_two_correspondents_with_one_secret_share_a_registration() -> None:
    world = Type2World(second=True)
    world.register()
    world.register(1, CN5)
    assert world.pma1.registration(HOME, CN4) is world.pma1.registration(HOME, CN5)
    assert len(world.pma1.registrations(HOME)) == 1
    mine, entry = world.pma1.registration(HOME, CN5), world.pma3.entry(CN4, HOME)
    assert mine is not None
    assert entry is not None
    assert (mine.permanent, mine.sequence) == (entry.permanent_token, 4)
    assert not any(checks(node) for node in world.network.nodes.values())


@pytest.mark.parametrize(("scope", "refused"), [("pma", ["pma-tunnel-bce-check"]), ("cn", [])])
def test_one_cache_for_all_sends_data_that_the_other_end_does_not_expect(scope: str, refused: list[str]) -> None:
    """CN4's registration redirects CN5's data too, and N177 drops them: PMA1 has entries by pair (N139)."""
    world = Type2World(policy(kcn_scope=scope), second=True)
    world.register()
    world.pma3.send_payload(CN5, HOME, 10, 1)
    world.network.settle(1)
    assert checks(world.pma1) == refused


@pytest.mark.parametrize("scope", SCOPES)
def test_two_exchanges_with_one_agent_at_the_same_time(scope: str) -> None:
    world = Type2World(policy(kcn_scope=scope), second=True)
    world.pma1.start_home_test(HOME, CN4, 0)
    world.pma1.start_home_test(HOME, CN5, 0)
    world.network.settle(0)
    for correspondent in (CN4, CN5):
        entry, mine = world.pma3.entry(correspondent, HOME), world.pma1.registration(HOME, correspondent)
        assert entry is not None
        assert mine is not None
        assert (entry.verified, mine.outstanding, mine.permanent) == (True, None, entry.permanent_token)


def test_where_no_mac_is_looked_at_the_token_still_tells_whom_an_update_is_for() -> None:
    world = Type2World(policy("mac", "signature", kcn_scope="cn", photi_state="none"), second=True)
    world.pma3.bindings(CN4).home_test(HOME, 0)
    world.register(0, CN5)
    assert world.pma3.entry(CN4, HOME) is None
    assert world.pma3.entry(CN5, HOME) is not None


@pytest.mark.parametrize(("now", "check"), [(0, None), (1000, "nonce-freshness")])
def test_an_update_is_examined_by_the_time_at_which_it_comes(now: float, check: str | None) -> None:
    world = Type2World()
    packet = Packet.from_bytes(_forged_update(world, 0))
    message = message_in(packet.to_bytes())
    assert isinstance(message, codec.BindingUpdate)
    examined = world.pma3.bindings(CN4).examine(packet, message, now)
    assert examined is not None
    assert (examined.refusal and examined.refusal.check) == check


@pytest.mark.parametrize("scope", SCOPES)
def test_an_update_without_any_token_is_refused_silently(scope: str) -> None:
    world = Type2World(policy(kcn_scope=scope), second=True)
    world.network.inject(_forged_update(world, 0, home_token=b"guessed!"), 0)
    assert checks(world.pma3) == ["mac"]
    assert world.network.collect(0) == []


def test_an_update_for_an_agent_with_nobody_attached() -> None:
    world = Type2World()
    packet = _forged_update(world, 0)
    world.pma3.detach(CN4)
    world.network.inject(packet, 0)
    assert checks(world.pma3) == ["not-expected"]


@pytest.mark.parametrize(("scope", "left"), [("pma", True), ("cn", False)])
def test_what_is_left_of_a_binding_when_its_correspondent_goes_and_comes(scope: str, left: bool) -> None:
    world = Type2World(policy(kcn_scope=scope))
    world.register()
    world.pma3.detach(CN4)
    world.attach(CN4, CN4_IDENTITY)
    assert (world.pma3.entry(CN4, HOME) is not None) is left


@pytest.mark.parametrize("scope", SCOPES)
def test_the_answer_is_signed_for_the_address_in_its_mac(scope: str) -> None:
    """N097: by the agent's key for the agent's address; for the correspondent's address only its own would do."""
    world = Type2World(policy(cn_cga_on_pba="on", kcn_scope=scope))
    world.register()
    assert "accepted-tokens" in kinds(world.pma1)
    assert checks(world.pma1) == []


def test_an_agent_that_must_sign_needs_a_key() -> None:
    with pytest.raises(UsageError, match="key"):
        Type2Correspondent(PMA3, HOME_AGENT_2, policy(cn_cga_on_pba="on"), SEED)
    Type2Correspondent(PMA3, HOME_AGENT_2, policy(cn_cga_on_pba="on", kcn_scope="cn"), SEED)


# The sender.


@pytest.mark.parametrize(("without", "destination"), [((), PMA3), (("cookie",), ATTACKER)])
def test_a_forged_phot(without: tuple[str, ...], destination: IPv6Address) -> None:
    """Without the cookie anybody tells an agent where the correspondent is, and gets its updates."""
    world = Type2World(policy(*without))
    world.network.add_sink("attacker", ATTACKER)
    world.pma1.start_home_test(HOME, CN4, 0)
    world.network.collect(0)
    forged = codec.ProxyHomeTest(1, COOKIE, b"anything", care_of_address=ATTACKER)
    world.network.inject(plain_packet(forged, CN4, HOME).to_bytes(), 0)
    world.network.settle(0)
    assert world.pma1.peer_of(HOME, CN4, 0) == destination
    assert ("cookie" in checks(world.pma1)) is (not without)


def test_a_phot_from_another_correspondent_does_not_count() -> None:
    world = Type2World(policy("cookie"), second=True)
    world.register()
    world.register(0, CN5)
    world.pma1.start_home_test(HOME, CN4, 1)
    forged = codec.ProxyHomeTest(1, COOKIE, b"anything", care_of_address=ATTACKER)
    world.network.inject(plain_packet(forged, CN5, HOME).to_bytes(), 1)
    world.network.settle(1)
    assert "not-in-progress" in checks(world.pma1)
    assert world.pma1.peer_of(HOME, CN5, 1) == PMA3
    assert world.pma1.peer_of(HOME, CN4, 1) == PMA3


def test_a_forged_acknowledgement_of_the_agent() -> None:
    for scope in SCOPES:
        world = Type2World(policy(kcn_scope=scope))
        world.pma1.start_home_test(HOME, CN4, 0)
        _until(world, "sent-early")
        forged = codec.BindingAcknowledgement(Status.ACCEPTED, 1, 100)
        world.network.inject(plain_packet(forged, PMA3, PMA1).to_bytes(), 0)
        assert checks(world.pma1) == ["mac-of-ack"]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_correspondent_that_has_moved_is_found_by_another_test(scope: str) -> None:
    world = Type2World(policy(kcn_scope=scope), second=True)
    world.register(0, CN5)
    world.register(1)
    elsewhere = Type2Correspondent(ATTACKER, HOME_AGENT_2, world.policy, SEED)
    elsewhere.attach(MobileProfile(CN4, CN4_IDENTITY.private_key, CN4_IDENTITY.cga_parameters), 10)
    world.network.nodes["pma4"] = elsewhere
    world.pma3.detach(CN4)
    world.ha2.register(CN4, ATTACKER)
    world.register(10)
    entry = elsewhere.entry(CN4, HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.verified) == (PMA1, True)
    assert (world.pma1.peer_of(HOME, CN4, 10), world.pma1.peer_of(HOME, CN5, 10)) == (ATTACKER, PMA3)
    stays = world.pma1.registration(HOME, CN5)
    assert stays is not None
    assert (stays.cookie, stays.is_bound(11)) == (None, True)


def test_an_agent_forgets_where_correspondents_are_with_the_node() -> None:
    world = Type2World()
    world.register()
    world.pma1.detach(HOME)
    assert world.pma1.peer_of(HOME, CN4, 1) is None
    world.pma1.attach(PROFILE, 2)
    assert world.pma1.registration(HOME, CN4) is None


# Nothing that arrives makes an agent raise.


def _corpus() -> list[bytes]:
    """Every packet of an honest life."""
    world = Type2World()
    _live(world)
    return [packet for _, packet in world.network.capture]


CORPUS = _corpus()


@given(
    st.sampled_from(CORPUS),
    st.lists(st.tuples(st.integers(0, 599), st.integers(0, 255)), max_size=4),
    st.sampled_from(SCOPES),
    st.booleans(),
)
def test_changed_packets(packet: bytes, changes: list[tuple[int, int]], scope: str, checked: bool) -> None:
    chosen = policy(*([] if checked else ["cookie", "mac", "mac-of-ack", "pma-tunnel-bce-check"]), kcn_scope=scope)
    world = Type2World(chosen, second=True)
    world.pma1.start_home_test(HOME, CN4, 0)
    _until(world, "sent-early")
    changed = bytearray(packet)
    for place, value in changes:
        changed[place % len(changed)] = value
    for agent in (world.pma1, world.pma3):
        for protected in (False, True):
            agent.receive(bytes(changed), 1, protected=protected)
            for answer in agent.packets_to_send():
                Packet.from_bytes(answer)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("care_of_address", ["::", "::1", "fe80::1", "ff02::1", "ff0e::101"])
def test_a_home_test_init_makes_no_entry_that_leads_to_no_care_of_address(scope: str, care_of_address: str) -> None:
    """RFC 6275 3.2: a care-of address is a unicast routable one; the test is answered all the same."""
    world = Type2World(policy(kcn_scope=scope, cba="off"))
    init = codec.ProxyHomeTestInit(COOKIE, IPv6Address(care_of_address))
    world.network.inject(plain_packet(init, HOME, CN4).to_bytes(), 0)
    world.network.settle(0)
    assert world.pma3.entry(CN4, HOME) is None
    assert checks(world.pma3)[-1] == "care-of-address"
    assert kinds(world.pma3)[-1] == "answered-proxy-home-test-init"


@pytest.mark.parametrize("care_of_address", ["::", "::1", "fe80::1", "ff02::1", "ff0e::101"])
def test_an_agent_learns_no_care_of_address_that_none_can_be(care_of_address: str) -> None:
    """N133, RFC 6275 3.2: the answer is discarded, and the genuine one is waited for."""
    world = Type2World(policy("cookie"))
    world.pma1.start_home_test(HOME, CN4, 0)
    forged = codec.ProxyHomeTest(1, COOKIE, b"anything", care_of_address=IPv6Address(care_of_address))
    world.network.inject(plain_packet(forged, CN4, HOME).to_bytes(), 0)
    (intercepted,) = [flight for flight in world.network.collect(0) if flight.sender == "ha1"]
    world.network.deliver(intercepted.flight_id, 0)
    assert checks(world.pma1)[-1] == "care-of-address"
    assert world.pma1.peer_of(HOME, CN4, 0) is None
    world.network.settle(0)
    assert world.pma1.peer_of(HOME, CN4, 0) == PMA3


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("care_of_address", [str(PMA1), str(PMA3), str(HOME)])
def test_strange_care_of_addresses(scope: str, care_of_address: str) -> None:
    """The draft asks nothing of whose they are (N128, N133)."""
    strange = IPv6Address(care_of_address)
    world = Type2World(policy("cookie", kcn_scope=scope, cba="off"))
    world.network.inject(plain_packet(codec.ProxyHomeTestInit(COOKIE, strange), HOME, CN4).to_bytes(), 0)
    world.pma1.start_home_test(HOME, CN4, 0)
    world.network.collect(0)
    forged = codec.ProxyHomeTest(1, COOKIE, b"anything", care_of_address=strange)
    world.network.inject(plain_packet(forged, CN4, HOME).to_bytes(), 0)
    world.network.settle(0)
    world.pma3.send_payload(CN4, HOME, 10, 1)
    world.network.settle(1)
    entry = world.pma3.entry(CN4, HOME)
    assert entry is not None
    assert entry.care_of_address == strange
