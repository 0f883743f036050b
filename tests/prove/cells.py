"""Cells of the matrix for the tests of proofs."""

from __future__ import annotations

from dataclasses import replace

from walks import Walker

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import begin
from pmicheck.model.limits import enlarged
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import load_scenario
from pmicheck.prove.fixpoint import Fixpoint


def walker(name: str, attacker: str, *without: str, seed: int = 1) -> Walker:
    """Walks within larger bounds than the scenario has, so that numbers differ from one another."""
    scenario = load_scenario(name)
    wider = {"retransmissions": 3, "clock": 4, "honest_until": 4, "answers": 1, "late_packets": 1}
    bounds = enlarged(scenario.course, scenario.bounds, wider)
    policy = make_policy({}, without, scenario.families, name)
    start, adversary = begin(replace(scenario, bounds=bounds), policy, attacker_named(attacker))
    assert adversary is not None
    return Walker(Fixpoint(start, adversary).run(), start, adversary, seed)
