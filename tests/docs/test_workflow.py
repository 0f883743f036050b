"""docs/github-actions.yml: its shape, its permissions, its conditions, and its shell steps run in a sandbox."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from transcripts import ROOT, Sandbox

from pmicheck.cli.options import parser

WORKFLOW = yaml.safe_load((ROOT / "docs/github-actions.yml").read_text(encoding="utf-8"))
TRIGGERS = WORKFLOW[True]
"""YAML 1.1 takes the key `on` for a boolean."""
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["verify"]["steps"]
SCENARIO = "data-plane"


def step(words: str) -> dict[str, Any]:
    """The one step whose name or action holds these words."""
    [found] = [each for each in STEPS if words in each.get("name", "") + each.get("uses", "")]
    return found


def test_it_runs_on_pull_requests_and_on_what_they_are_compared_with() -> None:
    assert set(TRIGGERS) == {"push", "pull_request"}
    assert TRIGGERS["push"] == {"branches": ["main"]}


def test_it_may_do_no_more_than_read_and_upload_annotations() -> None:
    assert WORKFLOW["permissions"] == {}
    allowed = WORKFLOW["jobs"]["verify"]["permissions"]
    assert allowed == {"contents": "read", "security-events": "write", "actions": "read"}
    assert step("checkout")["with"]["persist-credentials"] is False


def test_each_step_is_an_action_of_a_fixed_major_version_or_a_named_script() -> None:
    for each in STEPS:
        assert ("uses" in each) != ("run" in each)
        if "uses" in each:
            assert re.fullmatch(r"(actions|github)/[\w/-]+@v\d+", each["uses"])
        else:
            assert each["name"]


def test_no_script_is_pasted_together_from_what_a_pull_request_may_say() -> None:
    """Expressions are put into a script before the shell sees it; variables are not."""
    assert [each["name"] for each in STEPS if "${{" in each.get("run", "")] == []


def test_reports_are_kept_and_annotated_even_when_the_gate_fails() -> None:
    for words in ("upload-sarif", "upload-artifact", "changed against the base"):
        assert step(words)["if"].startswith("always() && ")
    verify = step("Verify")
    assert "if" not in verify
    assert "continue-on-error" not in verify


def test_what_is_uploaded_is_what_the_gate_wrote() -> None:
    written = vars(parser().parse_args(words_of(step("Verify")["run"])[0][1:]))
    kept = step("upload-artifact")["with"]["path"].split()
    assert kept == [written["json"], f"{written['report']}/", str(written["sarif"]), str(written["junit"])]
    assert step("upload-sarif")["with"]["sarif_file"] == str(written["sarif"])


def words_of(script: str) -> list[list[str]]:
    """The words of each `pmicheck` command line in a script."""
    lines = script.replace("\\\n", " ").splitlines()
    return [
        shlex.split(found[1])
        for line in lines
        if (found := re.search(r"(?:^|exec )(pmicheck (?:(?!>>).)*)", line.strip()))
    ]


def test_every_command_line_is_one_that_pmicheck_takes() -> None:
    lines = [words for each in STEPS for words in words_of(each.get("run", ""))]
    assert [words[1] for words in lines] == ["verify", "diff"]
    for words in lines:
        parser().parse_args(words[1:])


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline that knows the violations of one scenario, and in `kept/` the record that they are of."""
    sandbox = Sandbox(tmp_path_factory.mktemp("known"))
    sandbox.run(
        f"""
        pmicheck verify {SCENARIO} --json record.json || true
        pmicheck baseline write --record record.json --output baseline.toml
        mkdir kept && mv record.json kept/
        """
    ).check_returncode()
    return sandbox.directory


@pytest.fixture
def gate(known: Path, sandbox: Sandbox) -> Sandbox:
    """A checkout with that baseline."""
    shutil.copy(known / "baseline.toml", sandbox.directory)
    shutil.copytree(known / "kept", sandbox.directory / "kept")
    return sandbox


def test_the_gate_passes_when_all_is_known_and_leaves_all_reports(gate: Sandbox) -> None:
    done = gate.run(step("Verify")["run"], SCENARIOS=SCENARIO)
    assert done.returncode == 0, done.stdout
    for name in ("record.json", "report", "pmicheck.sarif", "pmicheck.xml"):
        assert (gate.directory / name).exists(), name


def test_the_gate_fails_on_a_new_violation_and_leaves_all_reports(gate: Sandbox) -> None:
    (gate.directory / "baseline.toml").write_text("# nothing is known\n")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}
    done = gate.run(step("Verify")["run"], SCENARIOS=SCENARIO, **github)
    assert done.returncode == 1
    assert "\n::error " in done.stdout
    assert "failed: new violations" in (gate.directory / "summary.md").read_text(encoding="utf-8")
    log = json.loads((gate.directory / "pmicheck.sarif").read_text(encoding="utf-8"))
    assert log["runs"][0]["results"]
    for name in ("record.json", "report", "pmicheck.xml"):
        assert (gate.directory / name).exists(), name


def compare(gate: Sandbox, gh: str) -> str:
    """What the last step writes into the job summary."""
    gate.program("gh", gh)
    (gate.directory / "record.json").write_bytes((gate.directory / "kept/record.json").read_bytes())
    summary = gate.directory / "summary.md"
    done = gate.run(step("changed against the base")["run"], BASE="main", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stdout
    return summary.read_text(encoding="utf-8")


def test_the_summary_tells_what_changed_against_the_base_branch(gate: Sandbox) -> None:
    gate.run(f"pmicheck verify {SCENARIO} --without outer-source-check --json other.json || true").check_returncode()
    summary = compare(gate, 'case "$2" in list) echo 1;; download) mkdir base && cp other.json base/record.json;; esac')
    assert summary.startswith("### pmicheck: ")
    assert f"{SCENARIO}/off-path/" in summary


@pytest.mark.parametrize("gh", ["exit 0", 'test "$2" = list && echo 1'])
def test_the_summary_says_so_when_there_is_nothing_to_compare_with(gh: str, gate: Sandbox) -> None:
    assert compare(gate, gh) == "No record of main to compare with.\n"


def test_a_scenario_list_may_stand_in_the_environment() -> None:
    assert WORKFLOW["env"] == {"SCENARIOS": ""}
    assert "$SCENARIOS" in step("Verify")["run"]
    assert Path(ROOT / "baseline.toml").exists()
