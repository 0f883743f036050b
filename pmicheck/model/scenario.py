"""Scenario files: what happens, within which bounds and why these are enough, and which verdicts are expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pmicheck.errors import ScenarioError, UsageError
from pmicheck.model.courses import COURSES, Course
from pmicheck.model.limits import BOUNDS, enlarged, fault, within
from pmicheck.model.policy import unknown
from pmicheck.model.world import Bounds
from pmicheck.shipped import APART as APART
from pmicheck.shipped import NAMED as NAMED
from pmicheck.shipped import SHIPPED as SHIPPED
from pmicheck.shipped import SHIPPED_IN as SHIPPED_IN
from pmicheck.shipped import WIDENED as WIDENED
from pmicheck.verdict import Verdict

LONGEST_NUMBER = 20
"""Digits of a number in a setting; what is longer is no bound."""

WIDE_KEYS = {"name", "title", "widens", "attackers", "argument", "prologue", "bounds", "expect", "flip", "uncovered"}
"""Of a file that widens another one: what happens there is the other's to say."""
KEYS = WIDE_KEYS - {"widens"} | {"variant", "also"}


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """An expected verdict with its argument; `settings` and `without` are what has to be changed first ("flip").

    `line` is where its table begins, if it is in the scenario's own file.
    """

    attackers: tuple[str, ...]
    properties: tuple[str, ...]
    verdict: str
    argument: str
    settings: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Scenario:
    """One scenario file, checked.

    `attackers` are those it is decided under unless others are named; if there are none, every single attacker and
    `also`. `widens` is the scenario that it has larger bounds or a shorter prologue than, "" if it stands alone. `text`
    is what the file holds; `shipped`: it was asked for by its name.
    """

    name: str
    title: str
    course: Course
    argument: str
    prologue: tuple[str, ...]
    bounds: Bounds
    expectations: tuple[Expectation, ...]
    flips: tuple[Expectation, ...]
    uncovered: Mapping[str, str]
    file: str
    attackers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    widens: str = ""
    text: str = field(default="", compare=False, repr=False)
    shipped: bool = field(default=False, compare=False)

    def line_of(self, word: str, start: int = 1) -> int | None:
        """The first line from `start` on that has the word, as a key or in quotes; `start` if none has, or if text is
        not known None."""
        if not self.text:
            return None
        pattern = re.compile(rf"""(?:^|[{{,\s]){re.escape(word)}\s*[=.]|["']{re.escape(word)}["']""")
        lines = enumerate(self.text.split("\n"), 1)
        return next((number for number, line in lines if number >= start and pattern.search(line)), start)

    @property
    def families(self) -> frozenset[str]:
        return self.course.families

    @property
    def offers(self) -> frozenset[str]:
        """What an attacker may need: a node that leaves, a handover, a prologue."""
        course = self.course
        offered = {
            "leave": course.leaves,
            "handover": course.handover and not course.handed_over,
            "prologue": bool(self.prologue),
        }
        return frozenset(name for name, there in offered.items() if there)

    def expected(self, attacker: str, prop: str) -> tuple[str, str]:
        """(verdict, argument) that the file expects, the last entry that names both; ("", "") if none does."""
        if "+" in attacker:
            return self._expected_of_all(attacker.split("+"), prop)
        for entry in reversed(self.expectations):
            if prop in entry.properties and (attacker in entry.attackers or "*" in entry.attackers):
                return entry.verdict, entry.argument
        return "", ""

    def _expected_of_all(self, powers: list[str], prop: str) -> tuple[str, str]:
        """What is expected of one adversary with several powers: what an entry for just these says, or their union.

        It can do what any of its powers can: a violation that one of them brings about is expected of it. What none
        brings about is expected to hold only if that is expected of each.
        """
        for entry in reversed(self.expectations):
            joined = any(set(name.split("+")) == set(powers) for name in entry.attackers)
            if prop in entry.properties and joined:
                return entry.verdict, entry.argument
        found = [self.expected(power, prop) for power in powers]
        violated = next((each for each in found if each[0] == Verdict.VIOLATED), None)
        verdicts = {verdict for verdict, _ in found}
        return violated or (found[0] if len(verdicts) == 1 else ("", ""))

    def bounds_sentence(self) -> str:
        """Within what the verdicts of the scenario hold."""
        return within(self.bounds, prologue=bool(self.prologue))

    def bounded(self, settings: Mapping[str, str]) -> tuple[Scenario, dict[str, str]]:
        """The scenario with the bounds that `settings` names, and the settings that are none.

        What the file expects is argued for its own bounds: with others nothing is expected.

        Raises:
            UsageError: a bound that is no such number, or that the scenario has no use for.
        """
        wanted = {name: value for name, value in settings.items() if name in BOUNDS}
        for name, value in wanted.items():
            number = int(value) if value.isascii() and value.isdecimal() and len(value) < LONGEST_NUMBER else value
            problem = fault(self.course, name, number)
            if problem:
                raise UsageError(f"bound '{name}' {problem} (scenario '{self.name}')")
        bounds = enlarged(self.course, self.bounds, {name: int(value) for name, value in wanted.items()})
        rest = {name: value for name, value in settings.items() if name not in wanted}
        if bounds == self.bounds:
            return self, rest
        return replace(self, bounds=bounds, expectations=(), flips=()), rest

    def reason(self, rule: str, attacker: str) -> str:
        """Why a rule never fires, from the file: the entry for "attacker: rule", for the rule, or for its beginning."""
        for key in (f"{attacker}: {rule}", rule):
            if key in self.uncovered:
                return self.uncovered[key]
        found = [reason for key, reason in self.uncovered.items() if key.endswith("*") and rule.startswith(key[:-1])]
        return found[0] if found else ""


def load_scenario(name: str) -> Scenario:
    """A shipped scenario by name, or a file by its path (anything that ends in .toml).

    Raises:
        ScenarioError: no such file, no TOML, or something in it is wrong: file, line and what would be right.
        UsageError: no shipped scenario of that name.
    """
    if name.endswith(".toml"):
        try:
            return parse_scenario(Path(name).read_text(encoding="utf-8-sig"), name)
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(name, None, f"cannot be read ({error.__class__.__name__}: {error})") from error
    if name not in NAMED:
        raise unknown("scenario", name, NAMED)
    file = resources.files("pmicheck.model.scenarios") / f"{name}.toml"
    return replace(parse_scenario(file.read_text(encoding="utf-8"), f"{name}.toml"), shipped=True)


def parse_scenario(text: str, file: str) -> Scenario:
    """The scenario that `text` describes; `file` is for messages only. Raises ScenarioError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else None
        raise ScenarioError(file, line, f"is no valid TOML: {error}") from error
    except RecursionError as error:
        raise ScenarioError(file, None, "is nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise ScenarioError(file, None, f"holds a number that is too long: {error}") from error
    return _Reader(raw, text, file).scenario()


@dataclass
class _Reader:
    raw: Mapping[str, Any]
    text: str
    file: str
    table: range | None = None
    """The lines of the [[expect]] or [[flip]] table that is being read."""

    def scenario(self) -> Scenario:
        known = WIDE_KEYS if "widens" in self.raw else KEYS
        for key in self.raw:
            if key not in known:
                close = get_close_matches(key, sorted(known), 1)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                self.fail(key, f"unknown key '{key}'; known are {', '.join(sorted(known))}{hint}")
        return self.widened() if "widens" in self.raw else self.alone()

    def widened(self) -> Scenario:
        """What the file says, else what the scenario says that it widens; its own expectations outrank the others."""
        base = load_scenario(self.word("widens", SHIPPED))
        return replace(
            base,
            name=self.string("name"),
            title=self.string("title"),
            argument=self.string("argument"),
            prologue=self.shorter(base),
            bounds=self.larger(base),
            expectations=(*(replace(entry, line=None) for entry in base.expectations), *self.entries("expect")),
            flips=self.entries("flip"),
            uncovered={**base.uncovered, **self.reasons()},
            file=self.file,
            attackers=self.strings("attackers", self.raw.get("attackers", [])),
            also=(),
            widens=base.name,
            text=self.text,
            shipped=False,
        )

    def alone(self) -> Scenario:
        """A file that says all itself."""
        course = COURSES[self.word("variant", tuple(COURSES))]
        return Scenario(
            name=self.string("name"),
            title=self.string("title"),
            course=course,
            argument=self.string("argument"),
            prologue=self.strings("prologue", self.raw.get("prologue", [])),
            bounds=self.bounds(course),
            expectations=self.entries("expect"),
            flips=self.entries("flip"),
            uncovered=self.reasons(),
            file=self.file,
            attackers=self.strings("attackers", self.raw.get("attackers", [])),
            also=self.strings("also", self.raw.get("also", [])),
            text=self.text,
        )

    def fail(self, key: str, problem: str) -> None:
        """Raise, pointing at the first line that mentions the key; within a table at its head if none does."""
        place = self.table or range(1, self.text.count("\n") + 2)
        lines = self.lines(rf"(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]", place)
        raise ScenarioError(self.file, next(lines, self.table[0] if self.table else None), problem)

    def lines(self, pattern: str, place: range) -> Iterator[int]:
        """The numbers, counted from 1, of the lines in `place` that begin with the pattern."""
        begins = re.compile(rf"^\s*{pattern}")
        return (
            number for number, line in enumerate(self.text.split("\n"), 1) if number in place and begins.search(line)
        )

    def entries(self, key: str) -> tuple[Expectation, ...]:
        """All [[expect]] or [[flip]] tables."""
        end = self.text.count("\n") + 2
        heads = list(self.lines(r"\[", range(1, end)))
        own = list(self.lines(rf"\[\[\s*{key}\s*\]\]", range(1, end)))
        found = []
        for number, entry in enumerate(self.tables(key)):
            if number < len(own):
                self.table = range(own[number], min((h for h in heads if h > own[number]), default=end))
            found.append(self.expectation(entry))
        self.table = None
        return tuple(found)

    def string(self, key: str) -> str:
        value = self.raw.get(key)
        if value is None:
            raise ScenarioError(self.file, None, f"'{key}' is missing; it must be a text that is not empty")
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"'{key}' must be a text that is not empty")
        return str(value)

    def word(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.string(key)
        if value not in allowed:
            self.fail(key, f"'{key}' is '{value}', but must be one of {', '.join(allowed)}")
        return value

    def strings(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(key, f"'{key}' must be a list of texts")
        return tuple(value)  # type: ignore[arg-type]

    def tables(self, key: str) -> list[Mapping[str, Any]]:
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"'{key}' must be written as [[{key}]] tables")
        return list(value)

    def bounds(self, course: Course) -> Bounds:
        value = self.numbers(course)
        for key in ("clock", "retransmissions"):
            if key not in value:
                self.fail("bounds", f"bound '{key}' is missing")
        return Bounds(**value)

    def shorter(self, base: Scenario) -> tuple[str, ...]:
        """The prologue of `base`, or what the file plays of it; the rest is left to the search."""
        if "prologue" not in self.raw:
            return base.prologue
        own = self.strings("prologue", self.raw["prologue"])
        steps = iter(base.prologue)
        if own == base.prologue or not all(step in steps for step in own):
            self.fail("prologue", f"'prologue' must be that of '{base.name}' without some of its steps")
        return own

    def larger(self, base: Scenario) -> Bounds:
        """The bounds of `base` with those named here, and with what these bring with them."""
        if "prologue" in self.raw and "bounds" not in self.raw:
            return base.bounds
        value = self.numbers(base.course)
        for key, number in value.items():
            least = vars(base.bounds)[key]
            if number < least:
                self.fail(key, f"bound '{key}' is {number}, but '{base.name}' has {least} already")
        bounds = enlarged(base.course, base.bounds, value)
        if bounds == base.bounds:
            self.fail("bounds", f"no bound is larger than in '{base.name}'")
        return bounds

    def numbers(self, course: Course) -> Mapping[str, int]:
        value = self.raw.get("bounds")
        if not isinstance(value, dict):
            self.fail("bounds", "'bounds' must be a [bounds] table")
        assert isinstance(value, dict)
        for key, number in value.items():
            if key not in BOUNDS:
                self.fail(key, f"unknown bound '{key}'; known are {', '.join(BOUNDS)}")
            problem = fault(course, key, number)
            if problem:
                self.fail(key, f"bound '{key}' {problem}")
        return value

    def reasons(self) -> Mapping[str, str]:
        value = self.raw.get("uncovered", {})
        if not isinstance(value, dict) or not all(isinstance(reason, str) for reason in value.values()):
            self.fail("uncovered", "'uncovered' must map names of rules to reasons")
        return dict(value)

    def expectation(self, entry: Mapping[str, Any]) -> Expectation:
        allowed = {"attackers", "properties", "verdict", "argument", "set", "without"}
        for key in entry:
            if key not in allowed:
                self.fail(key, f"unknown key '{key}' in an expectation; known are {', '.join(sorted(allowed))}")
        verdict = entry.get("verdict")
        if verdict not in tuple(Verdict):
            self.fail("verdict", f"verdict {verdict!r} must be one of {', '.join(Verdict)}")
        argument = entry.get("argument")
        if not isinstance(argument, str) or not argument.strip():
            self.fail("argument", "every expected verdict needs an 'argument'")
        settings = entry.get("set", {})
        if not isinstance(settings, dict):
            self.fail("set", "'set' must be a table of readings and values")
        for name, chosen in settings.items():
            if not isinstance(chosen, str):
                self.fail(name, f"the value of '{name}' must be a text")
        return Expectation(
            attackers=self.strings("attackers", entry.get("attackers")),
            properties=self.strings("properties", entry.get("properties")),
            verdict=str(verdict),
            argument=" ".join(str(argument).split()),
            settings=tuple(sorted(settings.items())),
            without=self.strings("without", entry.get("without", [])),
            line=self.table[0] if self.table else None,
        )
