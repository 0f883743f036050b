"""The record: its schema, its round trip through a file, and what is said of files that are no records."""

from __future__ import annotations

import copy
import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import record_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from told import cells, messages, parts, terms

from pmicheck.errors import OutputError, UsageError
from pmicheck.report import files
from pmicheck.report.record.catalogue import Asked, Catalogue, Opponent
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import (
    OLD,
    SCHEMA,
    Exploration,
    Record,
    ReplayOutcome,
    Result,
    Stage,
    Uncovered,
    Witness,
    dumps,
    load,
    load_json,
    load_trace,
    record_from,
    save,
    schema,
)
from pmicheck.trace import Step, Trace, head
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
    does=WORDS,
    act=WORDS,
    arguments=OBJECTS,
    message=WORDS,
    content=st.none() | OBJECTS,
    source=WORDS,
    destination=WORDS,
    statements=LISTS,
    parts=parts(WORDS),
    sends=messages(WORDS),
    cells=cells(WORDS, WORDS),
    known=terms(WORDS),
    learned=terms(WORDS),
    attacker=st.booleans(),
    prologue=st.booleans(),
    time=st.none() | SECONDS,
    octets=st.none() | st.binary(max_size=6).map(bytes.hex),
    essential=st.none() | st.booleans(),
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
CATALOGUES = st.builds(
    Catalogue,
    properties=st.dictionaries(WORDS, st.builds(Asked, WORDS, WORDS, st.sampled_from(["", "9.1"])), max_size=2),
    attackers=st.dictionaries(WORDS, st.builds(Opponent, WORDS, COUNTS), max_size=2),
    ancestors=LISTS,
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
    catalogue=CATALOGUES,
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


def test_the_shipped_schema_says_what_the_classes_of_the_record_say() -> None:
    shipped = resources.files("pmicheck.report.record") / "record.schema.json"
    assert shipped.read_text() == to_text(schema()), "write this text into the file"


def test_the_schema_is_a_schema_and_allows_nothing_unknown() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    stored = samples.stored(samples.full_record())
    stored["results"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.validate(stored, schema())


# Records of old, whose steps tell in words what they are about.

UPDATE = {"type": "Update", "proxy": False, "home": "HoA", "care_of": "attacker", "seq": 13, "lifetime": True}
BU = "early BU(home HoA, care-of attacker, seq 13, home nonce 1, care-of nonce 0, care-of test init, MAC[T, 0](a, b))"
PROBE = "from a test of its own at step 4, read at the path that it sits on"


def old_step(action: str, rule: str, **fields: Any) -> dict[str, Any]:
    """A step as schema 3 had it."""
    words = dict.fromkeys(("actor", "message", "from", "to", "link", "section", "term"), "")
    lists: dict[str, Any] = {name: [] for name in ("statements", "sends", "changes", "before", "knowledge", "passed")}
    more: dict[str, Any] = {"premises": [], "learned": [], "attacker": False, "time": None, "octets": None}
    data = {"kind": action, "rule": rule}
    return {**words, **lists, **more, "action": action, "rule": rule, "essential": None, "data": data, **fields}


OLD_STEPS = [
    old_step(
        "start",
        "pma1 starts the proxy home test",
        actor="pma1",
        sends=["PHoTI(HoA, cookie(pma1, home test 1))"],
        changes=["pma1.registration: testing, last number 2, holds PT1"],
        before=["idle, last number 2, holds PT1"],
        data={"kind": "start", "rule": "pma1 starts the proxy home test", "prologue": True},
    ),
    old_step(
        "deliver",
        "cn receives PHoTI",
        actor="cn",
        message="PHoTI",
        term="PHoTI(HoA, cookie(pma1, home test 1))",
        learned=["T(HoA, nonce 1): read from the PHoT in the prologue"],
        data={"kind": "deliver", "message": {"type": "TestInit", "address": "HoA", "to": "cn"}, "prologue": True},
        **{"from": "pma1", "to": "cn"},
    ),
    old_step(
        "start",
        "clock reaches 240 s",
        actor="clock",
        changes=["clock: 2"],
        before=["0"],
        data={"kind": "start", "rule": "clock reaches 240 s", "phase": 2},
    ),
    old_step(
        "test",
        "attacker runs a test",
        actor="attacker",
        message="HoTI",
        term="HoTI(HoA)",
        sends=["HoT(T(HoA, nonce 1))"],
        learned=[f"T(HoA, nonce 1): {PROBE}"],
        attacker=True,
        data={"kind": "test", "init": "HoTI", "address": "HoA", "nonce": 1},
    ),
    old_step(
        "inject",
        "attacker: cn receives early BU",
        actor="attacker",
        message="early BU",
        term=BU,
        sends=["BA(status 0, seq 13)"],
        changes=["cn[HoA].entry: attacker, unverified", "cn[HoA].sequence number: 13"],
        before=["none", "none"],
        knowledge=[
            f"T(HoA, nonce 1): {PROBE}",
            "signature of mn over (PBU): read from the PBU in the prologue",
            "MAC[T, 0](a, b): it computes Kbm and the authenticator",
        ],
        premises=[[], [], [0]],
        attacker=True,
        essential=True,
        data={
            "kind": "inject",
            "message": UPDATE,
            "changes": [{"cell": "cn[HoA].entry", "value": {"care_of": "attacker", "verified": False, "used": True}}],
        },
    ),
    old_step("start", "mobile node moves to CoA2", actor="mn", changes=["mobile node attached to: CoA2"]),
    old_step("start", "entry of HoA ends", actor="cn", changes=["cn[HoA].entry: none", "no cell: not one, at all"]),
]


def old_record(schema: str) -> dict[str, Any]:
    """A record of that version, with what it lacks left out."""
    stored = samples.stored(samples.record(samples.result(verdict=Verdict.VIOLATED)))
    trace = stored["results"][0]["trace"]
    trace["steps"] = copy.deepcopy(OLD_STEPS)
    if schema < "3":
        for step in trace["steps"]:
            del step["before"], step["learned"], step["premises"]
    if schema < "2":
        del trace["no_return"], trace["waits"]
        for step in trace["steps"]:
            del step["essential"]
    del stored["catalogue"]
    return {**stored, "schema": schema}


def stored_trace(scenario: str = samples.SCENARIO, **fields: Any) -> dict[str, Any]:
    """The sample trace as a file holds it, but for some fields."""
    return {**samples.stored(samples.trace(scenario)), **fields}


def read_steps(*steps: dict[str, Any], scenario: str = samples.SCENARIO) -> tuple[Step, ...]:
    """Steps of old in a trace that is read."""
    return load_trace(stored_trace(scenario, steps=list(steps)), Path("trace.json")).steps


@pytest.fixture(scope="module")
def upgraded() -> tuple[Step, ...]:
    return read_steps(*OLD_STEPS)


@pytest.mark.parametrize("schema_of_old", OLD)
def test_a_record_of_an_older_schema_can_still_be_read(schema_of_old: str) -> None:
    stored = old_record(schema_of_old)
    record = record_from(stored, Path("record.json"))
    assert record.schema == SCHEMA not in OLD
    (read,) = record.results
    (as_it_was,) = samples.record(samples.result(verdict=Verdict.VIOLATED)).results
    assert read.trace is not None
    assert as_it_was.trace is not None
    assert replace(read, trace=replace(read.trace, steps=as_it_was.trace.steps)) == as_it_was
    assert [(step.actor, step.action, step.rule) for step in read.trace.steps] == [
        (step["actor"], step["action"], step["rule"]) for step in OLD_STEPS
    ]
    jsonschema.validate(json.loads(dumps(record)), schema())
    assert record_from(json.loads(dumps(record)), Path("record.json")) == record


def test_an_old_schema_and_that_of_today_refuse_steps_of_each_other() -> None:
    old, new = old_record("3"), samples.stored(samples.record(samples.result(verdict=Verdict.VIOLATED)))
    words = new.pop("catalogue")
    for stored in ({**old, "schema": SCHEMA, "catalogue": words}, {**new, "schema": "3"}):
        with pytest.raises(UsageError, match=r"\$\.results\[0\]\.trace\.steps\[0\]"):
            record_from(stored, Path("record.json"))


def test_an_old_record_has_the_words_of_its_day() -> None:
    words = record_from(old_record("3"), Path("record.json")).catalogue
    assert (
        words.who("off-path+malicious-mn")
        == "any host on the Internet and a mobile node with a home address of its own"
    )
    assert words.harm("no-redirection") == "takes over the node's traffic"
    assert words.gravest_first[0] == "no-redirection"
    assert "rr-mobile-wide" in words.ancestors


def test_the_witness_of_an_old_record_has_its_steps_read_too() -> None:
    stored = old_record("3")
    stored["results"][0]["witness"]["steps"] = OLD_STEPS[:1]
    (read,) = record_from(stored, Path("record.json")).results
    assert read.witness is not None
    assert read.witness.steps is not None
    assert [(step.act, step.prologue) for step in read.witness.steps] == [("start tests", True)]


def test_a_step_of_old_says_which_act_it_is(upgraded: tuple[Step, ...]) -> None:
    assert [(step.act, dict(step.arguments), step.does) for step in upgraded] == [
        ("start tests", {}, "starts the proxy home test"),
        ("receive", {}, ""),
        ("tick", {"phase": 2}, ""),
        ("test", {"init": "HoTI", "address": "HoA", "nonce": 1}, ""),
        ("receive", {}, ""),
        ("move", {"target": "CoA2", "home": "HoA"}, "moves to CoA2"),
        ("end entry", {"home": "HoA", "at": "cn"}, ""),
    ]
    assert [step.prologue for step in upgraded] == [True, True, *[False] * 5]


def test_a_message_of_old_has_the_fields_that_its_receiver_saw(upgraded: tuple[Step, ...]) -> None:
    assert [step.content for step in upgraded[3:5]] == [None, UPDATE]
    (sent,) = upgraded[0].sends
    assert (sent.message, sent.content) == ("PHoTI", upgraded[1].content)
    assert sent.is_same(upgraded[1].said)


def test_the_cells_of_old_have_keeper_and_values(upgraded: tuple[Step, ...]) -> None:
    (registration,), (clock,), (entry, number) = (upgraded[at].cells for at in (0, 2, 4))
    assert (registration.kind, registration.of["keeper"], registration.words) == (
        "registration",
        "pma1",
        "registration",
    )
    assert (registration.was, registration.now) == (
        ("idle", "last number 2", "holds PT1"),
        ("testing", "last number 2", "holds PT1"),
    )
    assert (clock.kind, dict(clock.of), clock.before, clock.after) == ("clock", {}, 0, 2)
    assert (entry.cell, entry.kind, dict(entry.of)) == ("cn[HoA].entry", "entry", {"keeper": "cn", "home": "HoA"})
    assert (entry.before, entry.after) == (None, {"care_of": "attacker", "verified": False, "used": True})
    assert (number.kind, number.before, number.after) == ("sequence number", None, 13)
    (attached,), (gone, odd) = (step.cells for step in upgraded[5:])
    assert (attached.kind, attached.words, attached.of["keeper"]) == ("attachment", "attached to", "mn")
    assert (attached.was, attached.now) == ((), ("CoA2",)), "nobody recorded the value before"
    assert (gone.kind, gone.after) == ("entry", None)
    assert (odd.cell, odd.kind, dict(odd.of), odd.now) == ("no cell", "", {}, ("not one", "at all"))


def test_what_the_attacker_knew_of_old_says_how_and_from_what(upgraded: tuple[Step, ...]) -> None:
    token, signature, mac = upgraded[4].known
    assert (token.words, token.way, token.how) == ("T(HoA, nonce 1)", "tested", "from a test of its own")
    assert token.when == " at step 4, read at the path that it sits on"
    assert (head(token.term), head(signature.term)) == ("T", "sig")
    assert (signature.way, signature.how, signature.when) == ("read", "read from the PBU", " in the prologue")
    assert (mac.way, mac.when, mac.premises) == ("derived", "", (0,))
    assert [each.line for each in upgraded[4].known] == OLD_STEPS[4]["knowledge"]
    assert [[each.line for each in step.learned] for step in upgraded] == [each["learned"] for each in OLD_STEPS]


@pytest.mark.parametrize(
    ("kind", "term", "told"),
    [
        (
            "Update",
            BU,
            ["home", "care_of", "seq", "nonce", "care_of_nonce", "test", "mac"],
        ),
        ("Acknowledgement", "PBA(status 0, {PT1(HoA, x)}pk(mn), MAC[a, b](c, d))", ["status", "PT", "mac"]),
        ("Acknowledgement", "PBA(status 0, seq 1, forged, MAC[a](b))", ["status", "seq", "forged", "mac"]),
        ("Trigger", "trigger", []),
    ],
)
def test_the_parts_of_a_term_of_old_are_cut_at_the_commas_outside_of_brackets(
    kind: str, term: str, told: list[str]
) -> None:
    (read,) = read_steps(old_step("deliver", "r", term=term, data={"kind": "deliver", "message": {"type": kind}}))
    assert [field for field, _ in read.parts] == told
    assert ", ".join(words for _, words in read.parts) == term.partition("(")[2].removesuffix(")")


@pytest.mark.parametrize(
    ("term", "told"),
    [("a(b]", ["b"]), ("a((b, c)", ["(b, c)"]), ("a([b, c", ["[b, c"]), ("a(b), c", ["b"]), ("(", [""]), (")", [])],
)
def test_the_parts_of_an_odd_term_of_old_are_as_odd(term: str, told: list[str]) -> None:
    (read,) = read_steps(old_step("deliver", "r", term=term))
    assert read.parts == tuple(("", words) for words in told)


def test_a_forged_care_of_token_of_old_is_told_from_a_forged_token() -> None:
    message = {"type": "Acknowledgement", "care_of_token": ["forged"], "tokens": [["forged"]]}
    term = "PBA(status 0, seq 1, forged, forged, MAC[a](b))"
    (read,) = read_steps(old_step("inject", "r", term=term, data={"kind": "inject", "message": message}))
    assert [field for field, _ in read.parts] == ["status", "seq", "care_of_token", "forged", "mac"]


ODD = WORDS | st.sampled_from(
    [
        "early PBU(home HoA, seq 99, home nonce",
        "clock: " + "9" * 5000,
        f"cn[HoA].burnt {'9' * 5000}: True",
        "pma1.registration: held, last number ²",
        "entry of HoA ends",
        f"BU(seq {'9' * 5000})",
        "T(HoA): read from",
        ": ",
        "(]}[",
    ]
)
SOME = st.lists(ODD, max_size=3)
OLD_DATA = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["start", "deliver", "inject", "test"]) | VALUES,
        "rule": ODD | VALUES,
        "phase": VALUES,
        "prologue": VALUES,
        "init": VALUES,
        "address": VALUES,
        "message": VALUES
        | st.fixed_dictionaries({"type": st.just("Acknowledgement") | VALUES, "care_of_token": VALUES}),
        "changes": VALUES | st.lists(VALUES | st.fixed_dictionaries({"cell": ODD, "value": VALUES}), max_size=3),
    },
)
ODD_STEPS = st.builds(
    old_step,
    action=st.sampled_from(["start", "deliver", "inject", "test"]),
    rule=ODD,
    term=ODD,
    sends=SOME,
    changes=SOME,
    before=SOME,
    knowledge=SOME,
    learned=SOME,
    premises=st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=3),
    data=OLD_DATA,
)


@given(steps=st.lists(ODD_STEPS, max_size=3), scenario=st.sampled_from(["type1-initial", "type2-rr"]))
@settings(deadline=None, max_examples=200)
def test_whatever_an_old_trace_says_it_is_read_as_one_of_today(steps: list[dict[str, Any]], scenario: str) -> None:
    read = read_steps(*steps, scenario=scenario)
    stored = [samples.stored(step) for step in read]
    assert read_steps(*stored, scenario=scenario) == read
    assert [[each.line for each in step.learned] for step in read] == [
        [line if ": " in line else f"{line}: " for line in step["learned"]] for step in steps
    ]


@pytest.mark.parametrize(("key", "value"), [("no_return", -1), ("no_return", "7"), ("waits", None)])
def test_a_point_of_no_return_is_a_step_or_none(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(UsageError, match=rf"not a trace: \$.{key} is wrong: Expected"):
        load_trace(stored_trace(**{key: value}), tmp_path)


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
    assert slower.fingerprint == found.fingerprint
    other = replace(steps[2], rule="cn-accepts-early-bu")
    assert replace(found, trace=replace(found.trace, steps=(other,))).fingerprint != found.fingerprint
    assert replace(found, attacker="off-path").fingerprint != found.fingerprint


def test_fingerprint_is_pinned() -> None:
    assert samples.result(verdict=Verdict.VIOLATED).fingerprint == "8fa65f76f655"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema": "1",\n  oops}', r"not JSON at line 2, column 3"),
        ("", r"not JSON at line 1, column 1"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", r"not a record: \$ is wrong: Expected `object`, got `array`"),
        ('{"schema": "7"}', "schema '7'; this pmicheck reads '4'"),
        ('{"schema": "1"}', r"\$ is wrong: Object missing required field `results`"),
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
        ("verdict", "OK", r"\$.results\[0\].verdict is wrong: Invalid enum value 'OK'; choose one of violated, holds"),
        ("states", -1, r"\$.results\[0\].states is wrong: Expected `int` >= 0"),
        ("attacker", None, r"\$.results\[0\].attacker is wrong: Expected `str`, got `null`"),
        ("surprise", 1, r"\$.results\[0\] is wrong: Object contains unknown field `surprise`"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(key: str, value: object, said: str) -> None:
    stored = samples.stored(samples.record())
    stored["results"][0][key] = value
    with pytest.raises(UsageError, match=said):
        record_from(stored, Path("record.json"))


@pytest.mark.parametrize("name", ["results", "explorations", "catalogue", "partial", "bounds"])
def test_a_record_without_one_of_its_parts_is_none(name: str) -> None:
    stored = samples.stored(samples.record())
    del stored[name]
    with pytest.raises(UsageError, match=rf"\$ is wrong: Object missing required field `{name}`"):
        record_from(stored, Path("record.json"))


def test_a_wrong_value_deep_in_a_trace_is_found(tmp_path: Path) -> None:
    stored = stored_trace()
    stored["steps"][1]["octets"] = "xyz"
    with pytest.raises(UsageError, match=r"not a trace: \$.steps\[1\].octets is wrong: Expected `str` matching"):
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
