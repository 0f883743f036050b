"""Timelines satisfy all constraints, conflicts are real and minimal, sequence numbers keep every relation."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmicheck.symbolic.timeline import Conflict, Difference, concretise, solve


def earliest(count: int, constraints: list[Difference]) -> list[int] | None:
    """Bellman-Ford on the longest paths from t_0: the earliest times in ms, or None on a positive cycle."""
    edges = [(i, i + 1, 0) for i in range(count - 1)] + [(0, i, 0) for i in range(count)]
    edges += [(i, 0, -math.inf) for i in range(count)]
    for one in constraints:
        least, most = one.limits()
        edges += [] if least is None else [(one.earlier, one.later, least)]
        edges += [] if most is None else [(one.later, one.earlier, -most)]
    times: list[float] = [0.0] * count
    for _ in range(count + 1):
        before = list(times)
        for source, goal, least in edges:
            times[goal] = max(times[goal], times[source] + least)
        if times == before:
            return [int(time) for time in times]
        if times[0] > 0:
            return None
    return None


SECONDS = st.none() | st.integers(-3000, 6000).map(lambda n: n / 8)


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, list[Difference]]:
    count = draw(st.integers(1, 6))
    step = st.integers(0, count - 1)
    number = draw(st.integers(0, 6))
    return count, [
        Difference(draw(step), draw(step), draw(SECONDS), draw(SECONDS), f"reason {i}") for i in range(number)
    ]


@settings(max_examples=200, deadline=None)
@given(problems())
def test_solutions_are_the_earliest_and_conflicts_are_minimal(problem: tuple[int, list[Difference]]) -> None:
    count, constraints = problem
    expected, found = earliest(count, constraints), solve(count, constraints)
    if expected is not None:
        assert found == tuple(time / 1000 for time in expected)
        return
    assert isinstance(found, Conflict)
    core = list(found.constraints)
    assert earliest(count, core) is None
    assert all(earliest(count, [c for c in core if c is not one]) is not None for one in core)
    assert found.reasons == tuple(dict.fromkeys(one.reason for one in core))


def test_the_lifetimes_of_the_protocol() -> None:
    nonce = Difference(2, 0, 240, None, "the nonce has expired")
    token = Difference(2, 1, None, 210, "an honest node does not use a token after 210 s")
    made = Difference(1, 0, None, 30, "a new nonce every 30 s")
    assert solve(3, [nonce, token, made]) == (0.0, 30.0, 240.0)
    sooner = Difference(1, 0, None, 29.999, "a new nonce before 30 s have passed")
    conflict = solve(3, [Difference(2, 1, 1, None, "irrelevant"), nonce, token, sooner])
    assert isinstance(conflict, Conflict)
    assert conflict.reasons == (nonce.reason, token.reason, sooner.reason)


def test_limits_are_rounded_inwards() -> None:
    assert Difference(1, 0, 0.0001, 0.0019, "").limits() == (1, 1)
    assert Difference(1, 0, 0.07, 0.29, "").limits() == (70, 290)
    assert solve(2, [Difference(1, 0, 0.0001, math.inf, "")]) == (0.0, 0.001)


def test_the_order_of_steps_alone_can_conflict() -> None:
    conflict = solve(2, [Difference(0, 1, 1, None, "before its cause")])
    assert isinstance(conflict, Conflict)
    assert conflict.reasons == ("before its cause",)


def test_edges_of_the_input() -> None:
    assert solve(0, []) == ()
    assert solve(1, []) == (0.0,)
    with pytest.raises(ValueError, match="steps 0 and 2 of 2"):
        solve(2, [Difference(2, 0, 1, None, "")])
    with pytest.raises(ValueError, match="no limit"):
        solve(2, [Difference(1, 0, math.nan, None, "")])


# --- sequence numbers ---


def greater(number: int, last: int, modulus: int) -> bool:
    return (last - number) % modulus > modulus // 2


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([2, 4, 8]), st.data())
def test_every_relation_of_a_small_modulus_is_kept(modulus: int, data: st.DataObject) -> None:
    number = st.integers(0, modulus - 1)
    drawn = data.draw(st.lists(st.tuples(number, number), max_size=12))
    pairs = [(last, s, greater(s, last, modulus)) for last, s in drawn]
    chosen = concretise(pairs)
    assert set(chosen) == {number for pair in drawn for number in pair}
    assert len(set(chosen.values())) == len(chosen)
    assert all(0 <= value < 65536 for value in chosen.values())
    assert all(greater(chosen[s], chosen[last], 65536) == accepted for last, s, accepted in pairs)
    if all(greater(s, last, 65536) == accepted for last, s, accepted in pairs):
        assert chosen == {number: number for number in chosen}


def test_a_wrapped_number_moves_as_little_as_possible() -> None:
    wrapped = [(0, 1, True), (1, 2, True), (2, 3, True), (3, 0, True)]
    assert concretise(wrapped) == {0: 0, 1: 1, 2: 2, 3: 32769}
    assert concretise(wrapped) == concretise(reversed(wrapped))


def test_impossible_relations_are_refused() -> None:
    with pytest.raises(ValueError, match="no sequence numbers"):
        concretise([(0, 1, True), (0, 1, False)])
    with pytest.raises(ValueError, match="no sequence numbers"):
        concretise([(1, 1, True)])
    with pytest.raises(ValueError, match="at most 16 bits"):
        concretise([(0, 70000, True)])
    assert concretise([]) == {}
