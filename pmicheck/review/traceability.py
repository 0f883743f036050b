"""Where each statement of the draft went: into which rules, into the concrete nodes, or nowhere and why.

The rules are collected from the worlds of all shipped scenarios, never from a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import prepare
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.model.statements import Statement, load_statements

WATCHED = (None, "malicious-mn")
"""Without an attacker, and with the one that sends every kind of message: together they wake every rule."""

BY_ATTACKER = "attacker: "

COLUMNS = (f"{'STATEMENT':<11}{'SECTION':<9}{'KEYWORD':<10}IS", "WHERE")
"""The heads of the columns of `pmicheck list statements`."""


RICHEST = {"type2-local": (("ro_trigger", "explicit"),)}
"""Scenarios in which some rules exist under another reading than the default only."""


@dataclass(frozen=True)
class Census:
    """The rules of one scenario with the statements that they cite; `size` counts its honest ground transitions.

    A rule goes by one name, whether an honest node or the attacker sent what it processes.
    """

    scenario: str
    size: int
    rules: Mapping[str, tuple[str, ...]]

    def citing(self, statement: str) -> frozenset[str]:
        """The rules that cite a statement."""
        return frozenset(rule for rule, statements in self.rules.items() if statement in statements)


@cache
def censuses() -> tuple[Census, ...]:
    """One census for every shipped scenario, with all mechanisms, and with the reading that has most rules."""
    return tuple(_census(name) for name in SHIPPED)


def _census(name: str) -> Census:
    scenario = load_scenario(name)
    policy = make_policy(dict(RICHEST.get(name, ())), (), scenario.families, name)
    attackers = [attacker_named(attacker) if attacker else None for attacker in WATCHED]
    grounds = [prepare(scenario, policy, attacker, ()).grounded.ground for attacker in attackers]
    rules = {plain_name(rule): act.statements for ground in grounds for rule, act in ground.acts.items()}
    return Census(name, len(grounds[0].leaves), rules)


def plain_name(rule: str) -> str:
    """The rule's name without the mark of a message that the attacker sent."""
    return rule.removeprefix(BY_ATTACKER)


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A statement, the rules that cite it, and those of its switches that some shipped scenario has a place for."""

    statement: Statement
    rules: tuple[str, ...]
    mechanisms: tuple[str, ...]
    readings: tuple[str, ...]

    @property
    def disposition(self) -> str:
        """ "modelled" by rules or switches, "concrete" in the nodes alone, "outside", or "missing"."""
        if self.rules or self.mechanisms or self.readings:
            return "modelled"
        if self.statement.concrete:
            return "concrete"
        return "outside" if self.statement.outside else "missing"

    @property
    def heading(self) -> str:
        """Name, section, keyword and disposition in columns."""
        one = self.statement
        return f"{one.name:<11}{one.section:<9}{one.keyword:<10}{self.disposition}"

    @property
    def where(self) -> str:
        """What models or implements the statement, or why nothing does."""
        parts = [
            ", ".join(self.rules),
            _counted("mechanism", self.mechanisms),
            _counted("reading", self.readings),
            f"concrete {self.statement.concrete}" if self.statement.concrete else "",
            self.statement.outside,
        ]
        return "; ".join(part for part in parts if part)


def _counted(word: str, names: tuple[str, ...]) -> str:
    return f"{word}{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def trace_statements() -> tuple[Traced, ...]:
    """Every statement, in the order of the draft, with the rules of all shipped scenarios that cite it."""
    families = frozenset[str]().union(*(load_scenario(census.scenario).families for census in censuses()))
    return tuple(_traced(statement, families) for statement in load_statements().values())


def _traced(statement: Statement, families: frozenset[str]) -> Traced:
    rules = (rule for census in censuses() for rule in sorted(census.citing(statement.name)))
    return Traced(
        statement=statement,
        rules=tuple(dict.fromkeys(rules)),
        mechanisms=tuple(name for name in statement.mechanisms if MECHANISMS[name].families & families),
        readings=tuple(f"{name}={value}" for name, value in statement.settings if READINGS[name].families & families),
    )


def as_json(traced: Traced) -> dict[str, object]:
    """What `pmicheck list statements --json` says of a statement."""
    one = traced.statement
    return {
        "name": one.name,
        "section": one.section,
        "keyword": one.keyword,
        "description": one.says,
        "disposition": traced.disposition,
        "rules": list(traced.rules),
        "where": traced.where,
        "test": one.test,
    }
