"""The record: everything that one run found, as one JSON file from which every renderer works.

The same record gives the same octets (`json_text.py`). What a record may hold is what the classes here and below say,
and `record.schema.json` beside this module says the same to other programs.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from pmicheck.errors import UsageError
from pmicheck.report.files import read_text, write_text
from pmicheck.report.graphs.data import StateGraph
from pmicheck.report.record import old_steps
from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.review import Review
from pmicheck.trace import Count, Recorded, Step, Trace
from pmicheck.verdict import DECIDED, Replay, Verdict

Schema = Literal["4"]
SCHEMA: Schema = "4"
OLD = ("1", "2", "3")
"""Versions that are read, too: those whose steps tell in words what they are about."""
T = TypeVar("T")
Seconds = Annotated[float, Meta(ge=0)]


class Witness(Recorded, frozen=True):
    """The `sometimes` property paired with an `always` property: was its antecedent reached, and how soon."""

    found: bool
    name: str = ""
    depth: Count | None = None
    steps: tuple[Step, ...] | None = None


class ReplayOutcome(Recorded, frozen=True):
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


class Result(Recorded, frozen=True, kw_only=True):
    """One verdict with its evidence.

    Attributes:
        readings: all readings in force, not only those set by the user.
        without: the mechanisms switched off.
        bounds: one sentence: within what the verdict holds.
        needs_attacker: False if the honest network alone reaches the bad state; None if that was not asked.
        argument: why the scenario file expects its verdict, "" if it does not say.
        expected: the verdict that the scenario file expects, "" if it does not say.
        settled_by: the attacker whose verdict implies this one (`pmicheck verify --settle`); "" if a run decided it.
        never_known: of a proved verdict, the secrets that nodes ask for and that the attacker gets in no run, as people
            write them; no other verdict has the member.
        fingerprint: a short name for the finding that survives changes of order, sizes and times; made of the others.
    """

    scenario: str
    attacker: str
    property: str
    readings: Mapping[str, str]
    without: tuple[str, ...]
    verdict: Verdict
    bounds: str
    states: Count
    transitions: Count
    depth: Count
    seconds: Seconds
    witness: Witness | None
    trace: Trace | None
    replay: ReplayOutcome | None
    needs_attacker: bool | None
    argument: str
    expected: Annotated[str, Meta(pattern=f"^({'|'.join(Verdict)})?$")]
    settled_by: str = ""
    never_known: tuple[str, ...] | UnsetType = UNSET
    fingerprint: Annotated[str, Meta(pattern="^[0-9a-f]{12}$")] = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "fingerprint", _fingerprint(self))

    def names(self) -> tuple[str, str, str]:
        """Scenario, attacker, property."""
        return self.scenario, self.attacker, self.property


class Uncovered(Recorded, frozen=True):
    """A rule that never fired, and why that is right ("" if nobody has argued it)."""

    rule: str
    reason: str = ""


class Exploration(Recorded, frozen=True, kw_only=True):
    """One search of one ground system: its sizes, its coverage and where the time went.

    `coverage` counts, per rule, the transitions fired; `stages` holds seconds per stage; `same_as` names the attacker
    under whom the ground system is the same, if that one was searched instead; `reductions` were in force: then
    `states`, `transitions` and `depth` are those of the smaller system. Where it is not complete, `stopped_by` names
    the limit that cut it, and `shortage` says what it would take, if that was memory or disk; or `stopped_by` is
    "decided", and it ended with the level in which the last property was seen to be violated. `seconded` says that a
    second explorer found the same.
    """

    scenario: str
    attacker: str
    readings: Mapping[str, str]
    without: tuple[str, ...]
    states: Count
    transitions: Count
    depth: Count
    complete: bool
    knowledge_sets: Count
    facts: Count
    ground_transitions: Count
    cells: Count
    values: Count
    messages: Count
    bits: Count
    coverage: Mapping[str, Count]
    uncovered: tuple[Uncovered, ...]
    stages: Mapping[str, Seconds]
    same_as: str = ""
    reductions: tuple[str, ...] = ()
    stopped_by: str = ""
    shortage: str = ""
    seconded: bool = False

    @property
    def cut(self) -> bool:
        """Whether a limit ended it."""
        return not self.complete and self.stopped_by != DECIDED


class Stage(Recorded, frozen=True):
    """Seconds spent in one stage of the pipeline, and its share (0 to 1) of the run."""

    seconds: Seconds
    share: Annotated[float, Meta(ge=0, le=1)]


class Cited(Recorded, frozen=True):
    """The rules that cite a statement of the draft, and how many transitions they fired in the whole run."""

    rules: tuple[str, ...]
    fired: Count


class Record(Recorded, frozen=True, kw_only=True):
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
    settings: Mapping[str, str]
    bounds: Mapping[str, Mapping[str, Any]]
    results: tuple[Result, ...]
    explorations: tuple[Exploration, ...]
    seconds: Seconds
    stages: Mapping[str, Stage]
    partial: bool
    catalogue: Catalogue
    statements: Mapping[str, Cited] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    review: Review = field(default_factory=Review)
    graphs: tuple[StateGraph, ...] = ()
    schema: Schema = SCHEMA


def _fingerprint(result: Result) -> str:
    """Made of what makes a finding what it is.

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


def dumps(record: Record) -> str:
    """The text of the file that holds `record`."""
    return to_text(record)


def save(record: Record, path: Path) -> None:
    """Writes `record` to `path`, all or nothing. Raises OutputError (full disk, permission, no directory)."""
    write_text(path, dumps(record))


def load(path: Path) -> Record:
    """The record stored in `path`. Raises UsageError that says what is wrong with the file, and where."""
    return record_from(load_json(path), path)


def record_from(stored: Any, path: Path) -> Record:
    """The record held by the JSON value that stood in `path`. Raises UsageError as `load` does."""
    version = stored.get("schema") if isinstance(stored, dict) else SCHEMA
    if version not in (*OLD, SCHEMA):
        hint = f"this pmicheck reads {SCHEMA!r}, so make the record again"
        raise UsageError(f"{path}: a record of schema {version!r}; {hint}")
    if version in OLD:
        checked = _read(stored, old_steps.OldRecord, path, "record")
        stored = {**old_steps.upgraded_record(stored, checked), "schema": SCHEMA}
    return _read(stored, Record, path, "record")


def load_trace(stored: Any, path: Path) -> Trace:
    """The trace held by the JSON value that stood in `path`. Raises UsageError as `load` does."""
    if old_steps.is_old(stored):
        stored = old_steps.upgraded_trace(stored, _read(stored, old_steps.OldTrace, path, "trace"))
    return _read(stored, Trace, path, "trace")


def _read(stored: Any, kind: type[T], path: Path, called: str) -> T:
    """The value of a kind that a JSON value holds. Raises UsageError that says where it does not, and what would."""
    try:
        return msgspec.convert(stored, kind)
    except UnicodeEncodeError as error:
        raise UsageError(f"{path}: not a {called}: {error.object!r} is no text") from error
    except msgspec.ValidationError as error:
        said, _, at = str(error).partition(" - at ")
        place = at.strip("`") or "$"
        for name, words in {"verdict": Verdict, "outcome": Replay}.items():
            said += f"; choose one of {', '.join(words)}" if place.endswith(f".{name}") else ""
        raise UsageError(f"{path}: not a {called}: {place} is wrong: {said}") from error


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


def schema() -> dict[str, Any]:
    """The JSON schema of the record (draft 2020-12), as shipped."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Record)}
