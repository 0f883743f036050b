"""In a job of GitHub Actions `verify` says more: annotations in the log, a summary on the job's page. Elsewhere not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runner import Run

from pmicheck.verdict import ExitCode


def annotations(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def test_annotations_stand_after_the_tables(run: Run) -> None:
    ended = run("verify", plan="violated", GITHUB_ACTIONS="true")
    assert ended.returncode == ExitCode.NEW_VIOLATION
    assert annotations(ended.stdout)[0].startswith("::error ")
    assert ended.stdout.index(" states, 2.5 s") < ended.stdout.index("::error ")
    assert annotations(ended.stderr) == []


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "false"}, {"GITHUB_ACTIONS": ""}])
def test_nobody_else_gets_them(run: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    page = tmp_path / "page.md"
    ended = run("verify", plan="violated", GITHUB_STEP_SUMMARY=str(page), **environment)
    assert annotations(ended.stdout + ended.stderr) == []
    assert not page.exists()


def test_the_record_stays_alone_on_stdout(run: Run) -> None:
    ended = run("verify", "--json", "-", plan="violated", GITHUB_ACTIONS="true")
    assert json.loads(ended.stdout)["results"]
    assert annotations(ended.stderr)[0].startswith("::error ")


def test_the_summary_is_added_to_the_page(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("what an earlier command said\n")
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    run("verify", "--markdown", "own.md", plan="violated", **environment)
    assert page.read_text() == "what an earlier command said\n" + (tmp_path / "own.md").read_text()


def test_report_and_diff_leave_log_and_page_alone(run: Run, tmp_path: Path) -> None:
    run("verify", "--json", "record.json", plan="violated")
    page = tmp_path / "page.md"
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    ended = run("report", "record.json", "--markdown", "own.md", **environment)
    assert (ended.stdout, ended.stderr) == ("", "")
    assert annotations(run("diff", "record.json", "record.json", **environment).stdout) == []
    assert not page.exists()


def test_a_page_that_cannot_be_written_is_said_before_the_run(run: Run) -> None:
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "nowhere/page.md"}
    ended = run("verify", plan="crash", **environment)
    assert ended.returncode == ExitCode.USAGE
    assert "nowhere/page.md: cannot be written" in ended.stderr
