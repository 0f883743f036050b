"""One search by pmicheck in a process of its own: `python -m benchmarks.ours MODEL [THREADS]`, result as JSON."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

from benchmarks.catalogue import named
from pmicheck.explore.explorer import explore
from pmicheck.grounding.system import TransitionSystem


def main(name: str, threads: int) -> None:
    system = named(name).build()
    resident = _memory("VmRSS")
    user, began = _user(), time.monotonic()
    found = explore(system, threads=threads)
    wall, user = time.monotonic() - began, _user() - user
    if not found.complete:
        raise SystemExit(f"{name}: stopped by {found.stopped_by}")
    figures = {
        "states": found.states,
        "transitions": found.transitions,
        "user": user,
        "wall": wall,
        "octets": _memory("VmHWM") - resident,
        "system": {
            **_sizes(system),
            "knowledge sets": found.knowledge_sets,
            "enabled per state": round(found.transitions / found.states, 2),
            "depth": found.depth,
        },
    }
    print(json.dumps(figures))


def _sizes(system: TransitionSystem) -> dict[str, int]:
    return {
        "words": system.words,
        "bits": sum(each.width for each in system.fields),
        "fields": len(system.fields),
        "transitions": len(system.transitions),
        "facts": len(system.facts),
        "Horn rules": len(system.horn),
    }


def _user() -> float:
    """Seconds of user CPU of this process, all threads together."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def _memory(what: str) -> int:
    """Octets resident: `VmRSS` now, `VmHWM` at the peak. Linux tells; the peak by getrusage may be the parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
