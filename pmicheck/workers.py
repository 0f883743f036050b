"""Processes that share work, and end at once when the one that wants it does not wait for it any more."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, parent_process
from typing import Any, TypeVar

T = TypeVar("T")


@contextlib.contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """An executor with so many processes. If its block is left by an exception (Ctrl-C), they are ended in mid-work.

    They take no notice of Ctrl-C themselves: a terminal sends it to all, and the first process alone has to answer it.
    """
    others = set(active_children())
    with ProcessPoolExecutor(workers, initializer=_begin) as pool:
        try:
            yield pool
        except BaseException:
            for child in set(active_children()) - others:  # one left alone would wait for a lock that another one held
                child.terminate()
            raise


def in_order(pool: ProcessPoolExecutor, work: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """The result of `work` for each tuple of arguments, as `pool.map` gives them.

    But `map` cancels what is not done when its caller leaves, and an executor whose processes were ended trips over
    that (CPython 3.11 prints a traceback from a thread of its own).
    """
    for future in [pool.submit(work, *each) for each in arguments]:
        yield future.result()


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_first, daemon=True).start()


def _end_with_the_first() -> None:
    """Where the first process is killed nobody ends this one, which would wait for work for ever."""
    first = parent_process()
    assert first is not None
    first.join()
    signal.raise_signal(signal.SIGTERM)
