"""The record: its schema, its round trip through a file, and what is said of files that are no records."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import record_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st

from pmicheck.errors import OutputError, UsageError
from pmicheck.report import files
from pmicheck.report.record import (
    Exploration,
    Record,
    ReplayOutcome,
    Result,
    Stage,
    Uncovered,
    Witness,
    dumps,
    fingerprint,
    load,
    load_json,
    load_trace,
    record_from,
    save,
    schema,
)
from pmicheck.trace import Step, Trace
from pmicheck.verdict import Replay, Verdict

WORDS = st.text(max_size=8)
COUNTS = st.integers(0, 2**70)
SECONDS = st.integers(0, 10**9).map(lambda micros: micros / 10**6)
LISTS = st.lists(WORDS, max_size=3).map(tuple)
READINGS = st.dictionaries(WORDS, WORDS, max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | SECONDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(WORDS, VALUES, max_size=3)

STEPS = st.builds(
    Step,
    actor=WORDS,
    action=st.sampled_from(["start", "deliver", "inject", "test"]),
    rule=WORDS,
    message=WORDS,
    source=WORDS,
    destination=WORDS,
    statements=LISTS,
    knowledge=LISTS,
    attacker=st.booleans(),
    time=st.none() | SECONDS,
    octets=st.none() | st.binary(max_size=6).map(bytes.hex),
    essential=st.none() | st.booleans(),
    data=OBJECTS,
)
TRACES = st.builds(
    Trace,
    scenario=WORDS,
    attacker=WORDS,
    property=WORDS,
    readings=READINGS,
    without=LISTS,
    steps=st.lists(STEPS, max_size=3).map(tuple),
    observation=OBJECTS,
    numbers=OBJECTS,
    conclusion=WORDS,
    no_return=st.none() | COUNTS,
    waits=st.booleans(),
)
RESULTS = st.builds(
    Result,
    scenario=WORDS,
    attacker=WORDS,
    property=WORDS,
    readings=READINGS,
    without=LISTS,
    verdict=st.sampled_from(Verdict),
    bounds=WORDS,
    states=COUNTS,
    transitions=COUNTS,
    depth=COUNTS,
    seconds=SECONDS,
    witness=st.none()
    | st.builds(Witness, st.booleans(), WORDS, st.none() | COUNTS, st.none() | st.lists(STEPS, max_size=2).map(tuple)),
    trace=st.none() | TRACES,
    replay=st.none() | st.builds(ReplayOutcome, st.sampled_from(Replay), WORDS, WORDS, OBJECTS),
    needs_attacker=st.none() | st.booleans(),
    argument=WORDS,
    expected=st.sampled_from(["", *Verdict]).map(str),
)
EXPLORATIONS = st.builds(
    Exploration,
    states=COUNTS,
    transitions=COUNTS,
    depth=COUNTS,
    knowledge_sets=COUNTS,
    facts=COUNTS,
    ground_transitions=COUNTS,
    cells=COUNTS,
    values=COUNTS,
    messages=COUNTS,
    bits=COUNTS,
    scenario=WORDS,
    attacker=WORDS,
    readings=READINGS,
    without=LISTS,
    complete=st.booleans(),
    coverage=st.dictionaries(WORDS, COUNTS, max_size=3),
    uncovered=st.lists(st.builds(Uncovered, WORDS, WORDS), max_size=2).map(tuple),
    stages=st.dictionaries(WORDS, SECONDS, max_size=2),
)
RECORDS = st.builds(
    Record,
    pmicheck=WORDS,
    kernel=WORDS,
    command=LISTS,
    settings=READINGS,
    bounds=st.dictionaries(WORDS, OBJECTS, max_size=2),
    results=st.lists(RESULTS, max_size=3).map(tuple),
    explorations=st.lists(EXPLORATIONS, max_size=2).map(tuple),
    seconds=SECONDS,
    stages=st.dictionaries(WORDS, st.builds(Stage, SECONDS, st.sampled_from([0.0, 0.25, 1.0])), max_size=2),
    partial=st.booleans(),
)


@given(record=RECORDS)
@settings(max_examples=80, deadline=None)
def test_any_record_fits_the_schema_and_comes_back_the_same(
    record: Record, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "record.json"
    save(record, path)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(path.read_bytes()))
    assert load(path) == record
    assert dumps(load(path)) == path.read_text()


def test_the_schema_is_a_schema_and_allows_nothing_unknown() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    stored = samples.full_record().as_json()
    stored["results"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.validate(stored, schema())


def test_a_record_of_the_first_schema_can_still_be_read() -> None:
    record = samples.full_record()
    stored = {**record.as_json(), "schema": "1"}
    for trace in (entry["trace"] for entry in stored["results"] if entry["trace"]):
        del trace["no_return"], trace["waits"]
        for step in trace["steps"]:
            del step["essential"]
    assert record_from(stored, Path("record.json")) == record
    assert record.schema != "1"


@pytest.mark.parametrize(("key", "value"), [("no_return", -1), ("no_return", "7"), ("waits", None)])
def test_a_point_of_no_return_is_a_step_or_none(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(UsageError, match=rf"not a trace: \$.{key} should"):
        load_trace({**samples.trace().as_json(), key: value}, tmp_path)


def test_same_record_same_octets() -> None:
    record = samples.full_record()
    shuffled = replace(record, bounds=dict(reversed(record.bounds.items())), seconds=2.5 + 1e-9)
    assert dumps(record) == dumps(shuffled)
    assert dumps(record).isascii()
    assert dumps(record).endswith("}\n")


def test_the_command_line_may_hold_octets_that_are_no_text(tmp_path: Path) -> None:
    record = replace(samples.record(), command=("pmicheck", "verify", "\udcff.toml"))
    save(record, tmp_path / "record.json")
    assert load(tmp_path / "record.json") == record


def test_fingerprint_names_the_attack_not_its_circumstances() -> None:
    found = samples.result(verdict=Verdict.VIOLATED)
    assert found.trace is not None
    steps = found.trace.steps
    slower = replace(found, seconds=9.0, trace=replace(found.trace, steps=(*steps[1:], steps[2]), numbers={}))
    assert fingerprint(slower) == fingerprint(found)
    other = replace(steps[2], rule="cn-accepts-early-bu")
    assert fingerprint(replace(found, trace=replace(found.trace, steps=(other,)))) != fingerprint(found)
    assert fingerprint(replace(found, attacker="off-path")) != fingerprint(found)


def test_fingerprint_is_pinned() -> None:
    assert fingerprint(samples.result(verdict=Verdict.VIOLATED)) == "8fa65f76f655"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema": "1",\n  oops}', r"not JSON at line 2, column 3"),
        ("", r"not JSON at line 1, column 1"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", r"not a record: \$ should be of type object"),
        ('{"schema": "7"}', "schema '7'; this pmicheck reads '3'"),
        ('{"schema": "1"}', r"\$ is wrong: 'bounds' is a required property"),
    ],
)
def test_what_is_no_record_is_refused_with_the_place(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=said) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("verdict", "OK", r"\$.results\[0\].verdict should be one of violated, holds"),
        ("states", -1, r"\$.results\[0\].states should satisfy minimum 0"),
        ("attacker", None, r"\$.results\[0\].attacker should be of type string"),
        ("surprise", 1, r"\$.results\[0\] is wrong: .*'surprise' was unexpected"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(key: str, value: object, said: str) -> None:
    stored = samples.record().as_json()
    stored["results"][0][key] = value
    with pytest.raises(UsageError, match=said):
        record_from(stored, Path("record.json"))


def test_a_wrong_value_deep_in_a_trace_is_found(tmp_path: Path) -> None:
    stored = samples.trace().as_json()
    stored["steps"][1]["octets"] = "xyz"
    with pytest.raises(UsageError, match=r"not a trace: \$.steps\[1\].octets should satisfy pattern"):
        load_trace(stored, tmp_path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b'"\xe9"')
    with pytest.raises(UsageError, match="octet 1 is not UTF-8"):
        load_json(tmp_path / "latin")
    with pytest.raises(UsageError, match="there is no such file"):
        load_json(tmp_path / "missing")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load_json(tmp_path)


def test_a_full_disk_leaves_the_old_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "record.json"
    save(samples.record(), path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OutputError, match=r"record\.json: cannot be written: No space left on device"):
        save(samples.full_record(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_to_and_not_replaced() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OutputError, match="No space left on device"):
        save(samples.record(), Path("/dev/full"))
    assert Path("/dev/full").is_char_device()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "record.json")
    save(samples.record(), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert load(tmp_path / "real" / "record.json") == samples.record()


def test_no_such_directory_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        save(samples.record(), tmp_path / "nowhere" / "record.json")
