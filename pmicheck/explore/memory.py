"""How much memory a search may take before the machine would begin to swap."""

from __future__ import annotations

from pathlib import Path

MEMINFO = Path("/proc/meminfo")
LIMIT, USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
SHARE = 0.9
"""Of the free memory; the rest is for what the search is not counting."""


def free_octets() -> int | None:
    """Octets that this machine, or the container it is, could still give; None where nobody says."""
    free = [octets for octets in (_of_machine(), _of_container()) if octets is not None]
    return int(min(free) * SHARE) if free else None


def _of_machine() -> int | None:
    for line in _read(MEMINFO).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def _of_container() -> int | None:
    limit, used = _read(LIMIT).strip(), _read(USED).strip()
    return int(limit) - int(used) if limit.isdecimal() and used.isdecimal() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def would_not_fit(states: int, octets: int, levels: list[int], limit: int) -> str:
    """What to tell of a search that stopped before it would have swapped.

    Args:
        states, octets: what it has found, and what that takes; levels: states at each depth so far.
        limit: octets that it was granted.
    """
    each = octets / states
    grows = len(levels) > 2 and levels[-2] >= levels[-3]
    rest = "and the last whole level was larger than the one before" if grows else "and its levels have begun to shrink"
    return (
        f"{states:,} states take {octets / 2**30:.1f} GiB ({each:.0f} octets each), {rest}; the next table would pass "
        f"the {limit / 2**30:.1f} GiB that are free: use --spill DIR for a disk or --cluster for more machines"
    )
