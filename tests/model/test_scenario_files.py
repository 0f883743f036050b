"""A scenario file that is wrong is answered with its name, the line and what would be right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pmicheck.errors import ScenarioError, UsageError
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import SHIPPED, load_scenario, parse_scenario
from pmicheck.verify.matrix import Request, plan

GOOD = """\
name = "mine"
title = "A scenario of my own"
variant = "initial"
argument = "One of everything is enough here."

[bounds]
clock = 1
retransmissions = 0

[[expect]]
attackers = ["*"]
properties = ["no-redirection"]
verdict = "holds"
argument = "Nobody reads T."

[[flip]]
set = { cba = "off" }
attackers = ["malicious-mn"]
properties = ["no-careof-flooding"]
verdict = "violated"
argument = "There is no credit."
"""

WRONG = [
    ("title", 'titel = "A scenario"', 2, r"unknown key 'titel'; known are .*title"),
    ('title = "A scenario of my own"', "title = 7", 2, "'title' must be a text"),
    ('title = "A scenario of my own"', 'title = "  "', 2, "'title' must be a text that is not empty"),
    (
        'variant = "initial"',
        'variant = "finial"',
        3,
        "must be one of mobile, ero-initial, ero-handoff, initial, refresh",
    ),
    ('variant = "initial"', "variant = []", 3, "'variant' must be a text"),
    ('argument = "One of everything is enough here."\n', "", None, "'argument' is missing"),
    ("clock = 1", "clock = 5", 7, "bound 'clock' is 5, but must be a whole number from 0 to 4"),
    ("clock = 1", "clock = -1", 7, "bound 'clock' is -1"),
    ("clock = 1", "clock = true", 7, "bound 'clock' is True"),
    ("clock = 1", 'clock = "1"', 7, "bound 'clock' is '1'"),
    ("clock = 1", "clock = 1.5", 7, "bound 'clock' is 1.5"),
    ("clock = 1", "glock = 1", 7, "unknown bound 'glock'; known are clock, retransmissions"),
    ("clock = 1\n", "", 6, "bound 'clock' is missing"),
    ("retransmissions = 0", "retransmissions = 4", 8, "from 0 to 3"),
    ("clock = 1", "clock = 1\nsequence_modulus = 24", 8, "power of two from 16"),
    ("clock = 1", "clock = 1\nsequence_modulus = 8", 8, "power of two from 16"),
    ("[bounds]\nclock = 1\nretransmissions = 0\n", "", None, r"'bounds' must be a \[bounds\] table"),
    ("[bounds]", "prologue = [1]\n[bounds]", 6, "'prologue' must be a list of texts"),
    ("[bounds]", 'prologue = "x"\n[bounds]', 6, "'prologue' must be a list of texts"),
    ("[[expect]]", "[expect]", 10, r"'expect' must be written as \[\[expect\]\] tables"),
    ('verdict = "holds"', 'verdict = "OK"', 13, "verdict 'OK' must be one of violated, holds"),
    ('verdict = "violated"', 'verdict = "broken"', 20, "verdict 'broken' must be one of"),
    ('argument = "Nobody reads T."\n', "", 10, "every expected verdict needs an 'argument'"),
    ('argument = "There is no credit."\n', "", 16, "every expected verdict needs an 'argument'"),
    ('attackers = ["*"]', 'attackers = "*"', 11, "'attackers' must be a list of texts"),
    ('properties = ["no-careof-flooding"]\n', "", 16, "'properties' must be a list of texts"),
    ('set = { cba = "off" }', "set = 1", 17, "'set' must be a table of readings and values"),
    ('set = { cba = "off" }', 'sets = { cba = "off" }', 17, "unknown key 'sets' in an expectation; known are .*set"),
    ("[[expect]]", "[uncovered]\nx = 1\n[[expect]]", 10, "'uncovered' must map names of rules to reasons"),
    ("clock = 1", "clock = = 1", 7, "is no valid TOML"),
    ('name = "mine"', 'name = "mine', 1, "is no valid TOML"),
]


def test_a_file_as_the_readme_has_it_is_read() -> None:
    scenario = parse_scenario(GOOD, "mine.toml")
    assert (scenario.name, scenario.bounds.clock, scenario.file) == ("mine", 1, "mine.toml")
    assert scenario.expected("home-path", "no-redirection") == ("holds", "Nobody reads T.")
    assert scenario.expected("home-path", "token-secrecy") == ("", "")
    assert scenario.flips[0].settings == (("cba", "off"),)


@pytest.mark.parametrize(("good", "wrong", "line", "problem"), WRONG)
def test_every_mistake_is_told_with_file_line_and_what_would_be_right(
    good: str, wrong: str, line: int | None, problem: str
) -> None:
    text = GOOD.replace("title =", wrong.split(" =")[0] + " =") if good == "title" else GOOD.replace(good, wrong, 1)
    assert text != GOOD
    with pytest.raises(ScenarioError, match=problem) as caught:
        parse_scenario(text, "mine.toml")
    assert caught.value.line == line
    assert str(caught.value).startswith("mine.toml: " if line is None else f"mine.toml:{line}: ")


def test_a_file_that_is_not_there_or_no_text_is_told_by_name(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.toml")
    with pytest.raises(ScenarioError, match="cannot be read") as caught:
        load_scenario(missing)
    assert caught.value.file == missing
    latin = tmp_path / "latin.toml"
    latin.write_bytes(GOOD.replace("own", "ówn").encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"latin\.toml: cannot be read \(UnicodeDecodeError"):
        load_scenario(str(latin))
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(str(tmp_path / ".toml"))


def test_an_unknown_scenario_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'type1-initial'"):
        load_scenario("type1-intial")


def test_the_last_expectation_that_names_attacker_and_property_holds() -> None:
    text = GOOD + '[[expect]]\nattackers = ["home-path"]\nproperties = ["no-redirection"]\n'
    scenario = parse_scenario(text + 'verdict = "violated"\nargument = "T is read."\n', "mine.toml")
    assert scenario.expected("home-path", "no-redirection")[0] == "violated"
    assert scenario.expected("off-path", "no-redirection")[0] == "holds"


FAMILIES = {name: load_scenario(name).families for name in SHIPPED}
OUT_OF_PLACE = [
    (name, reading)
    for name, families in FAMILIES.items()
    for reading in READINGS.values()
    if not reading.families & families
]


@pytest.mark.parametrize(("name", "reading"), OUT_OF_PLACE, ids=lambda p: p if isinstance(p, str) else p.name)
def test_a_reading_that_touches_nothing_in_a_scenario_is_a_usage_error_that_says_so(name: str, reading: object) -> None:
    with pytest.raises(UsageError, match=f"reading '{reading.name}' does not apply to scenario '{name}'"):  # type: ignore[attr-defined]
        make_policy({reading.name: reading.values[1]}, (), FAMILIES[name], name)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_mechanism_that_nobody_has_in_a_scenario_is_a_usage_error_that_says_so(name: str) -> None:
    for mechanism in MECHANISMS.values():
        if not mechanism.families & FAMILIES[name]:
            with pytest.raises(UsageError, match=f"mechanism '{mechanism.name}' does not apply to scenario '{name}'"):
                make_policy({}, (mechanism.name,), FAMILIES[name], name)


@pytest.mark.parametrize(
    ("settings", "without", "problem"),
    [
        ({"tombstones": "rr"}, (), "unknown reading 'tombstones'; did you mean 'tombstone'"),
        ({"tombstone": "some"}, (), "reading 'tombstone' has no value 'some'; it takes rr, none, full"),
        ({}, ("rule-15",), "unknown mechanism 'rule-15'; did you mean 'rule-150'"),
    ],
)
def test_an_unknown_reading_value_or_mechanism_is_answered_with_the_nearest(
    settings: dict[str, str], without: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        make_policy(settings, without, frozenset({"type1"}), "x")


def test_an_attacker_that_does_not_differ_from_off_path_is_a_usage_error_that_says_what_it_needs() -> None:
    with pytest.raises(
        UsageError, match="'rogue-next-pma' does not apply to scenario 'type1-initial': it needs a handover"
    ):
        plan(Request(scenarios=("type1-initial",), attackers=("rogue-next-pma",)))


@pytest.mark.parametrize("name", READINGS)
def test_every_reading_has_a_default_and_another_answer_and_says_where_the_question_comes_from(name: str) -> None:
    reading = READINGS[name]
    assert len(set(reading.values)) == len(reading.values) >= 2
    assert reading.source.startswith(("A-", "E-", "N", "protocol-facts "))
    assert reading.families


def verify(path: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("pmicheck"), "verify", str(path), "--attacker", "off-path"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=path.parent)


def test_the_command_line_ends_with_2_and_names_file_and_line_of_a_broken_scenario(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(GOOD.replace("clock = 1", "clock = 9"), encoding="utf-8")
    done = verify(broken)
    assert done.returncode == 2
    assert f"{broken}:7: bound 'clock' is 9" in done.stderr
    assert done.stdout == ""


def test_the_command_line_ends_with_2_where_the_prologue_names_a_rule_that_does_not_exist(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(GOOD.replace("[bounds]", 'prologue = ["pma1 dances"]\n[bounds]'), encoding="utf-8")
    done = verify(broken)
    assert done.returncode == 2
    assert f"{broken}:6: there is no rule 'pma1 dances'" in done.stderr


def test_the_command_line_ends_with_2_where_there_is_no_such_file(tmp_path: Path) -> None:
    done = verify(tmp_path / "missing.toml")
    assert done.returncode == 2
    assert "missing.toml: cannot be read" in done.stderr
