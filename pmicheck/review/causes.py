"""The root causes of what is violated: which sentences of the draft are at fault, and which violations they explain.

The causes are in causes.toml beside this module. A violation is explained by every cause that has a sign which fits
its facts (`facts_of`); what its facts are is read from the data of its trace.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product
from typing import Any

from pmicheck.report.record.record import Record
from pmicheck.report.words.flaws import decisive_step
from pmicheck.review.cells import Cell, Settings, set_away
from pmicheck.trace import Step, Trace, head
from pmicheck.verdict import Verdict

FACTS = ("scenario", "attacker", "property", "message", "credential", "vouched", "home")

Sign = Mapping[str, tuple[str, ...]]
"""By the name of a fact the values that fit; a fact without a name fits whatever it is."""


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """One cause in the text.

    Attributes:
        name: a short name; says: the cause, as a sentence.
        statements: the statements at fault, the few.
        readings: the readings on which its violations depend.
        inherited: the ancestor's section whose accepted risk it is, "" for the draft's own.
        change: what the draft should say instead, "" if nothing is proposed; settings: what puts that in force.
        signs: of which violations it is the cause.
        shown: cells that are violated by it under other readings than the defaults.
    """

    name: str
    says: str
    statements: tuple[str, ...]
    readings: tuple[str, ...]
    inherited: str
    change: str
    settings: Settings
    signs: tuple[Sign, ...]
    shown: tuple[Cell, ...]

    def explains(self, facts: Mapping[str, str]) -> bool:
        """Whether a violation with these facts is of this cause."""
        return any(all(facts[name] in values for name, values in sign.items()) for sign in self.signs)


@cache
def root_causes() -> tuple[RootCause, ...]:
    """All causes, in the order of their file."""
    text = (resources.files("pmicheck.review") / "causes.toml").read_text(encoding="utf-8")
    return tuple(_cause(entry) for entry in tomllib.loads(text)["cause"])


def _cause(entry: Mapping[str, Any]) -> RootCause:
    return RootCause(
        name=entry["id"],
        says=entry["says"],
        statements=tuple(entry["statements"]),
        readings=tuple(entry["readings"]),
        inherited=entry.get("inherited", ""),
        change=entry.get("change", ""),
        settings=_settings(entry.get("settings", {})),
        signs=tuple(_sign(each) for each in entry.get("sign", ())),
        shown=tuple(_shown(entry.get("shown", ()))),
    )


def _settings(entry: Mapping[str, str]) -> Settings:
    return tuple(sorted(entry.items()))


def _sign(entry: Mapping[str, list[str]]) -> Sign:
    """A misspelt fact would fit everything, so it is an error."""
    if not set(entry) <= set(FACTS):
        raise ValueError(f"no facts of a violation: {', '.join(sorted(set(entry) - set(FACTS)))}")
    return {name: tuple(values) for name, values in entry.items()}


def _shown(entries: Iterable[Mapping[str, Any]]) -> Iterator[Cell]:
    for entry in entries:
        for attacker, prop in product(entry["attackers"], entry["properties"]):
            yield Cell(entry["scenario"], attacker, prop, settings=_settings(entry["settings"]))


def explained(record: Record) -> dict[str, tuple[Cell, ...]]:
    """By cause the violated cells of the record that it explains. A cell may have several causes, or none.

    Cells with a mechanism switched off are of nobody: what is violated there is no violation of the draft.
    """
    found: dict[str, list[Cell]] = {cause.name: [] for cause in root_causes()}
    for result in record.results:
        if result.verdict is Verdict.VIOLATED and result.trace is not None and not result.without:
            for cause in causes_of(result.trace):
                found[cause.name].append(Cell(*result.names(), settings=set_away(result.readings)))
    return {name: tuple(cells) for name, cells in found.items()}


def causes_of(trace: Trace) -> tuple[RootCause, ...]:
    """The causes that explain the violation of a trace; none if nobody has found one."""
    facts = facts_of(trace)
    return tuple(cause for cause in root_causes() if cause.explains(facts))


def facts_of(trace: Trace) -> Mapping[str, str]:
    """What the signs of causes ask about a violation.

    Returns:
        scenario, attacker, property: the names of the cell.
        message: the kind of the attacker's decisive message: "BU", "PBU", "BA", "PBA", the kind of a test, or the class
            of any other message; "none" if the attacker sends nothing.
        credential: the token of an update (T, PT or HT), "none" for anything else.
        vouched: of an update "repeated" if it was seen before, "seen signature" or "key" if it is signed, and by whom,
            else "token"; "none" for anything else.
        home: "own" if an update is for a home address of the attacker, else "victim".
    """
    facts = {"scenario": trace.scenario, "attacker": trace.attacker, "property": trace.property}
    found = decisive_step(trace)
    if found is None:
        return facts | {"message": "none", "credential": "none", "vouched": "none", "home": "victim"}
    at, step = found
    content = step.content or {}
    update = content.get("type") == "Update"
    return facts | {
        "message": _kind(content),
        "credential": str(content["credential"]) if update else "none",
        "vouched": _vouched(step, trace.steps[:at]) if update else "none",
        "home": "own" if update and content["home"] != "HoA" else "victim",
    }


def _kind(content: Mapping[str, Any]) -> str:
    match content.get("type"):
        case "Update":
            return "PBU" if content["proxy"] else "BU"
        case "Acknowledgement":
            return "PBA" if content["proxy"] else "BA"
        case other:
            return str(content.get("kind", other))


def _vouched(step: Step, earlier: Iterable[Step]) -> str:
    if any(step.said.is_same(sent) for each in earlier for sent in each.sends):
        return "repeated"
    if (step.content or {})["key"] is None:
        return "token"
    return "seen signature" if any(each.way == "read" and head(each.term) == "sig" for each in step.known) else "key"
