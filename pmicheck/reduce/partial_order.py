"""Partial order: which transitions may be fired at once, alone and before all others, without losing a verdict.

`a` is **eager** if in every reachable state s in which it is enabled and changes something, to s':

* C0 (nothing is lost): s' is a state of the run, so a run never ends because of `a`.
* C1 (confluence): whatever transition b takes s to u, b takes s' to some u2, and u2 can do all that u can: u = u2,
  a(u) = u2 or a(u) = a(u2), or u2 is u with more known. So `a` first never forbids b. u = u2 is where b undoes `a`,
  as a tick of the clock does with all that is under way; without that, no step that a tick can overtake would be
  eager.
* C2 (invisible): s and s' look the same to every projection and goal, facts included. A fact counts as seen if some
  visible fact can be derived with its help.
* C3 (no cycle): no run of eager transitions alone that change the state is endless, so nothing is put off for ever.

Why that is enough. Let d(s) be the least number of steps that are not eager from s to a state with some label. Then
d(s') = d(s). It is no less, since `a` costs nothing. It is no more, by induction on the length of a cheapest run s
-b-> u ... to the label: b takes s' to u2 at the same cost, and d(u2) <= d(u) in each case of C1, by induction where
u2 and u differ by `a`, and because knowledge only grows where u2 knows more: the same run can be taken, and shows the
same, since what `a` taught helps to derive nothing that is seen (C2). If the run is empty, s' has the label as well
(C2). So a search that settles each state at once (C3: that ends) finds every label (value of a projection, goal), at
depth d: the least number of steps that are not eager.

So monotone learning is eager: nobody is ever the worse off for knowing. C1 is decided pair by pair on guards and
effects; pairs that never meet (`together.py`) need not agree. An observation state (layout.py) goes nowhere and
overwrites all, so it undoes whatever came before.

What is told of coverage is less: a rule that only does what an eager transition has just done is not seen to fire.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.grounding.system import TransitionSystem
from pmicheck.reduce.together import Together
from pmicheck.reduce.variables import variables_of


def eager_transitions(system: TransitionSystem) -> tuple[int, ...]:
    """The indices of transitions that may go first; the system itself is not reduced yet."""
    variables = variables_of(system)
    if variables is None:
        return ()
    checker = _Checker(system, Together(variables))
    return _without_cycles(checker, [a for a in checker.alive if checker.invisible(a) and checker.confluent(a)])


@dataclass(frozen=True)
class _Pair:
    """Transitions a and b where both are enabled: what may hold there."""

    context: int
    a: dict[int, int]
    b: dict[int, int]


class _Checker:
    def __init__(self, system: TransitionSystem, together: Together) -> None:
        self.system = system
        self.together = together
        self.guards = together.variables.guards
        self.effects = together.variables.effects
        self.contexts = together.context
        self.alive = [n for n, context in enumerate(together.context) if context is not None]
        self.seen = 0
        for mask in (*(p.mask for p in system.projections), *(g.mask for g in system.goals)):
            self.seen |= mask
        self.telling = _telling(system)

    def context(self, number: int) -> int:
        context = self.contexts[number]
        assert context is not None
        return context

    def unchanged(self, context: int, variable: int, value: int) -> bool:
        """Whether the variable has this value already wherever the context holds."""
        return self.together.may_hold(context, variable) == [value]

    def teaches(self, context: int, number: int) -> int:
        """The facts that a transition may teach in a context."""
        return self.system.transitions[number].learns & self.together.maybe_unknown(context)

    def idle(self, context: int, number: int) -> bool:
        """Whether the transition changes nothing in a context."""
        still = all(self.unchanged(context, *written) for written in self.effects[number].items())
        return still and not self.teaches(context, number)

    def invisible(self, a: int) -> bool:
        """C2, and that it does something at all."""
        context = self.context(a)
        if self.idle(context, a) or self.teaches(context, a) & self.telling:
            return False
        return not any(
            (before ^ after) & self.seen
            for variable, after in self.effects[a].items()
            for before in self.together.may_hold(context, variable)
        )

    def confluent(self, a: int) -> bool:
        """C1, against every other transition."""
        return all(b == a or self.agrees(a, b) for b in self.alive)

    def agrees(self, a: int, b: int) -> bool:
        """C1 for one pair, in all states where both are enabled."""
        context = self.context(a) & self.context(b)
        if not self.together.possible(context) or self.idle(context, b):
            return True
        if not self.stays_enabled(b, self.effects[a]):
            return False
        return self.undone(context, a, b) or self.commutes(a, b)

    def stays_enabled(self, number: int, *written: dict[int, int]) -> bool:
        """Whether the transition is enabled after these writes, one upon the other, where it was so before."""
        values = {variable: value for effect in written for variable, value in effect.items()}
        guard = self.guards[number]
        return all(value in guard[variable] for variable, value in values.items() if variable in guard)

    def undone(self, context: int, a: int, b: int) -> bool:
        """Whether b leads to the same fields with and without `a` before it."""
        written = (w for w in self.effects[a].items() if w[0] not in self.effects[b])
        return all(self.unchanged(context, *w) for w in written)

    def commutes(self, a: int, b: int) -> bool:
        """Whether `a` can follow b, and b then `a` is a then b, perhaps with `a` once more at its end."""
        first, second = self.effects[a], self.effects[b]
        if not self.stays_enabled(a, second):
            return False
        same = all(first[variable] == second[variable] for variable in first.keys() & second.keys())
        return same or self.stays_enabled(a, first, second)

    def wakes(self, by: int, a: int) -> bool:
        """Whether `by` may be why `a` changes the state once more after it has fired."""
        guard, effect, other = self.guards[a], self.effects[a], self.effects[by]
        ends = [v for v, value in effect.items() if v in guard and value not in guard[v]]
        if ends:
            return any(other.get(v) in guard[v] for v in ends)
        return any(other.get(v, value) != value for v, value in effect.items())


def _telling(system: TransitionSystem) -> int:
    """The facts that are seen, and all that help to derive them."""
    facts = 0
    for seen in (*(p.facts for p in system.projections), *(g.facts for g in system.goals)):
        facts |= seen
    return system.with_premises(facts)


def _without_cycles(checker: _Checker, candidates: list[int]) -> tuple[int, ...]:
    """C3: the candidates without enough of them to break every cycle of who lets whom fire again."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(candidates)
    graph.add_edges_from((by, a) for a in candidates for by in candidates if a != by and checker.wakes(by, a))
    rules, transitions = checker.system.rules, checker.system.transitions
    while True:
        cycles = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
        if not cycles:
            return tuple(sorted(graph.nodes))
        for part in cycles:
            graph.remove_node(max(part, key=lambda n: (rules[transitions[n].rule].by_attacker, graph.degree(n), n)))
