"""Little machines over unbounded numbers: one inductive step per rule, and real runs where a proof fails.

A `Machine` has variables, a start and rules; a rule has arguments, a guard and assignments. `induct` checks
that an invariant holds at the start, is kept by every rule for all values of all variables and arguments, and
implies the property. That alone can fail because the invariant is too weak, so what counts as a
counterexample is a *run* from the start that breaks the property: `run` finds one with as few steps and then
as small whole arguments as possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import z3

Values = Mapping[str, Any]  # z3 terms by the name of a variable or an argument
Formula = Callable[[Values], Any]


@dataclass(frozen=True)
class NumberRule:
    """One kind of step.

    Attributes:
        name: what happens.
        guard: (variables, arguments) -> formula: when it may happen.
        effect: (variables, arguments) -> new values of the variables that change.
        arguments: sort ("bool", "int" or "real") of each argument, by name.
    """

    name: str
    guard: Callable[[Values, Values], Any]
    effect: Callable[[Values, Values], Values]
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """Variables with their sorts, a start, and rules."""

    variables: Mapping[str, str]
    start: Formula
    rules: Sequence[NumberRule]

    def induct(self, invariant: Formula, claim: Formula) -> tuple[str, ...] | str:
        """The rules for which the inductive step was proved (all), or the name of what could not be."""
        context = z3.Context()
        now = constants(self.variables, "now", context)
        if not valid(z3.Implies(self.start(now), invariant(now))):
            return "start"
        if not valid(z3.Implies(invariant(now), claim(now))):
            return "invariant implies property"
        for rule in self.rules:
            given = constants(rule.arguments, rule.name, context)
            after = {**now, **rule.effect(now, given)}
            premise = z3.And(invariant(now), rule.guard(now, given))
            if not valid(z3.Implies(premise, invariant(after))):
                return rule.name
        return tuple(rule.name for rule in self.rules)

    def run(self, claim: Formula, schedule: Sequence[str]) -> list[dict[str, Any]] | None:
        """A run by rules of the names in `schedule` ("" = any) that ends where `claim` is false, or None."""
        context = z3.Context()
        solver = z3.Optimize(ctx=context)
        states = [constants(self.variables, f"s{i}", context) for i in range(len(schedule) + 1)]
        solver.add(self.start(states[0]), z3.Not(claim(states[-1])))
        sizes, steps = [term for term in states[0].values() if z3.is_int(term)], []
        for i, wanted in enumerate(schedule):
            choice = z3.Int(f"choice{i}", context)
            options = []
            for number, rule in enumerate(self.rules):
                if wanted in ("", rule.name):
                    given = constants(rule.arguments, f"{rule.name}{i}", context)
                    after = {**states[i], **rule.effect(states[i], given)}
                    moved = [states[i + 1][name] == after[name] for name in self.variables]
                    options.append(z3.And(choice == number, rule.guard(states[i], given), *moved))
                    sizes += [z3.If(choice == number, term, 0) for term in given.values() if z3.is_int(term)]
                    steps.append((i, number, rule, given))
            solver.add(z3.Or(*options))
        if sizes:
            solver.minimize(z3.Sum(*sizes))  # none of them is negative in any run of the machines here
        if solver.check() != z3.sat:
            return None
        return self._told(solver.model(), steps, states, context)

    def _told(self, model: Any, steps: Sequence[Any], states: Sequence[Values], context: Any) -> list[dict[str, Any]]:
        """The run as JSON values: one dictionary a step, with the state after it."""
        told = []
        for i, number, rule, given in steps:
            if plain(model, z3.Int(f"choice{i}", context)) == number:
                told.append(
                    {
                        "rule": rule.name,
                        "arguments": {name: plain(model, term) for name, term in given.items()},
                        "after": {name: plain(model, term) for name, term in states[i + 1].items()},
                    }
                )
        return told

    def shortest_run(self, claim: Formula, longest: int) -> list[dict[str, Any]] | None:
        """The shortest run of 1 to `longest` steps that ends where `claim` is false, or None."""
        for length in range(1, longest + 1):
            found = self.run(claim, [""] * length)
            if found is not None:
                return found
        return None


def constants(sorts: Mapping[str, str], prefix: str, context: Any) -> dict[str, Any]:
    """A fresh z3 constant for every name."""
    make = {"bool": z3.Bool, "int": z3.Int, "real": z3.Real}
    return {name: make[sort](f"{prefix}.{name}", context) for name, sort in sorts.items()}


def valid(formula: Any) -> bool:
    """Whether z3 proves `formula` for all values of its constants (False also where z3 gives up)."""
    return counterexample(formula) is None


def counterexample(formula: Any) -> Any | None:
    """A model of the negation of `formula`, or None if z3 proves `formula`.

    Raises:
        ArithmeticError: z3 can decide neither; the lemmas are linear, so this is a fault of the lemma.
    """
    solver = z3.Solver(ctx=formula.ctx)
    solver.set("random_seed", 0)
    solver.set("timeout", 20_000)
    solver.add(z3.Not(formula))
    answer = solver.check()
    if answer == z3.unknown:
        raise ArithmeticError(f"z3 gave up: {solver.reason_unknown()}")
    return solver.model() if answer == z3.sat else None


def plain(model: Any, term: Any) -> bool | int | float:
    """The value of `term` in `model` as a JSON value; what the model leaves open is 0 or False."""
    value = model.eval(term, model_completion=True)
    if z3.is_bool(value):
        return bool(z3.is_true(value))
    if z3.is_bv_value(value) or z3.is_int_value(value):
        return int(value.as_long())
    fraction = Fraction(value.numerator_as_long(), value.denominator_as_long())
    return int(fraction) if fraction.denominator == 1 else float(fraction)
