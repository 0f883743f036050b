"""The handshake between agents (draft 4.2): what it asks, stores and answers, and every check that refuses."""

from __future__ import annotations

import pytest
from model_worlds import begun, fire, refusal_without_trace, under_way, world

from pmicheck.model.events import EVENT, Accepted, Believed
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import (
    CARE_OF_CN,
    HA2,
    INTERNET,
    PMA_HA,
    CacheAnswer,
    CacheRequest,
    PeerAcknowledgement,
    PeerUpdate,
)
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.peer_agent import acknowledgement_for, with_proof
from pmicheck.model.roles.registration import registration_of
from pmicheck.model.time import CLOCK
from pmicheck.model.topology import (
    ATTACKER,
    ATTACKER_HOME,
    AWAY,
    CN_HOME,
    COA1,
    COA2,
    COA3,
    FLOOD,
    PMA1,
    PMA2,
    PMA3,
    VICTIM_HOME,
    Flow,
)
from pmicheck.model.world import World

ASKS = "pma1 asks HA2 for the binding"
FLOW = Flow(VICTIM_HOME, PMA3)
HELD = registration_of(PMA1, FLOW)
AT_PEER = cells_of(VICTIM_HOME, PMA3)
AT_AGENT = cells_of(CN_HOME, PMA1)


def handshake(settings: dict[str, str] | None = None, without: tuple[str, ...] = ()) -> World:
    return world("type2-handshake", settings, without)


def roaming(settings: dict[str, str] | None = None, **more: str) -> World:
    return world("type2-handshake-handover", settings, **more)  # type: ignore[arg-type]


def asked(here: World) -> Interpreter:
    """PMA1 has asked HA2, whose answer is under way."""
    return begun(here, ASKS)


def sent(here: World) -> Interpreter:
    """PMA1 has sent its PBU, which is under way."""
    run = asked(here)
    under_way(run, "handshake PBU")
    return run


def answered(here: World) -> Interpreter:
    """PMA3 has stored the binding; its own PBU, which answers, is under way."""
    run = sent(here)
    under_way(run, "answering handshake PBU")
    return run


def registered(here: World) -> Interpreter:
    """The handshake is over, the third message delivered."""
    return play(here, (ASKS,))


def update(here: World, sender: str = ATTACKER, **fields: object) -> PeerUpdate:
    """A PBU for the victim at the attacker's address, with what the security association of `sender` makes of it."""
    bare = PeerUpdate(VICTIM_HOME, ATTACKER, 9, 0, True, None, CARE_OF_CN, PMA3)
    return with_proof(here.policy, bare._replace(**fields), sender)  # type: ignore[arg-type]


# The messages, in order.


def test_the_agent_asks_the_home_agent_of_the_correspondent() -> None:
    run = asked(handshake())
    assert run.in_flight == [CacheRequest(CN_HOME, 1, PMA1, PMA_HA, HA2)]
    assert run.get(HELD).stage == "asked"


def test_the_home_agent_answers_whoever_asks() -> None:
    run = Interpreter(handshake())
    assert run.offer(CacheRequest(CN_HOME, 4711, PMA1, INTERNET, HA2)) is None
    assert run.sent == [CacheAnswer(CN_HOME, COA3, 4711, PMA_HA, PMA1)]


def test_the_answer_names_the_agent_to_which_the_update_goes() -> None:
    run = sent(handshake())
    assert run.in_flight == [PeerUpdate(VICTIM_HOME, COA1, 1, 0, True, None, CARE_OF_CN, PMA3)]
    assert (run.get(HELD).stage, run.get(HELD).peer, run.get(HELD).seq) == ("sent", COA3, 1)


def test_the_update_is_stored_at_once_and_answered_by_an_update_with_its_number() -> None:
    run = answered(handshake())
    entry = run.get(AT_PEER.entry)
    assert (entry.care_of, entry.verified, entry.registrant, entry.used) == (COA1, True, "honest", True)
    assert run.get(AT_PEER.seq) == 1
    assert run.in_flight == [PeerUpdate(CN_HOME, COA3, 1, 1, True, None, CARE_OF_CN, PMA1)]


def test_the_answer_registers_the_correspondent_and_the_third_message_goes_out() -> None:
    run = answered(handshake())
    run.deliver(run.in_flight[0])
    assert (run.get(AT_AGENT.entry).care_of, run.get(AT_AGENT.entry).registrant) == (COA3, "honest")
    assert (run.get(HELD).stage, run.get(HELD).done) == ("registered", 1)
    assert run.in_flight == [PeerAcknowledgement(VICTIM_HOME, 1, None, CARE_OF_CN, PMA3)]


# Handshake PBUs that are refused.


def test_without_authentication_any_update_is_taken_and_redirects_the_victim() -> None:
    """N114, N176: the text names nothing that vouches for a PBU between agents (A-24)."""
    here = handshake()
    run = registered(here)
    assert run.offer(update(here)) is None
    assert (run.get(AT_PEER.entry).care_of, run.get(AT_PEER.entry).registrant) == (ATTACKER, "attacker")
    assert run.get(EVENT) == Accepted("handshake", "attacker", False, "changed", "replaced", False)


@pytest.mark.parametrize("reading", ["sa", "attachment"])
def test_an_update_that_no_security_association_vouches_for_is_refused(reading: str) -> None:
    here = handshake({"pma_auth": reading})
    for wrong in (
        update(here)._replace(proof=None),
        update(here, sender=PMA1),
        update(here, care_of=COA1, sender=ATTACKER),
        update(here)._replace(seq=10),
        update(here)._replace(home=CN_HOME),
        update(here)._replace(lifetime=False),
    ):
        assert refusal_without_trace(registered(here), wrong) == "pma-auth"


def test_an_association_vouches_for_the_agent_and_not_for_the_home_address() -> None:
    """An agent with an association of its own may register anybody; the home agent's confirmation stops it (A-24)."""
    for reading, refusal in (("sa", None), ("attachment", "attachment")):
        here = handshake({"pma_auth": reading})
        assert refusal_without_trace(registered(here), update(here)) == refusal


def test_what_the_home_agent_confirms_is_taken() -> None:
    here = handshake({"pma_auth": "attachment"})
    run = registered(here)
    assert run.offer(update(here, sender=PMA1, care_of=COA1)) is None
    assert run.get(AT_PEER.entry).care_of == COA1


def test_the_home_agent_of_the_attackers_own_node_knows_only_the_attackers_address() -> None:
    here = world("type2-handshake", {"pma_auth": "attachment"}, attacker="malicious-mn")
    for care_of, refusal in ((ATTACKER, None), (FLOOD, "attachment")):
        mine = update(here, sender=care_of, home=ATTACKER_HOME, care_of=care_of)
        assert refusal_without_trace(Interpreter(here), mine) == refusal


def test_a_number_that_is_not_greater_than_the_last_is_refused_unless_that_check_is_off() -> None:
    for without, refusal in (((), "sequence-number"), (("sequence-number",), None)):
        here = handshake(without=without)
        assert refusal_without_trace(registered(here), update(here, seq=1)) == refusal
        assert refusal_without_trace(registered(here), update(here, seq=2)) is None


def test_a_deregistration_of_nothing_is_refused() -> None:
    here = handshake()
    assert refusal_without_trace(Interpreter(here), update(here, lifetime=False)) == "no-entry"


def test_a_deregistration_ends_the_binding_whoever_sends_it() -> None:
    here = handshake()
    run = registered(here)
    assert run.offer(update(here, lifetime=False)) is None
    assert run.get(AT_PEER.entry) is None
    assert run.get(EVENT).harm == "deleted"


# Answers to the agent that began.


@pytest.mark.parametrize("number", [0, 2])
def test_an_answer_of_the_home_agent_to_another_request_is_refused(number: int) -> None:
    run = asked(handshake())
    assert refusal_without_trace(run, CacheAnswer(CN_HOME, ATTACKER, number, PMA_HA, PMA1)) == "transaction"


def test_an_answer_of_the_home_agent_that_nobody_waits_for_is_refused() -> None:
    assert refusal_without_trace(sent(handshake()), CacheAnswer(CN_HOME, ATTACKER, 1, PMA_HA, PMA1)) == "transaction"


def test_a_guessed_transaction_number_is_all_that_a_false_answer_needs() -> None:
    run = asked(handshake())
    assert run.offer(CacheAnswer(CN_HOME, ATTACKER, 1, PMA_HA, PMA1)) is None
    assert run.get(EVENT) == Believed(PMA1, "binding cache acknowledgement")
    assert run.sent[-1].to == ATTACKER


@pytest.mark.parametrize(
    "wrong",
    [{"answers": 2}, {"care_of": ATTACKER}, {"home": VICTIM_HOME}],
    ids=["another number", "another address", "another home address"],
)
def test_an_answering_update_that_fits_nothing_outstanding_is_refused(wrong: dict[str, object]) -> None:
    here = handshake()
    right = {"home": CN_HOME, "care_of": COA3, "seq": 1, "answers": 1, "to": PMA1}
    assert refusal_without_trace(sent(here), update(here, **{**right, **wrong})) == "not-outstanding"  # type: ignore[arg-type]
    assert refusal_without_trace(sent(here), update(here, **right)) is None  # type: ignore[arg-type]
    assert refusal_without_trace(registered(here), update(here, **right)) == "not-outstanding"  # type: ignore[arg-type]


def test_the_agent_of_the_correspondent_begins_nothing_and_so_expects_no_answer() -> None:
    here = handshake()
    answer = update(here, home=VICTIM_HOME, care_of=COA1, answers=1)
    assert refusal_without_trace(registered(here), answer) == "not-expected"


def test_an_answer_without_the_right_association_is_refused() -> None:
    here = handshake({"pma_auth": "sa"})
    forged = update(here, home=CN_HOME, care_of=COA3, answers=1, to=PMA1, sender=ATTACKER)
    assert refusal_without_trace(sent(here), forged) == "pma-auth"


def test_a_false_peer_that_answers_is_believed() -> None:
    here = handshake()
    run = asked(here)
    run.offer(CacheAnswer(CN_HOME, ATTACKER, 1, PMA_HA, PMA1))
    assert run.offer(update(here, home=CN_HOME, care_of=ATTACKER, answers=1, to=PMA1)) is None
    assert (run.get(AT_AGENT.entry).care_of, run.get(AT_AGENT.entry).registrant) == (ATTACKER, "attacker")
    assert run.get(EVENT) == Believed(PMA1, "answering handshake PBU")


# The third message.


def test_the_entry_waits_for_the_third_message_where_that_makes_it_effective() -> None:
    here = handshake({"handshake_effective": "third"})
    run = answered(here)
    assert not run.get(AT_PEER.entry).used
    run.settle()
    assert run.get(AT_PEER.entry).used
    assert answered(handshake({"handshake_effective": "third"}, ("third-handshake-message",))).get(AT_PEER.entry).used


def test_a_third_message_that_nothing_waits_for_is_refused() -> None:
    here = handshake()
    message = acknowledgement_for(here.policy, VICTIM_HOME, 1, PMA1, PMA3)
    assert refusal_without_trace(registered(here), message) == "not-waiting"
    assert refusal_without_trace(Interpreter(here), message) == "not-waiting"


def test_a_third_message_with_another_number_is_refused() -> None:
    here = handshake({"handshake_effective": "third"})
    message = acknowledgement_for(here.policy, VICTIM_HOME, 2, PMA1, PMA3)
    assert refusal_without_trace(answered(here), message) == "sequence-number"
    assert refusal_without_trace(answered(here), message._replace(seq=1)) is None


def test_a_third_message_without_the_right_association_is_refused() -> None:
    here = handshake({"handshake_effective": "third", "pma_auth": "sa"})
    assert (
        refusal_without_trace(answered(here), acknowledgement_for(here.policy, VICTIM_HOME, 1, ATTACKER, PMA3))
        == "pma-auth"
    )
    assert refusal_without_trace(answered(here), acknowledgement_for(here.policy, VICTIM_HOME, 1, PMA1, PMA3)) is None


# When an honest agent acts.


def test_an_agent_asks_only_for_a_node_that_it_serves_and_while_honest_nodes_begin_anything() -> None:
    run = Interpreter(handshake())
    run.set(ATTACHED, AWAY)
    assert fire(run, ASKS) == "not-serving"
    run = Interpreter(handshake())
    run.set(CLOCK, run.world.bounds.honest_until + 1)
    assert fire(run, ASKS) == "honest_until"


def test_an_agent_that_is_registered_asks_no_more() -> None:
    assert fire(registered(handshake()), ASKS) == "not-needed"


def test_a_lost_update_is_repeated_under_a_greater_number_as_often_as_the_bound_says() -> None:
    run = sent(handshake())
    run.lose_packets_in_flight()
    for number in range(2, 2 + run.world.bounds.retransmissions):
        assert fire(run, "pma1 repeats its handshake PBU") is None
        assert run.sent[-1].seq == number  # type: ignore[union-attr]
    assert fire(run, "pma1 repeats its handshake PBU") == "nothing-outstanding"
    assert fire(registered(handshake()), "pma1 repeats its handshake PBU") == "nothing-outstanding"


def test_a_former_agent_deregisters_once_the_node_has_left() -> None:
    leaves = "pma1 deregisters with the peer"
    run = registered(roaming())
    assert fire(run, leaves) == "still-serving"
    assert fire(run, "mobile node moves to CoA2") is None
    assert fire(run, leaves) is None
    run.settle()
    assert run.get(AT_PEER.entry) is None
    assert run.get(AT_AGENT.entry) is None
    assert fire(run, leaves) == "nothing-to-deregister"


def test_an_agent_that_never_registered_has_nothing_to_deregister() -> None:
    run = Interpreter(roaming())
    run.set(ATTACHED, COA2)
    assert fire(run, "pma1 deregisters with the peer") == "nothing-to-deregister"


def test_a_corrupted_agent_no_longer_follows_the_protocol() -> None:
    run = registered(world("type2-handshake-handover", attacker="rogue-previous-pma"))
    run.set(ATTACHED, AWAY)
    assert fire(run, "pma1 deregisters with the peer") == "corrupted"


def test_the_next_agent_registers_with_the_peer_that_its_context_names_and_not_without_one() -> None:
    run = registered(roaming())
    assert fire(run, "mobile node moves to CoA2") is None
    assert fire(run, "pma2 registers with the peer in the context") == "no-context"
    assert fire(run, "pma2 asks pma1 for the context") is None
    run.settle()
    assert fire(run, "pma2 registers with the peer in the context") is None
    assert run.sent[-1] == PeerUpdate(VICTIM_HOME, COA2, 2, 0, True, None, CARE_OF_CN, PMA3)
    run.settle()
    assert run.get(AT_PEER.entry).care_of == COA2
    assert run.get(registration_of(PMA2, FLOW)).stage == "registered"
