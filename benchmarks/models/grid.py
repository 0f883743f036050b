"""Independent counters, each of which only counts up: a state for every combination, exactly."""

from __future__ import annotations

from benchmarks.building import Builder
from pmicheck.grounding.system import TransitionSystem


def grid(*sizes: int) -> TransitionSystem:
    build = Builder("grid-" + "-".join(map(str, sizes)), ("count",))
    for number, size in enumerate(sizes):
        counter = build.field(f"counter {number}", range(size))
        for value in range(size - 1):
            build.step("count", {counter: value}, {counter: value + 1})
    return build.system()
