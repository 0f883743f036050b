"""Two nodes at one agent (draft 4.1): registration, trigger, and where payload between them goes."""

from __future__ import annotations

import pytest
from model_worlds import begun, fire, refusal_without_trace, world

from pmicheck.model.events import EVENT, Accepted, Delivered
from pmicheck.model.interpreter import Interpreter
from pmicheck.model.messages import ACCESS, INTERNET, TUNNEL, Data, Trigger
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.data_plane import arrived
from pmicheck.model.roles.local_routing import listed, wanted
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import ATTACKER, AWAY, CN_HOME, PMA1, VICTIM_HOME
from pmicheck.model.world import World

REGISTERS = ("pma1 registers the mobile node", "pma1 registers the correspondent")
MOVES, FORGETS = "mobile node moves to away", "pma1 forgets the mobile node"
WISH = "mobile node asks for route optimisation"
DATA = Data(VICTIM_HOME, CN_HOME, "", "", ACCESS, PMA1)
BACK = Data(CN_HOME, VICTIM_HOME, "", "", ACCESS, PMA1)
TRIGGER = Trigger(VICTIM_HOME, ACCESS, PMA1)


def local(settings: dict[str, str] | None = None, without: tuple[str, ...] = ()) -> World:
    return world("type2-local", settings, without)


def explicit() -> World:
    return local({"ro_trigger": "explicit"})


def both(here: World) -> Interpreter:
    return begun(here, *REGISTERS)


def test_the_agent_registers_a_node_once_and_only_while_it_is_attached() -> None:
    run = begun(local(), REGISTERS[0])
    assert run.get(listed(VICTIM_HOME))
    assert fire(run, REGISTERS[0]) == "registered"
    run = Interpreter(local())
    run.set(attached(VICTIM_HOME), AWAY)
    assert fire(run, REGISTERS[0]) == "not-attached"
    run = Interpreter(local())
    run.set(CLOCK, run.world.bounds.honest_until + 1)
    assert fire(run, REGISTERS[0]) == "honest_until"


@pytest.mark.parametrize("data", [DATA, BACK], ids=["to the correspondent", "to the node"])
def test_a_hit_in_the_list_is_delivered_on_the_connected_interface(data: Data) -> None:
    run = both(local())
    assert run.offer(data) is None
    assert run.get(arrived(data.destination, data.source))
    assert run.sent == []


@pytest.mark.parametrize("data", [DATA, BACK], ids=["to the correspondent", "to the node"])
def test_a_miss_goes_to_the_home_agent(data: Data) -> None:
    run = Interpreter(local())
    assert run.offer(data) is None
    assert not run.get(arrived(data.destination, data.source))
    assert run.sent == [data._replace(link=TUNNEL, to="ha")]


def test_payload_for_a_node_that_has_gone_is_lost_until_the_agent_forgets_it() -> None:
    run = both(local())
    assert fire(run, FORGETS) == "still-attached"
    assert fire(run, MOVES) is None
    assert refusal_without_trace(run, BACK) == "gone"
    assert fire(run, FORGETS) is None
    assert run.offer(BACK) is None
    assert run.sent[-1].link == TUNNEL
    assert fire(run, FORGETS) == "not-registered"


def test_a_node_that_left_neither_moves_again_nor_sends_by_the_agent() -> None:
    run = begun(local(), MOVES)
    assert fire(run, MOVES) == "elsewhere"
    assert fire(run, "mobile node sends data by its agent") == "not-attached"
    assert fire(run, "correspondent sends data by its agent") is None


def test_in_explicit_mode_a_hit_counts_only_for_who_asked() -> None:
    run = both(explicit())
    assert run.offer(DATA) is None
    assert run.sent == [DATA._replace(link=TUNNEL, to="ha")]
    assert fire(run, WISH) is None
    run.settle()
    assert run.offer(DATA) is None
    assert run.get(arrived(CN_HOME, VICTIM_HOME))


def test_a_wish_is_kept_once_and_only_of_a_registered_node_in_explicit_mode() -> None:
    assert refusal_without_trace(both(local()), TRIGGER) == "implicit-mode"
    assert refusal_without_trace(Interpreter(explicit()), TRIGGER) == "not-registered"
    run = both(explicit())
    assert run.offer(TRIGGER) is None
    assert run.get(wanted(VICTIM_HOME))
    assert refusal_without_trace(run, TRIGGER) == "known"


def test_in_implicit_mode_nobody_asks() -> None:
    with pytest.raises(StopIteration):
        fire(both(local()), WISH)


def test_a_wish_in_anothers_name_makes_state_that_nothing_vouches_for() -> None:
    run = both(explicit())
    assert run.offer(TRIGGER) is None
    assert run.get(EVENT) == Accepted("trigger", "attacker", False, "created", "none", False)
    run = begun(explicit(), *REGISTERS, WISH)
    run.settle()
    assert run.get(EVENT) == Accepted("trigger", "honest", False, "created", "none", True)


def test_a_node_that_left_sends_no_wish_and_its_wish_is_forgotten_with_it() -> None:
    run = begun(explicit(), *REGISTERS, WISH)
    run.settle()
    assert fire(run, MOVES) is None
    assert fire(run, WISH) == "not-attached"
    assert fire(run, FORGETS) is None
    assert not run.get(wanted(VICTIM_HOME))


def test_a_tunnel_that_is_not_the_home_agents_is_refused_unless_that_check_is_off() -> None:
    """N177: only an agent with an entry may send, and there is none here."""
    false = BACK._replace(outer=ATTACKER, link=INTERNET)
    assert refusal_without_trace(both(local()), false) == "pma-tunnel-bce-check"
    run = both(local(without=("pma-tunnel-bce-check",)))
    assert run.offer(false) is None
    assert run.get(EVENT) == Delivered(VICTIM_HOME, CN_HOME, ATTACKER)
    assert fire(run, MOVES) is None
    assert refusal_without_trace(run, false) == "not-attached"
