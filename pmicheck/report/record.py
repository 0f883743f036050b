"""The record: everything that one run found, as one JSON file from which every renderer works.

The same record gives the same octets: keys are sorted, numbers are rounded to `DIGITS` decimals, and the text
is ASCII. The shape is fixed by `record.schema.json` beside this module (version `SCHEMA`), that of older versions
(`OLD`) by `record.schema.3.json`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from pmicheck.errors import UsageError
from pmicheck.report import old_steps
from pmicheck.report.catalogue import Catalogue
from pmicheck.report.files import read_text, write_text
from pmicheck.report.graphs.data import StateGraph
from pmicheck.report.json_text import to_text
from pmicheck.report.review import Review
from pmicheck.trace import Step, Trace
from pmicheck.verdict import DECIDED, Replay, Verdict

SCHEMA = "4"
OLD = ("1", "2", "3")
"""Versions that are read, too: those whose steps tell in words what they are about."""
DIGITS = 6


@dataclass(frozen=True)
class Witness:
    """The `sometimes` property paired with an `always` property: was its antecedent reached, and how soon."""

    found: bool
    name: str = ""
    depth: int | None = None
    steps: tuple[Step, ...] | None = None


@dataclass(frozen=True)
class ReplayOutcome:
    """What the second implementation made of a trace.

    Attributes:
        outcome: confirmed, diverged or not applicable.
        sentence: what the real nodes ended in.
        counterfactual: what they ended in with the attacker's packets removed.
        details: whatever else the replay wants to be remembered (JSON values only).
    """

    outcome: Replay
    sentence: str = ""
    counterfactual: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """One verdict with its evidence.

    Attributes:
        readings: all readings in force, not only those set by the user.
        without: the mechanisms switched off.
        bounds: one sentence: within what the verdict holds.
        needs_attacker: False if the honest network alone reaches the bad state; None if that was not asked.
        argument: why the scenario file expects its verdict, "" if it does not say.
        expected: the verdict that the scenario file expects, "" if it does not say.
        settled_by: the attacker whose verdict implies this one (`pmicheck verify --settle`); "" if a run decided it.
    """

    scenario: str
    attacker: str
    property: str
    readings: Mapping[str, str]
    without: tuple[str, ...]
    verdict: Verdict
    bounds: str
    states: int
    transitions: int
    depth: int
    seconds: float
    witness: Witness | None = None
    trace: Trace | None = None
    replay: ReplayOutcome | None = None
    needs_attacker: bool | None = None
    argument: str = ""
    expected: str = ""
    settled_by: str = ""

    def names(self) -> tuple[str, str, str]:
        """Scenario, attacker, property."""
        return self.scenario, self.attacker, self.property


@dataclass(frozen=True)
class Uncovered:
    """A rule that never fired, and why that is right ("" if nobody has argued it)."""

    rule: str
    reason: str = ""


@dataclass(frozen=True)
class Exploration:
    """One search of one ground system: its sizes, its coverage and where the time went.

    `coverage` counts, per rule, the transitions fired; `stages` holds seconds per stage; `same_as` names the attacker
    under whom the ground system is the same, if that one was searched instead; `reductions` were in force: then
    `states`, `transitions` and `depth` are those of the smaller system. Where it is not complete, `stopped_by` names
    the limit that cut it, and `shortage` says what it would take, if that was memory or disk; or `stopped_by` is
    "decided", and it ended with the level in which the last property was seen to be violated.
    """

    scenario: str
    attacker: str
    readings: Mapping[str, str]
    without: tuple[str, ...]
    states: int
    transitions: int
    depth: int
    complete: bool
    knowledge_sets: int
    facts: int
    ground_transitions: int
    cells: int
    values: int
    messages: int
    bits: int
    coverage: Mapping[str, int] = field(default_factory=dict)
    uncovered: tuple[Uncovered, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    same_as: str = ""
    reductions: tuple[str, ...] = ()
    stopped_by: str = ""
    shortage: str = ""

    @property
    def cut(self) -> bool:
        """Whether a limit ended it."""
        return not self.complete and self.stopped_by != DECIDED


@dataclass(frozen=True)
class Stage:
    """Seconds spent in one stage of the pipeline, and its share (0 to 1) of the run."""

    seconds: float
    share: float


@dataclass(frozen=True)
class Cited:
    """The rules that cite a statement of the draft, and how many transitions they fired in the whole run."""

    rules: tuple[str, ...]
    fired: int


@dataclass(frozen=True)
class Record:
    """A whole run.

    Attributes:
        pmicheck: version of the tool.
        kernel: which explorer kernel was in use.
        command: the command line, as a list.
        settings: the readings that the user set away from their defaults, and the bounds that the user set.
        bounds: per scenario, the bounds by name.
        partial: True if the run was interrupted before all was decided.
        statements: coverage by statement of the draft (N001 to N179) that some rule of the run cites.
        titles: what each scenario plays, in one line.
        files: where each scenario is written down: a path as the user gave it, or from the project's root.
        catalogue: what the properties, attackers and scenarios are, in words and ranks.
        digests: SHA-256 of the text of each of these files, and of those that they widen; older records have none.
        review, graphs: what `pmicheck review` adds; empty until then.
    """

    pmicheck: str
    kernel: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    bounds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    results: tuple[Result, ...] = ()
    explorations: tuple[Exploration, ...] = ()
    seconds: float = 0.0
    stages: Mapping[str, Stage] = field(default_factory=dict)
    partial: bool = False
    statements: Mapping[str, Cited] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)
    review: Review = field(default_factory=Review)
    graphs: tuple[StateGraph, ...] = ()
    schema: str = SCHEMA

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values; each result carries its `fingerprint` for readers of the file itself."""
        stored: dict[str, Any] = plain(self)
        for result, entry in zip(self.results, stored["results"], strict=True):
            entry["fingerprint"] = fingerprint(result)
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Record:
        """Inverse of `as_json` on anything that the schema admits."""
        values = {**stored, "schema": SCHEMA}
        values["command"] = tuple(values["command"])
        values["results"] = tuple(_result(entry) for entry in values["results"])
        values["explorations"] = tuple(_exploration(entry) for entry in values["explorations"])
        values["stages"] = {name: Stage(**stage) for name, stage in values["stages"].items()}
        cited = values.get("statements", {}).items()
        values["statements"] = {name: Cited(tuple(each["rules"]), each["fired"]) for name, each in cited}
        values["catalogue"] = Catalogue.from_json(values["catalogue"])
        if "review" in values:
            values["review"] = Review.from_json(values["review"])
        values["graphs"] = tuple(StateGraph.from_json(graph) for graph in values.get("graphs", ()))
        return cls(**values)


def fingerprint(result: Result) -> str:
    """A short name for a finding that survives changes of order, sizes and times.

    It covers scenario, attacker, property, and which rules fired on which messages in the attacker's steps
    (in all steps where the attacker has none); a test of the attacker's own counts by the address that it tests, home
    or care-of, whatever packet does it. Without a trace it covers the names alone.
    """
    steps = result.trace.steps if result.trace else ()
    decisive = [step for step in steps if step.attacker] or list(steps)
    acts = sorted({f"{step.rule} {step.arguments.get('init', step.message)}" for step in decisive})
    text = "\n".join((*result.names(), *acts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def tool_version() -> str:
    """The version of pmicheck that is installed."""
    from importlib import metadata

    try:
        return metadata.version("pmicheck")
    except metadata.PackageNotFoundError:
        return "unknown"


def plain(value: Any) -> Any:
    """`value` as JSON values: dataclasses as objects, tuples as arrays, numbers rounded."""
    if isinstance(value, (Trace, Step)):
        return plain(value.as_json())
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0
    return str(value) if isinstance(value, str) else value


def dumps(record: Record) -> str:
    """The text of the file that holds `record`."""
    return to_text(record.as_json())


def save(record: Record, path: Path) -> None:
    """Writes `record` to `path`, all or nothing. Raises OutputError (full disk, permission, no directory)."""
    write_text(path, dumps(record))


def load(path: Path) -> Record:
    """The record stored in `path`. Raises UsageError that says what is wrong with the file, and where."""
    return record_from(load_json(path), path)


def record_from(stored: Any, path: Path) -> Record:
    """The record held by the JSON value that stood in `path`. Raises UsageError as `load` does."""
    version = stored.get("schema", SCHEMA) if isinstance(stored, dict) else SCHEMA
    if version not in (*OLD, SCHEMA):
        hint = f"this pmicheck reads {SCHEMA!r}, so make the record again"
        raise UsageError(f"{path}: a record of schema {version!r}; {hint}")
    check(stored, path, "record", old=version in OLD)
    return Record.from_json(stored if version == SCHEMA else old_steps.upgraded_record(stored))


def load_trace(stored: Any, path: Path) -> Trace:
    """The trace held by the JSON value that stood in `path`. Raises UsageError as `load` does."""
    old = old_steps.is_old(stored)
    check(stored, path, "trace", old=old)
    return Trace.from_json(old_steps.upgraded_trace(stored) if old else stored)


def load_json(path: Path) -> Any:
    """The JSON value in `path`. Raises UsageError with line and column if it is none."""
    try:
        return json.loads(read_text(path, "a record"), parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ValueError as error:  # NaN, 1e400, or an integer of thousands of digits
        raise UsageError(f"{path}: not a record: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: not a record: the JSON is nested too deeply") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def schema(*, old: bool = False) -> dict[str, Any]:
    """The JSON schema of the record (draft 2020-12), as shipped; with `old` that of the versions in `OLD`."""
    name = "record.schema.3.json" if old else "record.schema.json"
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def check(stored: Any, path: Path, kind: str, *, old: bool = False) -> None:
    """Raises UsageError unless `stored` (the content of `path`) is a valid `kind`: "record" or "trace"."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    rules = schema(old=old)
    if kind != "record":
        rules = {"$ref": f"#/$defs/{kind}", "$defs": rules["$defs"]}
    fault = best_match(Draft202012Validator(rules).iter_errors(stored))
    if fault is not None:
        wanted = _wanted(str(fault.validator), fault.validator_value, str(fault.message))
        raise UsageError(f"{path}: not a {kind}: {fault.json_path} {wanted}")


def _wanted(keyword: str, value: Any, message: str) -> str:
    """What would be right, said from the schema keyword that failed."""
    match keyword:
        case "type":
            names = [value] if isinstance(value, str) else value
            return "should be of type " + " or ".join(names)
        case "enum":
            return "should be one of " + ", ".join(str(each) for each in value)
        case "const":
            return f"should be {value!r}"
        case "required" | "additionalProperties":
            return "is wrong: " + message
        case _:
            return f"should satisfy {keyword} {value}"


def _result(stored: Mapping[str, Any]) -> Result:
    values = dict(stored)
    values.pop("fingerprint", None)
    values["without"] = tuple(values["without"])
    values["verdict"] = Verdict(values["verdict"])
    if values["witness"] is not None:
        witness = dict(values["witness"])
        witness["steps"] = _steps(witness["steps"])
        values["witness"] = Witness(**witness)
    if values["trace"] is not None:
        values["trace"] = Trace.from_json(values["trace"])
    if values["replay"] is not None:
        values["replay"] = ReplayOutcome(**{**values["replay"], "outcome": Replay(values["replay"]["outcome"])})
    return Result(**values)


def _steps(stored: Iterable[Mapping[str, Any]] | None) -> tuple[Step, ...] | None:
    return None if stored is None else tuple(Step.from_json(step) for step in stored)


def _exploration(stored: Mapping[str, Any]) -> Exploration:
    values = dict(stored)
    values["without"] = tuple(values["without"])
    values["uncovered"] = tuple(Uncovered(**entry) for entry in values["uncovered"])
    values["reductions"] = tuple(values.get("reductions", ()))
    return Exploration(**values)
