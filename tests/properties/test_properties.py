"""Every property on observations made by hand: one that breaks it, one that does not; z3's numbers re-checked here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from pmicheck.attacker.profiles import Attacker, attacker_named
from pmicheck.grounding.run import world_of
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.events import ACKNOWLEDGEMENT, EVENT, FALLBACK, Accepted, Believed, Delivered, FellBack
from pmicheck.model.policy import make_policy
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import Entry, cells_of
from pmicheck.model.scenario import load_scenario
from pmicheck.model.terms import handover_token, permanent_token
from pmicheck.model.topology import (
    ATTACKER,
    ATTACKER_HOME,
    AWAY,
    CN_HOME,
    COA1,
    COA2,
    FLOOD,
    PMA1,
    PMA3,
    SECOND_CN,
    SECOND_HOME,
    STRANGER_HOME,
    VICTIM_HOME,
)
from pmicheck.properties.base import Observation, Property, State, applies
from pmicheck.properties.catalogue import INVARIANTS, NAMES, PROGRESS
from pmicheck.properties.flooding import PACKET
from pmicheck.symbolic.decide import Decider

VICTIM = cells_of(VICTIM_HOME)

HONEST = Accepted("complete", "honest", False, "changed", "none", True, False)


def accepted(**fields: Any) -> dict[Cell, Any]:
    return {EVENT: HONEST._replace(**fields)}


def entry(care_of: str = COA1, verified: bool = True, registrant: str = "honest") -> Entry:
    return Entry(care_of, verified, False, registrant, None)


class Shown(NamedTuple):
    """Cells that differ from their initial value, known terms, attacker, policy and scenario of a made-up state."""

    cells: dict[Cell, Any]
    known: frozenset[Term] = frozenset()
    attacker: str = "off-path"
    settings: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    scenario: str = "type1-refresh"
    bounds: tuple[tuple[str, str], ...] = ()


def state(shown: Shown) -> State:
    file, _ = load_scenario(shown.scenario).bounded(dict(shown.bounds))
    who: Attacker = attacker_named(shown.attacker)
    policy = make_policy(dict(shown.settings), shown.without, file.families, file.name)
    return State(lambda cell: shown.cells.get(cell, cell.initial), shown.known, world_of(file, policy, who), who)


def numbers(prop: str, shown: Shown, decider: Decider | None = None) -> dict[str, int] | None:
    """What z3 says of the first observation that it finds violating, None if none is."""
    decider = decider or Decider()
    for observation in INVARIANTS[prop].observe(state(shown)):
        found = decider.violation(INVARIANTS[prop], observation)
        if found is not None:
            return found
    return None


PT1, HT1, PT2 = permanent_token(VICTIM_HOME, 1), handover_token(VICTIM_HOME, 1), permanent_token(VICTIM_HOME, 2)
BY_ATTACKER = {"author": "attacker"}
BY_OLD_TOKEN = accepted(by_old_token=True, **BY_ATTACKER)
TWO_NODES, TWO_CORRESPONDENTS = (("mobile_nodes", "2"),), (("correspondents", "2"),)
REDIRECTED = entry(ATTACKER, registrant="attacker")


AT_PEER, AT_OWN_AGENT = cells_of(VICTIM_HOME, PMA3).entry, cells_of(CN_HOME, PMA1).entry
LEFT = {ATTACHED: AWAY, VICTIM.entry: entry()}


def delivered(source: str, sender: str = ATTACKER) -> dict[Cell, Any]:
    return {EVENT: Delivered("cn", source, sender)}


VIOLATED: dict[str, list[Shown]] = {
    "no-redirection": [
        Shown({VICTIM.entry: entry(ATTACKER, registrant="attacker")}),
        Shown({VICTIM.entry: entry(ATTACKER, verified=False, registrant="attacker")}),
        Shown({VICTIM.entry: entry(COA1, registrant="attacker")}, attacker="rogue-previous-pma"),
        Shown({cells_of(SECOND_HOME).entry: REDIRECTED}, bounds=TWO_NODES),
        Shown({cells_of(VICTIM_HOME, SECOND_CN).entry: REDIRECTED}, bounds=TWO_CORRESPONDENTS),
        Shown({cells_of(VICTIM_HOME, PMA3).entry: REDIRECTED}, scenario="type2-handshake"),
        Shown({cells_of(CN_HOME, PMA1).entry: REDIRECTED}, scenario="type2-handshake"),
        Shown({cells_of(CN_HOME, PMA1).entry: REDIRECTED}, scenario="type2-rr"),
    ],
    "binding-freshness": [
        Shown(accepted(again=True)),
        Shown(accepted(again=True, effect="deleted", **BY_ATTACKER)),
    ],
    "no-careof-flooding": [
        Shown({VICTIM.entry: entry(FLOOD)}),
        Shown(
            {cells_of(ATTACKER_HOME).entry: entry(FLOOD, False)}, attacker="malicious-mn", settings=(("cba", "off"),)
        ),
        Shown({cells_of(ATTACKER_HOME).entry: entry(FLOOD, False)}, attacker="malicious-mn", without=("cba",)),
        Shown({VICTIM.entry: entry(FLOOD, False)}, without=("credit-aging",)),
        Shown({VICTIM.entry: entry(FLOOD, False)}, without=("no-credit-while-unverified",)),
        Shown({cells_of(VICTIM_HOME, PMA3).entry: entry(FLOOD)}, scenario="type2-handshake"),
        Shown({cells_of(CN_HOME, PMA1).entry: entry(FLOOD)}, scenario="type2-handshake"),
    ],
    "no-home-flooding": [
        Shown({FALLBACK: FellBack(ATTACKER_HOME, "lost", False)}),
        Shown({FALLBACK: FellBack(VICTIM_HOME, "never", True)}),
        Shown({FALLBACK: FellBack(VICTIM_HOME, "never", False)}),
    ],
    "binding-agreement": [Shown(accepted(**BY_ATTACKER)), Shown(accepted(again=True))],
    "token-secrecy": [
        Shown({VICTIM.pt: (1,)}, frozenset({PT1})),
        Shown({VICTIM.ht: (1, 2)}, frozenset({HT1})),
        Shown({cells_of(SECOND_HOME).pt: (1,)}, frozenset({permanent_token(SECOND_HOME, 1)}), bounds=TWO_NODES),
    ],
    "no-unauthorised-deregistration": [
        Shown(accepted(harm="deleted", step="deregistration", effect="deleted", **BY_ATTACKER)),
        Shown(accepted(harm="replaced", **BY_ATTACKER)),
        Shown(accepted(harm="replaced", again=True)),
    ],
    "former-pma-powerless": [
        Shown(accepted(**BY_ATTACKER), attacker="rogue-previous-pma"),
        Shown(accepted(again=True, effect="deleted"), attacker="rogue-previous-pma"),
    ],
    "no-retained-binding": [
        Shown(LEFT, attacker="rogue-previous-pma"),
        Shown({**LEFT, ATTACHED: COA2}, attacker="rogue-previous-pma", scenario="type1-handover"),
        Shown({ATTACHED: COA2, AT_PEER: entry()}, attacker="rogue-previous-pma", scenario="type2-handshake-handover"),
    ],
    "no-stale-deregistration": [
        Shown(accepted(step="deregistration", effect="deleted", harm="deleted"), scenario="type1-handover"),
        Shown(accepted(step="early", harm="replaced"), scenario="type1-handover-reactive"),
    ],
    "handover-token-freshness": [Shown(BY_OLD_TOKEN, scenario="type1-handover")],
    "stateless-before-authentication": [
        Shown(accepted(effect="created", authenticated=False)),
        Shown(accepted(step="PHoTI", effect="created", authenticated=False), scenario="type2-rr"),
        Shown(accepted(step="handshake", effect="created", authenticated=False), scenario="type2-handshake"),
        Shown(accepted(step="trigger", effect="created", authenticated=False), scenario="type2-local"),
    ],
    "acknowledgement-agreement": [
        Shown({EVENT: Believed("pma1", "PHoT")}),
        Shown({EVENT: Believed("pma1", "binding cache acknowledgement")}, scenario="type2-handshake"),
    ],
    "acknowledged-token-agreement": [Shown({EVENT: Believed("pma1", ACKNOWLEDGEMENT)})],
    "no-uplink-redirection": [
        Shown({AT_OWN_AGENT: REDIRECTED}, scenario="type2-handshake"),
        Shown({AT_OWN_AGENT: REDIRECTED}, scenario="type2-rr"),
    ],
    "no-uplink-flooding": [
        Shown({AT_OWN_AGENT: entry(FLOOD)}, scenario="type2-handshake"),
        Shown({AT_OWN_AGENT: entry(FLOOD, False)}, scenario="type2-rr"),
    ],
    "data-origin": [
        Shown(delivered(VICTIM_HOME), scenario="data-plane"),
        Shown(delivered(VICTIM_HOME), scenario="type2-local"),
        Shown(delivered("cn", "cn2"), scenario="data-plane"),
    ],
}

HELD: dict[str, list[Shown]] = {
    "no-redirection": [
        Shown({}),
        Shown({VICTIM.entry: REDIRECTED._replace(used=False)}),
        Shown({cells_of(SECOND_HOME).entry: entry()}, bounds=TWO_NODES),
        Shown({cells_of(CN_HOME, PMA1).entry: entry("CoA3")}, scenario="type2-handshake"),
        Shown({VICTIM.entry: entry()}),
        Shown({VICTIM.entry: entry(FLOOD, registrant="attacker")}),
        Shown({VICTIM.entry: entry(COA1)}, attacker="rogue-previous-pma"),
        Shown({cells_of(ATTACKER_HOME).entry: entry(ATTACKER, registrant="attacker")}, attacker="malicious-mn"),
    ],
    "binding-freshness": [Shown({}), Shown(accepted(**BY_ATTACKER)), Shown(accepted()), Shown(delivered(VICTIM_HOME))],
    "no-careof-flooding": [
        Shown({}),
        Shown({VICTIM.entry: entry(FLOOD, False)}),
        Shown({cells_of(ATTACKER_HOME).entry: entry(FLOOD, False)}, attacker="malicious-mn"),
        Shown({VICTIM.entry: entry(ATTACKER)}),
        Shown({cells_of(VICTIM_HOME, PMA3).entry: entry(FLOOD)._replace(used=False)}, scenario="type2-handshake"),
    ],
    "no-home-flooding": [Shown({}), Shown({FALLBACK: FellBack(ATTACKER_HOME, "lost", True)})],
    "binding-agreement": [
        Shown({}),
        Shown(accepted()),
        Shown(accepted(step="PHoTI", **BY_ATTACKER), scenario="type2-rr"),
        Shown(accepted(step="trigger", **BY_ATTACKER), scenario="type2-local"),
    ],
    "token-secrecy": [
        Shown({}, frozenset({PT1, HT1})),
        Shown({VICTIM.pt: (2,), VICTIM.ht: (2,)}, frozenset({PT1, HT1})),
        Shown({VICTIM.pt: (1,)}),
    ],
    "no-unauthorised-deregistration": [
        Shown({}),
        Shown(accepted(**BY_ATTACKER)),
        Shown(accepted(harm="replaced")),
    ],
    "former-pma-powerless": [
        Shown(accepted(**BY_ATTACKER)),
        Shown(accepted(), attacker="rogue-previous-pma"),
        Shown(accepted(rogue_serves=True, **BY_ATTACKER), attacker="rogue-previous-pma"),
    ],
    "no-retained-binding": [
        Shown(LEFT),
        Shown({VICTIM.entry: entry()}, attacker="rogue-previous-pma"),
        Shown({**LEFT, VICTIM.entry: entry()._replace(capped=True)}, attacker="rogue-previous-pma"),
        Shown({**LEFT, VICTIM.entry: entry(registrant="attacker")}, attacker="rogue-previous-pma"),
        Shown({**LEFT, VICTIM.entry: entry(COA2)}, attacker="rogue-previous-pma"),
        Shown({**LEFT, VICTIM.entry: entry()._replace(used=False)}, attacker="rogue-previous-pma"),
    ],
    "no-stale-deregistration": [
        Shown(accepted(), scenario="type1-handover"),
        Shown(accepted(harm="deleted", **BY_ATTACKER), scenario="type1-handover"),
        Shown(accepted(harm="deleted", again=True), scenario="type1-handover"),
    ],
    "handover-token-freshness": [
        Shown(accepted(**BY_ATTACKER), scenario="type1-handover"),
        Shown(BY_OLD_TOKEN, settings=(("ht_lifetime", "finite"),), scenario="type1-handover"),
    ],
    "stateless-before-authentication": [
        Shown(accepted(effect="created")),
        Shown(accepted(effect="changed", authenticated=False)),
    ],
    "acknowledgement-agreement": [Shown({}), Shown(accepted())],
    "acknowledged-token-agreement": [Shown({}), Shown(accepted()), Shown({EVENT: Believed("pma1", "PHoT")})],
    "no-uplink-redirection": [
        Shown({}, scenario="type2-rr"),
        Shown({AT_PEER: REDIRECTED}, scenario="type2-handshake"),
        Shown({AT_OWN_AGENT: entry("CoA3")}, scenario="type2-handshake"),
    ],
    "no-uplink-flooding": [
        Shown({}, scenario="type2-rr"),
        Shown({AT_PEER: entry(FLOOD)}, scenario="type2-handshake"),
        Shown({AT_OWN_AGENT: entry("CoA3")}, scenario="type2-handshake"),
    ],
    "data-origin": [Shown({}, scenario="data-plane"), Shown(accepted(**BY_ATTACKER), scenario="data-plane")],
}


def cases(table: dict[str, list[Shown]]) -> list[Any]:
    return [pytest.param(prop, one, id=f"{prop}-{n}") for prop, all_ in table.items() for n, one in enumerate(all_)]


@pytest.mark.parametrize(("prop", "shown"), cases(VIOLATED))
def test_what_the_words_of_a_property_forbid_violates_it(prop: str, shown: Shown) -> None:
    assert numbers(prop, shown) is not None


@pytest.mark.parametrize(("prop", "shown"), cases(HELD))
def test_what_the_words_of_a_property_allow_does_not_violate_it(prop: str, shown: Shown) -> None:
    assert numbers(prop, shown) is None


def test_every_invariant_is_in_both_tables() -> None:
    assert set(VIOLATED) == set(HELD) == set(INVARIANTS) == set(NAMES) - {PROGRESS}


@pytest.mark.parametrize("name", INVARIANTS)
def test_a_property_looks_only_at_what_it_asked_for(name: str) -> None:
    prop = INVARIANTS[name]
    for shown in VIOLATED[name]:
        asked: list[Cell] = []

        def read(cell: Cell, shown: Shown = shown, asked: list[Cell] = asked) -> Any:
            asked.append(cell)
            return shown.cells.get(cell, cell.initial)

        made_up = state(shown)
        prop.observe(State(read, made_up.known, made_up.world, made_up.attacker))
        assert asked
        assert set(asked) <= set(prop.cells(made_up.world))
        assert shown.known <= set(prop.terms(made_up.world))


@pytest.mark.parametrize("name", INVARIANTS)
def test_a_conclusion_is_a_sentence_about_the_observation(name: str) -> None:
    for shown in VIOLATED[name]:
        for observation in INVARIANTS[name].observe(state(shown)):
            sentence = INVARIANTS[name].conclusion(observation)
            assert sentence[0] == sentence[0].upper() or sentence.startswith(("pma1", "cn"))
            assert sentence.endswith(".")


# The numbers that z3 chose, in plain arithmetic.


@pytest.mark.parametrize("shown", VIOLATED["no-careof-flooding"])
def test_the_octets_that_z3_chose_overspend_by_the_rules_in_force(shown: Shown) -> None:
    (observation,) = INVARIANTS["no-careof-flooding"].observe(state(shown))
    found = numbers("no-careof-flooding", shown)
    assert found is not None
    earned, spent = found["octets_earned"], found["octets_to_bystander"]
    unverified = found.get("octets_sent_unverified", 0)
    assert all(n >= 0 and n % PACKET == 0 for n in (earned, unverified, spent))
    assert 8 * spent > 7 * earned, "no more than one aging of what was earned while verified"
    if observation["credit_limits"] and not observation["verified"]:
        credit = (7 if observation["credit_ages"] else 8) * earned
        credit += 8 * unverified if observation["unverified_earns"] else 0
        assert 8 * spent <= credit, "the CN itself would not have sent so much"


@pytest.mark.parametrize("shown", VIOLATED["no-home-flooding"])
def test_the_seconds_that_z3_chose_are_in_order_and_within_the_lifetime(shown: Shown) -> None:
    (observation,) = INVARIANTS["no-home-flooding"].observe(state(shown))
    found = numbers("no-home-flooding", shown)
    assert found is not None
    test, update = found["s_home_test"], found["s_last_update"]
    lost, fallback = found["s_home_lost"], found["s_fallback"]
    assert test == 0 <= update <= fallback
    assert test < lost < fallback
    assert fallback - update <= (420 if observation["lifetime_capped"] else 86400)
    if observation["lifetime_capped"]:
        assert update - test <= 240
    if observation["reached_once"]:
        assert fallback - test > 660, "return routability itself allows that much"


def test_with_every_credit_rule_on_no_unverified_entry_floods_anybody() -> None:
    own = tuple((home, "malicious-mn") for home in (ATTACKER_HOME, STRANGER_HOME))
    for home, attacker in (*own, *((VICTIM_HOME, name) for name in ("off-path", "malicious-mn", "dolev-yao"))):
        shown = Shown({cells_of(home).entry: entry(FLOOD, False)}, attacker=attacker)
        assert len(INVARIANTS["no-careof-flooding"].observe(state(shown))) == 1
        assert numbers("no-careof-flooding", shown) is None


# The decider.


def counted(formula: Callable[[Any], Any]) -> tuple[Property, list[Any]]:
    asked: list[Any] = []
    base = INVARIANTS["no-redirection"]

    def counting(observables: Any) -> Any:
        asked.append(observables)
        return formula(observables)

    changed = {**vars(base), "formula": counting}
    return Property(**changed), asked


def test_z3_is_asked_once_of_each_distinct_observation() -> None:
    decider = Decider()
    prop, asked = counted(INVARIANTS["no-redirection"].formula)
    bad: Observation = {"care_of_is_attackers": True, "registered_by_attacker": True, "verified": True}
    good: Observation = {**bad, "registered_by_attacker": False}
    answers = [decider.violation(prop, one) for one in (bad, good, dict(reversed(bad.items())), good, bad)]
    assert answers == [{}, None, {}, None, {}]
    assert decider.checks == len(asked) == 2


def test_one_observation_is_decided_for_each_property_on_its_own() -> None:
    decider = Decider()
    (observation,) = INVARIANTS["binding-agreement"].observe(state(Shown(accepted(**BY_ATTACKER))))
    assert decider.violation(INVARIANTS["binding-agreement"], observation) == {}
    assert decider.violation(INVARIANTS["binding-freshness"], observation) is None
    assert decider.checks == 2


def test_two_deciders_choose_the_same_numbers() -> None:
    for shown in (*VIOLATED["no-careof-flooding"], *VIOLATED["no-home-flooding"]):
        prop = "no-careof-flooding" if FALLBACK not in shown.cells else "no-home-flooding"
        assert numbers(prop, shown, Decider()) == numbers(prop, shown, Decider())


LEAVING = {"former-pma-powerless", "no-retained-binding"}
HANDED_OVER = {"no-stale-deregistration", "handover-token-freshness"}
TOKENS = {"token-secrecy", "acknowledged-token-agreement"}
UPLINK = {"no-uplink-redirection", "no-uplink-flooding"}
ABSENT = {
    "rr-mobile": {*TOKENS, *LEAVING, *HANDED_OVER, *UPLINK, "data-origin"},
    "ero-initial": {*LEAVING, *HANDED_OVER, *UPLINK, "data-origin"},
    "ero-handoff": {*LEAVING, *HANDED_OVER, *UPLINK, "data-origin"},
    "type1-initial": {*LEAVING, *HANDED_OVER, *UPLINK, "data-origin"},
    "type1-refresh": {*HANDED_OVER, *UPLINK, "data-origin"},
    "type1-handover": {*UPLINK, "data-origin"},
    "type1-handover-reactive": {"handover-token-freshness", *UPLINK, "data-origin"},
    "type1-settled": {*UPLINK, "data-origin"},
    "type2-handshake": {*TOKENS, *LEAVING, *HANDED_OVER},
    "type2-handshake-handover": {*TOKENS, *HANDED_OVER, "data-origin"},
    "type2-rr": {*LEAVING, *HANDED_OVER, "data-origin"},
    "data-plane": {*LEAVING, *HANDED_OVER, *UPLINK},
}
"""Properties that mean nothing in a scenario: no such tokens, no PMA that the node leaves, no payload."""


@pytest.mark.parametrize("name", ABSENT)
def test_a_property_applies_where_its_words_mean_something(name: str) -> None:
    world = state(Shown({}, scenario=name)).world
    assert {prop.name for prop in INVARIANTS.values() if not applies(prop, world)} == ABSENT[name]


def test_where_no_message_is_exchanged_there_is_payload_and_state_to_judge_and_nothing_else() -> None:
    local = state(Shown({}, scenario="type2-local")).world
    assert {prop.name for prop in INVARIANTS.values() if applies(prop, local)} == {
        "stateless-before-authentication",
        "data-origin",
    }


def test_a_property_judges_the_entries_of_every_honest_node_at_every_correspondent() -> None:
    both = Shown(
        {cells_of(home, at).entry: entry() for home in (VICTIM_HOME, SECOND_HOME) for at in ("cn", SECOND_CN)},
        bounds=(*TWO_NODES, *TWO_CORRESPONDENTS),
    )
    assert len(INVARIANTS["no-redirection"].observe(state(both))) == 4
    assert len(INVARIANTS["token-secrecy"].observe(state(both))) == 4
