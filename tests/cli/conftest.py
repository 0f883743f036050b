"""Lets the command line run against a made-up analysis, in this process and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "report"))
sys.path.insert(0, str(HERE))

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `pmicheck ARGUMENTS` in a process of its own, in an empty directory, with the fake analysis."""

    def call(*arguments: str, plan: str = "holds", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=surroundings(plan, **environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(HERE / "fake_main.py"), *arguments]


def surroundings(plan: str, **environment: str) -> dict[str, str]:
    """The environment of such a process; `plan` says what the fake analysis finds."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "COLUMNS", "PMICHECK_TRACEBACK")
    }
    root = str(HERE.parent.parent)
    return {**kept, "FAKE_PLAN": plan, "PYTHONPATH": root, **environment}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Puts the fake analysis in place of the real one, in this process."""
    import fake_analysis

    import pmicheck

    monkeypatch.setitem(sys.modules, "pmicheck.analysis", fake_analysis)
    monkeypatch.setattr(pmicheck, "analysis", fake_analysis, raising=False)
    monkeypatch.chdir(tmp_path)
