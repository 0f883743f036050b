"""Names that are commands, numbers that are none, files that changed, options that contradict themselves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pmicheck.cli.main import main
from pmicheck.errors import OutputError, UsageError
from pmicheck.report.ci.locations import uri
from pmicheck.report.graphs import layout
from pmicheck.report.record.record import load_json
from pmicheck.report.words.characters import harmless, paragraph
from pmicheck.verdict import ExitCode
from pmicheck.verify.matrix import Request, plan

MINE = """\
name = "mine"
title = "t"
variant = "initial"
argument = "a"
[bounds]
clock = 1
retransmissions = 0
"""


@pytest.mark.parametrize("text", ["::error::x", "  ::stop-commands::x", "a ##[error]x", "##vso[task]x", "##teamcity[]"])
def test_no_line_is_a_command_to_the_runner_of_a_job(text: str) -> None:
    shown = paragraph(f"first\n{text}\n")
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())
    assert not any(f"##{word}[" in shown for word in ("", "vso", "teamcity"))
    assert harmless("a::b # c ## d\n") == "a::b # c ## d\n"


@pytest.mark.parametrize("octets", ["NaN", "-Infinity", "1e400", "9" * 5000, "[" * 100_000, '{"a": NaN}'])
def test_no_reader_takes_what_is_no_number_or_has_no_end(tmp_path: Path, octets: str) -> None:
    (tmp_path / "r.json").write_text(octets)
    with pytest.raises(UsageError):
        load_json(tmp_path / "r.json")


@pytest.mark.parametrize("verb", ["explain mine/off-path/progress --record r.json", "review r.json"])
def test_a_record_of_a_file_that_has_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(MINE)
    main(["verify", "mine.toml", "--attacker", "off-path", "--property", "progress", "--json", "r.json"])
    assert json.loads(Path("r.json").read_text())["digests"].keys() == {"mine"}
    if verb.startswith("explain"):
        assert main(verb.split()) == ExitCode.AS_EXPECTED
    Path("mine.toml").write_text(MINE.replace("clock = 1", "clock = 2"))
    before = Path("r.json").read_bytes()
    assert main(verb.split()) == ExitCode.USAGE
    assert "scenario 'mine' (mine.toml) has changed since this record was made" in capsys.readouterr().err
    assert Path("r.json").read_bytes() == before


def test_explain_finds_the_record_that_has_the_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["verify", "type1-initial", "--attacker", "home-path", "--property", "no-redirection", "--json", "r.json"])
    printed = json.loads(Path("r.json").read_text())["results"][0]["fingerprint"]
    capsys.readouterr()
    assert main(["explain", printed]) == ExitCode.AS_EXPECTED
    assert "The attacker sends" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "verify --checkpoint=",
        "verify --json=",
        "verify --report -",
        "verify --max-states 1_0",
        "verify --max-states \u0663",
        "verify --max-seconds 1_0",
        "verify --json a --json b",
        "graph type1-initial --attacker off-path --attacker home-path",
        "graph type1-initial --output g.png",
        "graph type1-initial --format dot --output g.svg",
        f"verify --set retransmissions={'9' * 5000}",
        "list attackers my.toml",
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(line.split(" ")) == ExitCode.USAGE
    assert not list(tmp_path.iterdir())


def test_a_setting_over_all_scenarios_applies_where_it_can_and_says_where_not() -> None:
    told: list[str] = []
    cells = plan(Request(attackers=("off-path",), settings=(("key_owner", "pma"),)), told.append)
    applied = {cell.scenario.name for cell in cells if cell.policy.reads("key_owner", "pma")}
    assert "type1-initial" in applied
    assert "rr-mobile" in {cell.scenario.name for cell in cells} - applied
    assert "--set key_owner=pma does not apply to rr-mobile" in told[0]
    with pytest.raises(UsageError, match="does not apply to scenario 'rr-mobile'"):
        plan(Request(("rr-mobile",), settings=(("key_owner", "pma"),)))


def test_several_scenarios_may_be_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "type1"]) == ExitCode.USAGE
    assert "did you mean one of type1-*: type1-initial, type1-refresh" in capsys.readouterr().err


def test_the_octets_of_a_file_name_are_its_address() -> None:
    assert uri(os.fsdecode(b"a\xff.toml")) == "a%FF.toml"


def test_a_pipe_in_the_cache_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    line = ["verify", "type1-initial", "--attacker", "off-path", "--property", "no-redirection"]
    assert main(line) == ExitCode.AS_EXPECTED
    kept = list((tmp_path / "pmicheck").iterdir())
    assert kept
    for path in kept:
        path.unlink()
        os.mkfifo(path)
    assert main(line) == ExitCode.AS_EXPECTED


@pytest.mark.parametrize("answer", ["", "garbage", "[]", '{"bb": "0"}', '{"bb": "0,0,1,1", "objects": [{}]}'])
def test_a_layout_program_that_prints_garbage_is_one_sentence(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(layout, "_run", lambda _: answer)
    with pytest.raises(OutputError, match="no layout"):
        layout.place([layout.Size(1, 1)], [])
