"""Dining philosophers: each takes the left fork, then the right one, eats, and puts back the left one, then the right.

Who holds which fork is all there is to know, and a fork is free or in one of two hands. Of the 3 ** n cases one cannot
be reached, that in which everybody holds the right fork alone.
"""

from __future__ import annotations

from benchmarks.building import Builder
from pmicheck.grounding.system import TransitionSystem


def philosophers(n: int) -> TransitionSystem:
    build = Builder(f"philosophers-{n}", ("take left", "take right", "put left", "put right"))
    seats = [build.field(f"seat {i}", ("thinks", "holds left", "eats", "holds right")) for i in range(n)]
    forks = [build.field(f"fork {i}", (False, True)) for i in range(n)]
    for i, seat in enumerate(seats):
        left, right = forks[i], forks[(i + 1) % n]
        build.step("take left", {seat: "thinks", left: False}, {seat: "holds left", left: True})
        build.step("take right", {seat: "holds left", right: False}, {seat: "eats", right: True})
        build.step("put left", {seat: "eats"}, {seat: "holds right", left: False})
        build.step("put right", {seat: "holds right"}, {seat: "thinks", right: False})
    return build.system()
