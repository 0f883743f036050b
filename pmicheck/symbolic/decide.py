"""z3 decides each distinct observation once: can it stand beside some numbers and break the invariant?"""

from __future__ import annotations

from typing import Any

import z3

from pmicheck.properties.base import Observation, Property
from pmicheck.symbolic.interrupt import left_to_python


class Decider:
    """Decides observations of properties; what was decided once is remembered, so z3 never sits in the inner loop.

    `checks` counts the questions that z3 was asked.
    """

    def __init__(self) -> None:
        self.checks = 0
        self._known: dict[tuple[str, tuple[tuple[str, Any], ...]], dict[str, int] | None] = {}

    def violation(self, prop: Property, observation: Observation) -> dict[str, int] | None:
        """The numbers with which the observation breaks the invariant, or None if none do.

        An empty dict means: it breaks it, and no number is involved.
        """
        key = (prop.name, tuple(sorted(observation.items())))
        if key not in self._known:
            self._known[key] = self._decide(prop, observation)
        return self._known[key]

    def _decide(self, prop: Property, observation: Observation) -> dict[str, int] | None:
        self.checks += 1
        constants = {name: _constant(name, value) for name, value in observation.items()}
        rules, invariant = prop.formula(constants)
        solver = left_to_python(z3.Solver())
        solver.set("random_seed", 1)
        for name, value in observation.items():
            solver.add(constants[name] == _literal(value))
        solver.add(rules, z3.Not(invariant))
        answer = solver.check()
        if answer == z3.unsat:
            return None
        if answer == z3.unknown:
            raise RuntimeError(f"z3 cannot decide {prop.name} of {dict(observation)}: {solver.reason_unknown()}")
        model = solver.model()
        numbers = {str(d): model[d].as_long() for d in model.decls() if z3.is_int_value(model[d])}
        return {name: value for name, value in sorted(numbers.items()) if name not in observation}


def _constant(name: str, value: bool | int | str) -> Any:
    if isinstance(value, bool):
        return z3.Bool(name)
    return z3.Int(name) if isinstance(value, int) else z3.String(name)


def _literal(value: bool | int | str) -> Any:
    if isinstance(value, bool):
        return z3.BoolVal(value)
    return z3.IntVal(value) if isinstance(value, int) else z3.StringVal(value)
