"""A cluster of our own on this machine, in a session of its own: Ctrl-C in a terminal does not reach it.

It ends when the one that began it goes away, whatever way it goes: its standard input is a pipe that closes then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from pmicheck.errors import LimitReached

NOWHERE = "127.0.0.1:0"
"""Dask's web pages: they cannot be left out, only put where they are in nobody's way."""


@contextlib.contextmanager
def processes(number: int, security: dict[str, Any]) -> Iterator[str]:
    """So many workers and a scheduler, and the scheduler's address; all are killed in the end.

    `security` goes to Dask's Security. Raises LimitReached if they do not come up.
    """
    with tempfile.TemporaryDirectory(prefix="pmicheck-", ignore_cleanup_errors=True) as directory:
        serving = subprocess.Popen(
            [sys.executable, "-m", "pmicheck.cluster.own", repr((number, security, directory))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert serving.stdout is not None
            address = serving.stdout.readline().strip()
            if not address:
                raise LimitReached(f"--cluster local:{number}: the processes could not be started")
            yield address
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(serving.pid, signal.SIGKILL)
            serving.communicate()


def serve(number: int, security: dict[str, Any], directory: str) -> None:
    """Be the cluster until standard input ends. Dask restarts a worker that dies; nobody limits their memory."""
    from distributed import LocalCluster
    from distributed.security import Security

    with LocalCluster(
        n_workers=number,
        threads_per_worker=1,
        protocol="tls://" if security else "tcp://",
        security=Security(**security),
        dashboard_address=NOWHERE,
        worker_dashboard_address=NOWHERE,
        memory_limit=0,
        local_directory=directory,
        silence_logs=logging.CRITICAL,
    ) as cluster:
        os.write(1, f"{cluster.scheduler_address}\n".encode())
        os.read(0, 1)


if __name__ == "__main__":
    import ast

    serve(*ast.literal_eval(sys.argv[1]))
