"""What a property sees in a state is what it sees through each of its looks alone: so each may be searched alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.run import Prepared, prepare
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.properties.base import Look, Property, State, applies
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verify.matrix import Cell as MatrixCell
from pmicheck.verify.matrix import Request, plan

DRAWS = 200
Planned = tuple[MatrixCell, Prepared]


@pytest.fixture(scope="module", params=["type1-initial-wide", "type2-rr-wide", "data-plane-wide"])
def planned(request: pytest.FixtureRequest) -> Planned:
    """A cell with several flows, grounded: so there are real values to draw from."""
    (cell,) = plan(Request(scenarios=(request.param,), attackers=("malicious-mn",)))
    invariants = tuple(INVARIANTS[name] for name in cell.properties if name in INVARIANTS)
    return cell, prepare(cell.scenario, cell.policy, cell.attacker, invariants)


@dataclass(frozen=True)
class Drawn:
    """Values of all that a property looks at."""

    values: dict[Cell, Any]
    known: frozenset[Term]


def draw(rng: random.Random, grounded: Grounded, everything: Look) -> Drawn:
    values = {cell: rng.choice(grounded.fields[cell].values) for cell in everything.cells if cell in grounded.fields}
    return Drawn(values, frozenset(term for term in everything.terms if rng.random() < 0.5))


def seen(planned: Planned, prop: Property, drawn: Drawn, look: Look) -> set[tuple[tuple[str, Any], ...]]:
    """The observations of a state in which all that the look does not show is as at the start."""
    cell, prepared = planned
    grounded = prepared.grounded

    def read(asked: Cell) -> Any:
        shown = asked in look.cells and asked in drawn.values
        return drawn.values[asked] if shown else grounded.value(asked, grounded.system.initial)

    known = drawn.known & set(look.terms)
    observations = prop.observe(State(read, known, prepared.start.world, cell.attacker))
    return {tuple(sorted(each.items())) for each in observations}


@pytest.mark.parametrize("name", INVARIANTS)
def test_observations_depend_on_one_look_each(planned: Planned, name: str) -> None:
    prop, (_, prepared) = INVARIANTS[name], planned
    world = prepared.start.world
    if not applies(prop, world):
        return
    looks, everything = prop.looks(world), Look(prop.cells(world), prop.terms(world))
    rng = random.Random(name)
    some = 0
    for _ in range(DRAWS):
        drawn = draw(rng, prepared.grounded, everything)
        whole = seen(planned, prop, drawn, everything)
        alone = {each for look in looks for each in seen(planned, prop, drawn, look)}
        assert whole <= alone
        assert alone <= whole | seen(planned, prop, drawn, Look(()))
        some += bool(whole)
    assert some or len(looks) == 1
