"""Drives the compiled kernel: hands it the tables, asks for level after level, reads what was found."""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import sys
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any

from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.checkpoint import EVERY, Checkpoint
from pmicheck.explore.memory import shortage
from pmicheck.explore.packed_states import PackedStates
from pmicheck.explore.python_kernel import complete_start
from pmicheck.explore.result import Edges, Enough, Exploration, Progress, Projected, Reached, Sight
from pmicheck.explore.tables import Tables
from pmicheck.grounding.system import Projection, TransitionSystem
from pmicheck.verdict import DECIDED

INTERFACE = 6  # a kernel built from another version of kernel/kernel.h is not used
MOST_IDS = 2**32 - 2  # ids are 32-bit words, one of which says "none"
MOST_TRANSITIONS = 2**30
MOST_MEMOS = 2**23  # 256 MB at most
GLANCE = 1.0  # seconds between two looks at what memory is free
SLICE = 0.1  # seconds between two looks at Ctrl-C and the clock
STOPPED = {1: "max_states", 2: "state ids", 3: "knowledge ids", 4: "memory", 5: "key bits"}
MOST_KEY_BITS = 512
NO_LIMIT = 2**64 - 1


def load() -> ModuleType | None:
    """The compiled module; None if it was not built, or from other sources, or the machine is big-endian."""
    if sys.byteorder != "little":
        return None
    try:
        module = importlib.import_module("pmicheck.explore._kernel")
    except ImportError:
        return None
    return module if getattr(module.lib, "PK_INTERFACE", None) == INTERFACE else None


def available() -> bool:
    """Whether the compiled kernel was built and can be loaded."""
    return load() is not None


def search(
    system: TransitionSystem,
    *,
    max_states: int | None = None,
    max_seconds: float | None = None,
    progress: Progress | None = None,
    enough: Enough | None = None,
    edges: bool = False,
    threads: int = 1,
    spill: Path | None = None,
    free: Callable[[], int | None] = lambda: None,
    most_octets: int | None = None,
    state_ids: int = MOST_IDS,
    knowledge_ids: int = MOST_IDS,
    key_bits: int = MOST_KEY_BITS,
    memo_limit: int = MOST_MEMOS,
    checkpoint: Path | None = None,
    save_every: float = EVERY,
) -> Exploration:
    """Explore every reachable state; arguments and result as for `explorer.explore`.

    `free` is asked now and then how many octets more the tables may take, and may not know. `most_octets` says what
    they may take in all, `state_ids` and `knowledge_ids` how many ids they may give out, `key_bits` how long a packed
    state may become, `memo_limit` how many closures and filtered rows are remembered before all are forgotten,
    `save_every` how many seconds lie between two saves into the checkpoint at least; only tests make these smaller.
    """
    module = load()
    if module is None:
        raise LimitReached("the C kernel was not built")
    limit = free() if most_octets is None else most_octets
    limits = {
        "max_states": MOST_IDS if max_states is None else min(max_states, MOST_IDS),
        "state_ids": state_ids,
        "knowledge_ids": knowledge_ids,
        "memo_limit": memo_limit,
        "key_bits": key_bits,
        "most_octets": NO_LIMIT if limit is None else limit,
        "threads": threads,
    }
    seconds = math.inf if max_seconds is None else max_seconds
    kernel = _Kernel(module, system, edges, limits, spill)
    if most_octets is None:
        kernel.free = free
    if checkpoint is None:
        levels, stopped_by = kernel.run(seconds, progress, enough, None)
        return kernel.result(levels, stopped_by)
    opened = Checkpoint(checkpoint, kernel.tables.digest(system), system.name, module.lib.PK_SECTIONS, save_every)
    with contextlib.closing(opened) as saved:
        if saved.levels:
            kernel.restore(saved, limits["max_states"])
        levels, stopped_by = kernel.run(seconds, progress, enough, saved)
        return replace(kernel.result(levels, stopped_by), unsaved=saved.trouble)


class _Kernel:
    """One search in the compiled kernel."""

    def __init__(
        self, module: Any, system: TransitionSystem, edges: bool, limits: dict[str, int], spill: Path | None
    ) -> None:
        self.ffi, self.lib, self.system, self.edges, self.spill = module.ffi, module.lib, system, edges, spill
        self.began, self.levels, self.kept = time.monotonic(), [1], 0
        self.told = [0] * len(system.projections)
        self.free: Callable[[], int | None] = lambda: None
        self.next_look = self.began + GLANCE
        self.limit = None if limits["most_octets"] == NO_LIMIT else limits["most_octets"]
        if system.words > self.lib.PK_MOST_WORDS:
            raise LimitReached(f"{system.name}: a state of {system.words} words is too long for the C kernel")
        if len(system.transitions) > MOST_TRANSITIONS:
            raise LimitReached(f"{system.name}: {len(system.transitions)} transitions are too many to number")
        self.tables = tables = Tables.of(system)
        described = self.ffi.new("pk_system *", {**tables.counts, **limits, "record_edges": edges})
        # What is kept lives as long as this name; pk_new copies what it needs.
        kept = [self.ffi.NULL if spill is None else self.ffi.new("char[]", os.fsencode(spill))]
        described.spill = kept[0]
        for name, kind, octets in tables.arrays():
            kept.append(self.ffi.from_buffer(f"{kind}[]", octets))
            setattr(described, name, kept[-1])
        made = self.lib.pk_new(described)
        if made == self.ffi.NULL:
            room = "memory" if spill is None else f"memory, or room in {spill},"
            raise LimitReached(f"{system.name}: not enough {room} for the tables of the C kernel")
        self.search = self.ffi.gc(made, self.lib.pk_free)

    def restore(self, saved: Checkpoint, max_states: int) -> None:
        """Go to where the search was saved. Raises UsageError if it is damaged or beyond a limit, LimitReached."""
        with saved.sections() as content, self.ffi.from_buffer("uint64_t[]", content) as words:
            status = self.lib.pk_restore(self.search, words, len(words))
        if status == self.lib.PK_FORMAT:
            raise saved.damaged()
        found = self.lib.pk_result(self.search)
        if status != self.lib.PK_OK:
            raise LimitReached(f"{saved.place}: the states saved there do not fit into memory; use --spill DIR")
        if found.states > max_states:
            raise UsageError(f"{saved.place}: {found.states:,} states are saved there, {max_states:,} are granted here")
        self.levels, self.kept = list(saved.levels), found.expanded
        self.began -= saved.seconds

    def run(
        self, seconds: float, progress: Progress | None, enough: Enough | None, saved: Checkpoint | None
    ) -> tuple[list[int], str | None]:
        """Level by level until a frontier is empty or the search ends early: sizes of the levels, and why it ended."""
        found = self.lib.pk_result(self.search)
        levels, chunk, deadline = self.levels, 64, time.monotonic() + seconds
        end = sum(levels)
        while True:
            while found.expanded < end:
                before, done = time.monotonic(), found.expanded
                if before > deadline:
                    self._save(saved)
                    return self._cut(levels, end, "max_seconds")
                status = self.lib.pk_step(self.search, end, chunk)
                if status != self.lib.PK_OK:
                    return self._cut(levels, end, STOPPED[status])
                took = time.monotonic() - before
                if took > SLICE:
                    chunk = max(1, chunk // 2)
                elif took < SLICE / 2 and found.expanded - done == chunk:
                    chunk *= 2
                if saved is not None and saved.due():
                    self._save(saved)
                if time.monotonic() > self.next_look:
                    self._look_for_memory()
            if progress is not None:
                rate = found.states / max(time.monotonic() - self.began, 1e-9)
                progress(len(levels) - 1, found.states, found.states - end, rate)
            if found.states == end:
                self._save(saved)
                return levels, None
            if enough is not None and enough(self._sight(levels)):
                self._save(saved)
                return self._cut(levels, end, DECIDED)
            levels.append(found.states - end)
            end = found.states

    def _sight(self, levels: list[int]) -> Sight:
        """What is new since the last time; the states beyond these levels are the next one."""
        store = PackedStates.of(self.ffi, self.lib, self.search, self.system)
        ends = [*accumulate(levels), len(store)]
        told, counts = self.told, self.lib.pk_result(self.search).seen_count
        self.told = [counts[number] for number in range(len(self.system.projections))]
        return Sight(self._projections(told, store, ends), self._goals(ends))

    def _projections(self, told: list[int], store: PackedStates, ends: list[int]) -> tuple[tuple[Projected, ...], ...]:
        """For each projection its values but the first so many."""
        found = self.lib.pk_result(self.search)
        numbers = (
            found.seen[n][before : found.seen_count[n]] if found.seen_count[n] > before else ()
            for n, before in enumerate(told)
        )
        return tuple(
            tuple(_projected(projection, store, ends, state) for state in seen)
            for projection, seen in zip(self.system.projections, numbers, strict=True)
        )

    def _goals(self, ends: list[int]) -> tuple[Reached | None, ...]:
        states = self.lib.pk_result(self.search).goal_state[0 : len(self.system.goals)] if self.system.goals else ()
        return tuple(None if s == self.lib.PK_NONE else Reached(s, bisect_right(ends, s)) for s in states)

    def _look_for_memory(self) -> None:
        """Others take memory, and give it back."""
        self.next_look = time.monotonic() + GLANCE
        more = self.free()
        if more is not None:
            self.limit = self.lib.pk_bytes(self.search) + more
            self.lib.pk_grant(self.search, self.limit)

    def _save(self, saved: Checkpoint | None) -> None:
        """Save what is new, unless nothing is to be saved; not after a step that met a limit."""
        expanded = self.lib.pk_result(self.search).expanded
        if saved is None or saved.trouble or expanded == self.kept:
            return
        count = self.ffi.new("uint32_t *")
        pieces = self.lib.pk_unsaved(self.search, count)
        if pieces == self.ffi.NULL:
            saved.fail("not enough memory to save the search")
            return
        content = [self.ffi.buffer(pieces[n].at, pieces[n].octets) for n in range(count[0])]
        saved.save(content, self.levels, time.monotonic() - self.began)
        self.kept = expanded

    def _cut(self, levels: list[int], end: int, why: str) -> tuple[list[int], str]:
        beyond = self.lib.pk_result(self.search).states - end
        return ([*levels, beyond] if beyond else levels), why

    def result(self, levels: list[int], stopped_by: str | None) -> Exploration:
        octets = self.lib.pk_bytes(self.search)
        self.lib.pk_finish(self.search)
        found, system = self.lib.pk_result(self.search), self.system
        store = PackedStates.of(self.ffi, self.lib, self.search, system)
        ends = list(accumulate(levels))
        counts = found.fired[0 : len(system.rules)]
        for index in complete_start(system)[0]:
            counts[system.transitions[index].rule] += 1
        fired = tuple(counts)
        return Exploration(
            states=found.states,
            transitions=sum(fired),
            complete=stopped_by is None,
            stopped_by=stopped_by,
            fired=fired,
            levels=tuple(levels),
            knowledge_sets=found.knowledge_sets,
            projections=self._projections([0] * len(system.projections), store, ends),
            goals=self._goals(ends),
            seconds=time.monotonic() - self.began,
            kernel="c",
            bytes_per_state=octets / found.states,
            shortage=shortage(found.states, octets, levels, self.limit, self.spill) if stopped_by == "memory" else "",
            edges=self._edges(found) if self.edges else None,
            store=store,
        )

    def _edges(self, found: Any) -> Edges:
        def copied(code: str, pointer: Any, count: int) -> array[int]:
            numbers = array(code)
            if count:
                numbers.frombytes(self.ffi.buffer(pointer, count * numbers.itemsize))
            return numbers

        return Edges(
            copied("Q", found.edge_offset, found.expanded + 1),
            copied("I", found.edge_target, found.edges),
            copied("I", found.edge_via, found.edges),
        )


def _projected(projection: Projection, store: PackedStates, ends: list[int], state: int) -> Projected:
    local, knowledge = store.state(state)
    depth = bisect_right(ends, state)
    return Projected(local & projection.mask, knowledge & projection.facts, state, depth)
