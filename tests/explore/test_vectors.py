"""Rows of words: what is distinct, and sets of rows, are as Python says, however badly rows are hashed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.explore.vectors import RowSet, Words, distinct, hashes, number_of, rows_of

ROWS = st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 2**63, 2**64 - 1])] * 3), max_size=60)


def badly(rows: Words) -> Words:
    """Many rows have one hash."""
    return hashes(rows) & np.uint64(1)


def words(rows: list[tuple[int, ...]]) -> Words:
    return np.array(rows, np.uint64).reshape(-1, 3)


@pytest.mark.parametrize("hashed", [hashes, badly])
@given(ROWS)
def test_distinct_rows_are_told_apart(hashed: Callable[[Words], Words], rows: list[tuple[int, ...]]) -> None:
    first, place = distinct(words(rows), hashed(words(rows)))
    kinds = list(dict.fromkeys(rows))
    assert first.tolist() == [rows.index(kind) for kind in kinds]
    assert place.tolist() == [kinds.index(row) for row in rows]


@pytest.mark.parametrize("hashed", [hashes, badly])
@given(st.lists(ROWS, max_size=4), ROWS)
def test_a_set_numbers_rows_in_the_order_in_which_they_come(
    hashed: Callable[[Words], Words], batches: list[list[tuple[int, ...]]], asked: list[tuple[int, ...]]
) -> None:
    kept, expected = RowSet(3), dict[tuple[int, ...], int]()
    for batch in batches:
        numbers = kept.add(words(batch), hashed(words(batch)))
        assert numbers.tolist() == [expected.setdefault(row, len(expected)) for row in batch]
    assert [tuple(row) for row in kept.rows.tolist()] == list(expected)
    assert kept.find(words(asked), hashed(words(asked))).tolist() == [expected.get(row, -1) for row in asked]


def test_a_set_grows() -> None:
    kept, rows = RowSet(2), rows_of(range(100_000), 2)
    assert np.array_equal(kept.add(rows, hashes(rows)), np.arange(100_000))
    assert np.array_equal(kept.find(rows[::-1], hashes(rows[::-1])), np.arange(100_000)[::-1])


@given(st.lists(st.integers(0, 2**128 - 1)))
def test_numbers_come_back_from_their_words(numbers: list[int]) -> None:
    assert [number_of(row) for row in rows_of(numbers, 2)] == numbers


def test_a_hash_is_the_same_everywhere() -> None:
    assert hashes(rows_of([0, 1, 2**64], 2)).tolist() == [
        15419100673011929409,
        1559697167125354317,
        11760613191975255854,
    ]
