"""Processes that share work: they do it, and they end when nobody waits for it any more."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from pmicheck.workers import in_order, pool_of


def test_they_do_the_work_in_processes_of_their_own() -> None:
    with pool_of(2) as pool:
        assert list(in_order(pool, abs, [(-1,), (-2,), (-3,)])) == [1, 2, 3]
        assert pool.submit(os.getpid).result() != os.getpid()


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
            for _ in in_order(pool, time.sleep, [(0.1,), *[(60,)] * 7]):
                raise error

    complaints: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    began = time.monotonic()
    with pytest.raises(error):
        leave()
    assert time.monotonic() - began < 20
    assert not complaints
