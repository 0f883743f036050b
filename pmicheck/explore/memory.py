"""How much memory a search may take before the machine would begin to swap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MEMINFO, GROUPS = Path("/proc/meminfo"), Path("/proc/self/cgroup")


class Names(NamedTuple):
    """Where control groups lie, and what their files are called."""

    root: Path
    limit: str
    used: str
    reclaimable: str


FIRST = Names(Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
SECOND = Names(Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file")
SHARE = 0.9
"""Of the free memory; the rest is for what the search is not counting."""
STEADY = 0.9
"""A level that is larger than this part of the one before it has not begun to shrink."""


def free_octets() -> int | None:
    """Octets that this machine, and the control groups of this process, could still give; None where nobody says."""
    free = [octets for octets in (_of_machine(), *_of_groups()) if octets is not None]
    return int(max(0, min(free)) * SHARE) if free else None


def _of_machine() -> int | None:
    for line in _read(MEMINFO).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def _of_groups() -> Iterator[int | None]:
    """What each control group that this process is in leaves free, of version 1 or 2."""
    for line in _read(GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            names = FIRST if controllers else SECOND
            inner = names.root / path.strip("/")
            yield from (
                _of_group(group, names) for group in (inner, *inner.parents) if names.root in (group, *group.parents)
            )


def _of_group(group: Path, names: Names) -> int | None:
    limit, used = _read(group / names.limit).strip(), _read(group / names.used).strip()
    if not (limit.isdecimal() and used.isdecimal()):
        return None
    said = dict(line.split() for line in _read(group / "memory.stat").splitlines())
    return int(limit) - int(used) + int(said.get(names.reclaimable, 0))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def expected(levels: Sequence[int]) -> tuple[int, bool]:
    """How many states there may be in all, and whether that is a floor rather than a ceiling.

    Levels grow and then shrink, as a rule: where they still grow, hardly more than half of all states are found. Where
    they shrink they do so faster and faster, so that a geometric series is more than what is still to come.

    Args:
        levels: states at each depth; the last one may not be whole.
    """
    whole = levels[:-1]
    found = sum(whole)
    if len(whole) < 2 or whole[-1] > STEADY * whole[-2]:
        return 2 * found, True
    return found + whole[-1] * whole[-1] // (whole[-2] - whole[-1]), False


def shortage(states: int, octets: int, levels: Sequence[int], limit: int | None, spill: Path | None) -> str:
    """What to tell of a search that stopped because there was no room for more.

    Args:
        states, octets: what it has found, and what that takes; levels: states at each depth so far.
        limit: octets that it was granted, if anybody said; spill: where its tables lie, if not in memory.
    """
    each, (total, floor) = octets / states, expected(levels)
    total = max(total, states)
    if spill is not None:
        why, help_for_it = f"{spill} has no room for the next table", "name a larger disk"
    elif limit is None:
        why, help_for_it = "there is no memory for the next table", "use --spill DIR for a disk"
    else:
        why = f"the next table would pass the {limit / 2**30:.1f} GiB that are free"
        help_for_it = "use --spill DIR for a disk"
    return (
        f"{states:,} states take {octets / 2**30:.1f} GiB, and {why}; there may be {total:,} states or "
        f"{'more' if floor else 'fewer'}, {total * each / 2**30:.1f} GiB: {help_for_it} or --cluster for more machines"
    )
