"""What goes to stdout and stderr, in pipes, in terminals, and where nobody reads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cli_runner import Run, command, surroundings

from pmicheck.report.record.record import load, schema


def test_json_on_stdout_stands_alone(run: Run) -> None:
    import jsonschema

    ended = run("verify", "--json", "-", plan="full")
    stored = json.loads(ended.stdout)
    jsonschema.validate(stored, schema())
    assert stored["command"] == ["pmicheck", "verify", "--json", "-"]
    assert " violated, " in ended.stderr


def test_reports_are_the_same_each_time_and_drop_what_is_gone(run: Run, tmp_path: Path) -> None:
    run("verify", "--report", "reports", plan="full")
    told = sorted(path.name for path in (tmp_path / "reports" / "findings").iterdir())
    assert "type1-initial-off-path-no-redirection.txt" in told
    (tmp_path / "reports" / "findings" / "mine.txt").write_text("my own notes\n")
    run("verify", "--report", "reports", plan="violated")
    told = sorted(path.name for path in (tmp_path / "reports" / "findings").glob("*.txt"))
    assert told == ["mine.txt", "type1-initial-home-path-no-redirection.txt"]
    before = {path: path.read_bytes() for path in (tmp_path / "reports").rglob("*.txt")}
    run("verify", "--report", "reports", "--workers", "2", plan="violated", PYTHONHASHSEED="1")
    assert {path: path.read_bytes() for path in (tmp_path / "reports").rglob("*.txt")} == before
    assert load(tmp_path / "reports" / "record.json").results


def test_a_reader_that_goes_away_changes_nothing(run: Run, tmp_path: Path) -> None:
    quoted = " ".join(command("verify", "--json", "record.json"))
    ended = subprocess.run(
        ["bash", "-c", f"{quoted} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        env=surroundings("full"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == run("verify", plan="full").returncode
    assert "Broken" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == "type1-initial\n"
    assert load(tmp_path / "record.json").results


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("verify",), ("list", "attackers"), ("--help",), ("--version",)])
def test_a_full_disk_behind_stdout_is_said_in_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=surroundings("holds"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == ("pmicheck: standard output: cannot be written: No space left on device.")
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_the_record_is_said_too(run: Run) -> None:
    ended = run("verify", "--json", "/dev/full")
    assert ended.returncode == 2
    assert "/dev/full: cannot be written: No space left on device" in ended.stderr


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_the_table_keeps_to_the_width(run: Run, columns: int) -> None:
    lines = run("verify", plan="full", COLUMNS=str(columns)).stdout.splitlines()
    table = [line for line in lines if not line.count(" states, ")]
    assert max(map(len, table)) <= columns
    assert sum("no-redirection  " in line for line in lines) == (2 if columns < 120 else 1)


def test_output_survives_a_terminal_without_unicode(run: Run) -> None:
    assert run("verify", plan="full", PYTHONIOENCODING="ascii").returncode == 4


@pytest.mark.parametrize("kind", ["scenarios", "attackers", "properties", "readings", "mechanisms"])
def test_list_gives_names_and_sentences(run: Run, kind: str) -> None:
    lines = run("list", kind).stdout.splitlines()
    entries = json.loads(run("list", kind, "--json").stdout)
    assert {line.split()[0] for line in lines if not line.startswith(" ")} == {each["name"] for each in entries}
    assert all(each["description"].endswith(".") for each in entries)
    assert max(map(len, lines)) <= 80


def test_explain_tells_properties_and_findings(run: Run, tmp_path: Path) -> None:
    assert run("explain", "no-redirection").stdout.startswith("no-redirection: violated when")
    run("verify", "--report", "reports", plan="violated")
    name = load(tmp_path / "reports" / "record.json").results[0].fingerprint
    by_name = run("explain", "type1-initial/home-path/no-redirection").stdout
    assert run("explain", name).stdout == by_name
    assert run("explain", name[:8]).stdout == by_name
    assert "3. The attacker sends a BU to the correspondent node" in by_name
    assert "holds in every reachable state" in run("explain", "type1-initial/off-path/no-redirection").stdout
    lost = run("explain", "type1-initial/off-path/no-redirektion")
    assert lost.returncode == 2
    assert "did you mean 'type1-initial/off-path/no-redirection'" in lost.stderr


def test_replay_takes_a_record_or_a_trace(run: Run, tmp_path: Path) -> None:
    run("verify", "--json", "record.json", plan="violated")
    ended = run("replay", "record.json", "--pcap", "out.pcap")
    assert ended.returncode == 0
    assert "Confirmed on real packets: the cache is poisoned." in ended.stdout
    assert (tmp_path / "out.pcap").read_bytes() == b"capture"
    stored = json.loads((tmp_path / "record.json").read_text())
    (tmp_path / "trace.json").write_text(json.dumps(stored["results"][0]["trace"]))
    assert run("replay", "trace.json").stdout == ended.stdout
    diverged = run("replay", "trace.json", plan="diverged")
    assert diverged.returncode == 4
    assert "DIVERGED" in diverged.stdout


def test_replay_wants_one_trace(run: Run, tmp_path: Path) -> None:
    run("verify", "--json", "record.json", plan="full")
    many = run("replay", "record.json")
    assert many.returncode == 2
    assert "name one with --finding FINGERPRINT" in many.stderr
    name = next(each.fingerprint for each in load(tmp_path / "record.json").results if each.trace)
    assert run("replay", "record.json", "--finding", name).returncode == 0
    run("verify", "--json", "record.json")
    assert "there is no trace to replay" in run("replay", "record.json").stderr
    (tmp_path / "trace.json").write_text('{"steps": []}')
    assert "trace.json: not a trace: $ is wrong" in run("replay", "trace.json").stderr


def test_baseline_is_written_again_without_losing_reasons(run: Run, tmp_path: Path) -> None:
    run("verify", "--json", "record.json", plan="violated")
    run("baseline", "write", "--record", "record.json")
    path = tmp_path / "baseline.toml"
    argued = path.read_text().replace("N041 lets whoever knows T and C register", "argued by hand")
    path.write_text(argued)
    run("baseline", "write", "--record", "record.json")
    assert path.read_text() == argued
    fresh = run("baseline", "write", "--record", "record.json", "--output", "-").stdout
    assert "N041 lets whoever knows T and C register" in fresh


def test_version_names_the_kernel(run: Run) -> None:
    assert "(explorer kernel: " in run("--version").stdout
