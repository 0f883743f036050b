"""A number that nobody knows: what its class settles, what may come out either way, what cannot be asked."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.model.messages import Test as Answer
from pmicheck.model.roles.binding_cache import accepts, burnt_pair, contains
from pmicheck.model.roles.ghosts import evidence
from pmicheck.model.time import nonce_accepted
from pmicheck.prove.numbers import NotAbstract, Number
from pmicheck.prove.run import outcomes
from pmicheck.prove.shapes import Variable, alive, covers, flat, key_of, shape_of, shape_of_one

COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
SOME, ANY = Variable(0), Variable(0, least=0)


class Fixed:
    """Answers every question alike."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def ask(self) -> bool:
        return self.answer

    def number(self, least: int | None, *, exact: bool = False) -> Number:
        return Number(self, least, exact=exact)


@given(
    st.sampled_from(COMPARISONS), st.sampled_from([0, SOME, ANY]), st.integers(0, 3), st.integers(0, 3), st.booleans()
)
def test_every_outcome_that_a_number_of_the_class_has_is_among_the_outcomes(
    compare: Callable[[Any, Any], bool], shape: Any, number: int, other: int, swapped: bool
) -> None:
    if not covers(shape, number):
        return

    def compared(left: Any, right: Any) -> bool:
        return bool(compare(right, left) if swapped else compare(left, right))

    found = {compared(alive(shape, Fixed(answer)), other) for answer in (False, True)}
    assert compared(number, other) in found


def test_a_number_equals_itself_and_perhaps_another_one() -> None:
    one, other = (Fixed(False).number(1) for _ in range(2))
    assert ("PT", one) == ("PT", one)
    assert ("PT", one) != ("PT", other)
    assert outcomes(operator.eq, SOME, (SOME,)) == {False, True}
    assert outcomes(operator.eq, SOME, (0,)) == {False}


def test_the_half_space_rule_may_let_any_number_through_or_not() -> None:
    assert outcomes(accepts, SOME, (SOME, 16)) == {False, True}
    assert outcomes(accepts, None, (SOME, 16)) == {True}


def test_a_set_of_tokens_may_hold_a_token_if_it_holds_any() -> None:
    assert outcomes(contains, (SOME,), (SOME,)) == {False, True}
    assert outcomes(contains, (), (SOME,)) == {False}


def test_a_number_is_no_index() -> None:
    with pytest.raises(NotAbstract):
        nonce_accepted(Fixed(True).number(1), 2)  # type: ignore[arg-type]


def test_a_predicate_that_looks_a_number_up_may_give_either_answer() -> None:
    assert outcomes(nonce_accepted, SOME, (SOME,)) == {False, True}


def test_what_a_rule_cannot_write_out_is_no_shape() -> None:
    with pytest.raises(NotAbstract):
        shape_of(("seq", 65536))
    with pytest.raises(NotAbstract):
        shape_of(Fixed(True).number(1) - 1)


def test_a_shape_knows_which_of_its_numbers_are_equal() -> None:
    nonce = Fixed(True).number(1)
    answer = Answer(
        "PHoT", "HoA", nonce, ("cookie", "pma1", "home test", 1), ("T", "HoA", nonce, "cn"), "tunnel", "pma1"
    )
    shape = shape_of(answer)
    assert covers(shape, answer._replace(nonce=2, token=("T", "HoA", 2, "cn")))
    assert not covers(shape, answer._replace(nonce=2, token=("T", "HoA", 3, "cn")))


def test_zero_is_no_number_from_one_on_and_a_set_of_three_is_like_a_set_of_two() -> None:
    assert not covers(SOME, 0)
    assert covers(shape_of_one((1, 2)), (3, 4, 5))
    assert not covers(shape_of_one((1,)), (3, 4))


def test_cells_that_differ_in_numbers_only_are_known_by_one_key() -> None:
    assert key_of(burnt_pair("HoA", "CoA1", 1, 2, "cn")) == key_of(burnt_pair("HoA", "CoA1", 3, 4, "cn"))
    assert key_of(burnt_pair("HoA", "CoA1", 1, 2, "cn")) != key_of(burnt_pair("HoA", "CoA2", 1, 2, "cn"))
    mac = ("mac", ("Kbm", ("T", "HoA", 7, "cn"), None), "CoA1", "cn", ("seq", 5))
    assert key_of(evidence(mac)) == key_of(evidence(flat(mac)))
    assert key_of(evidence(mac)).many
