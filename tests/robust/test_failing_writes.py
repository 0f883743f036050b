"""Each call that writes fails once: one sentence and exit code 2, what was decided stays, nothing is half-written."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pmicheck.cli.main import main
from pmicheck.report.manifest import inspect
from pmicheck.verdict import ExitCode

CALLS = ("open", "mkdir", "replace", "rename", "unlink", "fsync")
"""What writing goes through; a disk that is full shows in fsync at the latest."""


class Failing:
    """Lets the call number `turn` of those that write fail as on a full disk; counts them all."""

    def __init__(self, turn: int) -> None:
        self.turn, self.count = turn, 0

    def wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            mode = arguments[1] if len(arguments) > 1 else named.get("mode", "")
            if real.__name__ != "open" or (isinstance(mode, str) and set(mode) & set("wax")):
                self.count += 1
                if self.count - 1 == self.turn:
                    raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))
            return real(*arguments, **named)

        return call


def attempt(directory: Path, turn: int) -> tuple[int, int]:
    """The exit code of a run of which one call fails, and how many calls there were."""
    failing = Failing(turn)
    outputs = ("--report", str(directory / "report"), "--sarif", str(directory / "s"), "--junit", str(directory / "j"))
    arguments = ["--attacker", "home-path", "--property", "no-redirection", "--json", str(directory / "r.json")]
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS[1:]:
            patch.setattr(os, name, failing.wrap(getattr(os, name)))
        patch.setattr(Path, "open", failing.wrap(Path.open))
        code = main(["verify", "type1-initial", *arguments, *outputs])
    return code, failing.count


def test_every_failing_write_is_one_sentence_and_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all").mkdir()
    code, calls = attempt(tmp_path / "all", -1)
    assert code == ExitCode.NEW_VIOLATION
    assert calls > 20
    for turn in range(calls):
        directory = tmp_path / str(turn)
        directory.mkdir()
        capsys.readouterr()
        code, _ = attempt(directory, turn)
        said = capsys.readouterr().err
        assert code in (ExitCode.USAGE, ExitCode.NEW_VIOLATION), (turn, said)
        if code == ExitCode.USAGE and "(1 of 1)" in said:
            kept = [path for path in (directory / "r.json", directory / "report/record.json") if path.exists()]
            assert any(json.loads(path.read_text())["results"] for path in kept), (turn, said)
        if (directory / "report").is_dir():
            inspect(directory / "report", own_record=True)
        assert not list(directory.rglob("*.tmp")), turn
