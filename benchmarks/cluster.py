"""What a partitioned search takes: CPU time, memory and traffic of each worker, and how long a level lasts at least.

    python -m benchmarks.cluster WORKERS SCENARIO ATTACKER [MAX_STATES]

The figures of docs/scale.md come from here. CPU times hardly depend on what else the machine does, wall times do.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import psutil

from pmicheck.cluster.connection import connect
from pmicheck.cluster.place import Place
from pmicheck.grounding.run import prepare
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verify.matrix import Request, plan

SHORT = 5_000
"""A level of fewer states is all waiting for each other."""


def used() -> tuple[float, int]:
    """CPU seconds of this process, and the memory it holds."""
    return time.process_time(), psutil.Process().memory_info().rss


def system_of(scenario: str, attacker: str) -> TransitionSystem:
    (cell,) = plan(Request(scenarios=(scenario,), attackers=(attacker,)))
    properties = tuple(INVARIANTS[name] for name in cell.invariants)
    return prepare(cell.scenario, cell.policy, cell.attacker, properties).grounded.system


def main(workers: int, scenario: str, attacker: str, most: int | None = None) -> None:
    system = system_of(scenario, attacker)
    with connect(Place(f"local:{workers}")) as cluster, cluster.search(print) as search:
        before = cluster.client.run(used)
        ends: list[tuple[float, int]] = []
        found = search.explore(
            system,
            max_states=most,
            progress=lambda depth, states, frontier, rate: ends.append((time.monotonic(), frontier)),
        )
        after = cluster.client.run(used)
    assert search.last is not None
    cpu = sum(after[w][0] - before[w][0] for w in after)
    short = [b[0] - a[0] for a, b in pairwise(ends) if max(a[1], b[1]) < SHORT]
    words = system.words + -(-len(system.facts) // 64)
    figures = {
        "workers": workers,
        "states": found.states,
        "enabled transitions a state": found.transitions / found.states,
        "octets of a row": words * 8,
        "CPU seconds of all workers": cpu,
        "states a CPU second": found.states / cpu,
        "wall seconds": found.seconds,
        "levels": len(found.levels),
        "rounds": search.last.rounds,
        "octets sent a state": search.last.sent / found.states,
        "rows sent a state": search.last.sent / found.states / (words * 8 + 8),
        "octets of tables a state": found.bytes_per_state,
        "memory of the workers, octets a state": sum(after[w][1] - before[w][1] for w in after) / found.states,
        "seconds of a short level": min(short, default=float("nan")),
    }
    for name, value in figures.items():
        print(f"{name:40} {value:,.2f}" if isinstance(value, float) else f"{name:40} {value:,}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
