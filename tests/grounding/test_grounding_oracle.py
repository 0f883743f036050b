"""Grounding agrees with the roles run one by one on whole states: same values, same depths, same events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from decided_cells import scenario
from naive_runs import STEP_CELLS, NaiveSearch, derivable

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import attacker_named
from pmicheck.explore.explorer import explore
from pmicheck.grounding.flight import UNDER_WAY
from pmicheck.grounding.run import Prepared, prepare, world_of
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.policy import make_policy
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS

CASES = [
    ("type1-initial", None, 1, 0, {}),
    ("type1-initial", None, 1, 1, {}),
    ("type1-initial", None, 3, 0, {}),
    ("type1-initial", "off-path", 1, 0, {}),
    ("type1-initial", "off-path", 1, 1, {}),
    ("type1-initial", "off-path", 1, 0, {"dereg_auth": "none"}),
    ("type1-initial", "home-path", 1, 0, {}),
    ("type1-initial", "careof-path", 1, 1, {}),
    ("type1-refresh", "careof-path", 1, 0, {}),
    ("type1-handover", "rogue-next-pma", 1, 0, {}),
    ("rr-mobile", None, 1, 0, {}),
    ("rr-mobile", "off-path", 0, 0, {}),
    ("ero-initial", None, 1, 1, {}),
    ("ero-initial", "off-path", 1, 0, {}),
    ("ero-initial", "home-path", 1, 0, {}),
    ("ero-handoff", None, 1, 0, {}),
    ("ero-handoff", "home-path", 0, 0, {}),
    ("type2-local", "off-path", 1, 0, {}),
    ("type2-local", "malicious-mn", 1, 0, {"ro_trigger": "explicit"}),
    ("type2-handshake", None, 1, 1, {}),
    ("type2-handshake", "off-path", 0, 0, {}),
    ("type2-handshake", "off-path", 1, 0, {"pma_auth": "sa", "handshake_effective": "third"}),
    ("type2-handshake", "malicious-mn", 1, 0, {"pma_auth": "attachment"}),
    ("type2-handshake", "rogue-cn", 1, 0, {"pma_auth": "sa"}),
    ("type2-handshake-handover", None, 1, 0, {}),
    ("type2-handshake-handover", "off-path", 0, 0, {"context_transfer": "unauthenticated", "pma_auth": "sa"}),
    ("type2-handshake-handover", "rogue-previous-pma", 1, 0, {"pma_auth": "sa"}),
    ("type2-handshake-handover", "rogue-next-pma", 1, 0, {"pma_auth": "sa"}),
    ("type2-rr", None, 1, 0, {}),
    ("type2-rr", "off-path", 1, 0, {}),
    ("type2-rr", "home-path", 1, 0, {}),
    ("type2-rr", "off-path", 1, 0, {"photi_state": "provisional"}),
    ("data-plane", None, 3, 0, {}),
    ("data-plane", "off-path", 3, 0, {}),
    ("data-plane", "dolev-yao", 3, 0, {"rh2_address": "source"}),
    ("data-plane", "rogue-cn", 3, 0, {"data_check": "pairwise"}),
]


MOST = 5_000
"""States that the oracle bears; beyond the level in which it finds more, nothing is compared."""


def small(name: str, attacker: str | None, clock: int, retransmissions: int, settings: dict[str, str]) -> Prepared:
    """The scenario within bounds that the oracle can bear."""
    whole = scenario(name)
    bounds = replace(whole.bounds, clock=clock, retransmissions=retransmissions, attacker_updates=1)
    cut = replace(whole, bounds=bounds)
    who = attacker_named(attacker) if attacker else None
    policy = make_policy(settings, (), cut.families, name)
    world = world_of(cut, policy, who)
    return prepare(cut, policy, who, [prop for prop in INVARIANTS.values() if applies(prop, world)])


def is_compared(cell: Cell) -> bool:
    """What the roles keep, and which payload arrived; of other ghosts grounding keeps only what a predicate asks."""
    arrives = " has data from " in cell.name
    return (arrives or not cell.ghost) and cell not in STEP_CELLS and cell.about != UNDER_WAY


def useful(known: Iterable[Term]) -> frozenset[Term]:
    """Without the ciphertexts: to encrypt what one knows already tells nothing, so grounding does not count it."""
    return frozenset(term for term in known if term[0] != "enc")


@pytest.mark.parametrize(("name", "attacker", "clock", "retransmissions", "settings"), CASES)
def test_the_ground_system_reaches_what_the_roles_reach_and_as_early(
    name: str, attacker: str | None, clock: int, retransmissions: int, settings: dict[str, str]
) -> None:
    prepared = small(name, attacker, clock, retransmissions, settings)
    grounded = prepared.grounded
    adversary = Adversary(attacker_named(attacker), prepared.start.world) if attacker else None
    naive = NaiveSearch(prepared.start, adversary, grounded.leaves).run(MOST)
    cells = [cell for cell in grounded.fields if is_compared(cell)]

    by_roles: dict[Any, int] = {}
    for state, depth in naive.depth.items():
        facts = {term for term in grounded.fact_terms if derivable(term, state.known)}
        key = (tuple(state.read(prepared.start, cell) for cell in cells), useful(facts))
        by_roles[key] = min(depth, by_roles.get(key, depth))

    by_system: dict[Any, int] = {}
    events: dict[tuple[Cell, Any], int] = {}
    explored = explore(grounded.system)
    for number, (local, knowledge) in enumerate(explored.states_iter()):
        depth = explored.depth_of(number)
        if depth > naive.deepest:
            break
        shown = [(cell, grounded.value(cell, local)) for cell in STEP_CELLS]
        shown = [(cell, value) for cell, value in shown if value is not None]
        for event in shown:
            events.setdefault(event, depth)
        if not shown:
            key = (tuple(grounded.value(cell, local) for cell in cells), useful(grounded.known_terms(local, knowledge)))
            by_system.setdefault(key, depth)

    assert len(by_roles) > 10
    assert by_system == by_roles
    assert events == naive.events
