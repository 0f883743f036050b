"""Processes that share work: they do it, and they end when nobody waits for it any more."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.verify.workers import as_ready, at_once, pool_of


def test_they_do_the_work_in_processes_of_their_own() -> None:
    with pool_of(2) as pool:
        found = dict(as_ready([set()] * 3, [0] * 3, lambda number: pool.submit(abs, -number), 2))
        assert found == {0: 0, 1: 1, 2: 2}
        assert pool.submit(os.getpid).result() != os.getpid()


def test_what_is_done_first_is_told_first() -> None:
    with pool_of(2) as pool:
        told = as_ready([set()] * 3, [0] * 3, lambda number: pool.submit(time.sleep, 0.0 if number else 1.0), 2)
        assert [number for number, _ in told] == [1, 2, 0]


AFTER = st.lists(st.frozensets(st.integers(0, 7)), max_size=8).map(
    lambda sets: [{each for each in chosen if each < number} for number, chosen in enumerate(sets)]
)


@given(AFTER, st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_work_waits_for_what_it_needs_and_the_heaviest_goes_first(after: list[set[int]], weights: list[int]) -> None:
    begun: list[int] = []
    had: dict[int, int] = {}

    def start(number: int) -> Future[int]:
        ready = [n for n in range(len(after)) if n not in begun and after[n] <= had.keys()]
        assert number == min(ready, key=lambda n: (-weights[n], n))
        begun.append(number)
        return at_once(abs, -number)

    for number, result in as_ready(after, weights, start, 1):
        had[number] = result
    assert had == {number: number for number in range(len(after))}
    assert sorted(begun) == sorted(had)


def test_no_more_is_under_way_than_there_are_workers() -> None:
    under_way: set[Future[None]] = set()

    def start(number: int) -> Future[None]:
        assert sum(not future.done() for future in under_way) < 2
        under_way.add(future := pool.submit(time.sleep, 0.02))
        return future

    with pool_of(4) as pool:
        assert len(list(as_ready([set()] * 6, [0] * 6, start, 2))) == 6


def test_they_take_no_notice_of_ctrl_c() -> None:
    with pool_of(1) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGINT)
        assert pool.submit(abs, -1).result() == 1


def test_their_errors_are_told() -> None:
    with pytest.raises(ZeroDivisionError), pool_of(2) as pool:
        pool.submit(divmod, 1, 0).result()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_they_end_in_mid_work_when_the_block_is_left(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave() -> None:
        with pool_of(2) as pool:
            for _ in as_ready([set()] * 8, [0] * 8, lambda number: pool.submit(time.sleep, 60 if number else 0.1), 2):
                raise error

    complaints: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    began = time.monotonic()
    with pytest.raises(error):
        leave()
    assert time.monotonic() - began < 20
    assert not complaints
