"""Lets the command line run against a made-up analysis."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runner import HERE, Run, command, surroundings

Server = subprocess.Popen[str]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The program that starts runs."""
    program = [sys.executable, str(HERE / "fake_server.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, env=surroundings("holds"), stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def run(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, server: Server) -> Run:
    """Runs `pmicheck ARGUMENTS` in a process of its own, in an empty directory, with the fake analysis.

    The process is forked from one that has loaded the modules, unless Python itself is to be started otherwise.
    """
    told = tmp_path_factory.mktemp("told")

    def call(*arguments: str, plan: str = "holds", **environment: str) -> subprocess.CompletedProcess[str]:
        around = surroundings(plan, **environment)
        if any(name.startswith("PYTHON") for name in environment):
            return subprocess.run(
                command(*arguments), cwd=tmp_path, env=around, capture_output=True, text=True, timeout=60, check=False
            )
        stdout, stderr = told / "stdout", told / "stderr"
        places = {"directory": str(tmp_path), "stdout": str(stdout), "stderr": str(stderr)}
        return subprocess.CompletedProcess(
            command(*arguments),
            asked(server, {"arguments": arguments, "environment": around, **places}),
            stdout.read_text(),
            stderr.read_text(),
        )

    return call


def asked(server: Server, run: dict[str, object]) -> int:
    """The exit code of a run by the server."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps(run) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())
