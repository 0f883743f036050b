"""Proofs for every depth: z3 checks that what the explorer saw is closed under all steps.

In:  a TransitionSystem, the bad states (alternatives of mask, value, facts), candidate invariants.
Out: `Proof`: proved, refuted (bad is reachable: a path), not inductive (a counterexample to induction), or
timeout.

The claim is "not bad, and every candidate, always". A candidate says that the bits under a mask and the facts
under another form one of the listed combinations; the explorer supplies the combinations it has reached.
Nothing hangs on the explorer being right: a candidate that fails in a reachable state or is not kept by a
step is dropped (the Houdini algorithm of Flanagan and Leino 2001), and what is left must exclude the bad
states by itself.

k-induction: the claim holds in every state up to depth k - 1 (base), and in the state after any k consecutive
states in which it holds (step); hence always. The k states of the step are arbitrary but for what the
relaxation (relax.py) guarantees of all reachable states, their knowledge being closed and containing the
initial one. Source: DESIGN section 6.3; Sheeran, Singh and Stålmarck 2000.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import z3

from pmicheck.grounding.system import TransitionSystem, bits
from pmicheck.symbolic.encode import Alternative, State, Target, Unrolling, alternatives
from pmicheck.symbolic.formulas import Literal, disjunction, membership, negation


class Induction(StrEnum):
    """How an attempt to prove ended."""

    PROVED = "proved"
    REFUTED = "refuted"
    NOT_INDUCTIVE = "not-inductive"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Candidate:
    """The claim that (local & mask, knowledge & facts) is always one of `combinations`."""

    name: str
    mask: int
    facts: int
    combinations: frozenset[tuple[int, int]]

    def admits(self, state: State) -> bool:
        local, knowledge = state
        return (local & self.mask, knowledge & self.facts) in self.combinations


@dataclass(frozen=True)
class Proof:
    """The result of `prove`.

    Attributes:
        outcome: proved, refuted, not inductive or timeout.
        k: the length of the induction that settled it, or the last one tried.
        invariant: the names of the candidates that are part of the invariant (proved), or were still alive.
        dropped: the names of the candidates that did not survive.
        path: refuted: transitions from the initial state to a bad one; not inductive: the k transitions of
            the counterexample to induction.
        states: the states along `path`, one more.
        seconds: wall-clock time used.
    """

    outcome: Induction
    k: int
    invariant: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    path: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    seconds: float = 0.0


def seen(name: str, mask: int, facts: int, states: Iterable[State]) -> Candidate:
    """The candidate that says: nothing but what `states` show under `mask` and `facts`."""
    return Candidate(name, mask, facts, frozenset((local & mask, known & facts) for local, known in states))


def prove(
    system: TransitionSystem,
    bad: Target,
    candidates: Sequence[Candidate] = (),
    *,
    max_k: int = 1,
    timeout: float | None = None,
) -> Proof:
    """Tries to prove that no reachable state of `system` is bad.

    Args:
        system: what to reason about.
        bad: alternatives (mask, value, facts[, absent]); see `encode.Alternative`.
        candidates: the strengthening; names must differ.
        max_k: the longest induction to try, 1 or more.
        timeout: seconds for everything; None: no limit (see `bounded.shortest` on how exactly it is kept).

    Raises:
        ValueError: two candidates of one name, or max_k below 1.
        EncodingError: z3's model is no run of `system`.
    """
    if len({candidate.name for candidate in candidates}) < len(candidates) or max_k < 1:
        raise ValueError("candidates need distinct names, and max_k must be 1 or more")
    attempt = _Attempt(system, alternatives(bad), candidates, timeout)
    proof = Proof(Induction.NOT_INDUCTIVE, 0)
    for k in range(1, max_k + 1):
        proof = attempt.base(k) or attempt.step(k)
        if proof.outcome is not Induction.NOT_INDUCTIVE:
            break
    return proof


class _Attempt:
    """The two unrollings of a proof: one from the initial state, one from anywhere."""

    def __init__(
        self,
        system: TransitionSystem,
        bad: tuple[Alternative, ...],
        candidates: Sequence[Candidate],
        timeout: float | None,
    ) -> None:
        self.bad = bad
        self.candidates = {candidate.name: candidate for candidate in candidates}
        self.true = set(self.candidates)  # not yet seen to fail in a reachable state
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.began = time.monotonic()
        self.reachable = Unrolling(system)
        self.anywhere = Unrolling(system, free=True)
        self._claims: dict[tuple[bool, int, str], Literal] = {}
        self.switches = {name: z3.Bool(f"use_{name}", self.anywhere.context) for name in self.candidates}

    def base(self, k: int) -> Proof | None:
        """Depth k - 1 from the initial state: a path to a bad state, or None; drops candidates that fail
        there."""
        unrolling, depth = self.reachable, k - 1
        if depth > unrolling.depth:
            unrolling.extend()
        answer = self._ask(unrolling, unrolling.matches(depth, self.bad))
        if answer != z3.unsat:
            return self._end(answer, Induction.REFUTED, k, unrolling, depth)
        while True:
            failing = disjunction(negation(self._holds(unrolling, depth, name)) for name in sorted(self.true))
            answer = self._ask(unrolling, failing)
            if answer == z3.unsat:
                return None
            if answer == z3.unknown:
                return self._end(answer, Induction.TIMEOUT, k, unrolling, depth)
            _, states = unrolling.run(unrolling.solver.model(), depth)
            self.true -= {name for name in self.true if not self.candidates[name].admits(states[-1])}

    def step(self, k: int) -> Proof:
        """From k states in a row that satisfy the claim to the next one, dropping what does not survive."""
        unrolling = self.anywhere
        self._assume(unrolling, k - 1)
        unrolling.extend()
        alive = set(self.true)
        while True:
            broken = disjunction(negation(self._holds(unrolling, k, name)) for name in sorted(alive))
            answer = self._ask(unrolling, broken, alive)
            if answer == z3.unsat:
                break
            if answer == z3.unknown:
                return self._end(answer, Induction.TIMEOUT, k, unrolling, k, alive)
            _, states = unrolling.run(unrolling.solver.model(), k)
            alive -= {name for name in alive if not self.candidates[name].admits(states[-1])}
        answer = self._ask(unrolling, unrolling.matches(k, self.bad), alive)
        if answer == z3.unsat:
            return self._proof(Induction.PROVED, k, alive)
        return self._end(answer, Induction.NOT_INDUCTIVE, k, unrolling, k, alive)

    def _assume(self, unrolling: Unrolling, step: int) -> None:
        """In state `step` nothing is bad, and every candidate that is switched on holds."""
        unrolling.require(negation(unrolling.matches(step, self.bad)))
        for name, switch in self.switches.items():
            unrolling.require(disjunction([negation(switch), self._holds(unrolling, step, name)]))

    def _holds(self, unrolling: Unrolling, step: int, name: str) -> Literal:
        key = (unrolling.free, step, name)
        if key not in self._claims:
            candidate = self.candidates[name]
            low, high = list(bits(candidate.mask)), list(bits(candidate.facts))
            numbers = {
                _gather(local, low) | _gather(known, high) << len(low)
                for local, known in candidate.combinations
                if not local & ~candidate.mask and not known & ~candidate.facts
            }
            word = unrolling.word(step, candidate.mask, candidate.facts)
            self._claims[key] = membership(word, numbers, unrolling.context)
        return self._claims[key]

    def _ask(self, unrolling: Unrolling, claim: Literal, alive: Iterable[str] = ()) -> Any:
        """Can `claim` be true, the candidates `alive` being switched on?"""
        if claim is False:
            return z3.unsat
        left = None if self.deadline is None else self.deadline - time.monotonic()
        if left is not None and left <= 0:
            return z3.unknown
        query = z3.FreshBool("query", unrolling.context)
        unrolling.require(disjunction([negation(query), claim]))
        return unrolling.check(left, query, *(self.switches[name] for name in sorted(alive)))

    def _end(
        self,
        answer: Any,
        outcome: Induction,
        k: int,
        unrolling: Unrolling,
        last: int,
        alive: Iterable[str] = (),
    ) -> Proof:
        """The proof object for a query that was satisfiable (`outcome`) or not decided in time."""
        if answer == z3.unknown:
            return self._proof(Induction.TIMEOUT, k, alive)
        path, states = unrolling.run(unrolling.solver.model(), last)
        return replace(self._proof(outcome, k, alive), path=path, states=states)

    def _proof(self, outcome: Induction, k: int, alive: Iterable[str]) -> Proof:
        kept = tuple(name for name in self.candidates if name in set(alive))
        dropped = tuple(name for name in self.candidates if name not in kept)
        return Proof(outcome, k, kept, dropped, seconds=time.monotonic() - self.began)


def _gather(word: int, positions: Sequence[int]) -> int:
    """The bits of `word` at `positions`, side by side."""
    return sum((word >> position & 1) << i for i, position in enumerate(positions))
