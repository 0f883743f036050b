"""Whatever a concrete run does is among the facts of the proof: the abstraction forgets nothing (docs/proofs.md)."""

from __future__ import annotations

import pytest
from cells import walker

STEPS = 150

CELLS = [
    ("rr-mobile", "dolev-yao"),
    ("ero-initial", "careof-path"),
    ("type1-initial", "malicious-mn"),
    ("type1-handover", "off-path"),
    ("type1-settled", "careof-path"),
    ("type2-handshake-handover", "rogue-next-pma"),
    ("type2-rr", "careof-path"),
    ("data-plane", "home-path"),
]


@pytest.mark.parametrize(("name", "attacker"), CELLS)
def test_what_a_random_walk_does_is_among_the_facts(name: str, attacker: str) -> None:
    walks = walker(name, attacker)
    assert walks.walk(STEPS) == []
    assert walks.attacks > 0
