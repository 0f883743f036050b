"""The Informal Trace Format: what ADR-015 of Apalache demands, and that the states are those of the trace."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sequence_traces as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sequence_traces import start, trace
from told import changed

from pmicheck.report.charts.itf import OWN, itf
from pmicheck.trace import Trace

BIG = 2**53


def stored(told: Trace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(itf(told))
    return found


def is_expression(value: Any) -> bool:
    """The grammar of ADR-015, as far as this project uses it."""
    match value:
        case bool() | str():
            return True
        case int():
            return -BIG < value < BIG
        case {"#bigint": str(digits), **rest}:
            return not rest and re.fullmatch(r"-?[0-9]+", digits) is not None
        case {"#set": list(members), **rest}:
            return not rest and all(map(is_expression, members))
        case {"#unserializable": str(), **rest}:
            return not rest
        case _:
            return False


def test_states_are_the_values_of_the_cells_after_each_step() -> None:
    states = stored(samples.ATTACK)["states"]
    assert [state["cn[HoA].entry"] for state in states] == [
        *["none"] * 2,
        *["CoA1, verified"] * 4,
        "attacker, verified",
    ]
    assert [state["mobile node attached to"] for state in states] == [*["CoA1"] * 5, *["CoA2"] * 2]
    assert [state["actor"] for state in states] == ["", "mn", "cn", "clock", "attacker", "mn", "attacker"]
    assert [state["message"] for state in states] == ["", "", "BU", "", "HoTI", "", "complete BU"]
    assert [state["#meta"]["index"] for state in states] == list(range(7))


def test_what_the_attacker_knows_is_a_set_that_only_grows() -> None:
    known = [state["attacker_knows"]["#set"] for state in stored(samples.ATTACK)["states"]]
    assert known == [[], [], ["MAC(1)"], ["MAC(1)"], *[["MAC(1)", "T(HoA, nonce 1)"]] * 3]


def test_a_value_that_no_step_tells_is_no_value() -> None:
    states = stored(samples.ATTACK)["states"]
    assert [list(state["clock"]) if isinstance(state["clock"], dict) else state["clock"] for state in states] == [
        *[["#unserializable"]] * 3,
        *["1"] * 4,
    ]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, 0),
        (BIG - 1, BIG - 1),
        (1 - BIG, 1 - BIG),
        (BIG, {"#bigint": str(BIG)}),
        (-BIG, {"#bigint": str(-BIG)}),
        (True, True),
        ("half", "half"),
        (0.5, {"#unserializable": "0.5"}),
    ],
)
def test_numbers_are_parameters_of_the_first_state(number: Any, written: Any) -> None:
    found = stored(trace(start("mn"), numbers={"seconds": number}))
    assert found["params"] == ["number seconds"]
    assert [state.get("number seconds") for state in found["states"]] == [written, None]


@pytest.mark.parametrize("cell", ["actor", "#meta", "cell #meta", "number seconds", "cell actor", ""])
def test_a_cell_takes_no_name_that_the_format_or_another_variable_has(cell: str) -> None:
    names = ("actor", "#meta", "cell #meta", "number seconds", "cell actor", "")
    cells = tuple(changed(name, "", "new") for name in names)
    found = stored(trace(start("mn", cells=cells), numbers={"seconds": 1}))
    assert len(set(found["vars"])) == len(OWN) + len(cells)
    assert [state["actor"] for state in found["states"]] == ["", "mn"]
    assert found["states"][1][f"cell {cell}"] == "new"


@settings(deadline=None, max_examples=150)
@given(samples.traces)
def test_every_state_sets_every_variable_to_an_expression(told: Trace) -> None:
    found = stored(told)
    assert found["#meta"]["format"] == "ITF"
    assert [state["#meta"]["index"] for state in found["states"]] == list(range(len(told.steps) + 1))
    assert len(set(found["vars"])) == len(found["vars"])
    assert not [name for name in (*found["vars"], *found["params"]) if name.startswith("#")]
    for index, state in enumerate(found["states"]):
        assert set(state) == {"#meta", *found["vars"], *(found["params"] if index == 0 else ())}
        assert all(is_expression(value) for name, value in state.items() if name != "#meta")
        members = state["attacker_knows"]["#set"]
        assert len(set(members)) == len(members)


@settings(deadline=None, max_examples=50)
@given(samples.traces, st.randoms())
def test_the_order_of_the_numbers_makes_no_difference(told: Trace, random: Any) -> None:
    shuffled = list(told.numbers.items())
    random.shuffle(shuffled)
    assert itf(replace(told, numbers=dict(shuffled))) == itf(told)
    assert itf(told).isascii()
