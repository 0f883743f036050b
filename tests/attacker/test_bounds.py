"""What the attacker is not asked to try changes no verdict: with it, cells break what they break without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from decided_cells import DECIDER, properties_of, scenario

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import prepare
from pmicheck.language.message import Message
from pmicheck.model.fields import FIELDS, Choice, Domain
from pmicheck.model.messages import ContextData, HandoverToken, PeerAcknowledgement, PeerUpdate, Update
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import Scenario
from pmicheck.model.topology import CARE_OF, CN_HOME, PMA3
from pmicheck.model.world import World
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verdict import DECIDED, Verdict
from pmicheck.verify.deciding import search

Widened = Mapping[type[Message], Mapping[str, Domain]]


def every_address(message: Any, world: World) -> tuple[str, ...]:
    """The care-of addresses of all agents; a mobile node that acts for itself is at the first."""
    agents = (*world.agents, PMA3) if world.type2 else world.agents
    return tuple(CARE_OF[agent] for agent in agents if CARE_OF[agent] != message.home)


def also(kind: type[Message], field: str, more: Domain) -> Widened:
    """The domain of a field, and more values."""
    usual = FIELDS[kind][field]

    def widened(message: Any, world: World) -> Choice:
        choice = usual(message, world)
        return choice._replace(values=tuple(dict.fromkeys((*choice.values, *more(message, world).values))))

    return {kind: {field: widened}}


def addresses_of_nodes(message: Any, world: World) -> Choice:
    return Choice(every_address(message, world))


def nodes_of_its_own(message: Any, world: World) -> Choice:
    return Choice((*world.homes, CN_HOME))


def any_number(message: Any, world: World) -> Choice:
    return Choice(world.attacker_numbers)


def addresses_of_rogues(message: Any, world: World) -> Choice:
    return Choice(tuple(sorted(CARE_OF[agent] for agent in world.corrupted)))


NUMBERS = FIELDS[Update]["seq"]


def honest_numbers(message: Any, world: World) -> Choice:
    return NUMBERS(message, world)._replace(honest=((Update, "seq"),))


BINDINGS = also(Update, "care_of", addresses_of_nodes) | also(PeerUpdate, "care_of", addresses_of_nodes)
ENTRIES = also(PeerUpdate, "home", nodes_of_its_own) | also(PeerAcknowledgement, "home", nodes_of_its_own)
SIGNATURES = {Update: {"care_of": BINDINGS[Update]["care_of"], "seq": honest_numbers}}
TOKENS = also(HandoverToken, "seq", any_number)
CONTEXTS = also(ContextData, "seq", any_number)
PEERS = also(ContextData, "peer", addresses_of_rogues)


def violated(case: Scenario, attacker: str) -> tuple[set[str], int]:
    """What is violated, all states having been looked at, and how many ground transitions the attacker has."""
    who = attacker_named(attacker)
    properties = tuple(INVARIANTS[name] for name in properties_of(case.name, attacker))
    prepared = prepare(case, make_policy({}, (), case.families, case.name), who, properties)
    judged = search(prepared, DECIDER, witnesses=True)
    assert judged.explored.complete or judged.explored.stopped_by == DECIDED
    broken = {name for name, verdict in judged.verdicts().items() if verdict is Verdict.VIOLATED}
    return broken, sum(leaf.instance.by_attacker for leaf in prepared.grounded.leaves)


LEFT_OUT = {
    "unsigned updates that name an agent's or a node's address": (
        BINDINGS,
        [
            ("ero-initial", "home-path"),
            ("ero-initial", "malicious-mn"),
            ("type1-initial", "home-path"),
            ("type1-initial", "malicious-mn"),
            ("type1-handover", "rogue-next-pma"),
            ("data-plane", "home-path"),
            ("data-plane", "malicious-mn"),
            ("type2-handshake", "off-path"),
            ("type2-handshake", "malicious-mn"),
            ("type2-handshake-handover", "rogue-previous-pma"),
        ],
    ),
    "entries of an agent for a node that it serves itself, and of a correspondent for its own node": (
        ENTRIES,
        [
            ("type2-handshake", "off-path"),
            ("type2-handshake", "malicious-mn"),
            ("type2-handshake-handover", "rogue-next-pma"),
        ],
    ),
    "signatures of honest nodes, made anew by the first agent once it acts for the attacker": (
        SIGNATURES,
        [
            ("type1-settled", "careof-path+rogue-previous-pma"),
            ("type1-refresh", "rogue-previous-pma"),
            ("type1-handover-reactive", "rogue-previous-pma"),
        ],
    ),
    "a handover token with any number": (TOKENS, [("type1-handover-reactive", "rogue-previous-pma")]),
    "a context with any number": (CONTEXTS, [("type2-handshake-handover", "rogue-previous-pma")]),
    "a context that names a rogue agent's address": (PEERS, [("type2-handshake-handover", "rogue-previous-pma")]),
}

SHORTENED = {
    "type1-handover-reactive": {"clock": 0, "retransmissions": 0},
    "type1-refresh": {"clock": 1, "retransmissions": 0},
}
"""Bounds with which a cell is decided in a second."""


def shortened(name: str) -> Scenario:
    whole = scenario(name)
    return replace(whole, bounds=replace(whole.bounds, **SHORTENED.get(name, {})))


@pytest.mark.parametrize(
    ("name", "attacker"),
    [("ero-initial", "malicious-mn"), ("type1-initial", "malicious-mn"), ("data-plane", "malicious-mn")],
)
def test_an_attacker_that_is_issued_more_pairs_for_its_own_addresses_breaks_nothing_more(
    monkeypatch: pytest.MonkeyPatch, name: str, attacker: str
) -> None:
    case = shortened(name)
    usual, transitions = violated(case, attacker)
    pairs_of = World.pairs_of
    monkeypatch.setattr(World, "pairs_of", lambda world, home: 3 if home in world.own_homes else pairs_of(world, home))
    more, widened = violated(case, attacker)
    assert more == usual
    assert widened > transitions, "no other pair was issued"


@pytest.mark.parametrize(
    ("left_out", "name", "attacker"), [(left_out, *cell) for left_out, (_, cells) in LEFT_OUT.items() for cell in cells]
)
def test_an_attacker_that_tries_what_is_left_out_breaks_nothing_more(
    monkeypatch: pytest.MonkeyPatch, left_out: str, name: str, attacker: str
) -> None:
    case = shortened(name)
    usual, transitions = violated(case, attacker)
    for kind, fields in LEFT_OUT[left_out][0].items():
        for field, domain in fields.items():
            monkeypatch.setitem(FIELDS[kind], field, domain)
    more, widened = violated(case, attacker)
    assert more == usual
    assert widened > transitions, "nothing was tried that is left out otherwise"
