"""A run that is killed, or has no memory or disk left: it is taken up again, or says what it knows and what not."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pmicheck.cli.main import main
from pmicheck.errors import OutputError, UsageError
from pmicheck.explore import checkpoint, explorer
from pmicheck.verdict import DECIDED, ExitCode
from pmicheck.verify.analysis import verify
from pmicheck.verify.checkpoints import LOCK, RUN, claimed
from pmicheck.verify.engine import Engine
from pmicheck.verify.matrix import Request

CELLS = ["type1-settled", "--property", "no-redirection", "--property", "token-secrecy"]


def run(*arguments: object) -> subprocess.Popen[bytes]:
    """`pmicheck verify` of some small cells, in a session of its own."""
    command = [sys.executable, "-m", "pmicheck", "verify", *CELLS, *map(str, arguments)]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=nowhere, stderr=nowhere, start_new_session=True)


def found_by(record: Path) -> Any:
    """What a record says, but for times and the command line."""

    def without_times(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without_times(v) for k, v in value.items() if k not in ("seconds", "stages", "command")}
        return [without_times(each) for each in value] if isinstance(value, list) else value

    return without_times(json.loads(record.read_text()))


def test_a_run_that_is_killed_ends_with_the_record_of_one_that_is_not(tmp_path: Path) -> None:
    assert run("--json", tmp_path / "whole.json").wait() == ExitCode.NEW_VIOLATION
    kept, record, rng = tmp_path / "kept", tmp_path / "record.json", random.Random()
    for workers in (1, 2, 2):
        killed = run("--json", record, "--checkpoint", kept, "--workers", workers)
        time.sleep(rng.uniform(0.5, 1.5))
        killed.kill()
        killed.wait()
    assert run("--json", record, "--checkpoint", kept, "--workers", 2).wait() == ExitCode.NEW_VIOLATION
    assert found_by(record) == found_by(tmp_path / "whole.json")
    searches = {path.parent: path.read_bytes() for path in kept.rglob(checkpoint.MANIFEST)}
    assert len(searches) == sum(
        "same_as" not in each or not each["same_as"] for each in found_by(record)["explorations"]
    )
    assert run("--json", record, "--checkpoint", kept, "--threads", 2).wait() == ExitCode.NEW_VIOLATION
    assert found_by(record) == found_by(tmp_path / "whole.json")
    assert {path.parent: path.read_bytes() for path in kept.rglob(checkpoint.MANIFEST)} == searches


def request(kept: Path, max_states: int | None = None, reduce: tuple[str, ...] = (), **changes: Any) -> Request:
    return Request(engine=Engine(checkpoint=kept, max_states=max_states, reduce=reduce), **changes)


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ({}, {"scenarios": ("type1-initial",)}, "with other scenarios: all; here type1-initial"),
        ({"attackers": ("off-path",)}, {}, "with other attackers: off-path; here all"),
        ({}, {"properties": ("progress",)}, "with other properties: all; here progress"),
        ({}, {"settings": (("pt_renewal", "no"),)}, "with other readings and bounds: none set; here pt_renewal=no"),
        ({"without": ("b", "a")}, {}, "with other mechanisms switched off: a, b; here none"),
        ({}, {"reduce": ("symmetry",)}, "with other reductions: none; here symmetry"),
        ({}, {"settle": True}, "with other reductions: none; here verdicts settled by others"),
        ({}, {"max_states": 10}, "without --max-states; grant as many"),
        ({"max_states": 20}, {"max_states": 10}, "with --max-states 20; grant as many"),
    ],
)
def test_a_directory_of_another_run_is_refused(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], sentence: str
) -> None:
    with claimed(request(tmp_path, **first)):
        pass
    with pytest.raises(UsageError) as refused, claimed(request(tmp_path, **second)):
        pass
    assert str(refused.value).startswith(f"{tmp_path} has checkpoints of a run {sentence}")
    with claimed(request(tmp_path, **first)):
        pass


def test_wider_limits_are_welcome(tmp_path: Path) -> None:
    for most in (10, 20, None):
        with claimed(request(tmp_path, most)):
            pass


def test_a_changed_scenario_file_is_another_run(tmp_path: Path) -> None:
    scenario = tmp_path / "my.toml"
    scenario.write_text("one")
    with claimed(request(tmp_path / "kept", scenarios=(str(scenario),))):
        pass
    scenario.write_text("two")
    with (
        pytest.raises(UsageError, match="whose scenario files had another content"),
        claimed(request(tmp_path / "kept", scenarios=(str(scenario),))),
    ):
        pass


def test_a_directory_that_is_damaged_in_use_or_no_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PATIENCE", 0.0)
    with claimed(request(tmp_path)), pytest.raises(UsageError, match="at work there"), claimed(request(tmp_path)):
        pass
    (tmp_path / RUN).write_bytes((tmp_path / RUN).read_bytes().replace(b"null", b"10"))
    with pytest.raises(UsageError, match=r"run\.json is damaged"), claimed(request(tmp_path)):
        pass
    with pytest.raises(OutputError, match="cannot be written"), claimed(request(tmp_path / LOCK)):
        pass


def test_a_disk_that_is_full_by_now_does_not_end_the_run(tmp_path: Path) -> None:
    full, told = tmp_path / "full", list[str]()
    full.touch()
    asked = Request(scenarios=("type1-settled",), attackers=("off-path",), properties=("no-redirection",))
    expected = verify(asked, command=[], progress=told.append)
    assert "cannot be written" not in "".join(told)
    with_checkpoint = Request(**{**vars(asked), "engine": Engine(checkpoint=full)})
    assert verify(with_checkpoint, command=[], progress=told.append).results[0].verdict == expected.results[0].verdict
    assert "cannot be written: Not a directory; the search went on, but was not saved" in told[-1]


def test_a_search_without_enough_memory_says_so_and_ends_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(explorer, "free_octets", lambda: 2**17)
    record = tmp_path / "record.json"
    cell = ["type1-settled", "--attacker", "dolev-yao", "--property", "no-redirection"]
    assert main(["verify", *cell, "--json", str(record)]) == ExitCode.INCONCLUSIVE
    told = capsys.readouterr().err
    assert "type1-settled / dolev-yao:" in told
    assert "the next table would pass the 0.0 GiB that are free; there may be" in told
    assert "use --spill DIR for a disk" in told
    (exploration,) = json.loads(record.read_text())["explorations"]
    assert exploration["stopped_by"] == "memory"
    assert exploration["shortage"] in " ".join(told.split())
    monkeypatch.undo()
    spilt = tmp_path / "spilt"
    spilt.mkdir()
    assert main(["verify", *cell, "--json", str(record), "--spill", str(spilt)]) == ExitCode.NEW_VIOLATION
    (exploration,) = json.loads(record.read_text())["explorations"]
    assert (exploration["stopped_by"], exploration["shortage"]) == (DECIDED, "")
    assert list(spilt.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--spill", "/dev/null"], "/dev/null is no directory that files can be made in"),
        (["--checkpoint", "/dev/null"], "/dev/null: cannot be written: "),
        (["--threads", "65"], "threads is 65: must be from 1 to 64"),
        (["--checkpoint", "any", "--cluster", "local:1"], "choose one of --checkpoint and --cluster"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(f"pmicheck: {sentence}")


def test_processes_end_when_the_first_one_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, time; from pmicheck.verify.workers import pool_of\n"
        "with pool_of(2) as pool:\n"
        "    print(*{pool.submit(os.getpid).result() for _ in range(9)}, flush=True)\n"
        "    pool.submit(time.sleep, 60); pool.submit(time.sleep, 60).result()\n"
    )
    first = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    workers = [int(word) for word in first.stdout.readline().split()]
    os.kill(first.pid, signal.SIGKILL)
    try:
        assert workers
        assert first.communicate(timeout=20)[0] == "", "the pipe ends when the last of them has ended"
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
