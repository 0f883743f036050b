"""Lets the command line run against a made-up analysis."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli_runner import Run, command, surroundings


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
