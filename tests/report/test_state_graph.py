"""The data of state graphs: stored and read again, packed and unpacked."""

from __future__ import annotations

import json

import msgspec
import pytest
import state_graph_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from pmicheck.report.graphs.data import Full, FullEdge, FullState, Quotient, StateGraph
from pmicheck.report.record.json_text import to_text
from pmicheck.report.record.record import schema


def stored(graph: StateGraph) -> object:
    return json.loads(to_text(graph))


@pytest.mark.parametrize(
    "graph", [samples.GRAPH, replace(samples.GRAPH, full=None, quotients=()), StateGraph("a", "b")]
)
def test_a_graph_is_the_same_after_it_was_stored(graph: StateGraph) -> None:
    assert msgspec.convert(stored(graph), StateGraph) == graph


@pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))
def test_a_hostile_graph_is_the_same_after_it_was_stored(text: str) -> None:
    assert msgspec.convert(stored(samples.hostile(text)), StateGraph) == samples.hostile(text)


@given(samples.quotients())
def test_any_quotient_is_the_same_after_it_was_stored(quotient: Quotient) -> None:
    graph = StateGraph("a", "b", quotients=(quotient,))
    assert msgspec.convert(stored(graph), StateGraph) == graph


def test_the_schema_of_the_record_admits_graphs_and_no_broken_line_of_theirs() -> None:
    rules = Draft202012Validator({"$ref": "#/$defs/StateGraph", "$defs": schema()["$defs"]})
    rules.validate(stored(samples.GRAPH))
    rules.validate(stored(StateGraph("a", "b")))
    for line in ("0 0", "0 0,x -", "-1 0 -", "0  -1", ""):
        broken = replace(samples.GRAPH, full=replace(samples.FULL, states=(line,)))
        assert not rules.is_valid(stored(broken)), line
    for line in ("0", "0:", "0:1 ", "a:1", "0:1,"):
        broken = replace(samples.GRAPH, full=replace(samples.FULL, edges=(line,)))
        assert not rules.is_valid(stored(broken)), line


def test_the_lines_of_a_full_graph_say_what_they_are_documented_to_say() -> None:
    assert list(samples.FULL.unpacked()) == [
        FullState(0, (0, 0), ()),
        FullState(1, (0, 1), ()),
        FullState(1, (2, 0), ("no-redirection",)),
        FullState(2, (2, 1), ("no-redirection", "binding-agreement")),
        FullState(2, (None, None), ("binding-agreement",)),
    ]
    clock, attacker = samples.FULL.rules
    assert list(samples.FULL.links()) == [
        FullEdge(0, 1, clock),
        FullEdge(0, 2, attacker),
        FullEdge(0, 2, attacker),
        FullEdge(0, 4, attacker),
        FullEdge(1, 3, attacker),
        FullEdge(2, 3, clock),
    ]


@given(
    st.integers(0, 3).flatmap(
        lambda views: st.lists(
            st.tuples(
                st.integers(0, 99),
                st.lists(st.none() | st.integers(0, 30), min_size=views, max_size=views),
                st.lists(st.integers(0, 1), max_size=2, unique=True).map(sorted),
                st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10**4)), max_size=6),
            )
        )
    )
)
def test_what_is_packed_is_unpacked(
    states: list[tuple[int, list[int | None], list[int], list[tuple[int, int]]]],
) -> None:
    rules, properties = ("a", "b", "c"), ("p", "q")
    full = Full.of(rules, (), properties, (each[:3] for each in states), (each[3] for each in states))
    unpacked = [(state.depth, list(state.nodes), list(state.violated)) for state in full.unpacked()]
    assert unpacked == [(depth, nodes, [properties[each] for each in broken]) for depth, nodes, broken, _ in states]
    links = [(source, target, rules[rule]) for source, each in enumerate(states) for rule, target in each[3]]
    assert sorted(full.links()) == sorted(links)
