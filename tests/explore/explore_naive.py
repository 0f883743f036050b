"""A third explorer, on values instead of bits: what both kernels are held against.

A system is described with tuples and sets only; `Description.build` turns it into masks for the kernels.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from explore_systems import lay_out

from pmicheck.grounding.system import Goal, Horn, Projection, Rule, Transition, TransitionSystem

Values = tuple[int, ...]
State = tuple[Values, frozenset[int]]


@dataclass(frozen=True)
class Step:
    rule: int
    reads: dict[int, int]
    writes: dict[int, int]
    needs: frozenset[int]
    learns: frozenset[int]


@dataclass(frozen=True)
class Description:
    sizes: tuple[int, ...]
    words: int
    facts: int
    attacker_rules: tuple[bool, ...]
    steps: tuple[Step, ...]
    horn: tuple[tuple[frozenset[int], int], ...]
    known: frozenset[int]
    projections: tuple[tuple[frozenset[int], frozenset[int]], ...]
    goals: tuple[tuple[dict[int, int], frozenset[int]], ...]

    def build(self) -> TransitionSystem:
        fields, width = lay_out([(f"v{i}", size) for i, size in enumerate(self.sizes)], self.words)

        def mask(numbers):
            return sum(fields[i].mask for i in numbers)

        def put(values):
            return sum(v << fields[i].shift for i, v in values.items())

        def facts(numbers):
            return sum(1 << n for n in numbers)

        return TransitionSystem(
            name="random",
            width=width,
            fields=fields,
            rules=tuple(Rule(f"r{i}", "someone", "1", by_attacker=b) for i, b in enumerate(self.attacker_rules)),
            transitions=tuple(
                Transition(
                    s.rule,
                    mask(s.reads),
                    put(s.reads),
                    mask(s.writes),
                    put(s.writes),
                    facts(s.needs),
                    facts(s.learns),
                )
                for s in self.steps
            ),
            facts=tuple(f"f{i}" for i in range(self.facts)),
            horn=tuple(Horn(facts(body), head) for body, head in self.horn),
            initial=0,
            known=facts(self.known),
            projections=tuple(Projection(f"p{i}", mask(on), facts(of)) for i, (on, of) in enumerate(self.projections)),
            goals=tuple(Goal(f"g{i}", mask(on), put(on), facts(of)) for i, (on, of) in enumerate(self.goals)),
        )

    def close(self, facts: frozenset[int]) -> frozenset[int]:
        """The least fixed point, by repetition until nothing changes."""
        while True:
            more = facts | {head for body, head in self.horn if body <= facts}
            if more == facts:
                return facts
            facts = more

    def successors(self, state: State) -> list[tuple[Step, State]]:
        values, facts = state
        found = []
        for step in self.steps:
            if step.needs <= facts and all(values[i] == v for i, v in step.reads.items()):
                after = tuple(step.writes.get(i, v) for i, v in enumerate(values))
                found.append((step, (after, self.close(facts | step.learns))))
        return found

    def search(self, most: int) -> NaiveResult:
        """Breadth first, each state expanded once; cut before the state beyond `most`."""
        start = (tuple(0 for _ in self.sizes), self.close(self.known))
        depth = {start: 0}
        queue, fired = [start], [0] * len(self.attacker_rules)
        for state in queue:
            for step, after in self.successors(state):
                if after not in depth:
                    if len(depth) == most:
                        return NaiveResult(self, queue, depth, fired, False)
                    depth[after] = depth[state] + 1
                    queue.append(after)
                fired[step.rule] += 1
        return NaiveResult(self, queue, depth, fired, True)


@dataclass(frozen=True)
class NaiveResult:
    described: Description
    states: list[State]
    depth: dict[State, int]
    fired: list[int]
    complete: bool

    def levels(self) -> list[int]:
        depths = list(self.depth.values())
        return [depths.count(d) for d in range(max(depths) + 1)]

    def projected(self) -> list[list[tuple[Values, frozenset[int], int, int]]]:
        """For each projection (values, facts, state, depth) of the first state with each value."""
        found = []
        for on, of in self.described.projections:
            seen = {}
            for number, (values, facts) in enumerate(self.states):
                key = (tuple(v for i, v in enumerate(values) if i in on), facts & of)
                seen.setdefault(key, (*key, number, self.depth[self.states[number]]))
            found.append(list(seen.values()))
        return found

    def goals(self) -> list[tuple[int, int] | None]:
        found = []
        for on, of in self.described.goals:
            hits = (
                (number, self.depth[state])
                for number, state in enumerate(self.states)
                if all(state[0][i] == v for i, v in on.items()) and of <= state[1]
            )
            found.append(next(hits, None))
        return found


def random_description(rng: random.Random, scale: int) -> Description:
    """A system of a size that grows with `scale` (1: a handful of transitions; 10: a hundred)."""
    words = rng.choice([1, 1, 2, 3, 5])
    sizes = tuple(rng.choice([1, 2, 3, 5, 700]) for _ in range(rng.randint(1, min(6 * words, 4 + scale))))
    facts = rng.choice([0, 3, 8, 70, 130])
    rules = tuple(rng.random() < 0.3 for _ in range(rng.randint(1, 5)))

    def some_facts(most):
        return frozenset(rng.randrange(facts) for _ in range(rng.randint(0, most))) if facts else frozenset()

    # Few fields and values are in play, or hardly a guard would ever hold.
    active = rng.sample(range(len(sizes)), k=min(len(sizes), 4 + scale // 4))

    def assignment(most):
        chosen = rng.sample(active, k=min(len(active), rng.randint(0, most)))
        return {i: rng.choice([0, min(1, sizes[i] - 1), sizes[i] - 1]) for i in chosen}

    steps = tuple(
        Step(rng.randrange(len(rules)), assignment(3), assignment(2), some_facts(2), some_facts(1))
        for _ in range(rng.randint(0, 12 * scale))
    )
    horn = tuple((some_facts(3), rng.randrange(facts)) for _ in range(rng.randint(0, 2 * facts)))
    kept = tuple((body, head) for body, head in horn if body or rng.random() < 0.1)
    projections = tuple(
        (frozenset(rng.sample(range(len(sizes)), k=rng.randint(0, len(sizes)))), some_facts(4))
        for _ in range(rng.randint(0, 3))
    )
    goals = tuple((assignment(3), some_facts(2)) for _ in range(rng.randint(0, 3)))
    return Description(sizes, words, facts, rules, steps, kept, some_facts(3), projections, goals)
