"""Processes that share work, and end at once when the one that wants it does not wait for it any more."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import SimpleQueue


@contextlib.contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """An executor with so many processes. If its block is left by an exception (Ctrl-C), they are ended in mid-work.

    They take no notice of Ctrl-C themselves: a terminal sends it to all, and the first process alone has to answer it.
    """
    started: SimpleQueue[int] = SimpleQueue()
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(started,)) as pool:
        try:
            yield pool
        except BaseException:
            while not started.empty():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(started.get(), signal.SIGTERM)
            raise


def _begin(started: SimpleQueue[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    started.put(os.getpid())
