"""An attacker that has left a path keeps what it read there, its own tests included, and learns nothing new from it."""

from __future__ import annotations

import pytest
from decided_cells import scenario

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import attacker_named
from pmicheck.bench.cast import staged
from pmicheck.grounding.ground import ground
from pmicheck.grounding.run import begin
from pmicheck.language.message import Term
from pmicheck.model.messages import CARE_OF_CN, HA_CN
from pmicheck.model.policy import make_policy
from pmicheck.trace import Step, Trace

HOME_TOKENS = [("T", "HoA", nonce, "cn") for nonce in (1, 2, 3, 4)]


def learnt(name: str, attacker: str) -> tuple[Adversary, frozenset[Term]]:
    """The attacker in the scenario, and all that it can ever know there."""
    whole = scenario(name)
    start, adversary = begin(whole, make_policy({}, (), whole.families, name), attacker_named(attacker))
    assert adversary is not None
    return adversary, ground(start, adversary).learnable


@pytest.mark.parametrize(
    ("name", "attacker", "kept"),
    [
        ("type1-refresh", "past-home-path", HOME_TOKENS[:1]),
        ("type1-settled", "past-home-path", HOME_TOKENS[:2]),
        ("type1-settled", "home-path", HOME_TOKENS),
        ("type1-settled", "past-careof-path", []),
    ],
)
def test_it_has_the_home_tokens_of_the_nonces_that_there_were_until_the_search_began(
    name: str, attacker: str, kept: list[Term]
) -> None:
    _, known = learnt(name, attacker)
    assert [token for token in HOME_TOKENS if token in known] == kept


def test_it_reads_what_crossed_the_path_in_the_prologue_and_nothing_later() -> None:
    adversary, known = learnt("type1-refresh", "past-careof-path")
    sealed = [term for term in known if term[0] == "enc"]
    assert {term[2] for term in sealed} == {("PT", "HoA", 1, "cn"), ("HT", "HoA", 1, "cn")}
    assert {term[2] for term in learnt("type1-refresh", "careof-path")[1] if term[0] == "enc"} > {
        term[2] for term in sealed
    }
    policy = adversary.world.policy
    assert [adversary.attacker.saw(link, policy) for link in (CARE_OF_CN, HA_CN)] == [True, False]
    assert not adversary.attacker.sees(CARE_OF_CN, policy)


def test_a_replay_lets_it_read_until_the_first_step_of_the_search() -> None:
    """Tests of its own that it makes before it leaves come after the prologue and before that step."""
    steps = (
        Step(actor="pma1", action="start", rule="r", prologue=True),
        Step(actor="attacker", action="test", rule="attacker runs a test", attacker=True),
        Step(actor="pma1", action="start", rule="r"),
        Step(actor="attacker", action="test", rule="attacker runs a test", attacker=True),
    )
    trace = Trace("type1-settled", "past-home-path", "no-redirection", {}, (), steps)
    run = staged(trace, [0.0] * len(steps), True)
    read = []
    for run.step in range(len(steps)):
        read.append((run.reads("ha-cn"), run.reads("careof-cn")))
    assert read == [(True, False), (True, False), (False, False), (False, False)]
