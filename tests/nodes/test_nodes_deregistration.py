"""Deletions: what counts as one, where its answer goes, and that no answer brings a care-of keygen token.

RFC 6275 5.2.5, 6.1.7, 9.5.1, 9.5.3, 9.5.4; RFC 4866 4.1-4.3, 5.4.
"""

from __future__ import annotations

import dataclasses
from ipaddress import IPv6Address

import pytest
from exchanges import Tokens, acknowledgement, ask, correspondent, plain_update, return_routability, said
from forgery import update as forged_update
from world import ATTACKER, CARE_OF_1, CARE_OF_2, HOME, PLAIN_HOME, ProxyWorld, checks, message_in, policy

from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.wire import codec
from pmicheck.wire.constants import BindingUpdateFlag, Status
from pmicheck.wire.packet import Packet

ASKS = (codec.CareOfTestInitOption(),)
VICTIM = IPv6Address("2001:db8:dead::1")
TOKENS = (codec.CareOfTestOption, codec.EncryptedCareOfTestOption, codec.NonceIndicesOption)


def _bound(now: float = 31.0) -> tuple[CorrespondentNode, Tokens]:
    """A correspondent with a binding, and later tests than those that made it."""
    cn = correspondent()
    ask(cn, plain_update(return_routability(cn)))
    assert cn.entry(PLAIN_HOME) is not None
    cn.rotate_nonce(now)
    return cn, return_routability(cn, now=now)


@pytest.mark.parametrize("lifetime", [0, 100])
def test_at_the_home_address_any_lifetime_deletes(lifetime: int) -> None:
    """RFC 6275 9.5.1: the care-of address matches the home address; so there is no lifetime to grant."""
    cn, tests = _bound()
    at_home = plain_update(
        tests, source=PLAIN_HOME, home_address_option=False, sequence=8, lifetime=lifetime, deletes=True
    )
    (packet,) = ask(cn, at_home, 31)
    answer = acknowledgement([packet])
    assert (answer.status, answer.lifetime) == (0, 0)
    assert cn.entry(PLAIN_HOME) is None


def _moved_and_gone_home(cn: CorrespondentNode) -> Packet:
    """Registered from CoA2 with number 6, from CoA1 with 7, deregistered with 8; returns the first update."""
    first = plain_update(return_routability(cn, CARE_OF_2), source=CARE_OF_2, sequence=6)
    tests = return_routability(cn)
    home = plain_update(tests, source=PLAIN_HOME, home_address_option=False, sequence=8, lifetime=0, deletes=True)
    for packet in (first, plain_update(tests), home):
        assert acknowledgement(ask(cn, packet)).status == 0
    assert cn.entry(PLAIN_HOME) is None
    return first


@pytest.mark.parametrize(("keeps", "status"), [(True, Status.SEQUENCE_NUMBER_OUT_OF_WINDOW), (False, Status.ACCEPTED)])
def test_an_old_update_is_refused_after_a_deletion_where_the_number_is_kept(keeps: bool, status: Status) -> None:
    """RFC 6275 5.2.8; 9.5.3 burns the nonces of the last care-of address alone."""
    cn = correspondent(keeps_numbers=keeps)
    assert acknowledgement(ask(cn, _moved_and_gone_home(cn), 1)).status == status


def test_a_kept_number_is_forgotten_with_the_last_of_its_nonces() -> None:
    cn = correspondent(keeps_numbers=True)
    _moved_and_gone_home(cn)
    for now, status in ((239.0, Status.SEQUENCE_NUMBER_OUT_OF_WINDOW), (240.0, Status.ACCEPTED)):
        assert acknowledgement(ask(cn, plain_update(return_routability(cn, now=now), sequence=1), now)).status == status


def test_an_alternate_care_of_address_that_is_the_home_address_deletes() -> None:
    cn, tests = _bound()
    ask(cn, plain_update(tests, alternate=PLAIN_HOME, sequence=8, deletes=True), 31)
    assert cn.entry(PLAIN_HOME) is None


def test_a_binding_to_the_home_address_itself_is_never_made() -> None:
    """RFC 6275 9.5.3: a deletion makes no entry; and a key made with a care-of token is not its key (5.2.5)."""
    cn = correspondent()
    tests = return_routability(cn, PLAIN_HOME)
    assert ask(cn, plain_update(tests, source=PLAIN_HOME, home_address_option=False)) == []
    assert checks(cn) == ["mac"]
    ask(cn, plain_update(tests, source=PLAIN_HOME, home_address_option=False, deletes=True))
    assert cn.entries() == ()


def test_a_proxy_update_from_the_home_address_itself_deletes() -> None:
    """N083: a proxy update is a binding update."""
    world = ProxyWorld()
    world.register()
    permanent = world.cn.permanent_tokens(HOME)[0]
    here = forged_update(world.policy, home_token=permanent, care_of_address=HOME, care_of_token=None, lifetime=100)
    world.network.inject(here, 1)
    assert world.cn.entry(HOME) is None


@pytest.mark.parametrize(
    ("source", "option", "routing_header"),
    [(CARE_OF_1, True, PLAIN_HOME), (CARE_OF_2, True, PLAIN_HOME), (PLAIN_HOME, False, None)],
)
def test_the_answer_to_a_deletion_goes_to_its_source(
    source: IPv6Address, option: bool, routing_header: IPv6Address | None
) -> None:
    """RFC 6275 9.5.4: with a routing header to the home address if a Home Address option named that."""
    cn, tests = _bound()
    deletion = plain_update(tests, source=source, home_address_option=option, sequence=8, lifetime=0, deletes=True)
    (packet,) = ask(cn, deletion, 31)
    assert (packet.destination, packet.routing_home_address) == (source, routing_header)


@pytest.mark.parametrize("acknowledge", [BindingUpdateFlag.ACKNOWLEDGE, BindingUpdateFlag(0)])
@pytest.mark.parametrize("lifetime", [0, 100])
@pytest.mark.parametrize("alternate", [None, VICTIM, PLAIN_HOME])
def test_a_deletion_brings_no_care_of_keygen_token(
    acknowledge: BindingUpdateFlag, lifetime: int, alternate: IPv6Address | None
) -> None:
    """The owner of a home address cannot have the token of a third party's address told to itself.

    RFC 4866 orders an answer for the option in an early update only, and that is no deletion.
    """
    cn, tests = _bound()
    deletion = plain_update(
        tests,
        source=PLAIN_HOME,
        home_address_option=False,
        alternate=alternate,
        sequence=8,
        lifetime=0 if alternate == VICTIM else lifetime,
        flags=acknowledge,
        deletes=True,
        others=ASKS,
    )
    packets = ask(cn, deletion, 31)
    assert len(packets) == bool(acknowledge)
    for packet in packets:
        answer = acknowledgement([packet])
        assert not any(codec.option_of(answer, kind) for kind in TOKENS)
    assert cn.entry(PLAIN_HOME) is None


def test_nor_does_an_early_update_that_names_a_third_party() -> None:
    cn = correspondent()
    early = plain_update(return_routability(cn), alternate=VICTIM, early=True, others=ASKS)
    answer = acknowledgement(ask(cn, early))
    assert not any(codec.option_of(answer, kind) for kind in TOKENS)


def test_an_early_update_is_answered_with_the_token_of_its_source_without_the_a_flag() -> None:
    """RFC 4866 4.2, 4.3."""
    cn = correspondent()
    answer = acknowledgement(
        ask(cn, plain_update(return_routability(cn), early=True, others=ASKS, flags=BindingUpdateFlag(0)))
    )
    option = codec.option_of(answer, codec.CareOfTestOption)
    assert option is not None
    indices = codec.option_of(answer, codec.NonceIndicesOption)
    assert indices is not None
    assert option.token == cn.care_of_keygen_token(indices.care_of, CARE_OF_1)


def test_a_complete_update_without_the_a_flag_has_no_answer_although_it_asks() -> None:
    """RFC 4866 4.2 orders that for early updates; with the A flag the token is in the answer."""
    for flags, answered in ((BindingUpdateFlag(0), False), (BindingUpdateFlag.ACKNOWLEDGE, True)):
        cn = correspondent()
        packets = ask(cn, plain_update(return_routability(cn), others=ASKS, flags=flags))
        assert bool(packets) is answered
        assert all(codec.option_of(acknowledgement(packets), kind) for kind in TOKENS[::2] if answered)
        assert cn.entry(PLAIN_HOME) is not None


def test_a_deletion_by_proxy_from_the_home_address_brings_none_either() -> None:
    """Reading hoa_conveyance=source (A-04), whose answers go to the home address: a deletion has nothing to test."""
    world = ProxyWorld(policy("mac", "nonce-freshness", hoa_conveyance="source", dereg_auth="any"))
    world.register()
    content = message_in(forged_update(world.policy, lifetime=0, care_of_address=HOME))
    assert isinstance(content, codec.BindingUpdate)
    options = tuple(item for item in content.options if not isinstance(item, codec.MobileNodeHomeAddressOption))
    named = dataclasses.replace(content, options=(codec.AlternateCareOfAddressOption(ATTACKER), *options))
    (packet,) = ask(world.cn, said(named, HOME), 1)
    assert packet.destination == HOME
    assert not any(codec.option_of(acknowledgement([packet]), kind) for kind in TOKENS)
