"""Availability beside an attacker: once it stops, honest nodes alone can still reach the goal of the scenario.

`progress` is decided without an attacker. Here the attacker does what it likes first; as for `progress`, time and
repetitions have to remain. It covers what the model follows at honest nodes: forged refusals 136 to 138, forged tests
and acknowledgements, lost packets, entries that were taken over or ended. A refusal 135 is followed nowhere beside an
attacker, so states in which the correspondent's last number is above the agent's own are counted apart.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import pytest
from decided_cells import grounded

from pmicheck.explore.explorer import explore
from pmicheck.explore.out_of_reach import out_of_reach
from pmicheck.explore.result import Edges, Exploration
from pmicheck.grounding.run import Prepared
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.registration import registration_of
from pmicheck.properties.witnesses import registrant
from pmicheck.verify.progress import _room_left


class Lost(NamedTuple):
    """How many states with room left cannot reach the goal without the attacker: numbers apart, and by numbers."""

    otherwise: int
    by_number: int


@cache
def lost(name: str, attacker: str, idle: str = "") -> Lost:
    """Of an attacker that stops; `idle` is an act, by its key, that no honest node does any more then."""
    prepared, _ = grounded(name, attacker, asked=("binding-agreement",))
    explored = explore(prepared.grounded.system, edges=True)
    assert explored.complete
    explored = replace(explored, edges=_honest(prepared, explored, idle))
    stuck = [explored.state(number)[0] for number in out_of_reach(explored, prepared.grounded.system.goals[-1])]
    found = [_is_behind(prepared, local) for local in stuck if _room_left(prepared, local)]
    return Lost(found.count(False), found.count(True))


def _honest(prepared: Prepared, explored: Exploration, idle: str) -> Edges:
    """The steps of honest nodes and of time alone."""
    edges, leaves = explored.edges, prepared.grounded.leaves
    assert edges is not None
    kept = Edges(array("Q", [0]), array("I"), array("I"))
    for state in range(edges.expanded):
        for transition, target in edges.of(state):
            instance = leaves[transition].instance
            if not instance.by_attacker and (not idle or instance.act.key != idle):
                kept.targets.append(target)
                kept.transitions.append(transition)
        kept.offsets.append(len(kept.targets))
    return kept


def _is_behind(prepared: Prepared, local: int) -> bool:
    """Whether the next update would be refused for its number (RFC 6275 9.5.1)."""
    world, system = prepared.start.world, prepared.grounded
    last = system.value(cells_of(*world.main).seq, local)
    own = system.value(registration_of(registrant(world), world.main), local).seq
    return last is not None and own < last


@pytest.mark.parametrize(
    ("name", "attacker"),
    [("type1-initial", "home-path"), ("type1-handover-reactive", "off-path"), ("ero-initial", "home-path")],
)
def test_once_the_attacker_stops_the_goal_is_in_reach_again_numbers_apart(name: str, attacker: str) -> None:
    assert lost(name, attacker).otherwise == 0


def test_an_agent_that_never_tests_again_is_shut_out_by_a_forged_test() -> None:
    assert lost("type1-initial", "home-path", idle="start tests").otherwise > 0


def test_whoever_reads_t_makes_the_numbers_jump_and_shuts_the_agent_out_until_it_follows_135() -> None:
    """A-14: one update under a high number, and all of PMA1's are refused, as status 135 would tell it."""
    assert lost("type1-initial", "home-path").by_number > 0
    assert lost("type1-initial", "off-path").by_number == 0
