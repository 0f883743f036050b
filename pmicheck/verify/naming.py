"""What a scenario file names must exist, and no two scenarios of a run may have one name.

`model.scenario` reads a file; attackers, properties and rules are known only above the model, so they are checked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path, PurePath

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.moves import acts as moves
from pmicheck.attacker.profiles import ATTACKERS, USUAL, attacker_named
from pmicheck.errors import ScenarioError, UsageError
from pmicheck.model.courses import COURSES
from pmicheck.model.limits import BOUNDS, MOST, fault, useless
from pmicheck.model.messages import NAMES as NAMES_OF_CLASSES
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.rules.protocol import spontaneous
from pmicheck.model.scenario import Expectation, Scenario
from pmicheck.model.topology import CARE_OF, MN, SECOND_CN, SECOND_MN
from pmicheck.model.world import Bounds, World
from pmicheck.properties.catalogue import NAMES
from pmicheck.shipped import NAMED, SHIPPED_IN

ANYBODY = "*"
BY_ATTACKER = "attacker"
MESSAGE_NAMES = (
    *("HoTI", "CoTI", "HoT", "CoT", "PHoTI", "PHoT", "BA", "PBA"),
    *(
        f"{step} {kind}"
        for step in ("early", "complete", "handover", "refresh", "deregistration")
        for kind in ("BU", "PBU")
    ),
    *(
        "handshake PBU",
        "answering handshake PBU",
        "deregistering handshake PBU",
        "data",
        "tunnelled data",
        "routed data",
    ),
    *NAMES_OF_CLASSES.values(),
)
"""How `name_of` calls messages."""


def check_distinct(scenarios: Sequence[Scenario]) -> None:
    """Raises ScenarioError for a file that is named twice, and for a name that two scenarios have or that is taken."""
    files: dict[Path, Scenario] = {}
    names: dict[str, Scenario] = {}
    for scenario in scenarios:
        first = None if scenario.shipped else files.setdefault(_resolved(scenario), scenario)
        if first is not None and first is not scenario:
            raise ScenarioError(scenario.file, None, f"is the same file as {first.file}; name it once")
        other = names.setdefault(scenario.name, scenario)
        line = scenario.line_of("name")
        if other is not scenario:
            raise ScenarioError(scenario.file, line, f"'name' is '{scenario.name}', as in {other.file}; choose another")
        if scenario.name in NAMED and not scenario.shipped and not _is_source(scenario):
            problem = f"'name' is '{scenario.name}', which is that of a shipped scenario; choose another"
            raise ScenarioError(scenario.file, line, problem)


def _is_source(scenario: Scenario) -> bool:
    """Whether the file is that of the shipped scenario in some checkout of pmicheck, where it may be edited."""
    place = PurePath(f"{SHIPPED_IN}/{scenario.name}.toml").parts
    return _resolved(scenario).parts[-len(place) :] == place


def _resolved(scenario: Scenario) -> Path:
    try:
        return Path(scenario.file).resolve()
    except (OSError, RuntimeError):
        return Path(scenario.file)


def check_names_in(scenario: Scenario) -> None:
    """Raises ScenarioError, with line and suggestion, for a name in the file that means nothing."""
    for name in scenario.attackers:
        _check_attacker(scenario, name, scenario.line_of("attackers"))
    for name in scenario.also:
        _check_also(scenario, name)
    for entry in (*scenario.expectations, *scenario.flips):
        if entry.line is not None:  # else another file's, which this one widens
            _check_entry(scenario, entry)
    rules = rule_names()
    for name in scenario.prologue:
        if name not in rules:
            raise _unknown(scenario, "rule", name, rules, scenario.line_of("prologue"))
    for key in scenario.uncovered:
        who, colon, rule = key.rpartition(": ")
        if colon and who != BY_ATTACKER:
            _check_attacker(scenario, who, scenario.line_of(key))
        begins = rule.endswith("*") and any(name.startswith(rule[:-1]) for name in rules)
        if rule not in rules and not begins:
            raise _unknown(scenario, "rule", rule, rules, scenario.line_of(key))


def _check_entry(scenario: Scenario, entry: Expectation) -> None:
    start = entry.line or 1
    for name in entry.attackers:
        if name != ANYBODY:
            _check_attacker(scenario, name, scenario.line_of("attackers", start))
    for name in entry.properties:
        if name not in NAMES:
            raise _unknown(scenario, "property", name, NAMES, scenario.line_of("properties", start))
    for name, value in entry.settings:
        line = scenario.line_of(name, start)
        if name in BOUNDS:
            number = int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else value
            problem = fault(scenario.course, name, number)
            if problem:
                raise ScenarioError(scenario.file, line, f"bound '{name}' {problem}")
        elif name not in READINGS:
            raise _unknown(scenario, "reading", name, [*READINGS, *BOUNDS], start)
        else:
            _check_policy(scenario, {name: value}, (), line)
    for name in entry.without:
        _check_policy(scenario, {}, (name,), scenario.line_of(name, start))


def _check_policy(scenario: Scenario, settings: dict[str, str], without: tuple[str, ...], line: int | None) -> None:
    try:
        make_policy(settings, without, scenario.families, scenario.name)
    except UsageError as error:
        raise ScenarioError(scenario.file, line, str(error)) from error


def _check_attacker(scenario: Scenario, name: str, start: int | None) -> None:
    try:
        attacker_named(name)
    except UsageError as error:
        raise ScenarioError(scenario.file, scenario.line_of(name, start or 1), str(error)) from error


def _check_also(scenario: Scenario, name: str) -> None:
    line = scenario.line_of("also")
    _check_attacker(scenario, name, line)
    lacks = attacker_named(name).needs - scenario.offers
    if name in USUAL:
        raise ScenarioError(scenario.file, line, f"attacker '{name}' is tried anyway; 'also' names further ones")
    if lacks:
        raise ScenarioError(scenario.file, line, f"attacker '{name}' needs a {', '.join(sorted(lacks))}")


def _unknown(scenario: Scenario, kind: str, name: str, known: Collection[str], start: int | None) -> ScenarioError:
    close = get_close_matches(name, sorted(known), 1)
    hint = f"did you mean '{close[0]}'?" if close else "no rule has such a name"
    if not close and kind != "rule":
        hint = f"known are: {', '.join(known)}"
    return ScenarioError(scenario.file, scenario.line_of(name, start or 1), f"there is no {kind} '{name}'; {hint}")


@cache
def rule_names() -> frozenset[str]:
    """Every name that a rule of some scenario may have, whatever its bounds and readings."""
    acting = {act.name for world in _largest_worlds() for act in spontaneous(world)}
    attacking = {act.name for world in _largest_worlds() for act in moves(Adversary(ATTACKERS["dolev-yao"], world))}
    receivers = ("cn", SECOND_CN, "ha", "ha2", MN, SECOND_MN, *CARE_OF)
    return frozenset(acting | attacking | {f"{to} receives {what}" for to in receivers for what in MESSAGE_NAMES})


def _largest_worlds() -> Iterator[World]:
    """For each course and each value of each reading a world with as much of everything as it may have."""
    for course in COURSES.values():
        bounds = Bounds(**{name: most for name, most in MOST.items() if not useless(course, name)})
        default = {name: reading.values[0] for name, reading in READINGS.items()}
        for name, reading in READINGS.items():
            for value in reading.values if reading.families & course.families else ():
                policy = Policy(tuple(sorted({**default, name: value}.items())))
                yield World("any", course, bounds, policy, attacked=True)
