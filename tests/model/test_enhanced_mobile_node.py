"""RFC 4866 as the mobile node runs it: first contact, handoff with the permanent token, and the way home."""

from __future__ import annotations

import pytest
from model_worlds import begun, fire, refusal_without_trace, under_way, world

from pmicheck.model import messages
from pmicheck.model.events import EVENT, Believed
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import CN, HA, HA_CN, TUNNEL, Acknowledgement, Update
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.registration import FORGED, registration_of
from pmicheck.model.terms import cookie
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import AT_HOME, COA1, COA2, MN, VICTIM_HOME
from pmicheck.model.world import World

STARTS, REPEATS = "mobile node starts the home test", "mobile node repeats what is outstanding"
REGISTERS, LEAVES = "mobile node registers with the permanent token", "mobile node deregisters"
TO_COA2, TO_HOME = "mobile node moves to CoA2", "mobile node moves to home"
MINE = registration_of(MN)
CELLS = cells_of(VICTIM_HOME)


def first_contact(without: tuple[str, ...] = ()) -> World:
    return world("ero-initial", without=without)


def handoff(settings: dict[str, str] | None = None) -> World:
    return world("ero-handoff", settings)


def registered(here: World) -> Interpreter:
    """From CoA1, with PT2 and numbers 1 and 2."""
    return play(here, (STARTS,))


def moved(here: World) -> Interpreter:
    """Registered from CoA1, now at CoA2."""
    return play(here, (STARTS, TO_COA2))


def at_home(here: World) -> Interpreter:
    """Registered from CoA1 and CoA2, now at home."""
    return play(here, (STARTS, TO_COA2, REGISTERS, TO_HOME))


def updates(run: Interpreter) -> list[Update]:
    return [message for message in run.sent if isinstance(message, Update)]


# First contact.


def test_first_contact_is_a_home_test_an_early_and_a_complete_update_both_signed() -> None:
    run = registered(first_contact())
    early, complete = updates(run)
    assert (early.step, early.credential, early.key, early.test, early.seq) == ("early", "T", MN, True, 1)
    assert (complete.step, complete.credential, complete.key, complete.test, complete.seq) == (
        "complete",
        "T",
        MN,
        False,
        2,
    )
    assert not any(update.proxy for update in updates(run))
    entry = run.get(CELLS.entry)
    assert (entry.care_of, entry.verified, entry.registrant) == (COA1, True, "honest")
    assert run.get(MINE).stage == "registered"


def test_every_signed_update_brings_a_permanent_token_and_the_last_one_counts() -> None:
    """RFC 4866 4.4: nobody knows that the acknowledgement of the early update arrived."""
    run = registered(first_contact())
    assert run.get(MINE).pt == 2
    assert run.get(CELLS.pt) == (2,)


def test_a_plain_correspondent_registration_brings_no_handover_token() -> None:
    run = registered(first_contact())
    assert run.get(CELLS.ht) == ()
    assert run.get(MINE).ht == 0


def test_a_home_test_is_begun_once_and_only_while_honest_nodes_begin_anything() -> None:
    assert fire(registered(first_contact()), STARTS) == "not-needed"
    run = Interpreter(first_contact())
    run.set(CLOCK, run.world.bounds.honest_until + 1)
    assert fire(run, STARTS) == "honest_until"
    assert fire(run, REPEATS) == "honest_until"


def test_a_wrong_cookie_is_refused_unless_cookies_are_off() -> None:
    for without, refusal in (((), "cookie"), (("cookie",), None)):
        run = begun(first_contact(without), STARTS)
        answer = _answer_at_the_node(run)
        assert refusal_without_trace(run, answer._replace(cookie=("none",))) == refusal


def test_a_test_that_nobody_waits_for_or_of_another_kind_is_refused() -> None:
    run = begun(first_contact(), STARTS)
    answer = _answer_at_the_node(run)
    assert refusal_without_trace(run, answer._replace(kind="CoT")) == "not-a-home-test"
    run.settle()
    assert refusal_without_trace(run, answer) == "no-test-in-progress"


def test_a_forged_token_behind_the_right_cookie_is_believed_and_leads_nowhere() -> None:
    run = begun(first_contact(), STARTS)
    assert run.offer(_answer_at_the_node(run)._replace(token=FORGED)) is None
    assert run.get(EVENT) == Believed(MN, "HoT")
    assert run.get(MINE).stage == "misled"
    assert updates(run) == []


def test_a_token_older_than_210_seconds_is_used_no_more() -> None:
    run = begun(first_contact(), STARTS)
    answer = _answer_at_the_node(run)
    run.set(CLOCK, 1)
    assert refusal_without_trace(run, answer) == "token-too-old"


def _answer_at_the_node(run: Interpreter) -> messages.Test:
    answer = under_way(run, "HoT")
    while answer.to != MN:
        run.deliver(answer)
        answer = under_way(run, "HoT")
    assert isinstance(answer, messages.Test)
    return answer


# Acknowledgements.


def acknowledged(here: World) -> tuple[Interpreter, Acknowledgement]:
    """The acknowledgement of the early update, under way to the node."""
    run = begun(here, STARTS)
    answer = under_way(run, "BA")
    assert isinstance(answer, Acknowledgement)
    return run, answer


def test_an_acknowledgement_with_another_number_or_a_wrong_authenticator_is_refused() -> None:
    run, answer = acknowledged(first_contact())
    assert refusal_without_trace(run, answer._replace(seq=2)) == "sequence-number"
    assert refusal_without_trace(run, answer._replace(mac=("none",))) == "mac-of-ack"
    run, answer = acknowledged(first_contact(("mac-of-ack",)))
    assert refusal_without_trace(run, answer._replace(mac=("none",))) is None


def test_an_acknowledgement_that_goes_to_another_address_does_not_reach_the_node() -> None:
    run, answer = acknowledged(first_contact())
    assert refusal_without_trace(run, answer._replace(care_of=COA2)) == "elsewhere"


def test_an_acknowledgement_of_an_early_update_has_to_bring_a_care_of_token() -> None:
    run, answer = acknowledged(first_contact(("mac-of-ack",)))
    assert refusal_without_trace(run, answer._replace(care_of_token=None, care_of_nonce=0)) == "no-care-of-token"


def test_an_unauthenticated_refusal_makes_the_node_test_again() -> None:
    """Status 136 to 138 carries no authenticator (RFC 6275 9.5.4)."""
    run, answer = acknowledged(first_contact())
    assert run.offer(answer._replace(status=138, care_of_token=None, care_of_nonce=0, mac=None)) is None
    assert run.get(MINE).stage == "misled"
    assert fire(run, STARTS) is None
    assert run.sent[-1].cookie == cookie(MN, "home test", 2)  # type: ignore[union-attr]


def test_an_acknowledgement_that_nothing_waits_for_is_refused() -> None:
    _, answer = acknowledged(first_contact())
    assert refusal_without_trace(registered(first_contact()), answer) == "sequence-number"


# Repetitions.


def test_what_is_outstanding_is_repeated_with_a_new_cookie_or_a_greater_number() -> None:
    run = begun(first_contact(), STARTS)
    run.lose_packets_in_flight()
    assert fire(run, REPEATS) is None
    assert run.sent[-1].cookie == cookie(MN, "home test", 2)  # type: ignore[union-attr]
    run = begun(first_contact(), STARTS)
    under_way(run, "early BU")
    run.lose_packets_in_flight()
    assert fire(run, REPEATS) is None
    assert [update.seq for update in updates(run)] == [1, 2]


def test_no_more_is_repeated_than_the_bound_says_and_nothing_once_registered() -> None:
    run = begun(first_contact(), STARTS)
    for _ in range(run.world.bounds.retransmissions):
        assert fire(run, REPEATS) is None
    assert fire(run, REPEATS) == "nothing-outstanding"
    assert fire(registered(first_contact()), REPEATS) == "nothing-outstanding"


def test_an_update_is_not_repeated_with_a_token_that_is_too_old() -> None:
    run = begun(first_contact(), STARTS)
    under_way(run, "early BU")
    run.set(CLOCK, 1)
    assert fire(run, REPEATS) == "token-too-old"


# Handoff.


def test_at_the_new_address_the_permanent_token_replaces_home_test_and_signature() -> None:
    run = play(handoff(), (STARTS, TO_COA2, REGISTERS))
    early, complete = updates(run)[2:]
    assert [(u.credential, u.key, u.care_of) for u in (early, complete)] == [("PT", None, COA2)] * 2
    assert (early.seq, complete.seq) == (3, 4)
    assert run.get(CELLS.entry).care_of == COA2
    assert run.get(MINE).done == 2
    assert sum(isinstance(message, messages.TestInit) and message.to == HA for message in run.sent) == 1


def test_the_permanent_token_is_used_after_a_move_and_away_from_home_only() -> None:
    assert fire(registered(handoff()), REGISTERS) == "no-permanent-token"
    assert fire(at_home(handoff()), REGISTERS) == "at-home"
    run = moved(handoff())
    run.set(MINE, run.get(MINE)._replace(pt=0))
    assert fire(run, REGISTERS) == "no-permanent-token"


def test_the_node_moves_once_it_is_registered_where_it_is_and_in_order() -> None:
    assert fire(Interpreter(handoff()), TO_COA2) == "not-registered"
    assert fire(registered(handoff()), TO_HOME) == "elsewhere"
    run = moved(handoff())
    assert run.get(ATTACHED) == COA2
    assert fire(run, TO_HOME) == "not-registered"


# Home.


def test_at_home_the_node_deregisters_under_the_permanent_token_from_its_home_address() -> None:
    run = at_home(handoff())
    assert fire(run, LEAVES) is None
    (sent,) = updates(run)[4:]
    assert (sent.lifetime, sent.credential, sent.care_of, sent.link, sent.key) == (
        False,
        "PT",
        VICTIM_HOME,
        HA_CN,
        None,
    )
    run.settle()
    assert run.get(CELLS.entry) is None
    assert run.get(CELLS.pt) == ()
    assert (run.get(MINE).stage, run.get(MINE).done) == ("deregistered", 3)


def test_the_node_deregisters_at_home_only_and_not_without_a_registration() -> None:
    assert fire(moved(handoff()), LEAVES) == "away"
    run = Interpreter(handoff())
    run.set(ATTACHED, AT_HOME)
    assert fire(run, LEAVES) == "nothing-to-deregister"


@pytest.mark.parametrize(("place", "link", "to"), [(COA1, TUNNEL, HA), (AT_HOME, HA_CN, CN)])
def test_a_home_test_goes_through_the_tunnel_and_directly_from_home(place: str, link: str, to: str) -> None:
    run = Interpreter(first_contact())
    run.set(ATTACHED, place)
    assert fire(run, STARTS) is None
    assert (run.sent[-1].link, run.sent[-1].to) == (link, to)
