"""Each system call that writes fails once: checkpoint, cache of ground systems, spilt tables and record."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pmicheck.explore.explorer import kernel_in_use
from pmicheck.verdict import ExitCode

HERE = Path(__file__).parent
ERRORS = (errno.ENOSPC, errno.EIO)
WHOLE = re.compile(
    r"json|checkpoint/(lock|run\.json|[0-9a-f]{32}/(sections|manifest\.json))|cache/pmicheck/[0-9a-f]{64}\.ground"
)
"""Every file that a run may leave."""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("cc") or kernel_in_use() != "c",
    reason="calls are made to fail by a library in C, and only the C kernel spills and saves",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """For each call and each error how the run ended in which it failed, what it left, and how the next run ended."""
    directory = tmp_path_factory.mktemp("failing")
    library = directory / "failing_calls.so"
    build = ["cc", "-shared", "-fPIC", "-o", str(library), str(HERE / "failing_calls.c"), "-ldl"]
    subprocess.run(build, check=True)
    program = [sys.executable, str(HERE / "failing_runs.py"), str(directory), *map(str, ERRORS)]
    surroundings = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(HERE.parent.parent)}
    done = subprocess.run(program, env=surroundings, stdout=subprocess.PIPE, check=True, text=True, timeout=600)
    whole, *found = map(json.loads, done.stdout.splitlines())
    assert whole["code"] == ExitCode.AS_EXPECTED
    assert len(found) == len(ERRORS) * whole["calls"]
    return found


def test_a_run_ends_with_one_sentence_or_goes_on(runs: list[dict[str, Any]]) -> None:
    for each in runs:
        code, lines = each["first"]["code"], each["first"]["said"].splitlines()
        assert code in (ExitCode.AS_EXPECTED, ExitCode.USAGE, ExitCode.INCONCLUSIVE), each
        assert [line.startswith("pmicheck: ") for line in lines].count(True) == (code != ExitCode.AS_EXPECTED), each


def test_all_that_writes_was_made_to_fail(runs: list[dict[str, Any]]) -> None:
    said = [(each["first"]["code"], each["first"]["said"]) for each in runs]
    assert any(code == ExitCode.USAGE and "checkpoint: cannot be written" in words for code, words in said)
    assert any(code == ExitCode.AS_EXPECTED and "not saved any more" in words for code, words in said)
    assert any(code == ExitCode.INCONCLUSIVE and "spill" in words for code, words in said)
    assert any(code == ExitCode.USAGE and "json: cannot be written" in words for code, words in said)
    kept = [any(name.endswith(".ground") for name in each["left"]) for each in runs if "json" in each["left"]]
    assert kept.count(False) >= len(ERRORS)
    assert kept.count(True) > kept.count(False)


def test_nothing_half_written_is_left(runs: list[dict[str, Any]]) -> None:
    for each in runs:
        assert all(map(WHOLE.fullmatch, each["left"])), each


def test_the_next_run_goes_on_as_if_nothing_had_failed(runs: list[dict[str, Any]]) -> None:
    for each in runs:
        assert each["second"]["code"] == ExitCode.AS_EXPECTED, each
