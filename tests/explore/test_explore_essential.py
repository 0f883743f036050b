"""What a path to harm needs, held against searches of the whole system."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from explore_naive import random_description
from explore_systems import counter, guarded, lay_out, learner, philosophers

from pmicheck.explore.essential import Harmful, essential, follow, minimise, point_of_no_return
from pmicheck.explore.explorer import explore
from pmicheck.grounding.system import Goal, Rule, TransitionSystem

HONEST, ATTACK, TICK = range(3)
RULES = (
    Rule("works", "worker", "1"),
    Rule("attacks", "attacker", "1", by_attacker=True),
    Rule("ticks", "clock", "1"),
)


def meets(goal: Goal) -> Harmful:
    return lambda local, knowledge: local & goal.mask == goal.value and not goal.facts & ~knowledge


def chain(*rules: int) -> tuple[TransitionSystem, tuple[int, ...], Harmful]:
    """A job of as many steps as there are rules, one transition each; harm is done by the last."""
    fields, width = lay_out([("job", len(rules) + 1)])
    (job,) = fields
    steps = tuple(guarded(rule, [(job, at)], [(job, at + 1)]) for at, rule in enumerate(rules))
    system = TransitionSystem("chain", width, fields, RULES, steps, (), (), 0, 0)
    return system, tuple(range(len(rules))), lambda local, _: job.index(local) == len(rules)


def wandering(system: TransitionSystem, harmful: Harmful, seed: int, longest: int = 60) -> tuple[int, ...] | None:
    """A random walk up to its last harmful state: a counterexample full of detours, if it met one."""
    rng, state, walked, found = random.Random(seed), system.start, [], None
    for _ in range(longest):
        enabled = [n for n, t in enumerate(system.transitions) if system.enabled(t, *state)]
        if not enabled:
            break
        walked.append(rng.choice(enabled))
        state = system.apply(system.transitions[walked[-1]], *state)
        found = tuple(walked) if harmful(*state) else found
    return found


def ends_in_harm(system: TransitionSystem, path: tuple[int, ...], harmful: Harmful) -> bool:
    """Whether every step is enabled and the last state harmful."""
    state = system.start
    for index in path:
        if not system.enabled(system.transitions[index], *state):
            return False
        state = system.apply(system.transitions[index], *state)
    return harmful(*state)


def random_harm(seed: int) -> tuple[TransitionSystem, Goal, tuple[int, ...]]:
    """A random system, a goal that only states far from its start meet, and a shortest path there."""
    system = random_description(random.Random(seed), 6).build()
    found = explore(system, max_states=2000, kernel="python")
    local, knowledge = found.state(found.states - 1)
    goal = Goal("far", (1 << system.width) - 1, local, knowledge)
    first = explore(replace(system, goals=(goal,)), max_states=2000, kernel="python")
    return system, goal, first.path(first.goals[0].state)


def test_random_harm_is_some_steps_away() -> None:
    assert sum(len(random_harm(seed)[2]) >= 3 for seed in range(60)) >= 20


@pytest.mark.parametrize("seed", range(60))
def test_a_shortest_path_is_minimal_and_every_step_of_it_essential(seed: int) -> None:
    system, goal, path = random_harm(seed)
    assert minimise(system, path, meets(goal)) == path
    assert essential(system, path, meets(goal)) == (True,) * len(path)


def test_the_way_to_a_deadlock_and_round_an_odometer_is_minimal() -> None:
    for system in (philosophers(4), counter(3, 4), learner(5)):
        found = explore(system)
        path = found.path(found.goals[0].state)
        assert len(path) >= 4
        assert minimise(system, path, meets(system.goals[0])) == path


@pytest.mark.parametrize("seed", range(40))
def test_a_walk_with_detours_shrinks_to_a_path_without_spare_steps(seed: int) -> None:
    system = philosophers(3)
    harmful = meets(system.goals[0])
    walk = wandering(system, harmful, seed)
    if walk is None:
        walk = next(w for more in range(1000) if (w := wandering(system, harmful, 1000 * seed + more)))
    shrunk = minimise(system, walk, harmful)
    assert ends_in_harm(system, shrunk, harmful)
    assert all(essential(system, shrunk, harmful))
    for size in (1, 2):
        for gone in combinations(range(len(shrunk)), size):
            assert not ends_in_harm(system, tuple(s for n, s in enumerate(shrunk) if n not in gone), harmful)
    assert minimise(system, shrunk, harmful) == shrunk


def test_walks_with_detours_do_shrink() -> None:
    system = philosophers(3)
    harmful = meets(system.goals[0])
    walks = [walk for seed in range(200) if (walk := wandering(system, harmful, seed))]
    assert len(walks) > 20
    assert max(map(len, walks)) > 20
    assert {len(minimise(system, walk, harmful)) for walk in walks} == {3}


def test_a_step_that_only_serves_a_detour_goes_with_it() -> None:
    fields, width = lay_out([("door", 2), ("lamp", 2), ("job", 2)])
    door, lamp, job = fields
    steps = (
        guarded(HONEST, [(door, 0)], [(door, 1)]),
        guarded(HONEST, [(door, 1), (lamp, 0)], [(lamp, 1)]),
        guarded(HONEST, [(job, 0)], [(job, 1)]),
    )
    system = TransitionSystem("room", width, fields, RULES, steps, (), (), 0, 0)

    def harmful(local: int, _: int) -> bool:
        return job.index(local) == 1

    assert essential(system, (0, 1, 2), harmful) == (False, False, True)
    assert minimise(system, (0, 1, 2), harmful) == (2,)


def test_what_is_not_enabled_without_a_step_is_skipped() -> None:
    system, path, harmful = chain(HONEST, HONEST, ATTACK)
    assert follow(system, path) == (path, (3, 0))
    assert follow(system, (0, 2)) == ((0,), (1, 0))
    assert essential(system, path, harmful) == (True, True, True)


def test_steps_are_needed_for_what_they_teach() -> None:
    system = learner(3)
    assert essential(system, (0, 1, 0, 2), meets(system.goals[0])) == (False, True, False, True)
    assert minimise(system, (0, 1, 0, 2), meets(system.goals[0])) in ((0, 1, 2), (1, 0, 2))


@pytest.mark.parametrize(
    ("rules", "with_time", "at_once"),
    [
        ((ATTACK,), 0, 0),
        ((HONEST, ATTACK), 1, 1),
        ((HONEST, HONEST, ATTACK, ATTACK), 2, 2),
        ((HONEST, ATTACK, HONEST, ATTACK), 3, 3),
        ((ATTACK, HONEST), None, None),
        ((TICK, ATTACK), 0, 1),
        ((HONEST, TICK, ATTACK), 1, 2),
        ((ATTACK, TICK), 0, None),
    ],
)
def test_where_there_is_one_way_the_attacker_needs_its_last_honest_step(
    rules: tuple[int, ...], with_time: int | None, at_once: int | None
) -> None:
    system, path, harmful = chain(*rules)
    assert point_of_no_return(system, path, harmful) == with_time
    assert point_of_no_return(system, path, harmful, may_wait=False) == at_once


def shortcut(target: int) -> tuple[TransitionSystem, tuple[int, ...], Harmful]:
    """Honest nodes do harm in four steps; after the first the attacker has a longer way of its own."""
    system, path, _ = chain(HONEST, HONEST, HONEST, HONEST)
    fields, width = lay_out([("job", 5), ("plot", 8)])
    job, plot = fields
    plotting = [guarded(ATTACK, [(job, 1), (plot, at)], [(plot, at + 1)]) for at in range(5)]
    strike = guarded(ATTACK, [(job, 1), (plot, 5)], [(job, target)])
    honest = [guarded(HONEST, [(job, at)], [(job, at + 1)]) for at in range(4)]
    steps = (*honest, *plotting, strike)
    return replace(system, width=width, fields=fields, transitions=steps), path, lambda local, _: job.index(local) == 4


def test_the_attackers_way_need_not_be_the_rest_of_the_path() -> None:
    assert point_of_no_return(*shortcut(target=4)) == 1
    assert point_of_no_return(*shortcut(target=3)) is None


def test_a_limit_makes_the_answer_late_and_never_early() -> None:
    system, path, harmful = shortcut(target=4)
    found = [point_of_no_return(system, path, harmful, limit) for limit in (0, 1, 7, 8, 100)]
    assert found == [None, None, None, 1, 1]
    chained = chain(HONEST, ATTACK)
    assert point_of_no_return(*chained, 0) == 1


def test_harm_that_is_there_from_the_start_needs_nothing() -> None:
    system, _, _ = chain(HONEST)
    assert minimise(system, (0,), lambda *_: True) == ()
    assert essential(system, (), lambda *_: True) == ()
    assert point_of_no_return(system, (), lambda *_: True) == 0


@pytest.mark.parametrize("strong", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_the_point_of_no_return_is_where_a_search_without_honest_rules_says(seed: int, strong: bool) -> None:
    """The attacker has some of the rules, or, if it is strong, all the others."""
    system, goal, path = random_harm(seed)
    rules = tuple(replace(rule, by_attacker=rule.by_attacker != strong) for rule in system.rules)
    system = replace(system, rules=rules)
    own = tuple(t for t in system.transitions if system.rules[t.rule].by_attacker)
    moments = []
    for k in range(len(path) + 1):
        local, knowledge = follow(system, path[:k])[1]
        alone = replace(system, transitions=own, initial=local, known=knowledge, goals=(goal,))
        moments.append(explore(alone, kernel="python").goals[0] is not None)
    first = moments.index(True)
    expected = None if 0 < first == len(path) else first
    assert point_of_no_return(system, path, meets(goal)) == expected
