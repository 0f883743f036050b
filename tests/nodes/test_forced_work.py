"""What others make an agent spend on route optimisation: octets, signatures and state, for octets of their own.

The figures are those of `docs/forced-work.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple

import pytest
from peer_world import CN_HOME, PeerWorld, forged_update
from peer_world import PMA3 as PEER
from type2_world import CN4, PMA3, Type2World
from world import ATTACKER, CORRESPONDENT, HOME, PMA1, ProxyWorld, message_in, policy

from pmicheck.nodes.node import plain_packet
from pmicheck.wire import codec
from pmicheck.wire.constants import MAX_RR_BINDING_LIFETIME

DOCUMENT = Path(__file__).parents[2] / "docs" / "forced-work.md"
BYSTANDER = IPv6Address("2001:db8:15::1")
BACK_OFF = (1, 3, 7, 15, 31, 63, 95, 127, 159, 191)
"""Seconds after the first update at which it is repeated, until T is too old: waits of 1, 2, 4, 8, 16 and then 32 s
(RFC 6275 11.8, 12)."""


class Spent(NamedTuple):
    """Octets of whole packets, headers included, and signatures that the agent made."""

    octets_in: int
    octets_out: int
    signatures: int


def spent(octets_in: int, packets: Sequence[tuple[float, bytes]], agent: IPv6Address) -> Spent:
    """What an agent has sent of all these packets, for so many octets."""
    out = [octets for _, octets in packets if octets[8:24] == agent.packed]
    signed = [octets for octets in out if codec.option_of(message_in(octets), codec.SignatureOption)]
    return Spent(octets_in, sum(map(len, out)), len(signed))


def answered(answers: int) -> tuple[ProxyWorld, Spent]:
    """A correspondent of the attacker's, which the agent chose (N021, N023), answers so often and is then silent."""
    world, octets_in = ProxyWorld(), 0
    world.pma1.start_home_test(HOME, CORRESPONDENT, 0)
    while flights := world.network.collect(0):
        for flight in flights:
            if flight.sender != "cn":
                world.network.deliver(flight.flight_id, 0)
            elif answers:
                answers, octets_in = answers - 1, octets_in + len(flight.packet)
                world.network.deliver(flight.flight_id, 0)
            else:
                world.network.drop(flight.flight_id)
    return world, spent(octets_in, world.network.capture, PMA1)


def answered_once_and_waited_for() -> Spent:
    world, before = answered(1)
    for moment in BACK_OFF:
        world.pma1.retransmit(HOME, CORRESPONDENT, moment)
        world.network.collect(moment)
    return spent(before.octets_in, world.network.capture, PMA1)


def reflected() -> tuple[Type2World, Spent]:
    """A type 2 correspondent of the attacker's answers PHoTI once, and names a bystander's address (N129, N134)."""
    world = Type2World()
    world.pma1.start_home_test(HOME, CN4, 0)
    (asked,) = world.network.collect(0)
    init = message_in(world.network.drop(asked.flight_id))
    assert isinstance(init, codec.ProxyHomeTestInit)
    test = codec.ProxyHomeTest(1, init.cookie, b"a token!", care_of_address=BYSTANDER)
    answer = plain_packet(test, CN4, HOME).to_bytes()
    world.network.inject(answer, 0)
    world.network.settle(0)
    for moment in BACK_OFF:
        world.pma1.retransmit(HOME, CN4, moment)
        world.network.collect(moment)
    return world, spent(len(answer), world.network.capture, PMA1)


def probed(*sources: IPv6Address) -> tuple[Type2World, Spent]:
    """Anybody sends PHoTI to the home address of a type 2 correspondent, under whatever source address."""
    world, octets_in = Type2World(), 0
    for source in sources:
        init = plain_packet(codec.ProxyHomeTestInit(b"whatever", ATTACKER), source, CN4).to_bytes()
        octets_in += len(init)
        world.network.inject(init, 0)
        world.network.settle(0)
    return world, spent(octets_in, world.network.capture, PMA3)


def shaken(chosen: str = "none") -> tuple[PeerWorld, Spent]:
    """Anybody sends a PBU between agents, with nothing that authenticates it."""
    world = PeerWorld(policy(pma_auth=chosen))
    update = forged_update(world.policy)
    world.network.inject(update, 0)
    world.network.settle(0)
    return world, spent(len(update), world.network.capture, PEER)


MEASURED = {
    "correspondent that answers PHoTI": lambda: answered(1)[1],
    "the same, and waits": answered_once_and_waited_for,
    "correspondent that answers everything": lambda: answered(3)[1],
    "type 2 correspondent that names a bystander, and waits": lambda: reflected()[1],
    "PHoTI to a type 2 correspondent": lambda: probed(ATTACKER)[1],
    "PBU between agents": lambda: shaken()[1],
}


def documented() -> dict[str, Spent]:
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| (\d+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {who: Spent(*map(int, figures)) for who, *figures in rows}


def test_the_document_has_a_row_for_each_measurement() -> None:
    assert set(documented()) == set(MEASURED)


@pytest.mark.parametrize("who", MEASURED)
def test_the_figures_of_the_document_are_measured(who: str) -> None:
    assert documented()[who] == MEASURED[who]()


def test_the_signed_updates_for_a_false_care_of_address_all_go_there() -> None:
    """Credit limits payload (N057, N067; RFC 4866 4.10), and nothing limits signalling."""
    world, _ = reflected()
    there = [octets for _, octets in world.network.capture if octets[24:40] == BYSTANDER.packed]
    assert len(there) == 1 + len(BACK_OFF)
    assert sum(map(len, there)) == 4576


def test_a_correspondent_that_answers_is_kept_with_its_tokens_for_a_day() -> None:
    world, _ = answered(3)
    (held,) = world.pma1.registrations(HOME)
    assert (held.expires_at, held.permanent is None, held.handover is None) == (86400, False, False)


@pytest.mark.parametrize("strangers", [1, 10])
def test_each_source_address_of_a_photi_makes_an_entry_that_nothing_bounds(strangers: int) -> None:
    """N130, N148."""
    sources = [IPv6Address(int(ATTACKER) + number) for number in range(strangers)]
    world, _ = probed(*sources)
    kept = [world.pma3.entry(CN4, source) for source in sources]
    assert {entry.expires_at for entry in kept if entry is not None} == {MAX_RR_BINDING_LIFETIME}
    assert None not in kept


def test_a_pbu_between_agents_makes_an_entry_unless_agents_authenticate_each_other() -> None:
    """N114, N176."""
    assert shaken()[0].pma3.peer_of(CN_HOME, HOME, 1) == ATTACKER
    protected, paid = shaken("sa")
    assert protected.pma3.peer_of(CN_HOME, HOME, 1) is None
    assert paid.octets_out == 0
