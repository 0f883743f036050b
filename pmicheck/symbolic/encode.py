"""TransitionSystem -> z3: states, steps and knowledge as propositional formulas, one copy for every step.

Every bit of `local` is a Boolean, and so is every fact. Step k chooses exactly one transition by one-hot
Booleans; a guard or an effect is decided once per cell and step and shared by all transitions that have it,
which keeps nearly all clauses binary. Bits and facts that the relaxation (relax.py) shows to be constant at a
step are Python's True and False and never reach z3. z3's finite-domain solver (QF_FD: a SAT solver with
cardinalities and bit-vectors) does the rest; it works incrementally, so an unrolling only ever grows.

**Why the knowledge is exactly the Horn closure.** Let K be the closed set before a step and L what the step
teaches. A model must not be free to choose *any* set that is closed under the rules: it would invent facts.
Nor is "a fact holds iff it was known, is learned or has a rule whose body holds" (Clark's completion) enough:
two facts that imply each other could carry each other. We assert both halves:

* closed: K and L persist, and where all of a body holds the head holds. So the model's set contains the least
  fixpoint.
* justified: a fact that is new at a step is learned there, or is the head of a rule whose body holds there
  *and whose members of the same strongly connected component have a smaller rank*. Walking down from a new
  fact, every step either leaves the component for an earlier one (finitely many) or lowers the rank, so it
  ends in learned or old facts: the model's set is contained in the least fixpoint.

One rank per fact serves all steps, since knowledge never shrinks: a fact becomes new at one step only. That
loses no run: number the facts of a component in the order in which they really become known (by step, then by
the round of the closure), and every derivation used is ranked; as many ranks as the component has members
suffice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import networkx
import z3

from pmicheck.grounding.system import TransitionSystem, bits
from pmicheck.symbolic.formulas import Literal, conjunction, disjunction, membership, negation
from pmicheck.symbolic.relax import Layer, Relaxation, relax

State = tuple[int, int]


class Alternative(NamedTuple):
    """The states with `local & mask == value` that know all of `facts` and none of `absent`."""

    mask: int
    value: int
    facts: int = 0
    absent: int = 0

    def admits(self, state: State) -> bool:
        local, knowledge = state
        known = self.facts & ~knowledge == 0 and self.absent & knowledge == 0
        return known and local & self.mask == self.value


Target = Sequence[Sequence[int]]  # alternatives: (mask, value, facts) or `Alternative`


def alternatives(target: Iterable[Sequence[int]]) -> tuple[Alternative, ...]:
    """The target with the optional parts filled in."""
    return tuple(Alternative(*one) for one in target)


class EncodingError(RuntimeError):
    """A model of the formulas is no run of the system: a fault of this package, never of the user."""


class Unrolling:
    """A growing chain of states and the steps between them.

    Args:
        system: what to unroll.
        free: False: state 0 is the initial state. True: state 0 is any state of the relaxation's last layer
            whose knowledge is closed and contains the initial one (for induction).
        seed: z3's random seed.
    """

    def __init__(self, system: TransitionSystem, *, free: bool = False, seed: int = 0) -> None:
        self.system = system
        self.free = free
        self.relaxation: Relaxation = relax(system)
        self.context = z3.Context()  # private: no other run can influence the order in which z3 works
        self.solver = z3.SolverFor("QF_FD", ctx=self.context)
        self.solver.set("random_seed", seed)
        self._start, self._given = system.start
        self._derivations = _Derivations(self.context, system, self._given, self.relaxation.layers[-1].knowledge)
        self._local: list[dict[int, Literal]] = []
        self._known: list[dict[int, Literal]] = []
        self._chosen: list[dict[int, Literal]] = []
        self._begin()

    @property
    def depth(self) -> int:
        """The number of steps encoded so far; states 0 to `depth` exist."""
        return len(self._chosen)

    # --- what a caller may say about a state, and read from a model ---

    def bit(self, step: int, index: int) -> Literal:
        """Bit `index` of `local` in state `step`; a bit that no cell owns is never set."""
        return self._local[step].get(index, False)

    def fact(self, step: int, index: int) -> Literal:
        """Whether fact `index` is known in state `step`."""
        return bool(self._given >> index & 1) or self._known[step].get(index, False)

    def chosen(self, step: int) -> dict[int, Literal]:
        """For every transition that may lead from state `step` to the next: the Boolean that says it does."""
        return self._chosen[step]

    def matches(self, step: int, target: Iterable[Sequence[int]]) -> Literal:
        """State `step` satisfies one of the alternatives."""
        return disjunction(self._matches(step, one) for one in alternatives(target))

    def word(self, step: int, mask: int, facts: int) -> list[Literal]:
        """The literals of the bits in `mask`, lowest first, and then of those in `facts`."""
        return [self.bit(step, i) for i in bits(mask)] + [self.fact(step, i) for i in bits(facts)]

    def require(self, literal: Literal) -> None:
        """Assert `literal` in all that follows."""
        if literal is not True:
            self.solver.add(z3.BoolVal(False, self.context) if literal is False else literal)

    def new(self, name: str) -> Any:
        """A z3 Boolean; the same one for the same name."""
        return z3.Bool(name, self.context)

    def check(self, seconds: float | None, *assumptions: Literal) -> Any:
        """z3's answer under `assumptions` (z3 Booleans); unknown if it takes longer than `seconds`."""
        self.solver.set("timeout", 4294967295 if seconds is None else max(1, int(seconds * 1000)))
        return self.solver.check(*assumptions)

    def run(self, model: Any, last: int) -> tuple[tuple[int, ...], tuple[State, ...]]:
        """Transitions and states of `model` up to state `last`, every step checked with `system.apply`."""
        states = [self._state(model, step) for step in range(last + 1)]
        path = [next(i for i, literal in self._chosen[step].items() if _true(model, literal)) for step in range(last)]
        follow(self.system, states[0], path, states)
        return tuple(path), tuple(states)

    # --- construction ---

    def extend(self) -> None:
        """Encode one more step. Where no transition can fire at all the formulas become unsatisfiable."""
        step = self.depth
        layer = self._layer(step)
        chosen: dict[int, Literal] = {i: self.new(f"t{step}_{i}") for i in layer.transitions}
        self._chosen.append(chosen)
        if not chosen:
            self.require(False)
        else:
            self.require(disjunction(chosen.values()))
            self.solver.add(z3.AtMost(*chosen.values(), 1))
        self._guards(step, chosen)
        self._effects(step, chosen)
        self._learning(step, chosen)

    def _layer(self, step: int) -> Layer:
        return self.relaxation.layers[-1] if self.free else self.relaxation.layer(step)

    def _begin(self) -> None:
        """State 0."""
        layer = self._layer(0)
        live = list(bits(layer.knowledge & ~self._given))
        local: dict[int, Literal] = {}
        for cell, numbers in zip(self.relaxation.cells, layer.values, strict=True):
            for i in range(cell.width):
                local[cell.shift + i] = _constant(numbers, i, f"b0_{cell.shift + i}", self.context)
        self._local.append(local)
        self._known.append({i: self.new(f"k0_{i}") for i in live})
        if self.free:
            for cell, numbers in zip(self.relaxation.cells, layer.values, strict=True):
                if 1 < len(numbers) < 1 << cell.width:
                    word = [local[cell.shift + i] for i in range(cell.width)]
                    self.require(membership(word, numbers, self.context))
            self._close(0)

    def _guards(self, step: int, chosen: dict[int, Literal]) -> None:
        tests: dict[tuple[int, int, int], Literal] = {}
        for i, literal in chosen.items():
            for touch in self.relaxation.touches[i]:
                key = (touch.cell, touch.mask, touch.value)
                if key not in tests:
                    shift = self.relaxation.cells[touch.cell].shift
                    tests[key] = self._equal(step, touch.mask << shift, touch.value << shift)
                self.require(disjunction([negation(literal), tests[key]]))
            for fact in bits(self.system.transitions[i].needs & ~self._given):
                self.require(disjunction([negation(literal), self.fact(step, fact)]))

    def _effects(self, step: int, chosen: dict[int, Literal]) -> None:
        """Explanatory frame axioms: a bit is set iff the step puts it, or it was set and the step does not
        clear it."""
        setters: dict[int, list[Literal]] = defaultdict(list)
        clearers: dict[int, list[Literal]] = defaultdict(list)
        writers: dict[tuple[int, int, int], list[Literal]] = defaultdict(list)
        for i, literal in chosen.items():
            for touch in self.relaxation.touches[i]:
                if touch.clear | touch.put:
                    writers[touch.cell, touch.clear & ~touch.put, touch.put].append(literal)
        for (cell, clear, put), literals in writers.items():
            shift = self.relaxation.cells[cell].shift
            writes = disjunction(literals)
            for bit in bits(put):
                setters[shift + bit].append(writes)
            for bit in bits(clear):
                clearers[shift + bit].append(writes)
        after: dict[int, Literal] = {}
        following = self._layer(step + 1)
        for cell_, numbers in zip(self.relaxation.cells, following.values, strict=True):
            for offset in range(cell_.width):
                index = cell_.shift + offset
                kept = conjunction([self.bit(step, index), negation(disjunction(clearers[index]))])
                now = disjunction([*setters[index], kept])
                after[index] = self._named(_constant(numbers, offset, f"b{step + 1}_{index}", self.context), now)
        self._local.append(after)

    def _named(self, name: Literal, value: Literal) -> Literal:
        """A short name for `value`, unless either is known or short already."""
        if isinstance(name, bool):
            return name
        if isinstance(value, bool) or z3.is_const(value):
            return value
        self.solver.add(name == value)
        return name

    def _learning(self, step: int, chosen: dict[int, Literal]) -> None:
        """The facts of state `step + 1`: what was known, what is learned, and the closure, as argued
        above."""
        teachers: dict[int, list[Literal]] = defaultdict(list)
        for i, literal in chosen.items():
            for fact in bits(self.system.transitions[i].learns & ~self._given):
                teachers[fact].append(literal)
        live = list(bits(self._layer(step + 1).knowledge & ~self._given))
        self._known.append({i: self.new(f"k{step + 1}_{i}") for i in live})
        for fact in live:
            known = self.fact(step + 1, fact)
            given = [self.fact(step, fact), *teachers[fact]]
            for reason in given:
                self.require(disjunction([negation(reason), known]))
            reasons = [
                conjunction([*(self.fact(step + 1, b) for b in bits(body)), *smaller])
                for body, smaller in self._derivations.of(fact)
            ]
            self.require(disjunction([negation(known), *given, *reasons]))
        self._close(step + 1)

    def _close(self, step: int) -> None:
        for head, bodies in self._derivations.bodies.items():
            for body in bodies:
                premises = [negation(self.fact(step, b)) for b in bits(body)]
                self.require(disjunction([*premises, self.fact(step, head)]))

    def _equal(self, step: int, mask: int, value: int) -> Literal:
        if value & ~mask:
            return False
        literals = ((self.bit(step, i), value >> i & 1) for i in bits(mask))
        return conjunction(literal if wanted else negation(literal) for literal, wanted in literals)

    def _matches(self, step: int, one: Alternative) -> Literal:
        known = [self.fact(step, i) for i in bits(one.facts)]
        unknown = [negation(self.fact(step, i)) for i in bits(one.absent)]
        return conjunction([self._equal(step, one.mask, one.value), *known, *unknown])

    def _state(self, model: Any, step: int) -> State:
        local = sum(1 << i for i, literal in self._local[step].items() if _true(model, literal))
        known = sum(1 << i for i, literal in self._known[step].items() if _true(model, literal))
        return local, known | self._given


class _Derivations:
    """The Horn rules that can still matter, and the ranks that keep their justifications from going in
    circles."""

    def __init__(self, context: Any, system: TransitionSystem, given: int, possible: int) -> None:
        self.bodies: dict[int, list[int]] = defaultdict(list)
        graph = networkx.DiGraph()
        for rule in system.horn:
            useful = rule.body & ~possible == 0 and not (rule.body | given) >> rule.head & 1
            if useful:
                body = rule.body & ~given
                self.bodies[rule.head].append(body)
                graph.add_edges_from((b, rule.head) for b in bits(body))
        self._component: dict[int, int] = {}
        self._rank: dict[int, Any] = {}
        for number, members in enumerate(networkx.strongly_connected_components(graph)):
            for fact in members:
                self._component[fact] = number
                if len(members) > 1:
                    width = max(1, (len(members) - 1).bit_length())
                    self._rank[fact] = z3.BitVec(f"rank_{fact}", width, context)
        self._cache: dict[int, list[tuple[int, list[Literal]]]] = {}

    def of(self, fact: int) -> list[tuple[int, list[Literal]]]:
        """Every way to derive `fact`: the body, and what must hold of the ranks."""
        if fact not in self._cache:
            home = self._component.get(fact)
            self._cache[fact] = [
                (
                    body,
                    [z3.ULT(self._rank[b], self._rank[fact]) for b in bits(body) if self._component[b] == home],
                )
                for body in self.bodies.get(fact, [])
            ]
        return self._cache[fact]


def follow(system: TransitionSystem, start: State, path: Sequence[int], states: Sequence[State] = ()) -> list[State]:
    """The states that `path` visits from `start`.

    Raises EncodingError if a transition is not enabled, or if `states` is given and says otherwise.
    """
    visited = [start]
    for number, index in enumerate(path):
        transition = system.transitions[index]
        if not system.enabled(transition, *visited[-1]):
            raise EncodingError(f"step {number + 1} of the path (transition {index}) is not enabled")
        visited.append(system.apply(transition, *visited[-1]))
    if states and visited != list(states):
        raise EncodingError("the states of the model are not those of the system")
    return visited


def _constant(numbers: Iterable[int], offset: int, name: str, context: Any) -> Literal:
    """True or False if bit `offset` is the same in all `numbers`, else a new Boolean."""
    seen = {number >> offset & 1 for number in numbers}
    return bool(seen.pop()) if len(seen) == 1 else z3.Bool(name, context)


def _true(model: Any, literal: Literal) -> bool:
    return literal if isinstance(literal, bool) else z3.is_true(model.eval(literal, model_completion=True))
