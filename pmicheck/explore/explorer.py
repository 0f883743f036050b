"""The one door to the explorer: picks a kernel and runs it."""

from __future__ import annotations

import os
from pathlib import Path

from pmicheck.errors import UsageError
from pmicheck.explore import c_kernel, python_kernel
from pmicheck.explore.memory import free_octets
from pmicheck.explore.result import Enough, Exploration, Progress
from pmicheck.grounding.system import TransitionSystem

KERNELS = ("auto", "c", "python")
MOST_THREADS = 64


def kernel_in_use() -> str:
    """ "c" if the C kernel was built, else "python": what `explore` uses unless told otherwise."""
    return "c" if c_kernel.available() else "python"


def kernel_for(
    kernel: str = "auto", *, threads: int = 1, spill: Path | None = None, checkpoint: Path | None = None
) -> str:
    """The kernel, "c" or "python", that a search with these arguments of `explore` uses.

    Raises UsageError if one of them makes no sense, or that kernel cannot do it.
    """
    if kernel not in KERNELS:
        raise UsageError(f"unknown kernel {kernel!r}: choose one of {', '.join(KERNELS)}")
    if not 1 <= threads <= MOST_THREADS:
        raise UsageError(f"threads is {threads}: must be from 1 to {MOST_THREADS}")
    if spill is not None and not (spill.is_dir() and os.access(spill, os.W_OK)):
        raise UsageError(f"{spill} is no directory that files can be made in")
    chosen = kernel_in_use() if kernel == "auto" else kernel
    if chosen == "c" and not c_kernel.available():
        raise UsageError("the C kernel was not built, or from other sources: reinstall with a C compiler at hand")
    if chosen == "python" and spill is not None:
        raise UsageError("the Python kernel cannot spill to a disk: reinstall with a C compiler at hand")
    if chosen == "python" and checkpoint is not None:
        raise UsageError("the Python kernel has no checkpoints: reinstall with a C compiler at hand")
    return chosen


def explore(
    system: TransitionSystem,
    *,
    kernel: str = "auto",
    max_states: int | None = None,
    max_seconds: float | None = None,
    progress: Progress | None = None,
    enough: Enough | None = None,
    edges: bool = False,
    threads: int = 1,
    spill: Path | None = None,
    checkpoint: Path | None = None,
) -> Exploration:
    """Find every reachable state of a system, breadth first.

    Args:
        system: what to explore.
        kernel: "auto" (the C kernel if it was built), "c" or "python"; all numbers found are the same.
        max_states: stop before this number of states would be exceeded; at least 1.
        max_seconds: stop about this long (wall clock) after the start.
        progress: called at the end of each level with (depth, states, next frontier, states per second).
        enough: asked at the end of each level; the search ends where it says so.
        edges: record the state graph as well (8 octets an edge).
        threads: how many threads the C kernel uses; what is found is the same. The Python kernel has one.
        spill: a directory; the large tables lie in files there, which have no names, instead of in memory.
        checkpoint: a directory; the search is saved there now and then, and taken up where it was saved last. What
            comes out is what a search without interruption finds; of `max_seconds` each run gets all.

    Returns:
        What was found; `complete` is False if a limit cut the search, if `enough` ended it, or because the machine's
        memory would not have sufficed: then `shortage` says so.

    Raises:
        UsageError: unknown kernel, "c" where none was built, a limit that makes no sense, or no such directory; a
            checkpoint that is damaged, in use, of another version, or has more states than `max_states`.
        OutputError: the checkpoint cannot be written. If that comes later, the search goes on, and `unsaved` says so.
        LimitReached: the system alone, or what was saved, is too large for the kernel's tables.
    """
    if max_states is not None and max_states < 1:
        raise UsageError(f"max_states is {max_states}: the initial state alone is 1")
    if max_seconds is not None and max_seconds < 0:
        raise UsageError(f"max_seconds is {max_seconds}: must not be negative")
    if checkpoint is not None and edges:
        raise UsageError("a search that records edges has no checkpoint")
    kernel = kernel_for(kernel, threads=threads, spill=spill, checkpoint=checkpoint)
    if kernel == "python":
        return python_kernel.search(
            system, max_states=max_states, max_seconds=max_seconds, progress=progress, enough=enough, edges=edges
        )
    return c_kernel.search(
        system,
        max_states=max_states,
        max_seconds=max_seconds,
        progress=progress,
        enough=enough,
        edges=edges,
        threads=threads,
        spill=spill,
        free=free_octets if spill is None else lambda: None,
        checkpoint=checkpoint,
    )
