"""How the tests start `pmicheck` as a process with the fake analysis. No test lives here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent

Run = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(HERE / "fake_main.py"), *arguments]


def surroundings(plan: str, **environment: str) -> dict[str, str]:
    """The environment of such a process; `plan` says what the fake analysis finds."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "PMICHECK_TRACEBACK")
    }
    root = str(HERE.parent.parent)
    return {**kept, "FAKE_PLAN": plan, "PYTHONPATH": root, **environment}
