"""No output over an input, no two outputs on one file, and nothing of others touched: exit 2, nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli_runner import Run

from pmicheck.verdict import ExitCode


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Path:
    """A directory with one of each kind of input."""
    run("verify", "--json", "r.json", plan="violated")
    run("baseline", "write", "--record", "r.json", "--output", "b.toml")
    (tmp_path / "my.toml").write_text("name = 'mine'\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link.json").symlink_to("../r.json")
    os.link(tmp_path / "my.toml", tmp_path / "hard.json")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "verify my.toml --json my.toml",
        "verify my.toml --json ./sub/../my.toml",
        "verify my.toml --json hard.json",
        "verify --baseline b.toml --sarif b.toml",
        "verify my.toml --report .. --json ../index.html",
        "verify --json x.json --junit sub/../x.json",
        "verify --report D --json D/findings.md",
        "verify --report D --markdown D/findings/a-b-c.html",
        "verify --report D --checkpoint D",
        "verify --checkpoint D --json D/run.json",
        "verify --spill D --sarif D/x",
        "report r.json --sarif r.json",
        "report r.json --sarif sub/link.json",
        "report r.json --baseline b.toml --markdown b.toml",
        "replay r.json --pcap r.json",
        "graph my.toml --output my.toml",
        "export my.toml --to murphi --output my.toml",
        "ablate my.toml --json my.toml",
        "readings my.toml --json my.toml",
        "repair my.toml no-redirection --json my.toml",
        "baseline write --record r.json --output r.json",
    ],
)
def test_no_file_is_named_twice_if_it_is_written(run: Run, place: Path, line: str) -> None:
    before = contents(place)
    ended = run(*line.split(), plan="crash")  # a run would end otherwise
    assert ended.returncode == ExitCode.USAGE
    assert ended.stderr.count("\n") == 1
    assert contents(place) == before


def test_the_summary_of_a_job_is_an_output_too(run: Run, place: Path) -> None:
    summary = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(place / "b.toml")}
    assert run("verify", "--baseline", "b.toml", plan="crash", **summary).returncode == ExitCode.USAGE


def test_the_record_of_a_report_may_be_its_input_or_be_named_as_output(run: Run, place: Path) -> None:
    assert run("verify", "--report", "D", "--json", "D/record.json", plan="violated").returncode == 1
    assert run("report", "D/record.json", "--report", "D").returncode == 0
    assert run("verify", "--json", "/dev/null", "--sarif", "/dev/null", plan="violated").returncode == 1


def test_a_report_is_not_written_over_files_of_others(run: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "notes.md").write_text("mine")
    (site / "files.txt").write_text("notes.md\n")
    before = contents(site)
    ended = run("verify", "--report", "site", plan="crash")
    assert ended.returncode == ExitCode.USAGE
    assert "site/files.txt: would be overwritten, but pmicheck did not write it" in ended.stderr
    assert contents(site) == before
