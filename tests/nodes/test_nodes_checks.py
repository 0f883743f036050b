"""One forbidden packet for each check: refused by that check, and accepted where the check is switched
off."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from forgery import care_of_token, home_token, readdressed, update
from world import (
    ATTACKER,
    CORRESPONDENT,
    HOME,
    HOME_IDENTITY,
    PMA1,
    ProxyWorld,
    checks,
    identity,
    message_in,
    policy,
    statuses,
)

from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.packet import Packet

ATTACKER_IDENTITY = identity("attacker", "2001:db8:1::")[1]
STOLEN_PARAMETERS = CgaIdentity(ATTACKER_IDENTITY.private_key, HOME_IDENTITY.cga_parameters)


def _redirected(world: ProxyWorld) -> bool:
    entry = world.cn.entry(HOME)
    return entry is not None and entry.care_of_address == ATTACKER


def _gone(world: ProxyWorld) -> bool:
    return world.cn.entry(HOME) is None


def _inject(world: ProxyWorld, packet: bytes, now: float = 100) -> None:
    world.network.inject(packet, now)


def _without_home_token(world: ProxyWorld) -> bool:
    _, index = home_token(world, 100)
    token, care_of_index = care_of_token(world, 100)
    _inject(
        world,
        update(
            world.policy,
            home_index=index,
            care_of_token=token,
            care_of_index=care_of_index,
            identity=HOME_IDENTITY,
        ),
    )
    return _redirected(world)


def _without_care_of_token(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    _inject(
        world,
        update(world.policy, home_token=token, home_index=index, care_of_index=1, identity=HOME_IDENTITY),
    )
    entry = world.cn.entry(HOME)
    return entry is not None and entry.verified


def _without_any_key(world: ProxyWorld) -> bool:
    _, index = home_token(world, 100)
    _inject(world, update(world.policy, home_token=b"guessed!", home_index=index, identity=HOME_IDENTITY))
    return _redirected(world)


def _with_foreign_parameters(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    _inject(
        world,
        update(world.policy, home_token=token, home_index=index, identity=ATTACKER_IDENTITY),
    )
    return _redirected(world)


def _with_foreign_signature(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    _inject(world, update(world.policy, home_token=token, home_index=index, identity=STOLEN_PARAMETERS))
    return _redirected(world)


def _with_an_old_nonce(world: ProxyWorld) -> bool:
    token, index = home_token(world, 0)
    _inject(world, update(world.policy, home_token=token, home_index=index, identity=HOME_IDENTITY), 241)
    return _redirected(world)


def _repeated(world: ProxyWorld) -> bool:
    world.register()
    complete = _captured(world, "sent-complete")
    accepted = len([event for event in world.cn.log if event.kind == "accepted-binding-update"])
    _inject(world, complete, 1)
    return len([event for event in world.cn.log if event.kind == "accepted-binding-update"]) > accepted


def _captured(world: ProxyWorld, kind: str) -> bytes:
    """The last packet that an agent sent straight to the correspondent."""
    wanted = {"sent-early": -2, "sent-complete": -1}[kind]
    sent = [packet for _, packet in world.network.capture if packet[8:24] == PMA1.packed]
    return [packet for packet in sent if packet[24:40] == CORRESPONDENT.packed][wanted]


def _repeated_after_deregistration(world: ProxyWorld) -> bool:
    world.register()
    complete = _captured(world, "sent-complete")
    world.pma1.deregister(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    assert _gone(world)
    _inject(world, complete, 20)
    return not _gone(world)


def _early_without_cga(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    _inject(world, update(world.policy, home_token=token, home_index=index))
    return _redirected(world)


def _complete_without_cga(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    care_of, care_of_index = care_of_token(world, 100)
    _inject(
        world,
        update(
            world.policy,
            home_token=token,
            home_index=index,
            care_of_token=care_of,
            care_of_index=care_of_index,
        ),
    )
    return _redirected(world)


def _temporary_in_place_of_permanent(world: ProxyWorld) -> bool:
    world.register()
    token, index = home_token(world, 100)
    _inject(world, update(world.policy, home_token=token, home_index=index, proxy=False))
    return _redirected(world)


def _permanent_with_cga(world: ProxyWorld, *, proxy: bool = False) -> bool:
    world.register()
    permanent = world.cn.permanent_tokens(HOME)[0]
    _inject(world, update(world.policy, home_token=permanent, identity=HOME_IDENTITY, proxy=proxy))
    return _redirected(world)


def _proxy_update_with_permanent_and_cga(world: ProxyWorld) -> bool:
    return _permanent_with_cga(world, proxy=True)


def _with_home_address_option(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    _inject(
        world,
        update(
            world.policy,
            home_token=token,
            home_index=index,
            identity=HOME_IDENTITY,
            home_address_option=True,
        ),
    )
    return _redirected(world)


def _deregistered_by_anybody(world: ProxyWorld) -> bool:
    world.register()
    _inject(world, update(world.policy, home_token=b"guessed!", lifetime=0))
    return _gone(world)


def _permanent_after_deregistration(world: ProxyWorld) -> bool:
    world.register()
    permanent = world.cn.permanent_tokens(HOME)[0]
    world.pma1.deregister(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    _inject(world, update(world.policy, home_token=permanent), 20)
    return _redirected(world)


def _replaced_permanent(world: ProxyWorld) -> bool:
    world.register()
    permanent = world.cn.permanent_tokens(HOME)[0]
    world.pma1.refresh(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    _inject(world, update(world.policy, home_token=permanent), 20)
    return _redirected(world)


def _replaced_handover(world: ProxyWorld) -> bool:
    world.register()
    handover = world.cn.handover_tokens(HOME)[0]
    world.pma1.refresh(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    _inject(
        world,
        update(world.policy, home_token=handover, home_index=0xFFFF, identity=HOME_IDENTITY),
        20,
    )
    return _redirected(world)


def _readdressed(world: ProxyWorld) -> bool:
    world.register()
    world.pma1.refresh(HOME, CORRESPONDENT, 10)
    flight = world.network.collect(10)[0]
    _inject(world, readdressed(world.network.drop(flight.flight_id), ATTACKER), 11)
    return _redirected(world)


def _signature_for_another_care_of_address(world: ProxyWorld) -> bool:
    token, index = home_token(world, 100)
    _inject(
        world,
        update(
            world.policy,
            home_token=token,
            home_index=index,
            identity=HOME_IDENTITY,
            signed_for=PMA1,
        ),
    )
    return _redirected(world)


def _token_of_the_other_kind(world: ProxyWorld) -> bool:
    """T for an address is asked for as C by somebody who can receive at that address for a while."""
    token, index = care_of_token(world, 100, HOME)
    _inject(world, update(world.policy, home_token=token, home_index=index, identity=HOME_IDENTITY))
    return _redirected(world)


Scenario = Callable[[ProxyWorld], bool]
CASES: list[tuple[str, str, int | None, Scenario, dict[str, str]]] = [
    ("home-test", "mac", None, _without_home_token, {}),
    ("careof-test", "mac", None, _without_care_of_token, {}),
    ("mac", "mac", None, _without_any_key, {}),
    ("cga", "cga", 148, _with_foreign_parameters, {}),
    ("signature", "signature", 148, _with_foreign_signature, {}),
    ("nonce-freshness", "nonce-freshness", 136, _with_an_old_nonce, {}),
    ("sequence-number", "sequence-number", 135, _repeated, {}),
    ("tombstone", "tombstone", 138, _repeated_after_deregistration, {}),
    ("cga-in-early", "cga-in-early", 148, _early_without_cga, {}),
    ("cga-in-complete", "cga-in-complete", 148, _complete_without_cga, {}),
    ("rule-149", "rule-149", 149, _temporary_in_place_of_permanent, {}),
    ("rule-150", "rule-150", 150, _permanent_with_cga, {}),
    ("hao-rejection-in-pbu", "home-address-option", None, _with_home_address_option, {}),
    ("dereg-auth", "mac", None, _deregistered_by_anybody, {}),
    ("pt-revocation", "permanent-token", 147, _permanent_after_deregistration, {}),
    ("pt-replacement", "mac", None, _replaced_permanent, {}),
    ("ht-rotation", "mac", None, _replaced_handover, {}),
    ("coa-in-mac", "mac", None, _readdressed, {}),
    ("coa-in-signature", "signature", 148, _signature_for_another_care_of_address, {}),
    ("token-domain-octet", "mac", None, _token_of_the_other_kind, {}),
]


@pytest.mark.parametrize(
    ("mechanism", "check", "status", "scenario", "readings"), CASES, ids=[case[0] for case in CASES]
)
def test_a_check_refuses_and_without_it_nothing_does(
    mechanism: str, check: str, status: int | None, scenario: Scenario, readings: dict[str, str]
) -> None:
    guarded = ProxyWorld(policy(**readings))
    assert not scenario(guarded)
    assert checks(guarded.cn)[-1] == check
    assert statuses(guarded.cn)[-1] == status
    open_world = ProxyWorld(policy(mechanism, **readings))
    assert scenario(open_world)


READING_CASES: list[tuple[str, Scenario, dict[str, str], dict[str, str]]] = [
    ("key_owner", _with_foreign_parameters, {}, {"key_owner": "pma"}),
    ("cga_in_early", _early_without_cga, {}, {"cga_in_early": "no"}),
    ("ht_rotation", _replaced_handover, {}, {"ht_rotation": "keep"}),
    ("rotation_grace", _replaced_handover, {}, {"rotation_grace": "until-used"}),
    ("tombstone", _repeated_after_deregistration, {}, {"tombstone": "none"}),
    (
        "sequence_scope",
        _repeated_after_deregistration,
        {"tombstone": "none", "sequence_scope": "home-address"},
        {"tombstone": "none"},
    ),
    ("method_selection", _proxy_update_with_permanent_and_cga, {"method_selection": "rfc4866"}, {}),
    ("dereg_auth", _deregistered_by_anybody, {}, {"dereg_auth": "none"}),
]


@pytest.mark.parametrize(
    ("name", "scenario", "refusing", "accepting"), READING_CASES, ids=[case[0] for case in READING_CASES]
)
def test_a_reading_decides(name: str, scenario: Scenario, refusing: dict[str, str], accepting: dict[str, str]) -> None:
    assert not scenario(ProxyWorld(policy(**refusing)))
    assert scenario(ProxyWorld(policy(**accepting)))


def test_a_refusal_before_the_mac_carries_no_mac_and_one_after_it_does() -> None:
    world = ProxyWorld()
    _repeated(world)
    answers = [flight.packet for flight in world.network.collect(1)]
    assert _has_mac(answers[-1])
    other = ProxyWorld()
    _with_an_old_nonce(other)
    assert not _has_mac(other.network.collect(241)[-1].packet)


def _has_mac(packet: bytes) -> bool:
    return codec.option_of(message_in(packet), codec.BindingAuthorizationDataOption) is not None


def test_an_ipv4_home_address_option_in_a_proxy_update_is_refused_in_silence() -> None:
    """N155; the same octets without the option are accepted."""
    for options, refused in (((codec.IPv4HomeAddressOption(0, IPv4Address("192.0.2.1")),), True), ((), False)):
        world = ProxyWorld(policy("mac"))
        _, index = home_token(world, 100)
        octets = update(world.policy, home_index=index, identity=HOME_IDENTITY)
        packet, message = Packet.from_bytes(octets), message_in(octets)
        assert isinstance(message, codec.BindingUpdate)
        longer = dataclasses.replace(message, options=(*options, *message.options))
        world.network.inject(plain_packet(longer, packet.source, packet.destination).to_bytes(), 100)
        assert ("ipv4-home-address" in checks(world.cn)) is refused
        assert not (refused and world.network.collect(100))
