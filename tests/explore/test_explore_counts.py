"""Systems whose counts are known or had in another way; paths, limits, options and what is refused."""

from __future__ import annotations

import dataclasses
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from explore_systems import counter, guarded, lay_out, learner, lockstep, philosophers

from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore import c_kernel
from pmicheck.explore.explorer import explore, kernel_in_use
from pmicheck.explore.packed_states import PackedStates
from pmicheck.explore.result import Exploration, Reached
from pmicheck.grounding.system import Horn, Rule, TransitionSystem

KERNELS = ("c", "python")


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest) -> str:
    return request.param


def philosophers_by_hand(n: int) -> tuple[int, int]:
    """(states, transitions) by depth-first search over strings: T thinks, L has left, E eats, R is done."""

    def free(table: str, fork: int) -> bool:
        """Fork i lies between philosophers i - 1 and i: left of i, right of i - 1."""
        return table[fork % n] == "T" and table[(fork - 1) % n] != "E"

    def successors(table: str) -> Iterator[str]:
        for i, phase in enumerate(table):
            if phase == "T" and free(table, i):
                yield table[:i] + "L" + table[i + 1 :]
            elif phase == "L" and free(table, i + 1):
                yield table[:i] + "E" + table[i + 1 :]
            elif phase in "ER":
                yield table[:i] + {"E": "R", "R": "T"}[phase] + table[i + 1 :]

    seen, stack, transitions = {"T" * n}, ["T" * n], 0
    while stack:
        for table in successors(stack.pop()):
            transitions += 1
            if table not in seen:
                seen.add(table)
                stack.append(table)
    return len(seen), transitions


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_philosophers(kernel: str, n: int) -> None:
    found = explore(philosophers(n), kernel=kernel)
    assert (found.states, found.transitions) == philosophers_by_hand(n)
    assert found.goals == (Reached(found.goals[0].state, n),)  # all have taken their left fork, one after another
    assert len(found.path(found.goals[0].state)) == n
    assert found.kernel == kernel


def test_closed_form_of_philosophers(kernel: str) -> None:
    """With only T to the right of E there are a(n) = 3 a(n - 1) + a(n - 2) tables; RR...R is unreachable."""
    a = [2, 3]
    while len(a) < 10:
        a.append(3 * a[-1] + a[-2])
    for n in range(3, 10):
        assert explore(philosophers(n), kernel=kernel).states == a[n] - 1


@pytest.mark.parametrize("words", [1, 2, 3, 4, 5, 9])
def test_counter(kernel: str, words: int) -> None:
    system = counter(9, 3, words)
    assert system.words == words
    found = explore(system, kernel=kernel)
    assert (found.states, found.transitions, found.depth) == (3**9, 3**9 - 1, 3**9 - 1)
    assert found.levels == (1,) * 3**9
    assert found.goals == (Reached(3**9 - 1, 3**9 - 1),)
    assert found.states_iter().__next__() == (0, 0)


def test_horn_closure(kernel: str) -> None:
    found = explore(learner(5), kernel=kernel)
    assert (found.states, found.knowledge_sets, found.transitions) == (32, 32, 32 * 5)
    assert found.levels == (1, 5, 10, 10, 5, 1)
    assert found.state(31) == (0, (1 << 7) - 1)
    assert [tuple(p) for p in found.projections[0]] == [(0, 0, 0, 0), (0, 1 << 6, 31, 5)]
    assert found.goals == (Reached(31, 5), Reached(6, 2))
    assert found.path(6) == (0, 1)


def test_axioms_hold_at_the_start(kernel: str) -> None:
    system = dataclasses.replace(learner(3), horn=(Horn(0, 0), Horn(0b1, 1), *learner(3).horn))
    found = explore(system, kernel=kernel)
    assert found.state(0) == (0, 0b11)
    assert found.states == 2


def test_nothing_to_do(kernel: str) -> None:
    empty = TransitionSystem("empty", 64, (), (), (), (), (), 7, 0)
    found = explore(empty, kernel=kernel, edges=True)
    assert (found.states, found.transitions, found.fired, found.levels, found.complete) == (
        1,
        0,
        (),
        (1,),
        True,
    )
    assert found.state(0) == (7, 0)
    assert found.path(0) == ()
    assert list(found.edges.of(0)) == []


def test_depths_and_ids(kernel: str) -> None:
    found = explore(philosophers(4), kernel=kernel)
    for state_id in range(found.states):
        assert found.depth_of(state_id) == len(found.path(state_id))
    for wrong in (-1, found.states):
        for method in (found.path, found.state, found.depth_of):
            with pytest.raises(IndexError):
                method(wrong)


def test_max_states(kernel: str) -> None:
    whole = explore(philosophers(5), kernel=kernel)
    cut = explore(philosophers(5), kernel=kernel, max_states=100)
    assert (cut.states, cut.complete, cut.stopped_by, sum(cut.levels)) == (100, False, "max_states", 100)
    assert list(cut.states_iter()) == list(whole.states_iter())[:100]
    enough = explore(philosophers(5), kernel=kernel, max_states=whole.states)
    assert enough == whole


def test_edges_of_a_cut_search(kernel: str) -> None:
    system = philosophers(4)
    whole = explore(system, kernel=kernel, edges=True)
    cut = explore(system, kernel=kernel, max_states=50, edges=True)
    assert 0 < cut.edges.expanded < 50
    for state in range(cut.edges.expanded):
        assert list(cut.edges.of(state)) == list(whole.edges.of(state))


def test_limits_beyond_all_tables(kernel: str) -> None:
    assert explore(philosophers(3), kernel=kernel, max_states=10**30).complete


def test_max_seconds(kernel: str) -> None:
    found = explore(philosophers(14), kernel=kernel, max_seconds=0.2)
    assert (found.complete, found.stopped_by) == (False, "max_seconds")
    assert sum(found.levels) == found.states
    assert 0.2 <= found.seconds < 2


def test_progress_is_told_level_by_level(kernel: str) -> None:
    told: list[tuple[int, int, int]] = []
    found = explore(philosophers(4), kernel=kernel, progress=lambda *now: told.append(now[:3]))
    assert [depth for depth, _, _ in told] == list(range(found.depth + 1))
    assert [frontier for _, _, frontier in told] == [*found.levels[1:], 0]
    assert told[-1][1] == found.states


def test_an_exception_in_progress_ends_the_search(kernel: str) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(philosophers(4), kernel=kernel, progress=interrupt)


def test_interrupted_in_the_middle_of_a_level(kernel: str) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            explore(philosophers(15), kernel=kernel)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 2


def test_ids_never_wrap() -> None:
    states = c_kernel.search(philosophers(5), state_ids=77)
    assert (states.states, states.complete, states.stopped_by) == (77, False, "state ids")
    knowledge = c_kernel.search(learner(8), knowledge_ids=20)
    assert (knowledge.complete, knowledge.stopped_by) == (False, "knowledge ids")
    assert 1 < knowledge.states == knowledge.knowledge_sets <= 20
    keys = c_kernel.search(counter(9, 9, 3), key_bits=12)
    assert (keys.complete, keys.stopped_by) == (False, "key bits")
    assert 1 < keys.states <= 2**12


def octets_of_a_key(found: Exploration) -> int:
    store = found.store
    assert isinstance(store, PackedStates)
    return store.lib.pk_result(store.search).key_octets


@pytest.mark.parametrize(
    ("words", "octets"), [(2, 8), (7, 8), (8, 12), (14, 16), (15, 20), (22, 28), (25, 32), (56, 64)]
)
@pytest.mark.parametrize("threads", [1, 2])
def test_keys_are_as_long_as_their_numbers_need(words: int, octets: int, threads: int) -> None:
    """Nine bits a number, so seven of them to a word of a key."""
    system = lockstep(words, 300)
    found, expected = c_kernel.search(system, threads=threads), explore(system, kernel="python")
    assert found == expected
    assert found.states == 300
    assert octets_of_a_key(found) == octets
    assert list(found.states_iter()) == list(expected.states_iter())
    assert [found.path(n) for n in range(300)] == [expected.path(n) for n in range(300)]


@pytest.mark.parametrize("values", [1, 2, 65, 66, 513, 514, 600])
def test_one_word_with_few_transitions_and_with_many(values: int) -> None:
    """Up to 512 transitions the kernel has bits for them; beyond that it looks for them as in other systems."""
    system = lockstep(1, values)
    found, expected = c_kernel.search(system), explore(system, kernel="python")
    assert (found, found.states, found.transitions) == (expected, values, values - 1)
    assert [found.path(n) for n in range(values)] == [tuple(range(n)) for n in range(values)]


def test_one_word_without_any_guard() -> None:
    (field,), width = lay_out([("x", 4)])
    free = tuple(guarded(0, [], [(field, value)]) for value in (2, 1, 3))
    system = TransitionSystem("free", width, (field,), (Rule("set", "a", "1"),), free, (), (), 0, 0)
    found = c_kernel.search(system)
    assert found == explore(system, kernel="python")
    assert ([local for local, _ in found.states_iter()], found.transitions) == ([0, 2, 1, 3], 12)


def test_keys_that_would_be_too_long() -> None:
    found = c_kernel.search(lockstep(57, 300))
    assert (found.complete, found.stopped_by) == (False, "key bits")
    assert found.states == 256


def test_many_states_in_several_chunks() -> None:
    found = explore(philosophers(9), kernel="c")
    assert (found.states, found.knowledge_sets) == (46763, 1)
    assert found.bytes_per_state < 64


def test_without_the_c_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernel_in_use() == "c"
    monkeypatch.setitem(sys.modules, "pmicheck.explore._kernel", None)
    assert kernel_in_use() == "python"
    assert explore(philosophers(3)).kernel == "python"
    with pytest.raises(UsageError, match="not built"):
        explore(philosophers(3), kernel="c")


def test_a_kernel_from_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c_kernel, "INTERFACE", -1)
    assert kernel_in_use() == "python"


@pytest.mark.parametrize("options", [{"kernel": "rust"}, {"max_states": 0}, {"max_seconds": -1}])
def test_senseless_options(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        explore(philosophers(3), **options)


def test_broken_systems_are_refused() -> None:
    fields, width = lay_out([("x", 4)])
    good = TransitionSystem("t", width, fields, (Rule("r", "a", "1"),), (), ("f",), (), 0, 0)
    broken = [
        {"width": 65},
        {"initial": 1 << 64},
        {"transitions": (guarded(3, [], []),)},
        {"transitions": (dataclasses.replace(guarded(0, [], []), mask=-1),)},
        {"fields": (dataclasses.replace(fields[0], shift=63),)},
        {"horn": (Horn(0, 5),), "known": 1},
    ]
    for change in broken:
        with pytest.raises(ValueError, match="t: "):
            explore(dataclasses.replace(good, **change), kernel="c")


def test_too_many_words_for_the_c_kernel() -> None:
    wide = TransitionSystem("wide", 64 * 129, (), (), (), (), (), 0, 0)
    with pytest.raises(LimitReached, match="129 words"):
        explore(wide, kernel="c")
    assert explore(wide, kernel="python").states == 1


def same(together: Exploration, alone: Exploration) -> None:
    assert together == alone
    assert list(together.states_iter()) == list(alone.states_iter())
    some = range(0, alone.states, 97)
    assert [together.path(state) for state in some] == [alone.path(state) for state in some]


@pytest.mark.parametrize("edges", [False, True], ids=["states", "edges"])
@pytest.mark.parametrize("threads", [2, 3, 64])
@pytest.mark.parametrize("system", [philosophers(9), counter(5, 6, 3), learner(11)], ids=lambda system: system.name)
def test_threads_find_the_same(system: TransitionSystem, threads: int, edges: bool) -> None:
    same(c_kernel.search(system, edges=edges, threads=threads), c_kernel.search(system, edges=edges))


def test_threads_find_the_same_in_an_index_that_grows() -> None:
    found = c_kernel.search(philosophers(12), threads=2)
    alone = c_kernel.search(philosophers(12))
    assert found == alone
    some = range(0, alone.states, 997)
    assert [found.path(state) for state in some] == [alone.path(state) for state in some]


def test_threads_find_the_same_among_more_successors_than_they_can_claim_places_for() -> None:
    """A tree with 512 leaves, 129 of which make a batch. Leaves 32 apart in it have the same 1,200 successors."""
    fields, width = lay_out([("height", 10), ("fruit", 1201), *((f"turn{n}", 2) for n in range(9))])
    height, fruit, *turns = fields
    steps = [guarded(0, [(height, n)], [(height, n + 1), (turns[n], side)]) for n in range(9) for side in (0, 1)]
    steps += [guarded(0, [(height, 9), (fruit, 0)], [(fruit, n), (turns[3], 0)]) for n in range(1, 1201)]
    system = TransitionSystem("tree", width, fields, (Rule("go", "x", "1"),), tuple(steps), (), (), 0, 0)
    alone = c_kernel.search(system)
    assert alone.states == 1023 + 256 * 1200
    assert c_kernel.search(system, threads=2) == alone


@pytest.mark.parametrize("most", [2_000, 16_384, 30_001])
def test_threads_stop_at_the_same_state(most: int) -> None:
    system = learner(15)
    alone = c_kernel.search(system, max_states=most)
    assert alone.stopped_by == "max_states"
    for threads in (2, 3):
        together = c_kernel.search(system, max_states=most, threads=threads)
        assert together == alone
        assert list(together.states_iter()) == list(alone.states_iter())


def rays(words: int) -> TransitionSystem:
    """From the middle one may go 60 steps on one ray of `words`; each has a word of its own."""
    fields, width = lay_out([(f"ray{n}", 64) for n in range(words)], words)
    steps = [
        guarded(0, [(f, at) for f in fields if f is not ray] + [(ray, at)], [(ray, at + 1)])
        for at in (0,)
        for ray in fields
    ]
    steps += [guarded(0, [(ray, at)], [(ray, at + 1)]) for at in range(1, 60) for ray in fields]
    return TransitionSystem(f"rays-{words}", width, fields, (Rule("go", "x", "1"),), tuple(steps), (), (), 0, 0)


@pytest.mark.parametrize("words", [3, 11, 22, 44, 80])
def test_keys_get_longer_as_they_need(words: int) -> None:
    """60 values take 6 bits: keys of 18, 66, 132, 264 and 480 bits, in 1, 2, 4, 8 and 8 words."""
    system = rays(words)
    found = c_kernel.search(system, edges=True)
    assert found.states == 1 + 60 * words
    assert found == explore(system, kernel="python", edges=True)
    assert set(found.states_iter()) == {(at << 64 * ray, 0) for ray in range(words) for at in range(61)}


def test_a_key_beyond_all_bits_ends_the_search() -> None:
    found = c_kernel.search(rays(100))
    assert (found.complete, found.stopped_by) == (False, "key bits")
    assert set(found.states_iter()) < {(at << 64 * ray, 0) for ray in range(100) for at in range(61)}


def test_memory_that_would_not_suffice_ends_the_search() -> None:
    found = c_kernel.search(philosophers(9), most_octets=600_000)
    assert (found.complete, found.stopped_by) == (False, "memory")
    assert 1_000 < found.states < 46_763
    assert "--spill" in found.shortage
    assert c_kernel.search(philosophers(9), most_octets=2_000_000).complete
