"""Two correspondents behind one agent, one of them the attacker's: what a secret for both gives to it (A-22).

That is the reading kcn_scope=pma. The attacker sees nothing of a registration with the other correspondent.
"""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from type2_world import CN4, CN5, HOME_AGENT_2, PMA3, Type2World
from world import ATTACKER, HOME, checks, policy

from pmicheck.nodes.agent.readdressing import readdressed
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.registrant.proxy_update import UpdatePlan, proxy_update
from pmicheck.wire import codec
from pmicheck.wire.packet import MobilityHeader, Packet

OWN_HOME_AGENT = IPv6Address("2001:db8:bad:2::1")
"""That of CN5, which is the attacker's: a visited network serves nodes of many home networks."""
SCOPES = pytest.mark.parametrize(("scope", "shared"), [("pma", True), ("cn", False)])


def neighbours(scope: str, monkeypatch: pytest.MonkeyPatch) -> Type2World:
    world = Type2World(policy(kcn_scope=scope), second=True)
    homes = {CN4: HOME_AGENT_2, CN5: OWN_HOME_AGENT}
    monkeypatch.setattr(world.pma3, "home_agent_of", homes.__getitem__)
    return world


def token_by_own_home_agent(world: Type2World, now: float) -> tuple[int, bytes]:
    """The attacker tunnels a PHoTI in the mobile node's name to the agent, as if it had come for CN5, and gets the PHoT
    back through the same tunnel (N127, N131): T and its index."""
    init = plain_packet(codec.ProxyHomeTestInit(b"whatever", ATTACKER), HOME, CN5)
    world.network.inject(Packet(OWN_HOME_AGENT, PMA3, init).to_bytes(), now, via="tunnel", protected=True)
    (answer,) = (flight for flight in world.network.collect(now) if flight.destination == OWN_HOME_AGENT)
    inner = Packet.from_bytes(world.network.drop(answer.flight_id)).payload
    assert isinstance(inner, Packet)
    assert isinstance(inner.payload, MobilityHeader)
    test = codec.decode(inner.payload.octets, source=inner.checksum_source, destination=inner.checksum_destination)
    assert isinstance(test, codec.ProxyHomeTest)
    return test.nonce_index, test.token


def deregistration(world: Type2World, index: int, token: bytes) -> bytes:
    """By T alone, for whatever entry the home address has."""
    plan = UpdatePlan(
        home_address=HOME,
        care_of_address=ATTACKER,
        correspondent=PMA3 if world.policy.reading("kcn_scope") == "pma" else CN4,
        sequence=1000,
        lifetime=0,
        home_token=token,
        home_index=index,
        care_of_token=None,
        care_of_index=0,
    )
    return readdressed(proxy_update(world.policy, plan), destination=PMA3).to_bytes()


@SCOPES
def test_a_home_agent_of_ones_own_brings_the_token_of_any_node_at_ones_neighbours(
    scope: str, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The powers of the home path, from off the path."""
    world = neighbours(scope, monkeypatch)
    _, token = token_by_own_home_agent(world, 0)
    assert (token == world.pma3.bindings(CN4).home_test(HOME, 0)[1]) is shared


@SCOPES
def test_by_it_a_registration_that_is_under_way_is_ended(
    scope: str, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T deregisters where there is no PT yet (A-17)."""
    world = neighbours(scope, monkeypatch)
    world.pma1.start_home_test(HOME, CN4, 0)
    while world.pma1.log[-1].kind != "sent-complete":
        world.network.collect(0)
        world.network.deliver(min(world.network.in_flight), 0)
    assert world.pma3.entry(CN4, HOME) is not None
    world.network.inject(deregistration(world, *token_by_own_home_agent(world, 1)), 1)
    assert (world.pma3.entry(CN4, HOME) is None) is shared
    assert ("mac" in checks(world.pma3)) is not shared
