"""What grounding leaves out, and in which order it lays out the rest, changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from decided_cells import first_violation, grounded

from pmicheck.explore.explorer import explore
from pmicheck.grounding import layout
from pmicheck.grounding.found import Ground
from pmicheck.grounding.instance import Leaf
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term

SMALL = [
    ("type1-settled", "home-path"),
    ("type1-settled", "rogue-previous-pma"),
    ("type1-initial", "off-path"),
    ("type1-refresh", "off-path"),
    ("ero-initial", "off-path"),
    ("type2-local", "malicious-mn"),
    ("type2-handshake-handover", "rogue-next-pma"),
    ("type2-rr", "off-path"),
    ("data-plane", "malicious-mn"),
]


def shallowest_violations(name: str, attacker: str) -> tuple[int, dict[str, int | None]]:
    """(states, depth of the shallowest violation of every property)."""
    prepared, properties = grounded(name, attacker)
    explored = explore(prepared.grounded.system, max_states=2_000_000)
    assert explored.complete
    found = {}
    for number, prop in enumerate(properties):
        first = first_violation(prepared, explored, prop, number)
        found[prop.name] = first[0] if first else None
    return explored.states, found


def keep_all(ground: Ground, roots: Iterable[Cell], facts: set[Term]) -> tuple[set[Cell], list[Leaf]]:
    del roots, facts
    return set(ground.values), list(ground.leaves)


@pytest.mark.parametrize(("name", "attacker"), SMALL)
def test_cells_outside_the_cone_of_influence_could_only_multiply_states(
    name: str, attacker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    states, found = shallowest_violations(name, attacker)
    monkeypatch.setattr(layout, "relevant_cells", keep_all)
    states_with_all_cells, found_with_all_cells = shallowest_violations(name, attacker)
    assert found_with_all_cells == found
    assert states_with_all_cells >= states


@pytest.mark.parametrize(
    ("name", "attacker"), [*SMALL, ("type1-initial", "careof-path"), ("type1-settled", "dolev-yao")]
)
def test_the_guards_that_an_honest_delivery_is_spared_hold_anyway(
    name: str, attacker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spared = shallowest_violations(name, attacker)[1]
    monkeypatch.setattr(layout, "without_implied_tests", lambda leaves: leaves)
    assert shallowest_violations(name, attacker)[1] == spared


PRINT_DIGEST = """
import hashlib, sys
from decided_cells import grounded
system = grounded(sys.argv[1], sys.argv[2])[0].grounded.system
whole = (system.transitions, system.fields, system.facts, system.horn, system.rules, system.goals, system.projections)
print(hashlib.sha256(repr((whole, system.initial, system.known)).encode()).hexdigest())
"""


DETERMINED = [
    ("type1-initial", "home-path"),
    ("type1-refresh", "rogue-previous-pma"),
    ("type1-handover", "careof-path"),
    ("ero-initial", "home-path"),
    ("type2-local", "malicious-mn"),
    ("type2-handshake", "malicious-mn"),
    ("type2-handshake-handover", "rogue-previous-pma"),
    ("type2-rr", "home-path"),
    ("data-plane", "dolev-yao"),
]


@pytest.mark.parametrize(("name", "attacker"), DETERMINED)
def test_every_process_lays_out_the_same_system(name: str, attacker: str) -> None:
    """Hashes of strings differ from process to process; nothing may depend on the order of a set."""
    digests = set()
    for seed in ("1", "4711"):
        path = str(Path(__file__).parents[1] / "analysis")
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", PRINT_DIGEST, name, attacker]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
        digests.add(done.stdout.strip())
    assert len(digests) == 1
    assert len(digests.pop()) == 64
