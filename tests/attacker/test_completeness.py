"""The attacker of the ground system can send every message that it derives and a receiver accepts, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from decided_cells import CELLS, scenario
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import ground_system, walked
from oracle_deduction import Knowledge

from pmicheck.grounding.instance import Leaf
from pmicheck.grounding.layout import Grounded
from pmicheck.language.message import Term
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.roles.binding_cache import Entry
from pmicheck.model.scenario import Scenario
from pmicheck.model.terms import authenticator, encrypted, management_key, private_key, signature
from pmicheck.model.topology import ATTACKER, FLOOD, MN

SEED = 1
STATES = 24
FEW = 12
"""States for the attackers that can compose tens of thousands of messages: an honest registration and its attacks."""

MANY_MESSAGES = {"dolev-yao", "rogue-previous-pma", "rogue-next-pma"}

JOINED = [
    ("type1-initial", "home-path+careof-path"),
    ("type1-handover", "rogue-next-pma+careof-path"),
    ("ero-initial", "malicious-mn+home-path"),
    ("type2-handshake-handover", "rogue-next-pma+malicious-mn"),
]


def small(name: str, own_numbers: int = 1) -> Scenario:
    """The scenario with as many numbers of the attacker's own."""
    whole = scenario(name)
    return replace(whole, bounds=replace(whole.bounds, attacker_updates=own_numbers))


def usual(name: str) -> Policy:
    return make_policy({}, (), scenario(name).families, name)


def wrong(name: str, attacker: str, policy: Policy, states: int) -> list[str]:
    """What the ground system lacks and what it has too much, a sentence for each kind."""
    oracle = walked(small(name), attacker, policy, states=states, seed=SEED)
    assert oracle.states > 1
    return [str(entry) for entry in (*oracle.missing(), *oracle.excess.values())]


@pytest.mark.parametrize(("name", "attacker"), [*CELLS, *JOINED])
def test_the_attacker_sends_every_message_that_it_derives_and_a_receiver_accepts_and_no_other(
    name: str, attacker: str
) -> None:
    states = FEW if set(attacker.split("+")) & MANY_MESSAGES else STATES
    sentences = wrong(name, attacker, usual(name), states)
    assert not sentences, "\n" + "\n".join(sentences)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[str, str, Policy]:
    """A scenario, an attacker, and up to three readings and mechanisms that are not as usual."""
    name, attacker = draw(st.sampled_from((*CELLS, *JOINED)))
    families = scenario(name).families
    answers = sorted(
        (reading.name, value)
        for reading in READINGS.values()
        if reading.families & families
        for value in reading.values[1:]
    )
    mechanisms = sorted(each.name for each in MECHANISMS.values() if each.families & families)
    readings = draw(st.lists(st.sampled_from(answers), max_size=2, unique_by=lambda answer: answer[0]))
    without = draw(st.lists(st.sampled_from(mechanisms), max_size=1))
    return name, attacker, make_policy(dict(readings), without, families, name)


@settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(worlds())
def test_under_other_readings_and_without_a_check_nothing_is_missing_either(world: tuple[str, str, Policy]) -> None:
    sentences = wrong(*world, 8)
    assert not sentences, "\n" + "\n".join(sentences)


# What the oracle sees: ground systems of which something is taken away, or to which something is added (see also
# test_mutants.py).


def without(grounded: Grounded, gone: int) -> Grounded:
    """The ground system without one transition."""

    def rest(items: Sequence[Any]) -> tuple[Any, ...]:
        return (*items[:gone], *items[gone + 1 :])

    system = replace(grounded.system, transitions=rest(grounded.system.transitions))
    return replace(grounded, system=system, leaves=rest(grounded.leaves))


def kinds(scenario: Scenario, attacker: str, states: int, grounded: Grounded) -> set[str]:
    """The kinds of messages that are missing."""
    oracle = walked(scenario, attacker, usual(scenario.name), states=states, seed=SEED, grounded=grounded)
    return {str(entry.kind) for entry in oracle.missing()}


def leads_elsewhere(leaf: Leaf) -> bool:
    """Whether an entry leads to the attacker or to the bystander."""
    return any(isinstance(value, Entry) and value.care_of in (ATTACKER, FLOOD) for value in leaf.sets.values())


def test_the_oracle_misses_a_single_transition() -> None:
    scenario = small("type1-initial")
    whole = ground_system(scenario, "home-path", usual(scenario.name))
    system = whole.system
    enabled = [n for n, t in enumerate(system.transitions) if system.enabled(t, *system.start)]
    leads_to = {n: system.apply(system.transitions[n], *system.start) for n in enabled}
    only_ways = [n for n in enabled if list(leads_to.values()).count(leads_to[n]) == 1]
    gone = next(n for n in only_ways if leads_elsewhere(whole.leaves[n]))
    found = kinds(scenario, "home-path", 1, without(whole, gone)) - kinds(scenario, "home-path", 1, whole)
    assert any("BU to cn" in kind for kind in found), found


def test_the_oracle_sees_an_attacker_that_need_not_know_what_it_sends() -> None:
    scenario, attacker = small("type1-handover"), "rogue-next-pma"
    whole = ground_system(scenario, attacker, usual(scenario.name))
    transitions = tuple(replace(transition, needs=0) for transition in whole.system.transitions)
    omniscient = replace(whole, system=replace(whole.system, transitions=transitions))
    excess = walked(scenario, attacker, usual(scenario.name), states=1, seed=SEED, grounded=omniscient).excess
    assert any("cannot derive" in entry.lacks for entry in excess.values()), excess


# The deduction of the oracle itself.

SECRET: Term = ("T", "HoA", 1, "cn")
CIPHERTEXT = encrypted(MN, ("PT", "HoA", 1, "cn"))


def mac(home: Term, *header: object) -> Term:
    return authenticator(management_key(home, ("zero",)), "CoA1", "cn", ("PBU", *header))


def test_an_authenticator_needs_its_tokens_and_every_secret_that_it_covers() -> None:
    own = signature(ATTACKER, True, None, None, ("PBU", ("seq", 1)))
    foreign = signature(MN, True, None, None, ("PBU", ("seq", 1)))
    known = Knowledge({SECRET, private_key(ATTACKER)})
    assert known.derives(mac(SECRET, ("seq", 1), ("signature", own)))
    assert not known.derives(mac(SECRET, ("seq", 1), ("signature", foreign)))
    assert known.with_terms([foreign]).derives(mac(SECRET, ("seq", 1), ("signature", foreign)))
    assert not Knowledge({private_key(ATTACKER)}).derives(mac(SECRET, ("seq", 1), ("signature", own)))


def test_a_ciphertext_opens_with_its_private_key_alone_and_whichever_comes_first() -> None:
    token = CIPHERTEXT[2]
    assert not Knowledge({CIPHERTEXT, private_key(ATTACKER)}).derives(token)
    assert Knowledge({CIPHERTEXT}).with_terms([private_key(MN)]).derives(token)
    assert Knowledge({private_key(MN)}).with_terms([CIPHERTEXT]).derives(token)
    assert Knowledge({token}).derives(CIPHERTEXT)


def test_a_token_or_a_cookie_is_known_or_it_is_not() -> None:
    known = Knowledge({SECRET})
    assert known.derives(SECRET)
    assert not known.derives(("T", "HoA", 2, "cn"))
    assert not known.derives(("cookie", "pma1", "home test", 1))
    assert known.derives(("forged",))
