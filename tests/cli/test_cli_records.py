"""The verbs that work on stored records: report, review, diff; and the outputs that `verify` and `report` share."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from cli_runner import Run, command, surroundings

from pmicheck.report.record.record import load, schema
from pmicheck.verdict import ExitCode

OUTPUTS = ("--report", "out", "--sarif", "out.sarif", "--junit", "out.xml", "--markdown", "out.md")


def written(directory: Path) -> dict[str, bytes]:
    """All files below a directory but the record, by name."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != "record.json")
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


@pytest.fixture
def record(run: Run, tmp_path: Path) -> Path:
    """The record of a run that found a violation."""
    run("verify", "--json", "record.json", plan="violated")
    return tmp_path / "record.json"


def test_report_makes_of_the_record_what_verify_made(run: Run, tmp_path: Path) -> None:
    """Whatever order things came in: a record that was read again has them sorted, and its numbers rounded."""
    ended = run("verify", "--json", "record.json", *OUTPUTS, plan="unsorted")
    first = written(tmp_path)
    for name in first:
        (tmp_path / name).unlink()
    again = run("report", "record.json", *OUTPUTS, PYTHONHASHSEED="1")
    assert (ended.returncode, again.returncode) == (ExitCode.NEW_VIOLATION, ExitCode.AS_EXPECTED)
    assert again.stdout == ""
    assert {"out.sarif", "out.xml", "out.md", "out/verdicts.txt"} <= first.keys()
    assert written(tmp_path) == first


def test_each_output_is_what_its_name_says(run: Run, tmp_path: Path, record: Path) -> None:
    assert run("report", "record.json", *OUTPUTS).returncode == ExitCode.AS_EXPECTED
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    assert ElementTree.parse(tmp_path / "out.xml").getroot().tag == "testsuites"
    assert (tmp_path / "out.md").read_text().startswith("## pmicheck: failed: violations")
    assert load(tmp_path / "out" / "record.json") == load(record)


def test_the_outputs_know_the_baseline(run: Run, tmp_path: Path, record: Path) -> None:
    run("baseline", "write", "--record", "record.json")
    run("report", "record.json", "--baseline", "baseline.toml", "--markdown", "out.md", "--sarif", "out.sarif")
    assert (tmp_path / "out.md").read_text().startswith("## pmicheck: passed")
    assert "suppressions" in (tmp_path / "out.sarif").read_text()


def test_report_calls_stale_what_verify_called_stale(run: Run, tmp_path: Path, record: Path) -> None:
    """The record's command line tells that it was asked for everything."""
    run("baseline", "write", "--record", "record.json")
    path = tmp_path / "baseline.toml"
    path.write_text(path.read_text().replace("type1-initial", "rr-mobile"))
    for plan in ((), ("type1-initial",)):
        run("verify", *plan, "--json", "record.json", "--baseline", "baseline.toml", "--markdown", "one.md")
        run("report", "record.json", "--baseline", "baseline.toml", "--markdown", "two.md")
        one, two = (tmp_path / name for name in ("one.md", "two.md"))
        assert one.read_text() == two.read_text()
        assert ("Stale baseline entries" in one.read_text()) == (plan == ())


def test_report_leaves_the_record_alone_that_lies_where_it_renders(run: Run, tmp_path: Path) -> None:
    run("verify", "--report", "out", plan="violated")
    path = tmp_path / "out" / "record.json"
    path.write_text(path.read_text() + "\n")
    before = path.read_bytes()
    (tmp_path / "out" / "verdicts.txt").unlink()
    run("report", "out/record.json", "--report", "out")
    assert path.read_bytes() == before
    assert (tmp_path / "out" / "verdicts.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "record.json"), "name an output: --report DIR, --sarif FILE, --junit FILE or --markdown FILE"),
        (("report", "nowhere.json", "--report", "out"), "nowhere.json: there is no such file"),
        (("report", "record.json", "--sarif", "no/x"), "no/x: cannot be written: there is no directory"),
        (("report", "record.json", "--sarif", "x", "--junit", "x"), "--sarif and --junit both name x"),
        (("report", "record.json", "--report", "record.json"), "record.json: cannot be written: File exists"),
        (("report", "record.json", "--report", "out", "--baseline", "no.toml"), "no.toml: there is no such file"),
        (("review", "nowhere.json"), "nowhere.json: there is no such file"),
        (("diff", "record.json", "nowhere.json"), "nowhere.json: there is no such file"),
        (("diff", "record.json"), "the following arguments are required: NEW"),
        (("diff", "record.json", "record.json", "--json", "--markdown"), "not allowed with argument --json"),
        (("verify", "--sarif", "no/x"), "no/x: cannot be written: there is no directory"),
        (("verify", "--junit", "."), ".: cannot be written: it is a directory"),
        (("verify", "--json", "x", "--markdown", "x"), "--json and --markdown both name x"),
    ],
)
def test_2_and_one_sentence_for_what_cannot_be_done(
    run: Run, tmp_path: Path, record: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = written(tmp_path)
    ended = run(*arguments, plan="crash")  # a run would end otherwise
    assert ended.returncode == ExitCode.USAGE
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert said in ended.stderr
    assert written(tmp_path) == before


def test_review_adds_to_the_record_in_its_place_and_renders(run: Run, tmp_path: Path, record: Path) -> None:
    before = load(record)
    ended = run("review", "record.json", "--report", "out", "--workers", "3")
    assert ended.returncode == ExitCode.AS_EXPECTED
    assert ended.stderr == "review with 3\n"
    after = load(record)
    assert after.results == before.results
    assert [each.profile for each in after.review.weakest] == ["home-path"]
    jsonschema.validate(json.loads(record.read_text()), schema())
    assert load(tmp_path / "out" / "record.json") == after
    assert (tmp_path / "out" / "findings.md").exists()


def test_review_refuses_a_partial_record(run: Run, record: Path) -> None:
    record.write_text(record.read_text().replace('"partial": false', '"partial": true'))
    before = record.read_bytes()
    ended = run("review", "record.json")
    assert ended.returncode == ExitCode.USAGE
    assert "a partial record cannot be reviewed" in ended.stderr
    assert record.read_bytes() == before


def test_a_review_that_crashes_leaves_the_record(run: Run, record: Path) -> None:
    before = record.read_bytes()
    assert run("review", "record.json", plan="crash").returncode == ExitCode.CRASH
    assert record.read_bytes() == before


def test_a_review_that_is_interrupted_leaves_the_record(tmp_path: Path, record: Path) -> None:
    before = record.read_bytes()
    with subprocess.Popen(
        command("review", "record.json"),
        cwd=tmp_path,
        env=surroundings("sleep"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "review with 1\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert said == "pmicheck: interrupted; record.json is as it was.\n"
    assert record.read_bytes() == before


def test_diff_ends_with_1_only_for_a_new_violation(run: Run, record: Path) -> None:
    run("verify", "--json", "other.json", plan="holds")
    came, went = run("diff", "other.json", "record.json"), run("diff", "record.json", "other.json")
    assert (came.returncode, went.returncode) == (ExitCode.NEW_VIOLATION, ExitCode.AS_EXPECTED)
    assert "New violations (1):\n  type1-initial/home-path/no-redirection: holds -> violated" in came.stdout
    assert load(record).results[0].fingerprint in came.stdout
    assert "1 new violation" in came.stdout
    assert "Violations that are gone (1):" in went.stdout


def test_diff_says_that_there_is_none(run: Run, record: Path) -> None:
    stored = json.loads(record.read_text())
    stored["seconds"] = 99.0
    stored["command"] = ["pmicheck", "verify", "--workers", "2"]
    record.with_name("later.json").write_text(json.dumps(stored))
    ended = run("diff", "record.json", "later.json")
    assert ended.returncode == ExitCode.AS_EXPECTED
    assert ended.stdout.startswith("no difference: ")


def test_diff_as_json_and_as_markdown(run: Run, record: Path) -> None:
    run("verify", "--json", "other.json", plan="holds")
    found = json.loads(run("diff", "other.json", "record.json", "--json").stdout)
    assert [each["cell"]["property"] for each in found["new"]] == ["no-redirection"]
    assert found["gone"] == []
    page = run("diff", "other.json", "record.json", "--markdown").stdout
    assert page.startswith("### pmicheck: 1 new violation")
    assert "<details open><summary>New violations (1)</summary>" in page


def test_diff_of_a_partial_record_says_so(run: Run, record: Path) -> None:
    record.with_name("part.json").write_text(record.read_text().replace('"partial": false', '"partial": true'))
    ended = run("diff", "record.json", "part.json")
    assert "NEW is of an interrupted run" in " ".join(ended.stdout.split())


def test_a_graph_goes_to_stdout_or_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pmicheck.cli.main import main

    call = ["graph", "type1-settled", "--attacker", "home-path", "--format", "dot"]
    assert main(call) == ExitCode.AS_EXPECTED
    out = capsys.readouterr().out
    assert out.startswith("digraph")
    assert main([*call, "--output", str(tmp_path / "graph.dot")]) == ExitCode.AS_EXPECTED
    assert (tmp_path / "graph.dot").read_text() == out
    assert capsys.readouterr().out == ""


def test_a_graph_of_a_part_of_the_states_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    from pmicheck.cli.main import main

    call = ["graph", "type1-settled", "--by", "full", "--max-states", "20", "--format", "json"]
    assert main(call) == ExitCode.INCONCLUSIVE
    captured = capsys.readouterr()
    assert json.loads(captured.out)["complete"] is False
    assert "the graph has not all states" in captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("type1-setled",), "did you mean 'type1-settled'"),
        (("type1-settled", "--attacker", "of-path"), "did you mean 'off-path'"),
        (("type1-settled", "--by", "colour"), "invalid choice: 'colour'"),
        (("type1-settled", "--output", "nowhere/x.svg"), "there is no directory"),
    ],
)
def test_2_for_a_graph_of_nothing(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    from pmicheck.cli.main import main

    assert main(["graph", *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
