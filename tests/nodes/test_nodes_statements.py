"""Statements of the draft that only the concrete nodes show, and that no other test of them is about."""

from __future__ import annotations

import dataclasses
from ipaddress import IPv6Address

from world import CORRESPONDENT, HOME, PMA2, PROFILE, ProxyWorld, kinds, message_in

from pmicheck.wire import codec

ANOTHER = IPv6Address("2001:db8:3::1")


def test_a_next_agent_without_a_handover_token_begins_with_a_home_test() -> None:
    """N033, N043, N044: the correspondent verifies the home address again."""
    world = ProxyWorld()
    world.register()
    world.ha.register(HOME, PMA2, proxy=True)
    world.pma2.attach(PROFILE, 10)
    world.pma2.start_handover_registration(HOME, CORRESPONDENT, 10)
    world.network.settle(10)
    entry = world.cn.entry(HOME)
    assert "accepted-proxy-home-test" in kinds(world.pma2)
    assert entry is not None
    assert (entry.care_of_address, entry.verified) == (PMA2, True)


def test_the_binding_update_list_names_every_correspondent() -> None:
    """N045, N144; and N145: the whole list goes to the next agent."""
    world = ProxyWorld()
    world.register()
    world.pma1.start_home_test(HOME, ANOTHER, 1)
    assert [each.correspondent for each in world.pma1.registrations(HOME)] == [CORRESPONDENT, ANOTHER]
    world.pma2.install(world.pma1.context(HOME), 2)
    assert [each.correspondent for each in world.pma2.registrations(HOME)] == [CORRESPONDENT, ANOTHER]


def test_the_length_of_the_handover_token_option_counts_the_encrypted_token() -> None:
    """N173, N175: one octet of length, for a ciphertext that is longer than the 8 octets of the token."""
    world = ProxyWorld()
    world.register()
    answer = message_in(world.network.capture[-1][1])
    option = codec.option_of(answer, codec.HandoverHomeKeygenTokenOption)
    assert option is not None
    header = codec.encode(dataclasses.replace(answer, options=(option,)), source=CORRESPONDENT, destination=HOME)
    at = header.index(option.ciphertext)
    assert header[at - 2 : at] == bytes([240, len(option.ciphertext)])
    assert len(option.ciphertext) > len(world.cn.handover_tokens(HOME)[0]) == 8
