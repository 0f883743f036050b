"""Reactive context transfer (draft 4.2.1): who is told what, and every check that refuses."""

from __future__ import annotations

import pytest
from model_worlds import begun, fire, refusal_without_trace, under_way, world

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.moves import acts
from pmicheck.attacker.profiles import attacker_named
from pmicheck.model.events import EVENT, Believed
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import CONTEXT, ContextData, ContextRequest
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.terms import private_key
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import ATTACKER, AWAY, COA1, COA2, COA3, MN, PMA1, PMA2, PMA3, VICTIM_HOME, Flow
from pmicheck.model.world import World

FLOW = Flow(VICTIM_HOME, PMA3)
NEXT = registration_of(PMA2, FLOW)
ASKS = "pma2 asks pma1 for the context"
REQUEST = ContextRequest(VICTIM_HOME, PMA2, CONTEXT, PMA1)
DATA = ContextData(VICTIM_HOME, COA3, 1, 0, private_key(MN), CONTEXT, PMA2)


def roaming(settings: dict[str, str] | None = None, attacker: str | None = None) -> World:
    return world("type2-handshake-handover", settings, attacker=attacker)


def registered(here: World) -> Interpreter:
    """PMA1 has done the handshake; the node is still with it."""
    return play(here, ("pma1 asks HA2 for the binding",))


def moved(here: World) -> Interpreter:
    """The node is with PMA2, which knows nothing."""
    run = registered(here)
    assert fire(run, "mobile node moves to CoA2") is None
    return run


def asked(here: World) -> Interpreter:
    run = moved(here)
    assert fire(run, ASKS) is None
    return run


def test_the_next_agent_asks_the_previous_one_and_gets_key_peer_and_last_number() -> None:
    run = asked(roaming())
    assert run.in_flight == [REQUEST]
    assert under_way(run, "context transfer data") == DATA
    run.settle()
    assert run.get(NEXT) == Registration(stage="context", seq=1, peer=COA3)


def test_only_the_agent_that_serves_the_node_asks_and_only_while_it_has_nothing() -> None:
    assert fire(registered(roaming()), ASKS) == "not-serving"
    run = asked(roaming())
    run.settle()
    assert fire(run, ASKS) == "not-needed"
    run = moved(roaming())
    run.set(CLOCK, run.world.bounds.honest_until + 1)
    assert fire(run, ASKS) == "honest_until"


def test_a_lost_request_is_repeated_as_often_as_the_bound_says() -> None:
    run = asked(roaming())
    run.lose_packets_in_flight()
    for _ in range(run.world.bounds.retransmissions):
        assert fire(run, ASKS) is None
    assert fire(run, ASKS) == "not-needed"


def test_an_agent_that_registered_nobody_has_nothing_to_transfer() -> None:
    for run in (Interpreter(roaming()), begun(roaming(), "pma1 asks HA2 for the binding")):
        assert refusal_without_trace(run, REQUEST) == "not-the-next"
        run.set(ATTACHED, COA2)
        assert refusal_without_trace(run, REQUEST) == "nothing-to-transfer"


def test_a_corrupted_agent_answers_no_more_once_the_node_is_gone() -> None:
    honest, run = moved(roaming()), registered(roaming(attacker="rogue-previous-pma"))
    assert refusal_without_trace(honest, REQUEST) is None
    run.set(ATTACHED, AWAY)
    assert refusal_without_trace(run, REQUEST) == "corrupted"


def test_a_context_is_taken_by_the_serving_agent_alone_and_only_if_it_asked() -> None:
    assert refusal_without_trace(moved(roaming()), DATA) == "not-waiting"
    run = asked(roaming())
    run.set(ATTACHED, COA1)
    assert refusal_without_trace(run, DATA) == "not-serving"


def test_a_context_that_names_another_peer_is_believed() -> None:
    """The format has nothing by which the next agent could tell (N121)."""
    run = asked(roaming())
    assert run.offer(DATA._replace(peer=ATTACKER)) is None
    assert run.get(EVENT) == Believed(PMA2, "context transfer data")
    assert run.get(NEXT).peer == ATTACKER


@pytest.mark.parametrize(("reading", "asks"), [("protected", 0), ("readable", 0), ("unauthenticated", 1)])
def test_whoever_asks_is_told_the_key_only_where_the_transfer_is_not_authenticated(reading: str, asks: int) -> None:
    here = roaming({"context_transfer": reading}, attacker="off-path")
    own = list(acts(Adversary(attacker_named("off-path"), here)))
    assert len(own) == asks
    for act in own:
        run = Interpreter(here)
        assert run.fire(act) == "nothing-to-transfer"
        run = registered(here)
        assert run.fire(act) is None
        assert run.learned == [private_key(MN)]
