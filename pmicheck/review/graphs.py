"""State graphs: one scenario explored under one attacker, its states gathered and judged as verdicts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.result import telling
from pmicheck.grounding.retell import retell
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.graphs.data import Edge, Full, Node, Quotient, StateGraph
from pmicheck.report.record import record as stored
from pmicheck.report.words.narration import sentence
from pmicheck.review.cells import source_of
from pmicheck.review.quotients import Named, View, step_ghosts, views
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict
from pmicheck.verify.deciding import Finding, Judged, search
from pmicheck.verify.matrix import Cell, Request, plan

LIMIT = 2_000_000
"""States of a system whose graph is made at all."""

FULL = 10_000
"""States up to which a graph has every one of them."""


def graphs(record: stored.Record, *, progress: Callable[[str], None]) -> tuple[StateGraph, ...]:
    """One graph for each scenario of a record, made with the record's settings.

    It is the graph of the attacker with the fewest states among those under which something is violated, else among
    all. A graph with no more than a `reason` stands for one that would be too large. A scenario of the user's own in a
    record that does not say where it is written down has none.

    Args:
        progress: called as by `graph_of`.

    Raises:
        UsageError, ScenarioError: the file of a scenario is not there any more.
    """
    made = []
    for chosen in _chosen(record):
        settings = dict(record.settings)
        source = source_of(record, chosen.scenario)
        request = Request((source,), settings=tuple(settings.items()), without=chosen.without)
        try:
            made.append(graph_of(request, chosen.attacker, progress=progress))
        except LimitReached as error:
            names = chosen.scenario, chosen.attacker, settings, chosen.without
            made.append(StateGraph(*names, chosen.states, chosen.transitions, chosen.complete, reason=f"{error}."))
    return tuple(made)


def _chosen(record: stored.Record) -> Iterator[stored.Exploration]:
    """The exploration of each scenario that a picture tells most about; a record need not say where a file is."""
    broken = {r.names()[:2] for r in record.results if r.verdict is Verdict.VIOLATED and r.property != PROGRESS}
    by_scenario: dict[str, list[stored.Exploration]] = {}
    for each in record.explorations:
        by_scenario.setdefault(each.scenario, []).append(each)
    for scenario, explored in by_scenario.items():
        if source_of(record, scenario):
            telling_most = [each for each in explored if (scenario, each.attacker) in broken] or explored
            yield min(telling_most, key=lambda each: each.states)


def graph_of(request: Request, attacker: str, *, progress: Callable[[str], None]) -> StateGraph:
    """The graph of one scenario under one attacker; violations are those of every property that applies.

    Args:
        request: names one scenario; settings, mechanisms and limits count, attackers and properties do not.
        progress: called with a message of the moment (see `telling`) for each depth explored.

    Raises:
        UsageError, ScenarioError: not one scenario, or an unknown name.
        LimitReached: there are more than `LIMIT` states, and the request does not set a lower limit.
    """
    if len(request.scenarios) != 1:
        raise UsageError(f"a state graph is about one scenario, and {len(request.scenarios)} are named")
    (cell,) = plan(replace(request, attackers=(attacker,), properties=()))
    properties = tuple(INVARIANTS[name] for name in cell.invariants)
    prepared = cell.engine.prepare(cell.scenario, cell.policy, cell.attacker, properties)
    engine = cell.engine.at_most(LIMIT)
    watch = telling(f"state graph of {cell.scenario.name} / {attacker}", progress)
    judged = search(prepared, Decider(), engine=engine, edges=True, watch=watch)
    if judged.explored.stopped_by == "max_states" and engine.max_states == LIMIT:
        raise LimitReached(
            f"{cell.scenario.name} under {attacker} has more than {LIMIT:,} states, too many for a graph"
        )
    return _Gathered(cell, judged).graph(request)


@dataclass(frozen=True)
class _Judges:
    """What is wrong in a state.

    Attributes:
        names: the properties that some state breaks; findings: what judges them, in the same order.
        of_steps: the positions of those that look at what a step did, and not at the state that it leads to alone.
        mask, facts: the bits of a state that any of them looks at.
    """

    names: tuple[str, ...]
    findings: tuple[Finding, ...]
    of_steps: frozenset[int]
    mask: int
    facts: int

    @classmethod
    def of(cls, judged: Judged) -> _Judges:
        """All that is needed: a property that no state breaks has not to be asked again."""
        grounded = judged.prepared.grounded
        ghosts, projections = step_ghosts(grounded), grounded.system.projections
        found = {number: finding for number, finding in enumerate(judged.first) if finding is not None}
        return cls(
            tuple(judged.prepared.properties[number].name for number in found),
            tuple(found.values()),
            frozenset(place for place, number in enumerate(found) if projections[number].mask & ghosts),
            _joined(projections[number].mask for number in found),
            _joined(projections[number].facts for number in found),
        )

    def violated(self, local: int, knowledge: int) -> tuple[int, ...]:
        """The positions of the properties that a state breaks."""
        return tuple(n for n, each in enumerate(self.findings) if each.judge(local, knowledge) is not None)


Kind = tuple[tuple[int, ...] | None, tuple[int, ...]]
"""The node of a state in every view (None: the state is what a step did), and the properties that it breaks."""


class _Gathered:
    """The states by kind; decoding and judging are done once for each distinct value of the bits that matter."""

    def __init__(self, cell: Cell, judged: Judged) -> None:
        self.cell, self.prepared, self.explored = cell, judged.prepared, judged.explored
        self.judges = _Judges.of(judged)
        self.ghosts = step_ghosts(self.prepared.grounded)
        self.views = tuple(views(self.prepared, self.explored))
        self.classes: tuple[dict[Named, int], ...] = tuple({} for _ in self.views)
        self.kinds: list[Kind] = []
        self.first: list[int] = []
        self.kind_of = self._sort()
        self.size = Counter(self.kind_of)

    def _sort(self) -> list[int]:
        """The kind of each state, by number in order of the first state of that kind."""
        mask = self.ghosts | self.judges.mask | _joined(view.mask for view in self.views)
        facts = self.judges.facts | _joined(view.facts for view in self.views)
        seen: dict[tuple[int, int], int] = {}
        numbers: dict[Kind, int] = {}
        kind_of = []
        for state, (local, knowledge) in enumerate(self.explored.states_iter()):
            bits = local & mask, knowledge & facts
            if bits not in seen:
                kind = self._kind(*bits)
                if kind not in numbers:
                    numbers[kind] = len(numbers)
                    self.kinds.append(kind)
                    self.first.append(state)
                seen[bits] = numbers[kind]
            kind_of.append(seen[bits])
        return kind_of

    def _kind(self, local: int, knowledge: int) -> Kind:
        violated = self.judges.violated(local, knowledge)
        if local & self.ghosts:
            return None, violated
        names = [view.name(local, knowledge) for view in self.views]
        return tuple(
            known.setdefault(name, len(known)) for known, name in zip(self.classes, names, strict=True)
        ), violated

    def graph(self, request: Request) -> StateGraph:
        shown = [number for number, known in enumerate(self.classes) if len(known) > 1]
        explored = self.explored
        return StateGraph(
            scenario=self.cell.scenario.name,
            attacker=self.cell.attacker.name,
            settings=dict(request.settings),
            without=tuple(sorted(self.cell.policy.without)),
            states=explored.states,
            transitions=explored.transitions,
            complete=explored.complete,
            moments=sum(self.size[kind] for kind, (classes, _) in enumerate(self.kinds) if classes is None),
            quotients=tuple(self._quotient(number) for number in shown),
            full=self._full(shown) if explored.states <= FULL else None,
            reason="" if explored.states <= FULL else f"Every single state is kept of up to {FULL:,} only.",
        )

    def _quotient(self, number: int) -> Quotient:
        view: View = self.views[number]
        members: dict[int, list[int]] = {}
        for kind, (classes, _) in enumerate(self.kinds):
            if classes is not None:
                members.setdefault(classes[number], []).append(kind)
        nodes = tuple(self._node(name, members[place]) for name, place in self.classes[number].items())
        return Quotient(view.by, view.title, nodes, tuple(self._edges(number)))

    def _node(self, name: Named, members: Sequence[int]) -> Node:
        guilty = [kind for kind in members if self.kinds[kind][1]]
        broken = {place for kind in guilty for place in self.kinds[kind][1]}
        steps: dict[str, set[str]] = {}
        for kind in members:
            for prop, rules in self._breaches[0].get(kind, {}).items():
                steps.setdefault(prop, set()).update(rules)
        return Node(
            label=name.label,
            text=name.text,
            states=sum(self.size[kind] for kind in members),
            violating=sum(self.size[kind] for kind in guilty),
            violated=tuple(prop for place, prop in enumerate(self.judges.names) if place in broken),
            steps={prop: tuple(sorted(steps[prop])) for prop in self.judges.names if prop in steps},
            depth=self.explored.depth_of(self.first[members[0]]),
            trace=self._told(members, guilty),
            initial=self.kind_of[0] in members,
        )

    def _told(self, members: Sequence[int], guilty: Sequence[int]) -> tuple[str, ...]:
        """The run that `Node.trace` wants."""
        ways = [way for kind in members if (way := self._breaches[1].get(kind)) is not None]
        if ways and not guilty:
            state, via = min(ways)
            path = (*self.explored.path(state), via)
        else:
            path = self.explored.path(self.first[(guilty or members)[0]])
        return tuple(sentence(step) for step in retell(self.prepared.grounded, self.prepared.start, path).steps)

    @cached_property
    def _transitions(self) -> Counter[tuple[int, int, int]]:
        """How many there are, by the kind that they lead from, rule, and the kind that they lead to."""
        edges, system = self.explored.edges, self.prepared.grounded.system
        assert edges is not None
        rule_of, kind_of = [transition.rule for transition in system.transitions], self.kind_of
        rules, kinds = len(system.rules), len(self.kinds)
        packed = Counter(
            (kind_of[source] * rules + rule_of[via]) * kinds + kind_of[target]
            for source in range(edges.expanded)
            for via, target in edges.of(source)
        )
        return Counter({(at // kinds // rules, at // kinds % rules, at % kinds): n for at, n in packed.items()})

    @cached_property
    def _breaches(self) -> tuple[dict[int, dict[str, set[str]]], dict[int, tuple[int, int]]]:
        """By kind: which steps break what, as rules by property, and the first such step as (state, transition)."""
        rules: dict[int, dict[str, set[str]]] = {}
        for source, rule, target in self._transitions:
            for place in self._broken_by_step(target):
                found = rules.setdefault(source, {}).setdefault(self.judges.names[place], set())
                found.add(self.prepared.grounded.system.rules[rule].name)
        firsts: dict[int, tuple[int, int]] = {}
        edges, kind_of = self.explored.edges, self.kind_of
        assert edges is not None
        bad = {kind for kind in range(len(self.kinds)) if self._broken_by_step(kind)}
        for source in range(edges.expanded):
            if kind_of[source] in rules and kind_of[source] not in firsts:
                way = next((via for via, target in edges.of(source) if kind_of[target] in bad), None)
                if way is not None:
                    firsts[kind_of[source]] = source, way
        return rules, firsts

    def _broken_by_step(self, kind: int) -> list[int]:
        """The properties that are broken by the step that a state of this kind stands for."""
        classes, violated = self.kinds[kind]
        return [place for place in violated if classes is None and place in self.judges.of_steps]

    def _edges(self, number: int) -> Iterator[Edge]:
        """The transitions between the nodes of a view, in order of their nodes."""
        rules = self.prepared.grounded.system.rules
        found: dict[tuple[int, int], tuple[Counter[str], Counter[str]]] = {}
        for (source, rule, target), count in self._transitions.items():
            before, after = self.kinds[source][0], self.kinds[target][0]
            if before is not None and after is not None:
                counts = found.setdefault((before[number], after[number]), (Counter(), Counter()))
                counts[rules[rule].by_attacker][rules[rule].name] += count
        for (source, target), (honest, attacker) in sorted(found.items(), key=lambda item: item[0]):
            yield Edge(source, target, dict(sorted(honest.items())), dict(sorted(attacker.items())))

    def _full(self, shown: Sequence[int]) -> Full:
        explored, rules = self.explored, self.prepared.grounded.system.rules
        edges, transitions = explored.edges, self.prepared.grounded.system.transitions
        assert edges is not None
        nodes = [[classes[number] if classes else None for number in shown] for classes, _ in self.kinds]
        states = (
            (explored.depth_of(state), nodes[kind], self.kinds[kind][1]) for state, kind in enumerate(self.kind_of)
        )
        leaving = (
            [(transitions[via].rule, target) for via, target in edges.of(state)] if state < edges.expanded else []
            for state in range(explored.states)
        )
        attacking = [number for number, rule in enumerate(rules) if rule.by_attacker]
        return Full.of([rule.name for rule in rules], attacking, self.judges.names, states, leaving)


def _joined(masks: Iterable[int]) -> int:
    joined = 0
    for mask in masks:
        joined |= mask
    return joined
