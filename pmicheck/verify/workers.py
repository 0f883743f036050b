"""Processes that share work, and end at once when the one that wants it does not wait for it any more."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, parent_process
from typing import Any, TypeVar

from pmicheck.errors import LimitReached

T = TypeVar("T")
KILLED = "a worker process was killed, as systems do that run out of memory; try fewer --workers"


@contextlib.contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """An executor with so many processes. If its block is left by an exception (Ctrl-C), they are ended in mid-work.

    They take no notice of Ctrl-C and of requests to end: a terminal or timeout(1) sends them to all, and the first
    process alone has to answer them.

    Raises LimitReached if one of them was killed.
    """
    others = set(active_children())
    with ProcessPoolExecutor(workers, initializer=_begin) as pool:
        try:
            yield pool
        except BaseException as error:
            for child in set(active_children()) - others:  # one left alone would wait for a lock that another one held
                child.kill()
            if isinstance(error, BrokenProcessPool):
                raise LimitReached(KILLED) from error
            raise


def as_ready(
    after: Sequence[Set[int]], weights: Sequence[int], start: Callable[[int], Future[T]], workers: int
) -> Iterator[tuple[int, T]]:
    """The number and the result of each piece of work, as they come; the heaviest that is ready is started next.

    Args:
        after: for each piece the numbers of those whose results it needs; no circles.
        weights: how much each piece and all that waits for it may take, in any unit; of equals the first goes first.
        start: begins a piece; not called before the caller has had the results of all that the piece needs.
        workers: how many are under way at most.
    """
    waiting, done = set(range(len(after))), set[int]()
    running: dict[Future[T], int] = {}
    while waiting or running:
        ready = sorted((number for number in waiting if after[number] <= done), key=lambda n: (-weights[n], n))
        for number in ready[: workers - len(running)]:
            waiting.remove(number)
            running[start(number)] = number
        for future in sorted(wait(running, return_when=FIRST_COMPLETED).done, key=running.__getitem__):
            number = running.pop(future)
            yield number, future.result()
            done.add(number)


def at_once(work: Callable[..., T], *arguments: Any) -> Future[T]:
    """The result of the work, done here and now, as if another process had done it."""
    future: Future[T] = Future()
    future.set_result(work(*arguments))
    return future


def _begin() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_first, daemon=True).start()


def _end_with_the_first() -> None:
    """Where the first process is killed nobody ends this one, which would wait for work for ever."""
    first = parent_process()
    assert first is not None
    first.join()
    signal.raise_signal(signal.SIGKILL)
