"""Names in a scenario file mean something, or the file is refused with line and suggestion; scenarios have one name."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_scenario_files import GOOD

from pmicheck.attacker.profiles import ATTACKERS, USUAL, attacker_named
from pmicheck.errors import ScenarioError
from pmicheck.grounding.run import prepare
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import NAMED, load_scenario, parse_scenario
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.naming import check_names_in, rule_names

PROLOGUE = "[bounds]\nclock = 1\nretransmissions = 0\n"
WIDE = """\
name = "wide"
title = "t"
widens = "type1-initial"
argument = "a"
attackers = ["off-path"]
[bounds]
refreshes = 1
[uncovered]
"pma1 refreshes with the permanent token" = "r"
"""

MISSPELT = [
    ('attackers = ["*"]', 'attackers = ["of-path"]', 11, "unknown attacker 'of-path'; did you mean 'off-path'"),
    ('attackers = ["*"]', 'attackers = ["off-path+home-pat"]', 11, "did you mean 'home-path'"),
    ('attackers = ["*"]', 'attackers = [\n "off-path",\n "of-path"\n]', 13, "unknown attacker 'of-path'"),
    (
        '["no-redirection"]',
        '["no-redirectoin"]',
        12,
        "there is no property 'no-redirectoin'; did you mean 'no-redirection'",
    ),
    ('["no-redirection"]', '["*"]', 12, r"there is no property '\*'"),
    ('{ cba = "off" }', '{ cbaa = "off" }', 17, "there is no reading 'cbaa'; did you mean 'cba'"),
    ('{ cba = "off" }', '{ cba = "of" }', 17, "reading 'cba' has no value 'of'; it takes on, off"),
    ('{ cba = "off" }', '{ refreshes = "9" }', 17, "bound 'refreshes' is 9"),
    ('{ cba = "off" }', '{ cba = "off" }\nwithout = ["mca"]', 18, "unknown mechanism 'mca'; did you mean 'mac'"),
    ('["malicious-mn"]', '["malicious-nm"]', 18, "did you mean 'malicious-mn'"),
    (
        "[bounds]",
        'prologue = ["pma1 start the proxy home test"]\n[bounds]',
        6,
        "did you mean 'pma1 starts the proxy home",
    ),
    ("[[expect]]", '[uncovered]\n"no such rule" = "x"\n[[expect]]', 11, "there is no rule 'no such rule'"),
    ("[[expect]]", '[uncovered]\n"pma7 *" = "x"\n[[expect]]', 11, r"there is no rule 'pma7 \*'"),
    ("[[expect]]", '[uncovered]\n"cn receives PUB" = "x"\n[[expect]]', 11, "did you mean 'cn receives PBA'"),
    ("[[expect]]", '[uncovered]\n"of-path: cn *" = "x"\n[[expect]]', 11, "unknown attacker 'of-path'"),
]


@pytest.mark.parametrize(("good", "wrong", "line", "problem"), MISSPELT)
def test_a_misspelt_name_is_told_with_file_line_and_suggestion(good: str, wrong: str, line: int, problem: str) -> None:
    text = GOOD.replace(good, wrong, 1)
    assert text != GOOD
    with pytest.raises(ScenarioError, match=problem) as caught:
        check_names_in(parse_scenario(text, "mine.toml"))
    assert (caught.value.file, caught.value.line) == ("mine.toml", line)


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("off-path+of-path", "unknown attacker 'of-path'"),
        ("home-path", "attacker 'home-path' is tried anyway"),
        ("home-path+rogue-next-pma", r"attacker 'home-path\+rogue-next-pma' needs a handover"),
        ("past-home-path", "attacker 'past-home-path' needs a prologue"),
    ],
)
def test_an_attacker_that_is_tried_as_well_exists_differs_and_applies(named: str, problem: str) -> None:
    text = GOOD.replace("[bounds]", f'also = ["{named}"]\n\n[bounds]', 1)
    with pytest.raises(ScenarioError, match=problem) as caught:
        check_names_in(parse_scenario(text, "mine.toml"))
    assert caught.value.line == 6


def test_an_attacker_that_is_tried_as_well_comes_after_the_others(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("[bounds]", 'also = ["home-path+malicious-mn"]\n\n[bounds]', 1), encoding="utf-8")
    usual = [name for name in USUAL if name not in ("rogue-previous-pma", "rogue-next-pma")]
    assert [cell.attacker.name for cell in plan(Request((str(path),)))] == [*usual, "home-path+malicious-mn"]
    assert [cell.attacker.name for cell in plan(Request((str(path),), ("off-path",)))] == ["off-path"]


def test_a_widened_scenario_answers_for_its_own_names_only() -> None:
    check_names_in(parse_scenario(WIDE, "wide.toml"))
    with pytest.raises(ScenarioError, match="unknown attacker 'of-path'") as caught:
        check_names_in(parse_scenario(WIDE.replace('"off-path"', '"of-path"'), "wide.toml"))
    assert caught.value.line == 5


@pytest.mark.parametrize("name", NAMED)
def test_every_name_in_a_shipped_scenario_means_something(name: str) -> None:
    check_names_in(load_scenario(name))


@pytest.mark.parametrize("name", ["rr-mobile", "ero-handoff", "type1-handover-reactive", "type2-rr", "data-plane"])
def test_every_rule_of_a_ground_system_has_a_name_that_a_file_may_argue_about(name: str) -> None:
    scenario = load_scenario(name)
    policy = make_policy({}, (), scenario.families, scenario.name)
    system = prepare(scenario, policy, ATTACKERS["off-path"], ()).grounded.system
    assert {rule.name.removeprefix("attacker: ") for rule in system.rules} <= rule_names()


def test_line_numbers_count_lines_as_editors_do() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(
            GOOD.replace("A scenario", "A\u2028\u0085scenario").replace("clock = 1", "glock = 1"), "mine.toml"
        )
    assert caught.value.line == 7


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_scenario(str(path)).name == "mine"


def written(directory: Path, file: str, name: str) -> str:
    path = directory / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(GOOD.replace('name = "mine"', f'name = "{name}"'), encoding="utf-8")
    return str(path)


def test_two_scenarios_of_one_run_have_two_names(tmp_path: Path) -> None:
    one, two = written(tmp_path, "one.toml", "mine"), written(tmp_path, "two.toml", "mine")
    with pytest.raises(ScenarioError, match=r"two\.toml:1: 'name' is 'mine', as in .*one\.toml; choose another"):
        plan(Request((one, two)))


def test_one_file_is_named_once(tmp_path: Path) -> None:
    one = written(tmp_path, "one.toml", "mine")
    (tmp_path / "link.toml").symlink_to("one.toml")
    for again in (f"{tmp_path}/./one.toml", f"{tmp_path}/link.toml"):
        with pytest.raises(ScenarioError, match=r"is the same file as .*one\.toml; name it once"):
            plan(Request((one, again)))


@pytest.mark.parametrize("name", ["type1-initial", "rr-mobile-wide"])
def test_the_name_of_a_shipped_scenario_is_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScenarioError, match=f"'name' is '{name}', which is that of a shipped scenario"):
        plan(Request((written(tmp_path, f"{name}.toml", name),)))


def test_the_file_of_a_shipped_scenario_may_be_decided_as_it_is_edited(tmp_path: Path) -> None:
    source = written(tmp_path, "pmicheck/model/scenarios/type1-initial.toml", "type1-initial")
    assert {cell.scenario.name for cell in plan(Request((source,)))} == {"type1-initial"}
    with pytest.raises(ScenarioError, match="as in"):
        plan(Request((source, "type1-initial")))


def test_of_joined_attackers_the_union_is_expected() -> None:
    expect = '[[expect]]\nattackers = [{}]\nproperties = ["no-redirection"]\nverdict = "violated"\nargument = "A."\n'
    scenario = parse_scenario(GOOD + expect.format('"home-path"'), "mine.toml")
    assert attacker_named("off-path+home-path")
    assert scenario.expected("off-path+home-path", "no-redirection") == ("violated", "A.")
    assert scenario.expected("off-path+rogue-cn", "no-redirection")[0] == "holds"
    assert scenario.expected("off-path+home-path", "token-secrecy") == ("", "")
    joined = parse_scenario(GOOD + expect.format('"off-path+rogue-cn"'), "mine.toml")
    assert joined.expected("rogue-cn+off-path", "no-redirection")[0] == "violated"
