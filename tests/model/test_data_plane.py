"""Payload (draft 6, 7, 9): which one a correspondent and an agent accept, and as from whom."""

from __future__ import annotations

import pytest
from model_worlds import begun, fire, refusal_without_trace, world

from pmicheck.model.events import EVENT, Delivered
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import CARE_OF_CN, CN, INTERNET, Data
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.roles.data_plane import arrived
from pmicheck.model.scenario import load_scenario
from pmicheck.model.topology import (
    ATTACKER,
    ATTACKER_HOME,
    AWAY,
    CN_HOME,
    COA1,
    COA3,
    MN,
    PMA1,
    PMA3,
    VICTIM_HOME,
)
from pmicheck.model.world import World

TUNNELS = "pma1 tunnels the mobile node's data"
SENDS = "cn sends data to the mobile node"
HONEST = Data(VICTIM_HOME, CN, COA1, "", CARE_OF_CN, CN)
FALSE = HONEST._replace(outer=ATTACKER)
ENTRY = cells_of(VICTIM_HOME).entry
OWN_ENTRY = cells_of(ATTACKER_HOME).entry
ROUTED = Data(ATTACKER, COA1, "", VICTIM_HOME, INTERNET, PMA1)


def plane(settings: dict[str, str] | None = None, without: tuple[str, ...] = (), attacker: str | None = None) -> World:
    return world("data-plane", settings, without, attacker)


def registered(here: World) -> Interpreter:
    """The node is registered from CoA1 with the correspondent node."""
    return play(here, load_scenario("data-plane").prologue)


def with_own_entry(here: World) -> Interpreter:
    """The attacker has registered its own home address from its own address as well."""
    run = registered(here)
    run.set(OWN_ENTRY, Entry(ATTACKER, True, False, "attacker", None))
    return run


# Type 1: tunnelled to the correspondent.


def test_the_agent_tunnels_the_nodes_payload_to_the_correspondent() -> None:
    run = registered(plane())
    assert fire(run, TUNNELS) is None
    assert run.in_flight == [HONEST]
    run.settle()
    assert run.get(arrived(CN, VICTIM_HOME))
    assert run.get(EVENT) is None


def test_the_agent_tunnels_nothing_for_a_node_that_left_or_is_not_registered() -> None:
    run = registered(plane())
    run.set(ATTACHED, AWAY)
    assert fire(run, TUNNELS) == "not-serving"
    assert fire(Interpreter(plane()), TUNNELS) == "not-registered"


@pytest.mark.parametrize(
    ("settings", "without", "refusal"),
    [
        ({}, (), "outer-source-check"),
        ({}, ("outer-source-check",), None),
        ({"data_check": "pairwise"}, (), "pairwise-data-check"),
        ({"data_check": "pairwise"}, ("pairwise-data-check", "outer-source-check"), None),
    ],
)
def test_an_outer_source_that_no_entry_names_is_refused_unless_the_check_is_off(
    settings: dict[str, str], without: tuple[str, ...], refusal: str | None
) -> None:
    assert refusal_without_trace(registered(plane(settings, without)), FALSE) == refusal


def test_the_entry_of_another_home_address_vouches_for_any_inner_source_unless_read_pairwise() -> None:
    """The literal text asks for an entry with the outer source, and not for whose it is (A-20)."""
    run = with_own_entry(plane(attacker="malicious-mn"))
    assert run.offer(FALSE) is None
    assert run.get(EVENT) == Delivered(CN, VICTIM_HOME, ATTACKER)
    pairwise = with_own_entry(plane({"data_check": "pairwise"}, attacker="malicious-mn"))
    assert refusal_without_trace(pairwise, FALSE) == "pairwise-data-check"
    assert pairwise.offer(FALSE._replace(source=ATTACKER_HOME)) is None
    assert pairwise.get(EVENT) is None, "the attacker may speak for its own home address"


def test_an_entry_that_is_not_used_yet_vouches_for_nobody() -> None:
    run = registered(plane())
    run.set(ENTRY, run.get(ENTRY)._replace(used=False))
    assert refusal_without_trace(run, HONEST) == "outer-source-check"


# Type 1: back with a routing header.


def test_the_correspondent_sends_with_a_routing_header_to_the_verified_care_of_address() -> None:
    run = registered(plane())
    assert fire(run, SENDS) is None
    assert run.in_flight == [Data(CN, VICTIM_HOME, "", VICTIM_HOME, CARE_OF_CN, PMA1)]
    run.settle()
    assert run.get(arrived(MN, CN))


def test_the_correspondent_sends_by_no_entry_and_to_no_unverified_address_beyond_its_credit() -> None:
    assert fire(Interpreter(plane()), SENDS) == "no-entry"
    run = registered(plane())
    run.set(ENTRY, run.get(ENTRY)._replace(verified=False))
    assert fire(run, SENDS) == "credit"


def test_a_routing_header_names_the_destination_and_must_name_a_node_that_is_served_here() -> None:
    run = registered(plane())
    assert run.offer(ROUTED) is None
    assert run.get(arrived(MN, ATTACKER))
    assert run.get(EVENT) is None, "the payload arrives as from who sent it"
    assert refusal_without_trace(registered(plane()), ROUTED._replace(routing=CN)) == "routing-header"
    run.set(ATTACHED, AWAY)
    assert refusal_without_trace(run, ROUTED) == "routing-header"


def test_read_literally_the_routing_header_names_the_source_and_anybody_speaks_for_anybody() -> None:
    """N153 has the home address take the place of the source (E-02)."""
    run = registered(plane({"rh2_address": "source"}))
    assert run.offer(ROUTED._replace(routing=CN)) is None
    assert run.get(arrived(MN, CN))
    assert run.get(EVENT) == Delivered(MN, CN, ATTACKER)
    run.set(ATTACHED, AWAY)
    assert refusal_without_trace(run, ROUTED) == "not-attached"


def test_read_literally_a_routing_header_in_a_tunnel_is_not_for_the_agent() -> None:
    """The outer source is the attacker's, so ingress filtering would let any source inside pass."""
    run = registered(plane({"rh2_address": "source"}))
    assert refusal_without_trace(run, ROUTED._replace(outer=ATTACKER, source=CN)) == "inner-packet"


def test_read_literally_honest_payload_arrives_as_from_the_node_itself() -> None:
    run = registered(plane({"rh2_address": "source"}))
    assert fire(run, SENDS) is None
    run.settle()
    assert run.get(EVENT) == Delivered(MN, VICTIM_HOME, CN)


# Type 2: between two agents.


def peers(settings: dict[str, str] | None = None, without: tuple[str, ...] = ()) -> Interpreter:
    """PMA1 and PMA3 have done the handshake."""
    return play(world("type2-handshake", settings, without), ("pma1 asks HA2 for the binding",))


TO_CORRESPONDENT = Data(VICTIM_HOME, CN_HOME, COA1, "", CARE_OF_CN, PMA3)
TO_NODE = Data(CN_HOME, VICTIM_HOME, COA3, "", CARE_OF_CN, PMA1)


def test_two_agents_tunnel_to_each_other_by_their_entries() -> None:
    for rule, data in ((TUNNELS, TO_CORRESPONDENT), ("pma3 sends data to the mobile node", TO_NODE)):
        run = peers()
        assert fire(run, rule) is None
        assert run.in_flight == [data]
        run.settle()
        assert run.get(arrived(data.destination, data.source))
        assert run.get(EVENT) is None


def test_an_agent_without_an_entry_tunnels_nothing() -> None:
    here = world("type2-handshake")
    assert fire(Interpreter(here), TUNNELS) == "no-entry"
    assert fire(begun(here), "pma3 sends data to the mobile node") == "no-entry"


@pytest.mark.parametrize("data", [TO_CORRESPONDENT, TO_NODE], ids=["to the correspondent", "to the node"])
def test_tunnelled_payload_needs_an_entry_of_its_inner_source_unless_that_check_is_off(data: Data) -> None:
    """N177."""
    assert refusal_without_trace(Interpreter(world("type2-handshake")), data) == "pma-tunnel-bce-check"
    unchecked = Interpreter(world("type2-handshake", without=("pma-tunnel-bce-check",)))
    assert refusal_without_trace(unchecked, data) is None


@pytest.mark.parametrize("data", [TO_CORRESPONDENT, TO_NODE], ids=["to the correspondent", "to the node"])
def test_an_entry_of_the_inner_source_vouches_for_any_tunnel_unless_read_pairwise(data: Data) -> None:
    false = data._replace(outer=ATTACKER)
    run = peers()
    assert run.offer(false) is None
    assert run.get(EVENT) == Delivered(data.destination, data.source, ATTACKER)
    assert refusal_without_trace(peers({"data_check": "pairwise"}), false) == "pairwise-data-check"
    assert refusal_without_trace(peers({"data_check": "pairwise"}), data) is None
    assert refusal_without_trace(peers({"data_check": "pairwise"}, ("pairwise-data-check",)), false) is None


def test_payload_for_a_node_that_is_not_attached_here_goes_nowhere() -> None:
    run = peers()
    run.set(ATTACHED, AWAY)
    assert refusal_without_trace(run, TO_NODE) == "not-attached"
    assert refusal_without_trace(peers(), TO_CORRESPONDENT._replace(destination=ATTACKER_HOME)) == "not-attached"
