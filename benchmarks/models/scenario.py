"""A shipped scenario under one attacker, for all properties that apply: what `pmicheck verify` explores."""

from __future__ import annotations

from pmicheck.grounding.run import prepare
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.verify.matrix import Request, plan


def scenario(name: str, attacker: str) -> TransitionSystem:
    (cell,) = plan(Request(scenarios=(name,), attackers=(attacker,)))
    invariants = tuple(INVARIANTS[each] for each in cell.properties if each != PROGRESS)
    return prepare(cell.scenario, cell.policy, cell.attacker, invariants).grounded.system
