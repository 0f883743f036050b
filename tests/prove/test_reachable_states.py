"""Every reachable state of some small cells is among the facts of the proof: cells, messages under way, knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from walks import has_values, knows

from pmicheck.attacker.profiles import attacker_named
from pmicheck.explore.explorer import explore
from pmicheck.grounding.flight import UNDER_WAY, flight_of
from pmicheck.grounding.layout import Grounded, ghosts_of
from pmicheck.grounding.run import prepare, world_of
from pmicheck.language.cells import Cell
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import load_scenario
from pmicheck.model.time import CLOCK
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.prove.fixpoint import Fixpoint
from pmicheck.prove.groups import group_of
from pmicheck.prove.shapes import covers

CELLS = [("ero-initial", "off-path"), ("type1-initial", "off-path"), ("ero-initial", "careof-path")]


class States:
    """The reachable states of a cell of the matrix, compared with facts; each value, message and term once."""

    def __init__(self, name: str, attacker: str) -> None:
        scenario = load_scenario(name)
        policy = make_policy({}, (), scenario.families, name)
        world = world_of(scenario, policy, attacker_named(attacker))
        properties = [prop for prop in INVARIANTS.values() if applies(prop, world)]
        prepared = prepare(scenario, policy, attacker_named(attacker), properties)
        adversary = prepared.grounded.ground.adversary
        assert adversary is not None
        self.grounded: Grounded = prepared.grounded
        self.facts = Fixpoint(prepared.start, adversary).run()
        self.explored = explore(self.grounded.system)
        self.messages = {flight_of(message): message for message in self.grounded.ground.messages}

    @property
    def entry(self) -> Cell:
        return next(cell for cell in self.grounded.fields if cell.name == "cn[HoA].entry")

    def uncovered(self) -> Iterator[str]:
        """What is the case in some state and none of the facts."""
        compared: set[object] = set()
        for local, knowledge in self.explored.states_iter():
            ghosts = bool(local & ghosts_of(self.grounded.fields))
            cells = [cell for cell in self.grounded.fields if (cell in (EVENT, FALLBACK)) is ghosts]
            for what in (*self._holds(cells, local), *self._known(local, knowledge)):
                if what not in compared:
                    compared.add(what)
                    if not self._is_fact(what):
                        yield repr(what)

    def _holds(self, cells: list[Cell], local: int) -> Iterator[tuple[Any, ...]]:
        """What the groups of the cells hold, and each message that is under way."""
        for cell in cells:
            if cell in self.messages:
                if self.grounded.value(cell, local):
                    yield "sent", self.messages[cell]
            elif cell.about is not UNDER_WAY and cell is not CLOCK:
                group = group_of(cell)
                yield "cells", group, tuple(self.grounded.value(each, local) for each in group)

    def _known(self, local: int, knowledge: int) -> Iterator[tuple[Any, ...]]:
        for term in self.grounded.known_terms(local, knowledge):
            yield "known", term

    def _is_fact(self, what: tuple[Any, ...]) -> bool:
        match what:
            case ("cells", group, values):
                return has_values(self.facts, group, values)
            case ("sent", message):
                return any(covers(shape, message) for shape in self.facts.sent)
            case ("known", term):
                return knows(self.facts, term)
        raise AssertionError(what)


@pytest.mark.parametrize(("name", "attacker"), CELLS)
def test_every_reachable_state_is_among_the_facts(name: str, attacker: str) -> None:
    states = States(name, attacker)
    assert states.explored.complete
    assert list(states.uncovered()) == []


def test_a_fact_that_is_forgotten_is_missed() -> None:
    states = States("type1-initial", "off-path")
    states.facts.group(group_of(states.entry)).values.popitem()
    assert any("cn[HoA].entry" in missed for missed in states.uncovered())
