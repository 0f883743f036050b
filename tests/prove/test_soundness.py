"""Whatever a concrete run does is among the facts of the proof: the abstraction forgets nothing (docs/proofs.md)."""

from __future__ import annotations

import pytest
from cells import walker

STEPS = 150

CELLS = [
    ("rr-mobile", "dolev-yao"),
    ("ero-handoff", "careof-path"),
    ("type1-refresh", "rogue-previous-pma"),
    ("type1-handover", "rogue-next-pma"),
    ("type1-handover-reactive", "home-path"),
    ("type1-settled", "off-path"),
    ("data-plane", "malicious-mn"),
]


@pytest.mark.parametrize(("name", "attacker"), CELLS)
def test_what_a_random_walk_does_is_among_the_facts(name: str, attacker: str) -> None:
    walks = walker(name, attacker)
    assert walks.walk(STEPS) == []
    assert walks.attacks > 0
