"""The one door to the explorer: picks a kernel and runs it."""

from __future__ import annotations

from pmicheck.errors import UsageError
from pmicheck.explore import c_kernel, python_kernel
from pmicheck.explore.result import Exploration, Progress
from pmicheck.grounding.system import TransitionSystem

KERNELS = ("auto", "c", "python")


def kernel_in_use() -> str:
    """ "c" if the C kernel was built, else "python": what `explore` uses unless told otherwise."""
    return "c" if c_kernel.available() else "python"


def explore(
    system: TransitionSystem,
    *,
    kernel: str = "auto",
    max_states: int | None = None,
    max_seconds: float | None = None,
    progress: Progress | None = None,
    edges: bool = False,
) -> Exploration:
    """Find every reachable state of a system, breadth first.

    Args:
        system: what to explore.
        kernel: "auto" (the C kernel if it was built), "c" or "python"; all numbers found are the same.
        max_states: stop before this number of states would be exceeded; at least 1.
        max_seconds: stop about this long (wall clock) after the start.
        progress: called at the end of each level with (depth, states, next frontier, states per second).
        edges: record the state graph as well (8 octets an edge).

    Returns:
        What was found; `complete` is False if a limit, or the machine's memory, cut the search.

    Raises:
        UsageError: unknown kernel, "c" where none was built, or a limit that makes no sense.
        LimitReached: the system alone is too large for the kernel's tables.
    """
    if kernel not in KERNELS:
        raise UsageError(f"unknown kernel {kernel!r}: choose one of {', '.join(KERNELS)}")
    if max_states is not None and max_states < 1:
        raise UsageError(f"max_states is {max_states}: the initial state alone is 1")
    if max_seconds is not None and max_seconds < 0:
        raise UsageError(f"max_seconds is {max_seconds}: must not be negative")
    if kernel == "auto":
        kernel = kernel_in_use()
    if kernel == "c" and not c_kernel.available():
        raise UsageError("the C kernel was not built, or from other sources: reinstall with a C compiler at hand")
    search = c_kernel.search if kernel == "c" else python_kernel.search
    return search(system, max_states=max_states, max_seconds=max_seconds, progress=progress, edges=edges)
