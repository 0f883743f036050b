"""What each reading changes on the wire and in the cache."""

from __future__ import annotations

from dataclasses import replace

import pytest
from forgery import care_of_token, home_token, update
from world import (
    ATTACKER,
    CORRESPONDENT,
    CORRESPONDENT_IDENTITY,
    HOME,
    HOME_AGENT,
    HOME_IDENTITY,
    PMA1,
    PMA2,
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
from pmicheck.nodes.agent.proxy_mobile_agent import ProxyMobileAgent
from pmicheck.nodes.correspondent.authorisation import is_greater
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.policy import Policy
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet


def _messages(world: ProxyWorld, kind: type[codec.Message]) -> list[codec.Message]:
    messages = [message_in(packet) for _, packet in world.network.capture]
    return [message for message in messages if isinstance(message, kind)]


def _has(message: codec.Message, kind: type[codec.Option]) -> bool:
    return codec.option_of(message, kind) is not None


def test_home_address_as_the_source_sends_the_answers_home() -> None:
    world = ProxyWorld(policy(hoa_conveyance="source"))
    world.register()
    updates = [
        Packet.from_bytes(packet)
        for _, packet in world.network.capture
        if isinstance(message_in(packet), codec.BindingUpdate)
    ]
    assert {packet.source for packet in updates} == {HOME}
    entry = world.cn.entry(HOME)
    assert entry is not None
    assert entry.care_of_address == PMA1
    answers = [
        Packet.from_bytes(packet)
        for _, packet in world.network.capture
        if isinstance(message_in(packet), codec.BindingAcknowledgement)
    ]
    assert {packet.destination for packet in answers} == {HOME, PMA1}
    assert {packet.source for packet in answers} == {CORRESPONDENT, HOME_AGENT}


def test_a_proxy_update_names_its_home_address_first() -> None:
    world = ProxyWorld()
    world.register()
    for message in _messages(world, codec.BindingUpdate):
        assert message.options[0] == codec.MobileNodeHomeAddressOption(HOME)


def test_handover_token_dies_after_a_day_if_it_is_finite() -> None:
    for lifetime, alive in (("none", True), ("finite", False)):
        world = ProxyWorld(policy(ht_lifetime=lifetime))
        world.register()
        world.cn.advance(86399)
        assert world.cn.handover_tokens(HOME)
        world.cn.advance(86400)
        assert bool(world.cn.handover_tokens(HOME)) is alive


@pytest.mark.parametrize(("value", "issued"), [("complete", [False, True]), ("early", [True, True])])
def test_tokens_are_issued_at_the_complete_or_at_any_signed_update(value: str, issued: list[bool]) -> None:
    world = ProxyWorld(policy(token_issue_at=value))
    world.register()
    answers = _messages(world, codec.BindingAcknowledgement)
    assert [_has(answer, codec.PermanentHomeKeygenTokenOption) for answer in answers] == issued
    assert [_has(answer, codec.HandoverHomeKeygenTokenOption) for answer in answers] == issued


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("never", [False, False]), ("handover", [False, True]), ("always", [True, True])],
)
def test_the_care_of_token_is_encrypted(value: str, hidden: list[bool]) -> None:
    world = ProxyWorld(policy(encrypted_careof_token=value))
    world.register()
    world.pma2.install(world.pma1.context(HOME), 10)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    answers = _messages(world, codec.BindingAcknowledgement)[::2]
    assert [_has(answer, codec.EncryptedCareOfTestOption) for answer in answers] == hidden
    assert [_has(answer, codec.CareOfTestOption) for answer in answers] == [not item for item in hidden]


def test_tokens_in_clear_without_encryption() -> None:
    world = ProxyWorld(policy("token-encryption", "careof-token-encryption"))
    world.register()
    world.pma2.install(world.pma1.context(HOME), 10)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    answers = _messages(world, codec.BindingAcknowledgement)
    assert not any(_has(answer, codec.EncryptedCareOfTestOption) for answer in answers)
    last = codec.option_of(answers[-1], codec.PermanentHomeKeygenTokenOption)
    assert last is not None
    assert (last.ciphertext,) == world.cn.permanent_tokens(HOME)
    handover = codec.option_of(answers[-1], codec.HandoverHomeKeygenTokenOption)
    assert handover is not None
    assert (handover.ciphertext,) == world.cn.handover_tokens(HOME)


def test_grace_ends_when_the_new_handover_token_is_used() -> None:
    world = ProxyWorld(policy(rotation_grace="until-used"))
    world.register()
    old = world.cn.handover_tokens(HOME)
    world.pma1.refresh(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    assert world.cn.handover_tokens(HOME)[1:] == old
    world.pma2.install(world.pma1.context(HOME), 20)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 20)
    for flight in world.network.collect(20):
        world.network.deliver(flight.flight_id, 20)
    assert old[0] not in world.cn.handover_tokens(HOME)
    assert len(world.cn.handover_tokens(HOME)) == 1


@pytest.mark.parametrize(("value", "number"), [("carried", 2), ("absent", 0)])
def test_a_context_may_lack_the_last_number(value: str, number: int) -> None:
    """Reading context_sequence: Figure 4 lists no number. The first PBU under number 1 is refused with 135."""
    world = ProxyWorld(policy(context_sequence=value))
    world.register()
    world.pma2.install(world.pma1.context(HOME), 10)
    mine = world.pma2.registration(HOME, CORRESPONDENT)
    assert mine is not None
    assert mine.sequence == number
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    assert checks(world.cn) == ([] if number else ["sequence-number"])
    entry = world.cn.entry(HOME)
    assert entry is not None
    assert (entry.care_of_address, entry.verified) == (PMA2, True)


def test_a_context_may_lack_the_private_key_which_then_comes_with_the_node() -> None:
    """Reading context_key: the handover token goes to the next agent, the key with the profile of the node (N040)."""
    world = ProxyWorld(policy(context_key="absent"))
    world.register()
    before = world.pma1.context(HOME)
    assert before.profile.private_key is None
    world.pma2.detach(HOME)
    world.pma2.install(before, 10)
    assert HOME_IDENTITY.private_key not in world.pma2.private_keys(HOME)
    world.pma2.attach(replace(before.profile, private_key=HOME_IDENTITY.private_key), 10)
    assert HOME_IDENTITY.private_key in world.pma2.private_keys(HOME)


@pytest.mark.parametrize(("value", "refused"), [("newest", []), ("same", ["mac"])])
def test_which_handover_token_makes_the_complete_update(value: str, refused: list[str]) -> None:
    """Reading complete_token: the early answer brought a new pair, and the old handover token is dead (A-07)."""
    world = ProxyWorld(policy(token_issue_at="early", complete_token=value))
    world.register()
    world.pma2.install(world.pma1.context(HOME), 10)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    assert checks(world.cn) == refused


def test_kept_handover_tokens_add_up() -> None:
    world = ProxyWorld(policy(ht_rotation="keep"))
    world.register()
    world.pma1.refresh(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    assert len(world.cn.handover_tokens(HOME)) == 2


def test_the_full_tombstone_covers_early_updates_and_deregistrations_too() -> None:
    for reading, burnt in (("rr", False), ("full", True)):
        world = ProxyWorld(policy(tombstone=reading))
        token, index = home_token(world, 0)
        care_of, care_of_index = care_of_token(world, 0, PMA1)
        _send(world, 1, token, index, care_of, care_of_index, care_of_address=PMA1, identity=HOME_IDENTITY)
        permanent = world.cn.permanent_tokens(HOME)[0]
        _send(world, 2, permanent, 0, lifetime=0)
        assert world.cn.entry(HOME) is None
        _send(world, 3, token, index, identity=HOME_IDENTITY)
        assert (world.cn.entry(HOME) is None) is burnt
        assert checks(world.cn) == (["tombstone"] if burnt else [])
        world.cn.advance(500)
        assert world.cn.entry(HOME) is None


def _send(
    world: ProxyWorld,
    now: float,
    token: bytes,
    index: int,
    care_of: bytes = bytes(8),
    care_of_index: int = 0,
    **more: object,
) -> None:
    packet = update(
        world.policy,
        home_token=token,
        home_index=index,
        care_of_token=care_of,
        care_of_index=care_of_index,
        sequence=int(now),
        **more,  # type: ignore[arg-type]
    )
    world.network.inject(packet, now)


def test_expiry_burns_like_deregistration() -> None:
    world = ProxyWorld()
    token, index = home_token(world, 0)
    care_of, care_of_index = care_of_token(world, 0)
    for now in (1, 100):
        _send(world, now, token, index, care_of, care_of_index, lifetime=10, identity=HOME_IDENTITY)
    assert checks(world.cn) == ["tombstone"]
    _send(world, 101, token, index, care_of, care_of_index, proxy=False, asks_for_care_of_token=False)
    assert checks(world.cn) == ["tombstone", "tombstone"]


def test_a_tombstone_is_forgotten_with_its_nonce() -> None:
    world = ProxyWorld()
    world.register()
    world.pma1.deregister(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    world.cn.advance(241)
    world.pma1.start_home_test(HOME, CORRESPONDENT, 300)
    world.network.settle(300)
    assert world.cn.entry(HOME) is not None


@pytest.mark.parametrize(
    ("reading", "token", "check"),
    [
        ("pt", "permanent", None),
        ("pt", "temporary", "rule-149"),
        ("pt", "handover", "handover-token"),
        ("any", "permanent", None),
        ("any", "temporary", None),
        ("any", "handover", None),
        ("none", "none", None),
    ],
)
def test_who_may_deregister(reading: str, token: str, check: str | None) -> None:
    world = ProxyWorld(policy(dereg_auth=reading))
    world.register()
    temporary, index = home_token(world, 10)
    named = {
        "permanent": (world.cn.permanent_tokens(HOME)[0], 0),
        "temporary": (temporary, index),
        "handover": (world.cn.handover_tokens(HOME)[0], 0xFFFF),
        "none": (b"no token", 0),
    }[token]
    _send(world, 11, *named, lifetime=0)
    assert checks(world.cn) == ([check] if check else [])
    assert (world.cn.entry(HOME) is None) is (check is None)


def test_without_a_permanent_token_t_deregisters() -> None:
    world = ProxyWorld()
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    early = world.step_until(world.pma1, "sent-early", 0)
    world.network.deliver(early.flight_id, 0)
    world.network.collect(0)
    world.network.drop(max(world.network.in_flight))
    assert world.cn.entry(HOME) is not None
    world.pma1.deregister(HOME, CORRESPONDENT, 5)
    world.network.settle(5)
    assert world.cn.entry(HOME) is None
    world.pma1.deregister(HOME, CORRESPONDENT, 6)
    assert kinds(world.pma1)[-1] == "cannot-deregister"


def test_deregistration_of_nothing_changes_nothing() -> None:
    for acknowledge in (True, False):
        world = ProxyWorld(policy(sequence_scope="home-address"))
        token, index = home_token(world, 0)
        _send(world, 5, token, index, lifetime=0, acknowledge=acknowledge, asks_for_care_of_token=False)
        assert len(world.network.collect(5)) == int(acknowledge)
        _send(world, 4, token, index, identity=HOME_IDENTITY)
        assert world.cn.entry(HOME) is not None


def test_plain_updates_without_cga_only_where_the_reading_lets_them() -> None:
    for reading, check in (("yes", None), ("no", "plain-rr-fallback")):
        world = ProxyWorld(policy(plain_rr_fallback=reading))
        token, index = home_token(world, 0)
        _send(world, 1, token, index, proxy=False)
        entry = world.cn.entry(HOME)
        assert (entry is None) is (reading == "no")
        assert checks(world.cn) == ([check] if check else [])
        if entry is not None:
            assert (entry.verified, entry.method, entry.expires_at) == (False, "temporary", 401)
        _send(world, 2, token, index, proxy=False, lifetime=0)
        assert (statuses(world.cn) == [129, 129]) is (reading == "no")


def test_a_plain_early_update_must_ask_for_a_care_of_token() -> None:
    world = ProxyWorld()
    token, index = home_token(world, 0)
    _send(world, 1, token, index, proxy=False, asks_for_care_of_token=False)
    assert (checks(world.cn), statuses(world.cn)) == (["nonce-freshness"], [137])


def test_rfc_4866_gives_a_plain_update_with_cga_a_permanent_token_only() -> None:
    world = ProxyWorld()
    token, index = home_token(world, 0)
    _send(world, 1, token, index, proxy=False, identity=HOME_IDENTITY)
    assert len(world.cn.permanent_tokens(HOME)) == 1
    assert world.cn.handover_tokens(HOME) == ()
    answer = message_in(world.network.collect(1)[-1].packet)
    assert _has(answer, codec.PermanentHomeKeygenTokenOption)
    assert _has(answer, codec.CareOfTestOption)


def test_lifetimes_are_bounded_by_the_method() -> None:
    for bounded in (True, False):
        world = ProxyWorld(policy(*([] if bounded else ["lifetime-bound"]), cga_in_early="no"))
        token, index = home_token(world, 0)
        _send(world, 1, token, index, lifetime=0xFFFF)
        entry = world.cn.entry(HOME)
        assert entry is not None
        assert entry.expires_at == (421 if bounded else 1 + 4 * 0xFFFF)
        _send(world, 2, token, index, lifetime=0xFFFF, identity=HOME_IDENTITY)
        entry = world.cn.entry(HOME)
        assert entry is not None
        assert entry.expires_at == (86402 if bounded else 2 + 4 * 0xFFFF)


def test_a_sequence_number_outlives_its_entry_only_if_the_reading_says_so() -> None:
    world = ProxyWorld(policy(sequence_scope="home-address"))
    world.register()
    world.pma1.deregister(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    world.pma2.install(world.pma1.context(HOME), 20)
    mine = world.pma2.registration(HOME, CORRESPONDENT)
    assert mine is not None
    mine.sequence = 0
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 20)
    world.network.settle(20)
    assert checks(world.cn) == ["sequence-number"]
    entry = world.cn.entry(HOME)
    assert entry is not None
    assert entry.care_of_address == PMA2
    assert entry.sequence > 3


def test_the_half_space_wraps() -> None:
    greater = [number for number in range(1 << 16) if is_greater(number, 15)]
    assert greater == list(range(16, 32783))
    assert is_greater(10, 32779)


def test_the_correspondent_signs_its_tokens() -> None:
    world = ProxyWorld(policy(cn_cga_on_pba="on"))
    world.register()
    answers = _messages(world, codec.BindingAcknowledgement)
    assert [_has(answer, codec.SignatureOption) for answer in answers] == [False, True]
    mine = world.pma1.registration(HOME, CORRESPONDENT)
    assert mine is not None
    assert mine.permanent is not None


@pytest.mark.parametrize("without", [(), ("cga",), ("signature",)])
def test_tokens_from_a_correspondent_without_its_key_are_not_taken(without: tuple[str, ...]) -> None:
    chosen = policy(*without, cn_cga_on_pba="on")
    wrong = replace(CORRESPONDENT_IDENTITY, private_key=HOME_IDENTITY.private_key)
    world = ProxyWorld(chosen)
    world.cn = CorrespondentNode(CORRESPONDENT, chosen, SEED, identity=wrong)
    world.network = Links({"ha": world.ha, "cn": world.cn, "pma1": world.pma1})
    world.register()
    mine = world.pma1.registration(HOME, CORRESPONDENT)
    assert mine is not None
    assert (mine.permanent is None) is ("signature" not in without)
    assert ("correspondent-cga" in checks(world.pma1)) is ("signature" not in without)


def test_nodes_that_need_a_key_say_so() -> None:
    with pytest.raises(UsageError):
        CorrespondentNode(CORRESPONDENT, policy(cn_cga_on_pba="on"), SEED)
    with pytest.raises(UsageError):
        ProxyMobileAgent(PMA1, HOME_AGENT, policy(key_owner="pma"), SEED)


def test_the_agents_own_key_signs_and_decrypts() -> None:
    world = ProxyWorld(policy(key_owner="pma"))
    world.register()
    mine = world.pma1.registration(HOME, CORRESPONDENT)
    assert mine is not None
    assert (mine.permanent,) == world.cn.permanent_tokens(HOME)
    for message in _messages(world, codec.BindingUpdate):
        option = codec.option_of(message, codec.CgaParametersOption)
        assert option is not None
        assert option.parameters != HOME_IDENTITY.cga_parameters


@pytest.mark.parametrize(("value", "renewed"), [("never", False), ("half-window", True)])
def test_a_permanent_token_is_renewed_before_half_the_numbers(value: str, renewed: bool) -> None:
    world = ProxyWorld(policy(pt_renewal=value))
    world.register()
    mine = world.pma1.registration(HOME, CORRESPONDENT)
    assert mine is not None
    mine.numbers_with_permanent_token = 32766
    world.pma1.refresh(HOME, CORRESPONDENT, 100)
    assert ("permanent-token-used-up" in kinds(world.pma1)) is renewed
    world.network.settle(100)
    assert (mine.permanent,) == world.cn.permanent_tokens(HOME)


def test_policy_refuses_what_does_not_exist() -> None:
    for readings, without in (
        ({"no_such": "x"}, frozenset[str]()),
        ({"tombstone": "x"}, frozenset[str]()),
        ({}, frozenset({"no-such"})),
    ):
        with pytest.raises(UsageError):
            Policy(readings, without)
    with pytest.raises(UsageError):
        Policy().has("no-such")


def test_an_update_of_a_verified_binding() -> None:
    """Early for the same care-of address it stays verified, for another one it does not; credit stays."""
    world = ProxyWorld()
    world.register()
    world.pma1.send_payload(HOME, CORRESPONDENT, 500, 1)
    world.network.settle(1)
    permanent = world.cn.permanent_tokens(HOME)[0]
    for now, address, verified in ((2, PMA1, True), (3, ATTACKER, False), (4, PMA1, False)):
        _send(world, now, permanent, 0, care_of_address=address)
        entry = world.cn.entry(HOME)
        assert entry is not None
        assert (entry.care_of_address, entry.verified, entry.credit) == (address, verified, 500)
        assert entry.permanent_token == permanent
