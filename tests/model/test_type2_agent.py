"""Return routability with a type 2 correspondent (draft 4.3): the way of the test, and the entry that a PHoTI makes."""

from __future__ import annotations

import pytest
from model_worlds import begun, refusal_without_trace, under_way, world

from pmicheck.model import messages
from pmicheck.model.events import EVENT, Accepted, Believed
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import HA, HA2, HA_CN, TUNNEL, TUNNEL2
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.roles.registration import registration_of
from pmicheck.model.terms import home_token
from pmicheck.model.topology import ATTACKER, CN_HOME, COA1, COA3, FLOOD, PMA1, PMA3, VICTIM_HOME, Flow
from pmicheck.model.world import World

STARTS = "pma1 starts the proxy home test"
ENTRY = cells_of(VICTIM_HOME, PMA3).entry
PEER = cells_of(CN_HOME, PMA1).entry
HELD = registration_of(PMA1, Flow(VICTIM_HOME, PMA3))
FALSE_INIT = messages.TestInit("PHoTI", VICTIM_HOME, ("none",), TUNNEL2, PMA3, None, PMA3, FLOOD)


def type2(settings: dict[str, str] | None = None, without: tuple[str, ...] = ()) -> World:
    return world("type2-rr", settings, without)


def started(here: World) -> Interpreter:
    return begun(here, STARTS)


def test_the_test_goes_by_both_home_agents_and_back() -> None:
    run = started(type2())
    way = []
    while run.in_flight and run.in_flight[0].link in (TUNNEL, HA_CN, TUNNEL2):
        way.append((run.in_flight[0].link, run.in_flight[0].to))
        run.deliver(run.in_flight[0])
    there = [(TUNNEL, HA), (HA_CN, HA2), (TUNNEL2, PMA3)]
    back = [(TUNNEL2, HA2), (HA_CN, HA), (TUNNEL, PMA1)]
    assert way == there + back


@pytest.mark.parametrize(("reading", "used"), [("active", True), ("provisional", False)])
def test_a_proxy_home_test_init_makes_an_unverified_entry_for_420_seconds(reading: str, used: bool) -> None:
    run = started(type2({"photi_state": reading}))
    under_way(run, "PHoT")
    assert run.get(ENTRY) == Entry(COA1, False, True, "honest", None, used)
    assert run.get(EVENT) == Accepted("PHoTI", "honest", False, "created", "none", False)


def test_no_entry_is_made_where_the_correspondent_keeps_no_state() -> None:
    run = started(type2({"photi_state": "none"}))
    under_way(run, "PHoT")
    assert run.get(ENTRY) is None
    assert run.get(EVENT) is None


def test_the_sender_of_a_proxy_home_test_init_may_name_any_care_of_address() -> None:
    run = Interpreter(type2())
    assert run.offer(FALSE_INIT) is None
    assert run.get(ENTRY) == Entry(FLOOD, False, True, "attacker", None)
    assert [message.cookie for message in run.in_flight] == [FALSE_INIT.cookie], "the answer is for no honest node"


def test_a_home_test_init_does_not_change_an_entry_that_exists() -> None:
    """The text says "creates" (N130, N148)."""
    for run in (play(type2(), (STARTS,)), started(type2())):
        under_way(run, "PHoT") if run.in_flight else None
        before = run.get(ENTRY)
        assert before.care_of == COA1
        assert run.offer(FALSE_INIT) is None
        assert run.get(ENTRY) == before
        assert run.get(EVENT) is None


def test_a_home_test_init_may_take_the_place_of_an_entry() -> None:
    """Reading photi_on_entry: the text does not say what becomes of an entry that is there (A-16)."""
    run = play(type2({"photi_on_entry": "overwrite"}), (STARTS,))
    number = run.get(cells_of(VICTIM_HOME, PMA3).seq)
    assert run.get(ENTRY)[:2] == (COA1, True)
    assert run.offer(FALSE_INIT) is None
    assert run.get(ENTRY) == Entry(FLOOD, False, True, "attacker", None)
    assert run.get(EVENT) == Accepted("PHoTI", "attacker", False, "changed", "replaced", False)
    assert run.get(cells_of(VICTIM_HOME, PMA3).seq) == number


def test_an_honest_update_verifies_the_entry_that_an_init_made() -> None:
    run = play(type2(), (STARTS,))
    assert run.get(ENTRY)[:2] == (COA1, True)
    assert run.get(ENTRY).used


def test_an_init_with_a_home_address_option_is_dropped_unless_that_check_is_off() -> None:
    init = FALSE_INIT._replace(address=ATTACKER, hao=VICTIM_HOME)
    assert refusal_without_trace(Interpreter(type2()), init) == "hao-rejection-in-hoti"
    run = Interpreter(type2(without=("hao-rejection-in-hoti",)))
    assert run.offer(init) is None
    assert run.sent[-1].token == home_token(VICTIM_HOME, 1, PMA3)  # type: ignore[union-attr]


def test_the_answer_brings_the_agent_the_address_of_the_correspondent() -> None:
    run = started(type2())
    answer = under_way(run, "PHoT")
    while answer.to != PMA1:
        run.deliver(answer)
        answer = under_way(run, "PHoT")
    assert isinstance(answer, messages.Test)
    assert answer.care_of == COA3
    run.deliver(answer)
    assert run.get(PEER) == Entry(COA3, False, True, "honest", None)
    run.settle()
    assert run.get(PEER) == Entry(COA3, True, False, "honest", None)


@pytest.mark.parametrize(("named", "used"), [(COA3, False), (FLOOD, False), (ATTACKER, True)])
def test_with_phot_use_tested_only_who_answers_updates_is_sent_to(named: str, used: bool) -> None:
    """N138: the attacker answers at its own address, since it knows the token that it made; a bystander does not."""
    run = started(type2({"phot_use": "tested"}))
    answer = under_way(run, "PHoT")
    while answer.to != PMA1:
        run.deliver(answer)
        answer = under_way(run, "PHoT")
    assert isinstance(answer, messages.Test)
    assert run.offer(answer._replace(care_of=named)) is None
    assert run.get(PEER).used == used


def test_an_answer_with_a_wrong_cookie_is_refused_and_one_with_a_false_address_is_believed() -> None:
    run = started(type2())
    answer = under_way(run, "PHoT")
    while answer.to != PMA1:
        run.deliver(answer)
        answer = under_way(run, "PHoT")
    assert isinstance(answer, messages.Test)
    assert refusal_without_trace(run, answer._replace(cookie=("none",))) == "cookie"
    assert run.offer(answer._replace(care_of=ATTACKER)) is None
    assert run.get(PEER).registrant == "attacker"
    assert run.get(EVENT) == Believed(PMA1, "care-of address in a PHoT")
    assert run.get(HELD).stage == "misled"
