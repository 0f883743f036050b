"""No input crashes pmicheck: exit code 70 is reachable by no scenario, record, baseline or trace.

`PMICHECK_MUTATIONS=100000 pytest tests/robust` tries as many inputs; by default some hundreds are tried.
"""

from __future__ import annotations

import json
import os
import random
import tomllib
from pathlib import Path

import pytest
from mutated_inputs import as_json, as_toml, changed, torn

from pmicheck.cli import main
from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.verdict import ExitCode

TRIED = int(os.environ.get("PMICHECK_MUTATIONS", "400"))
MINE = """\
name = "mine"
title = "t"
variant = "initial"
argument = "a"
prologue = ["pma1 starts the proxy home test"]
[bounds]
clock = 1
retransmissions = 0
[uncovered]
"pma1 *" = "r"
[[expect]]
attackers = ["*"]
properties = ["no-redirection"]
verdict = "holds"
argument = "a"
[[flip]]
attackers = ["off-path"]
properties = ["no-redirection"]
verdict = "violated"
argument = "a"
set = { cba = "off" }
without = ["mac"]
"""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a record, its baseline and one of its traces."""
    directory = tmp_path_factory.mktemp("originals")
    record, baseline = str(directory / "record.json"), str(directory / "baseline.toml")
    main(["verify", "type1-initial", "--attacker", "home-path", "--property", "no-redirection", "--json", record])
    main(["baseline", "write", "--record", record, "--output", baseline])
    stored = json.loads(Path(record).read_text())
    (directory / "trace.json").write_text(json.dumps(next(each["trace"] for each in stored["results"])))
    return directory


def seeds(share: int) -> range:
    """Of the inputs to be tried so many in a hundred, each as the seed of its mutation."""
    return range(TRIED * share // 100)


def ends_well(arguments: list[str], seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(arguments)
    said = capsys.readouterr().err
    assert code != ExitCode.CRASH, (seed, said)
    if code == ExitCode.USAGE:
        assert "pmicheck: " in said


def mutated(value: object, writing: object, seed: int) -> bytes:
    """One input: the structure changed, or the octets torn."""
    chance = random.Random(seed)
    octets = writing(changed(value, chance) if seed % 3 else value)  # type: ignore[operator]
    return octets if seed % 3 else torn(octets, chance)


def test_no_scenario_file_crashes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [name for name in SHIPPED if not name.startswith("type2")]
    texts = [MINE, *(load_scenario(name).text for name in names)]
    path = tmp_path / "mine.toml"
    for seed in seeds(40):
        raw = tomllib.loads(texts[0] if seed % 2 else random.Random(seed).choice(texts))
        raw["name"] = raw["name"] if seed % 5 == 0 else "mine"
        path.write_bytes(mutated(raw, as_toml, seed))
        few = ["--max-states", "20", "--property", "no-redirection", "--attacker", "off-path", "--no-cache"]
        ends_well(["verify", str(path), *few], seed, capsys)


def test_no_record_crashes(originals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = json.loads((originals / "record.json").read_text())
    path = tmp_path / "record.json"
    verbs = (
        ["explain", "type1-initial/home-path/no-redirection", "--record", str(path)],
        ["report", str(path), "--markdown", str(tmp_path / "m"), "--junit", str(tmp_path / "j")],
        ["report", str(path), "--sarif", str(tmp_path / "s")],
        ["diff", str(path), str(originals / "record.json")],
        ["diff", str(originals / "record.json"), str(path), "--markdown"],
        ["baseline", "write", "--record", str(path), "--output", "-"],
    )
    for seed in seeds(20):
        path.write_bytes(mutated(stored, as_json, seed))
        ends_well(verbs[seed % len(verbs)], seed, capsys)


def test_no_baseline_crashes(originals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tomllib.loads((originals / "baseline.toml").read_text())
    record, path = str(originals / "record.json"), tmp_path / "baseline.toml"
    for seed in seeds(20):
        path.write_bytes(mutated(raw, as_toml, seed))
        verb = ["baseline", "prune", "--record", record, "--baseline", str(path)]
        ends_well(
            verb if seed % 2 else ["report", record, "--baseline", str(path), "--sarif", "/dev/null"], seed, capsys
        )


def test_no_trace_crashes(originals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = json.loads((originals / "trace.json").read_text())
    path = tmp_path / "trace.json"
    for seed in seeds(20):
        path.write_bytes(mutated(stored, as_json, seed))
        ends_well(["replay", str(path)], seed, capsys)
