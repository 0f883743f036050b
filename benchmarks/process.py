"""Runs a program and measures it, whichever program it is, in the same way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What a process printed and took: seconds of user CPU and of wall clock, octets at its peak."""

    output: str
    user: float
    wall: float
    peak: int


def measure(command: Sequence[str], cwd: Path) -> Measured:
    """Runs a command to its end; raises RuntimeError with what it printed if it fails, or is not there."""
    began = time.monotonic()
    try:
        process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError as error:
        raise RuntimeError(f"{command[0]} is not installed") from error
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output[-2000:]}")
    octets = 1 if sys.platform == "darwin" else 1024  # ru_maxrss counts octets there, kibioctets elsewhere
    return Measured(output, used.ru_utime, time.monotonic() - began, used.ru_maxrss * octets)
