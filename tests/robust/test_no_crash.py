"""No input crashes pmicheck: exit code 70 is reachable by no scenario, record, baseline or trace.

`PMICHECK_MUTATIONS=100000 pytest tests/robust/test_no_crash.py` tries as many inputs; by default some hundreds are
tried, and the same ones each time.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mutated_inputs import as_json, as_toml, mutated

from pmicheck.cli.main import main
from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.verdict import ExitCode

OLD = Path(__file__).parents[1] / "analysis" / "old_records"
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


Capture = pytest.CaptureFixture[str]


def tried(share: int) -> settings:
    """Of the inputs to be tried so many in a hundred, found the same way each time."""
    return settings(
        max_examples=max(1, TRIED * share // 100),
        deadline=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def ends_well(arguments: list[str], capsys: Capture) -> None:
    code = main(arguments)
    said = capsys.readouterr().err
    assert code != ExitCode.CRASH, said
    if code == ExitCode.USAGE:
        assert "pmicheck: " in said


SHIPPED_ONES = [tomllib.loads(load_scenario(name).text) for name in SHIPPED if not name.startswith("type2")]
FEW = ("--max-states", "20", "--property", "no-redirection", "--attacker", "off-path", "--no-cache")
scenarios = st.just(tomllib.loads(MINE)) | st.sampled_from(
    [named for each in SHIPPED_ONES for named in (each, {**each, "name": "mine"})]
)


@tried(40)
@given(octets=scenarios.flatmap(lambda source: mutated(source, as_toml)))
def test_no_scenario_file_crashes(tmp_path: Path, capsys: Capture, octets: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(octets)
    ends_well(["verify", str(path), *FEW], capsys)


records = st.sampled_from([None, *(OLD / f"{name}.json" for name in ("1-type1-initial", "3-type2-handshake"))])
"""A record of an earlier schema, None for one of today."""


@tried(30)
@given(data=st.data(), old=records)
def test_no_record_crashes(
    originals: Path, tmp_path: Path, capsys: Capture, data: st.DataObject, old: Path | None
) -> None:
    stored = json.loads((old or originals / "record.json").read_text())
    path, other = tmp_path / "record.json", originals / "record.json"
    lines = (
        f"explain type1-initial/home-path/no-redirection --record {path}",
        f"report {path} --markdown {tmp_path / 'm'} --junit {tmp_path / 'j'}",
        f"report {path} --sarif {tmp_path / 's'}",
        f"diff {path} {other}",
        f"diff {other} {path} --markdown",
        f"baseline write --record {path} --output -",
    )
    path.write_bytes(data.draw(mutated(stored, as_json)))
    ends_well(data.draw(st.sampled_from(lines)).split(), capsys)


@tried(20)
@given(data=st.data())
def test_no_baseline_crashes(originals: Path, tmp_path: Path, capsys: Capture, data: st.DataObject) -> None:
    raw = tomllib.loads((originals / "baseline.toml").read_text())
    record, path = originals / "record.json", tmp_path / "baseline.toml"
    lines = (
        f"baseline prune --record {record} --baseline {path}",
        f"report {record} --baseline {path} --sarif {os.devnull}",
    )
    path.write_bytes(data.draw(mutated(raw, as_toml)))
    ends_well(data.draw(st.sampled_from(lines)).split(), capsys)


@tried(30)
@given(data=st.data(), old=records)
def test_no_trace_crashes(
    originals: Path, tmp_path: Path, capsys: Capture, data: st.DataObject, old: Path | None
) -> None:
    stored = json.loads((originals / "trace.json").read_text())
    if old is not None:
        traces = [each["trace"] for each in json.loads(old.read_text())["results"] if each["trace"]]
        stored = data.draw(st.sampled_from(traces))
    path = tmp_path / "trace.json"
    path.write_bytes(data.draw(mutated(stored, as_json)))
    ends_well(["replay", str(path)], capsys)
