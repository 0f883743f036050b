"""Random systems on which reductions bite: copies of one component, packets that hop, a clock that loses them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmicheck.grounding.system import WORD, Field, Goal, Horn, Projection, Rule, Transition, TransitionSystem

FLAGS, FACTS = 4, 2
SIZES = {"event": 3, "clock": 3}


@dataclass
class Maker:
    """Collects the parts of a system; a part of copy k belongs to rule 2 + k, shared ones to rules 0 and 1."""

    rng: random.Random
    copies: int
    fields: dict[str, Field] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    used: int = 0

    def place(self, name: str, size: int) -> None:
        width = max(1, (size - 1).bit_length())
        self.fields[name] = Field(name, self.used, width, tuple(range(size)))
        self.used += width

    def add(self, rule: int, reads: dict[str, int], writes: dict[str, int], needs: int = 0, learns: int = 0) -> None:
        reads = {"event": 0, **reads}
        self.transitions.append(Transition(rule, *self.bits(reads), *self.bits(writes), needs, learns))

    def bits(self, values: dict[str, int]) -> tuple[int, int]:
        mask = sum(self.fields[name].mask for name in values)
        return mask, sum(value << self.fields[name].shift for name, value in values.items())


def random_system(rng: random.Random, copies: int) -> TransitionSystem:
    """`copies` of a random component side by side. The first has goals of its own; a clock and an event are shared."""
    maker = Maker(rng, copies)
    for name, size in SIZES.items():
        maker.place(name, size)
    for copy in range(copies):
        maker.place(f"node{copy}", 3)
        maker.place(f"entry{copy}", 3)
        for flag in range(FLAGS):
            maker.place(f"flag{copy}.{flag}", 2)
    assert maker.used <= WORD
    for part in _component(rng):
        for copy in range(copies):
            _instance(maker, copy, *part)
    for now in range(rng.randint(0, 2)):
        flags = {name: 0 for name in maker.fields if name.startswith("flag")}
        maker.add(1, {"clock": now}, {"clock": now + 1, **flags})
    return _finished(maker)


def _component(rng: random.Random) -> Iterator[tuple[str, dict[str, int], dict[str, int], int, int]]:
    """Parts: (kind, reads, writes, fact needed or -1, fact learnt or -1), the fields without the number of the copy."""

    def fact(chance: float) -> int:
        return rng.randrange(FACTS) if rng.random() < chance else -1

    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(3)
        reads = {"node": at} | ({"clock": 0} if rng.random() < 0.3 else {})
        yield "step", reads, {"node": rng.randrange(3), f"flag.{rng.randrange(2)}": 1}, -1, fact(0.2)
    for hop in range(FLAGS - 1):
        if rng.random() < 0.8:
            yield "step", {f"flag.{hop}": 1}, {f"flag.{hop}": 0, f"flag.{hop + 1}": 1}, -1, fact(0.2)
    for _ in range(rng.randint(1, 3)):
        flag = f"flag.{rng.randrange(1, FLAGS)}"
        target, value = rng.choice(["node", "entry"]), rng.randrange(3)
        reads = {flag: 1} | ({"entry": rng.randrange(3)} if rng.random() < 0.5 else {})
        yield "step", reads, {flag: 0, target: value}, fact(0.2), fact(0.3)
        if rng.random() < 0.4:
            yield "event", reads, {"event": rng.randrange(1, 3)}, -1, -1
    if rng.random() < 0.4:
        yield "step", {"entry": rng.randrange(3)}, {"entry": rng.randrange(3)}, fact(0.9), fact(0.5)
    if rng.random() < 0.3:
        yield "step", {}, {f"flag.{rng.randrange(FLAGS)}": 1}, fact(0.5), -1


def _instance(
    maker: Maker, copy: int, kind: str, reads: dict[str, int], writes: dict[str, int], need: int, learn: int
) -> None:
    def own(values: dict[str, int]) -> dict[str, int]:
        return {_own(name, copy): value for name, value in values.items()}

    def fact(number: int) -> int:
        return 0 if number < 0 else 1 << (copy * FACTS + number)

    put = dict.fromkeys(maker.fields, 0) | writes if kind == "event" else own(writes)
    maker.add(2 + copy, own(reads), put, fact(need), fact(learn))


def _own(name: str, copy: int) -> str:
    if name in SIZES:
        return name
    kind, _, number = name.partition(".")
    return f"{kind}{copy}" + (f".{number}" if number else "")


def _finished(maker: Maker) -> TransitionSystem:
    rng, copies = maker.rng, maker.copies
    entries = {f"entry{copy}": 0 for copy in range(copies)}
    shared = copies * FACTS
    chained = rng.random() < 0.5
    horn = tuple(Horn(1 << (c * FACTS) | 1 << (c * FACTS + 1), shared) for c in range(copies) if chained)
    told = 1 << shared if rng.random() < 0.5 else 0
    each = tuple((maker.bits({name: 0})[0], 0) for name in entries)
    looks = [
        Projection("entries", maker.bits(entries)[0], parts=each),
        Projection("first entry", maker.bits({"entry0": 0, "event": 0})[0], told),
        Projection("event", maker.bits({"event": 0})[0]),
    ]
    goals = [Goal("first", *maker.bits({"entry0": rng.randrange(3), "node0": rng.randrange(3)}))]
    goals.append(Goal("told", *maker.bits({"event": 0}), told))
    rules = ("start", "clock", *(f"copy {copy}" for copy in range(copies)))
    return TransitionSystem(
        "random",
        WORD,
        tuple(maker.fields.values()),
        tuple(Rule(name, "somebody", "1") for name in rules),
        tuple(maker.transitions),
        tuple(f"fact {number}" for number in range(shared + 1)),
        horn,
        0,
        0,
        tuple(looks),
        tuple(goals),
    )


@dataclass(frozen=True)
class Seen:
    """What a plain search finds: values of each projection and goals, each with the fewest steps that cost."""

    states: int
    projections: tuple[dict[tuple[int, int], int], ...]
    goals: tuple[int | None, ...]
    fired: frozenset[int]


def search(system: TransitionSystem, free: frozenset[int], most: int) -> Seen | None:
    """All states of the system itself, `free` transitions costing nothing; None if there are more than `most`."""
    cost, agenda = {system.start: 0}, deque([system.start])
    settled: set[tuple[int, int]] = set()
    fired: set[int] = set()
    while agenda:
        state = agenda.popleft()
        if state in settled:
            continue
        settled.add(state)
        for number, t in enumerate(system.transitions):
            if not system.enabled(t, *state):
                continue
            fired.add(t.rule)
            after, price = system.apply(t, *state), cost[state] + (number not in free)
            if price < cost.get(after, price + 1):
                cost[after] = price
                (agenda.append if price > cost[state] else agenda.appendleft)(after)
        if len(cost) > most:
            return None
    projections: tuple[dict[tuple[int, int], int], ...] = tuple({} for _ in system.projections)
    goals: list[int | None] = [None] * len(system.goals)
    for (local, knowledge), price in sorted(cost.items(), key=lambda item: item[1]):
        for projection, values in zip(system.projections, projections, strict=True):
            values.setdefault((local & projection.mask, knowledge & projection.facts), price)
        for number, goal in enumerate(system.goals):
            if goals[number] is None and local & goal.mask == goal.value and not goal.facts & ~knowledge:
                goals[number] = price
    return Seen(len(cost), projections, tuple(goals), frozenset(fired))
