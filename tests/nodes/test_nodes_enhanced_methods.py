"""How a correspondent chooses the method for a plain binding update, and what it grants (RFC 4866 4.2, 4.3)."""

from __future__ import annotations

import forgery
import pytest
from enhanced_world import STRANGER, World, names, registered
from world import CARE_OF_2, HOME, HOME_IDENTITY, PLAIN_HOME, checks, message_in, statuses

from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec, tokens
from pmicheck.wire.packet import Packet

DAY, SEVEN_MINUTES = 86400, 420


def offer(
    world: World, *, permanent: bool, signer: CgaIdentity | None, complete: bool = False, **fields: object
) -> list[bytes]:
    """A plain update with PT or T, signed or not, and what the correspondent answers."""
    index = world.cn.rotate_nonce(1)
    held = world.cn.permanent_tokens(HOME)
    home_token = (held[0] if held else bytes(8)) if permanent else world.cn.home_keygen_token(index, HOME)
    packet = forgery.update(
        world.policy,
        home_token=home_token,
        home_index=0 if permanent else index,
        care_of_token=world.cn.care_of_keygen_token(index, CARE_OF_2) if complete else bytes(8),
        care_of_index=index if complete else 0,
        care_of_address=CARE_OF_2,
        identity=None if signer is None else HOME_IDENTITY,
        signer=signer,
        proxy=False,
        **{"lifetime": 0xFFFF, **fields},  # type: ignore[arg-type]
    )
    world.network.inject(packet, 1)
    return [world.network.drop(flight.flight_id) for flight in world.network.collect(1)]


@pytest.mark.parametrize(
    ("permanent", "signed", "known", "outcome"),
    [
        (False, True, False, "cga"),
        (False, True, True, "cga"),
        (False, False, False, "temporary"),
        (False, False, True, 149),
        (True, False, True, "permanent"),
        (True, False, False, 147),
        (True, True, True, 150),
        (True, True, False, 150),
    ],
)
@pytest.mark.parametrize("complete", [False, True])
def test_home_nonce_index_and_signature_choose_the_method(
    permanent: bool, signed: bool, known: bool, outcome: object, complete: bool
) -> None:
    world = registered() if known else World()
    before = world.cn.entry(HOME)
    answers = offer(world, permanent=permanent, signer=HOME_IDENTITY if signed else None, complete=complete)
    (answer,) = answers
    packet, message = Packet.from_bytes(answer), message_in(answer)
    assert (packet.destination, packet.routing_home_address) == (CARE_OF_2, HOME)
    entry = world.cn.entry(HOME)
    if isinstance(outcome, int):
        assert (message.status, names(message), entry) == (outcome, [], before)
        return
    assert entry is not None
    assert (entry.method, entry.verified, entry.care_of_address) == (outcome, complete, CARE_OF_2)
    assert entry.expires_at == 1 + (SEVEN_MINUTES if outcome == "temporary" else DAY)
    assert ("PermanentHomeKeygenToken" in names(message)) is (outcome == "cga")
    assert ("CareOfTest" in names(message)) is ("NonceIndices" in names(message)) is True


@pytest.mark.parametrize("complete", [False, True])
def test_each_signed_update_brings_a_new_permanent_token_that_only_the_signer_can_read(complete: bool) -> None:
    world = registered()
    old = world.cn.permanent_tokens(HOME)
    (answer,) = offer(world, permanent=False, signer=HOME_IDENTITY, complete=complete)
    option = codec.option_of(message_in(answer), codec.PermanentHomeKeygenTokenOption)
    assert option is not None
    (new,) = world.cn.permanent_tokens(HOME)
    assert (new,) != old
    assert tokens.decrypt_token(HOME_IDENTITY.private_key, option.ciphertext) == new
    assert tokens.decrypt_token(STRANGER.private_key, option.ciphertext) != new


@pytest.mark.parametrize("permanent", [False, True])
def test_an_answer_comes_unasked_if_the_update_is_signed_or_asks_for_a_care_of_token(permanent: bool) -> None:
    world = registered()
    signer = None if permanent else HOME_IDENTITY
    assert offer(world, permanent=permanent, signer=signer, acknowledge=False, asks_for_care_of_token=permanent)
    silent = offer(world, permanent=True, signer=None, acknowledge=False, asks_for_care_of_token=False, sequence=1001)
    assert (silent, checks(world.cn)) == ([], [])


def test_148_goes_out_under_the_key_of_the_update_and_changes_nothing() -> None:
    world = registered()
    before = world.cn.entry(HOME)
    (answer,) = offer(world, permanent=False, signer=STRANGER)
    assert (statuses(world.cn), names(message_in(answer))) == ([148], ["BindingAuthorizationData"])
    assert world.cn.entry(HOME) == before


@pytest.mark.parametrize(
    ("permanent", "signed", "status"),
    [(True, False, None), (False, True, None), (False, False, 149), (True, True, 150)],
)
def test_a_deregistration_is_judged_by_the_same_table(permanent: bool, signed: bool, status: int | None) -> None:
    world = registered()
    signer = HOME_IDENTITY if signed else None
    (answer,) = offer(world, permanent=permanent, signer=signer, lifetime=0)
    assert statuses(world.cn) == ([] if status is None else [status])
    assert (world.cn.entry(HOME) is None) is (status is None)
    assert "PermanentHomeKeygenToken" not in names(message_in(answer))


def test_permanent_tokens_do_not_serve_another_home_address() -> None:
    world = registered()
    (token,) = world.cn.permanent_tokens(HOME)
    packet = forgery.update(
        world.policy, home_token=token, home_address=PLAIN_HOME, care_of_address=CARE_OF_2, proxy=False
    )
    world.network.inject(packet, 1)
    assert statuses(world.cn) == [147]
