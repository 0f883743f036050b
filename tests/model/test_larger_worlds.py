"""Two mobile nodes, two correspondents, three agents: flows are apart, and a third agent is like the second."""

from __future__ import annotations

import pytest
from model_worlds import begun, fire, refusal_without_trace, world

from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import HA, TUNNEL, HandoverToken, Update
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.ghosts import identity
from pmicheck.model.roles.registration import registration_of
from pmicheck.model.rules.protocol import spontaneous
from pmicheck.model.terms import handover_token
from pmicheck.model.topology import (
    COA1,
    COA2,
    COA4,
    COA5,
    MN,
    PMA1,
    PMA2,
    PMA4,
    PMA5,
    SECOND_CN,
    SECOND_HOME,
    SECOND_MN,
    VICTIM_HOME,
    Flow,
)
from pmicheck.model.world import World

BOTH = {"mobile_nodes": "2", "correspondents": "2"}
STARTS = "pma1 starts the proxy home test"


def test_there_is_a_flow_for_every_node_with_every_correspondent() -> None:
    here = world("type1-initial", BOTH)
    assert here.flows == tuple(Flow(home, at) for home in (VICTIM_HOME, SECOND_HOME) for at in ("cn", SECOND_CN))
    assert here.main == here.flows[0]
    rules = {act.name for act in spontaneous(here)}
    assert {STARTS} | {f"{STARTS} ({flow.home} at {flow.at})" for flow in here.flows[1:]} <= rules


@pytest.mark.parametrize(
    ("home", "at", "key"),
    [(VICTIM_HOME, SECOND_CN, MN), (SECOND_HOME, "cn", SECOND_MN), (SECOND_HOME, SECOND_CN, SECOND_MN)],
)
def test_a_registration_is_made_for_its_flow_alone_and_signed_by_its_node(home: str, at: str, key: str) -> None:
    here = world("type1-initial", BOTH)
    run = play(here, (f"{STARTS} ({home} at {at})",))
    for flow in here.flows:
        entry, held = run.get(cells_of(*flow).entry), run.get(registration_of(PMA1, flow))
        assert (entry is not None) == (held.stage == "registered") == (flow == Flow(home, at))
    assert {message.key for message in run.sent if isinstance(message, Update)} == {key}


def test_two_flows_do_not_disturb_each_other() -> None:
    here = world("type1-initial", BOTH)
    alone = play(here, (STARTS,))
    after = play(here, (f"{STARTS} ({SECOND_HOME} at cn)", f"{STARTS} ({VICTIM_HOME} at {SECOND_CN})", STARTS))
    for cell in (cells_of(VICTIM_HOME).entry, cells_of(VICTIM_HOME).pt, registration_of(PMA1)):
        assert after.get(cell) == alone.get(cell)


def test_a_captured_update_for_one_correspondent_is_refused_by_the_other() -> None:
    here = world("type1-initial", BOTH)
    run = begun(here, STARTS)
    while not isinstance(run.in_flight[0], Update):
        run.deliver(run.in_flight[0])
    assert refusal_without_trace(run, run.in_flight[0]._replace(to=SECOND_CN)) == "mac"


def test_one_node_moves_without_the_other() -> None:
    here = world("type1-handover", {"mobile_nodes": "2"})
    run = play(here, (STARTS, f"{STARTS} ({SECOND_HOME} at cn)", f"node of {SECOND_HOME} moves to CoA2"))
    assert (run.get(attached(VICTIM_HOME)), run.get(attached(SECOND_HOME))) == (COA1, COA2)


# A second handover.


def third_agent(name: str = "type1-handover", **more: str) -> World:
    return world(name, {"handovers": "2"} | more)


def handed_over(here: World) -> Interpreter:
    """PMA1 has registered and handed over, PMA2 has registered with HT1."""
    script = (
        STARTS,
        "pma1 transfers the context",
        "mobile node moves to CoA2",
        "pma2 registers with the handover token",
    )
    return play(here, script)


def test_the_context_goes_from_each_agent_to_the_next() -> None:
    run = handed_over(third_agent())
    for rule in ("pma2 transfers the context", "mobile node moves to CoA4", "pma4 registers with the handover token"):
        assert fire(run, rule) is None, rule
        run.settle()
    assert run.get(cells_of(VICTIM_HOME).entry)[:2] == (COA4, True)
    assert run.get(registration_of(PMA4)).ht == 3


def test_a_third_handover_goes_on_to_a_fourth_agent() -> None:
    run = handed_over(third_agent(handovers="3"))
    for before, after, care_of in ((PMA2, PMA4, COA4), (PMA4, PMA5, COA5)):
        for rule in (
            f"{before} transfers the context",
            f"mobile node moves to {care_of}",
            f"{after} registers with the handover token",
        ):
            assert fire(run, rule) is None, rule
            run.settle()
    assert run.get(cells_of(VICTIM_HOME).entry)[:2] == (COA5, True)
    assert run.get(registration_of(PMA5)).ht == 4


def test_the_handover_token_that_an_agent_used_is_no_good_to_the_next_but_one() -> None:
    """The registration of PMA2 brought a new HT (A-06)."""
    run = handed_over(third_agent())
    stale = run.get(registration_of(PMA1)).ht
    assert run.get(cells_of(VICTIM_HOME).ht) == (stale + 1,)


def test_the_home_agent_relays_a_handover_token_to_a_later_agent_only() -> None:
    here = third_agent("type1-handover-reactive")
    for sender, serving, refusal in (
        (PMA1, COA2, None),
        (PMA1, COA4, None),
        (PMA2, COA4, None),
        (PMA2, COA2, "not-the-next"),
        (PMA2, COA1, "not-the-next"),
    ):
        run = Interpreter(here)
        run.set(attached(VICTIM_HOME), serving)
        token = HandoverToken(VICTIM_HOME, handover_token(VICTIM_HOME, 1), 2, 0, sender, TUNNEL, HA)
        assert refusal_without_trace(run, token) == refusal


def test_a_deregistration_from_another_source_is_no_other_message() -> None:
    """Its authenticator covers the home address in place of the care-of address, and both agents may use one number."""
    here = third_agent()
    run = play(here, (STARTS, "mobile node moves to CoA2", "pma1 deregisters"))
    sent = [message for message in run.sent if isinstance(message, Update)]
    twin = sent[-1]._replace(care_of=COA2)
    assert twin.mac == sent[-1].mac
    assert identity(twin) == identity(sent[-1])
