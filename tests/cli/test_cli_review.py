"""The verbs that change a scenario, on the command line: tables, JSON, exit codes, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmicheck.cli.main import main

SMALL = ("type1-settled", "--attacker", "off-path")


def test_ablate_names_the_mechanisms_that_matter_and_those_that_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", *SMALL, "--property", "no-redirection"]) == 0
    out = capsys.readouterr().out
    assert "Violated as it is: nothing." in out
    assert any(line.split() == ["home-test", "no-redirection", "violated", "off-path"] for line in out.splitlines())
    assert "Redundant here, one at a time:" in out
    assert "Nobody consults here:" in out


def test_readings_tells_of_pairs_only_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["readings", "rr-mobile", "--attacker", "off-path", "--property", "no-redirection"]
    assert main(arguments) == 0
    assert "Pairs" not in capsys.readouterr().out
    assert main([*arguments, "--pairs"]) == 0
    assert "Pairs of readings" in capsys.readouterr().out


def test_repair_names_the_sets_that_mend_and_what_was_tried(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["rr-mobile", "--attacker", "off-path", "no-redirection", "--without", "mac", "--limit", "1"]
    assert main(["repair", *arguments]) == 0
    out = capsys.readouterr().out
    assert "no-redirection is violated by: off-path (weakest)." in out
    assert "with mac" in out
    assert "Tried: sets of up to 1" in out


def test_json_stands_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", *SMALL, "--property", "no-redirection", "--json", "-"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["kind"] == "ablation"
    assert values["attackers"] == ["off-path"]
    mac = next(trial for trial in values["trials"] if trial["changes"] == ["mac"])
    assert mac["shifts"][0] == {
        "property": "no-redirection",
        "before": "holds",
        "after": "violated",
        "attackers": ["off-path"],
    }


def test_the_same_request_gives_the_same_octets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for name in ("one.json", "two.json"):
        arguments = ["readings", *SMALL, "--property", "no-redirection", "--json", str(tmp_path / name)]
        assert main(arguments) == 0
        texts.append((tmp_path / name).read_bytes() + capsys.readouterr().out.encode())
    assert texts[0] == texts[1]


def test_a_limit_ends_with_3_and_says_what_it_left_open(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "type2-local", "--attacker", "off-path", "--max-states", "20"]) == 3
    captured = capsys.readouterr()
    assert "Left open by a limit" in captured.out
    assert "a limit stands between a property and its verdict" in captured.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ablate"], "the following arguments are required: SCENARIO"),
        (["ablate", "type1-setled"], "there is no scenario 'type1-setled'; did you mean 'type1-settled'?"),
        (["repair", "type1-settled", "no-redirect"], "there is no property 'no-redirect'; did you mean"),
        (["readings", "type1-settled", "--set", "tombston=full"], "there is no reading 'tombston'; did you mean"),
        (["ablate", "type1-settled", "--without", "macc"], "there is no mechanism 'macc'; did you mean 'mac'?"),
        (["ablate", "type1-settled", "--attacker", "offpath"], "there is no attacker 'offpath'; did you mean"),
        (["ablate", "rr-mobile", "--attacker", "rogue-next-pma"], "does not apply to scenario 'rr-mobile'"),
        (["ablate", "rr-mobile", "--property", "former-pma-powerless"], "nothing to decide"),
        (["repair", "type1-settled", "no-redirection", "--limit", "0"], "should be a whole number, 1 or more"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_one_sentence(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert complaint in captured.err
    assert len(captured.err.strip().splitlines()) == 1
