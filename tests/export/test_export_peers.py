"""rumur and SPIN find on exported source what the explorer found: states, transitions, verdicts, shortest lengths."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import peers
import pytest
from explore_naive import Description, Step, random_description
from explore_systems import learner

from pmicheck.cli.verbs.export import Judged, judged_of
from pmicheck.explore.explorer import explore
from pmicheck.export.murphi import murphi
from pmicheck.export.promela import promela
from pmicheck.export.source import Invariant, Source
from pmicheck.grounding.run import prepare
from pmicheck.grounding.system import Projection, TransitionSystem
from pmicheck.model.scenario import SHIPPED
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verify.matrix import Request, plan

MOST_STATES, MOST_TRANSITIONS = 20_000, 1_000

BY_BOTH = {
    "type1-initial": "off-path",
    "type1-settled": "malicious-mn",
    "type2-local": "off-path",
    "type2-handshake-handover": "rogue-next-pma",
    "data-plane": "home-path",
}
"""Per scenario the attacker under whom something is violated and the system has the fewest ground transitions, if those
are at most 360 and the states at most 5,000; else `off-path`, who has the fewest of all, within the same limits. rumur
and its C compiler take up to 20 ms for each ground transition, and time for each state that SPIN does not."""

BY_SPIN = {
    "ero-initial": "off-path",
    "type1-refresh": "off-path",
    "type1-handover": "off-path",
    "type1-handover-reactive": "off-path",
    "type2-rr": "off-path",
}
"""The other scenarios that are small enough: SPIN and its C compiler take some 5 ms for each ground transition."""

TOO_LARGE = ("rr-mobile", "ero-handoff", "type2-handshake")
"""More than `MOST_STATES` or `MOST_TRANSITIONS` already under the attacker who can do least."""


def test_every_scenario_is_compared_or_too_large() -> None:
    assert sorted([*BY_BOTH, *BY_SPIN, *TOO_LARGE]) == sorted(SHIPPED)
    for scenario in TOO_LARGE:
        (cell,) = plan(Request((scenario,), ("off-path",)))
        properties = tuple(INVARIANTS[name] for name in cell.properties if name in INVARIANTS)
        system = prepare(cell.scenario, cell.policy, cell.attacker, properties).grounded.system
        states = explore(system, max_states=MOST_STATES + 1).states
        assert states > MOST_STATES or len(system.transitions) > MOST_TRANSITIONS


@pytest.mark.parametrize("scenario", BY_BOTH)
def test_rumur_and_spin_find_what_the_explorer_found(scenario: str, tmp_path: Path) -> None:
    judged = judged_of(Request((scenario,), (BY_BOTH[scenario],)))
    spin_agrees(judged, tmp_path)
    rumur_agrees(judged.system, [i for i, length in broken(judged) if length is None], tmp_path)
    violated = [(invariant, length) for invariant, length in broken(judged) if length is not None]
    if violated:
        deepest, length = max(violated, key=lambda pair: pair[1])
        rumur_finds_a_shortest_violation(judged.system, deepest, length, tmp_path)


@pytest.mark.parametrize("scenario", BY_SPIN)
def test_spin_finds_what_the_explorer_found(scenario: str, tmp_path: Path) -> None:
    spin_agrees(judged_of(Request((scenario,), (BY_SPIN[scenario],))), tmp_path)


def broken(judged: Judged) -> list[tuple[Invariant, int | None]]:
    return list(zip(judged.invariants, judged.lengths, strict=True))


def spin_agrees(judged: Judged, directory: Path) -> None:
    """States, transitions, and for each property the number of states that break it."""
    stored = peers.spin(promela(judged.system, invariants=judged.invariants), directory)
    assert stored.states == judged.explored.states
    assert stored.taken == judged.explored.transitions
    ours = {invariant.name: breaking(invariant, judged) for invariant, length in broken(judged) if length is not None}
    assert stored.broken == ours
    assert all(ours.values())


def breaking(invariant: Invariant, judged: Judged) -> int:
    """The number of states that an invariant does not allow."""
    return sum(not allows(invariant, state) for state in judged.explored.states_iter())


def allows(invariant: Invariant, state: tuple[int, int]) -> bool:
    return (state[0] & invariant.mask, state[1] & invariant.facts) in invariant.allowed


def rumur_agrees(system: TransitionSystem, holding: list[Invariant], directory: Path) -> None:
    explored = explore(system)
    seen = peers.rumur(murphi(system, invariants=holding), directory)
    assert (seen.failed, seen.states, seen.fired) == (None, explored.states, explored.transitions)


def rumur_finds_a_shortest_violation(system: TransitionSystem, invariant: Invariant, length: int, to: Path) -> None:
    """The counterexample is as long as ours, is a run of the system, and ends in a state that is not allowed."""
    seen = peers.rumur(murphi(system, invariants=[invariant]), to)
    assert (seen.failed, len(seen.path)) == (invariant.name, length)
    state = system.start
    for number in seen.path:
        assert system.enabled(system.transitions[number], *state)
        state = system.apply(system.transitions[number], *state)
    assert not allows(invariant, state)


def one_of(descriptions: list[Description]) -> Description:
    """A system that first chooses one of several, so that one compilation does for all: 1 + the sum of their states."""
    sizes, steps, horn, known = [len(descriptions) + 1], [], [], set()
    for number, each in enumerate(descriptions, 1):
        fields, facts = len(sizes), sum(other.facts for other in descriptions[: number - 1])
        sizes += each.sizes
        steps.append(Step(0, {0: 0}, {0: number}, frozenset(), frozenset()))
        for step in each.steps:
            reads = {0: number, **{fields + f: value for f, value in step.reads.items()}}
            writes = {fields + f: value for f, value in step.writes.items()}
            needs, learns = (frozenset(facts + fact for fact in some) for some in (step.needs, step.learns))
            steps.append(Step(0, reads, writes, needs, learns))
        horn += [(frozenset(facts + fact for fact in body), facts + head) for body, head in each.horn]
        known |= {facts + fact for fact in each.known}
    facts = sum(each.facts for each in descriptions)
    return Description(tuple(sizes), 8, facts, (False,), tuple(steps), tuple(horn), frozenset(known), (), ())


def named(system: TransitionSystem) -> TransitionSystem:
    """The same with values of all kinds, with names that are no identifiers, and a projection for each field."""
    kinds = {
        1: [(None,)],
        2: [(False, True), (True, False)],
        3: [("rule", "end if", '"*/ \\'), (0, 1, 7), (-1, 0, 1)],
    }
    fields = tuple(
        replace(field, name="clear = 1", values=known[number % len(known)])
        for number, field in enumerate(system.fields)
        for known in [kinds.get(len(field.values), [field.values])]
    )
    projections = tuple(Projection("a field", field.mask) for field in fields)
    return replace(system, fields=fields, facts=("assert",) * len(system.facts), projections=projections)


def test_on_random_systems_too(tmp_path: Path) -> None:
    rng = random.Random(1)
    descriptions = [random_description(rng, 6) for _ in range(6)]
    system = named(one_of(descriptions).build())
    explored = explore(system)
    assert explored.states == 1 + sum(len(each.search(100_000).states) for each in descriptions)
    assert Source(system, ()).circular
    field, seen = max(enumerate(explored.projections), key=lambda pair: pair[1][-1].depth)
    allowed = tuple((value.local, value.knowledge) for value in seen[:-1])
    invariant = Invariant("not the last", "violated", system.fields[field].mask, 0, allowed)
    spin_agrees(Judged(system, explored, (invariant,), (seen[-1].depth,)), tmp_path)
    rumur_agrees(system, [], tmp_path)
    rumur_finds_a_shortest_violation(system, invariant, seen[-1].depth, tmp_path)


def test_knowledge_is_closed_before_a_state_is_looked_at(tmp_path: Path) -> None:
    """Fact 5 follows from fact 4, and that from facts 0 to 3: nobody ever sees one without the other."""
    system = learner(4)
    invariant = Invariant("both or none", "holds", 0, 0b110000, ((0, 0), (0, 0b110000)))
    spin_agrees(Judged(system, explore(system), (invariant,), (None,)), tmp_path)
    rumur_agrees(system, [invariant], tmp_path)
