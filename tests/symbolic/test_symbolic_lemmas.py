"""The lemmas hold; each fails, with a case that can be checked by hand, when a rule it needs is dropped."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from pmicheck.symbolic import lemmas
from pmicheck.symbolic.lemmas import Lemma


@pytest.mark.parametrize("lemma", lemmas.all_lemmas(), ids=lambda lemma: lemma.name)
def test_every_lemma_is_proved(lemma: Lemma) -> None:
    assert lemma.proved
    assert lemma.counterexample is None
    assert lemma.source
    assert lemma.statement.endswith(".")


def test_names_differ() -> None:
    names = [lemma.name for lemma in lemmas.all_lemmas()]
    assert len(set(names)) == len(names)


# --- credit ---


def test_credit_takes_one_inductive_step_per_rule() -> None:
    assert set(lemmas.credit_covers_spending().steps) == {
        "receive from verified",
        "receive from unverified",
        "send to unverified",
        "send to verified",
        "age",
        "create entry",
        "change care-of state",
        "delete entry",
    }


def replay(run: list[dict[str, Any]]) -> tuple[int, int, Fraction, Fraction]:
    """Octets received and sent, plain and aged, recomputed from the rules and arguments of `run` alone."""
    received, sent, earned, spent = 0, 0, Fraction(0), Fraction(0)
    for step in run:
        octets = step["arguments"].get("octets", 0)
        if step["rule"] == "receive from verified":
            received, earned = received + octets, earned + octets
        elif step["rule"] == "send to unverified":
            sent, spent = sent + octets, spent + octets
        elif step["rule"] == "age":
            earned, spent = earned * 7 / 8, spent * 7 / 8
    return received, sent, earned, spent


@pytest.mark.parametrize("without", ["cba", "no_credit_while_unverified"])
@pytest.mark.parametrize("lemma", [lemmas.credit_covers_spending, lemmas.aged_credit_covers_spending])
def test_credit_fails_without_a_guard(lemma: Callable[..., Lemma], without: str) -> None:
    result = lemma(**{without: False})
    assert not result.proved
    assert result.counterexample is not None
    received, sent, earned, spent = replay(result.counterexample["run"])
    assert sent > received
    assert spent > earned


def test_ageing_matters_for_aged_credit_only() -> None:
    assert lemmas.credit_covers_spending(credit_aging=False).proved
    result = lemmas.aged_credit_covers_spending(credit_aging=False)
    assert not result.proved
    assert result.counterexample is not None
    received, sent, earned, spent = replay(result.counterexample["run"])
    assert spent > earned
    assert sent <= received


def test_without_ageing_nine_intervals_can_be_spent_at_once() -> None:
    result = lemmas.burst_is_bounded(credit_aging=False)
    assert not result.proved
    assert result.counterexample is not None
    run = result.counterexample["run"]
    assert replay(run)[1] > 8 * run[-1]["after"]["rate"]


# --- sequence numbers ---


def greater(number: int, last: int, width: int) -> bool:
    """The rule in plain integers."""
    return (last - number) % (1 << width) > 1 << (width - 1)


def test_the_rfcs_own_example() -> None:
    refused = {s for s in range(1 << 16) if not greater(s, 15, 16)}
    assert refused == {*range(16), *range(32783, 65536)}


@pytest.mark.parametrize("width", [2, 3, 4, 8, 16])
def test_sequence_lemmas_at_every_width(width: int) -> None:
    assert lemmas.sequence_order(width=width).proved
    assert lemmas.sequence_no_immediate_replay(width=width).proved
    assert lemmas.sequence_renewal(width=width).proved
    lemma = lemmas.sequence_reacceptance(width=width)
    naive = next(n for n in range(1, 1 << width) if greater(5 % 4, (5 % 4 + n) % (1 << width), width))
    assert lemma.proved
    assert lemma.values == {"increments": naive} == {"increments": (1 << (width - 1)) + 1}


def test_opposite_numbers_are_the_exception() -> None:
    lemma = lemmas.sequence_order(opposite=False)
    assert lemma.counterexample is not None
    assert (lemma.counterexample["a"] - lemma.counterexample["b"]) % 65536 == 32768


@pytest.mark.parametrize("limit", [32769, 65535])
def test_renewal_at_roll_over_is_too_late(limit: int) -> None:
    """E-13."""
    assert lemmas.sequence_renewal(limit).counterexample == {"number": 0, "advance": 32769}


# --- lifetimes ---


@pytest.mark.parametrize(
    "change", [{"token_lifetime": 211}, {"nonce_period": 31}, {"nonce_lifetime": 239}, {"delay": 0.25}]
)
def test_the_constants_leave_no_room(change: dict[str, float]) -> None:
    lemma = lemmas.honest_token_is_accepted(**change)
    assert lemma.counterexample is not None
    case = lemma.counterexample
    limit = change.get("token_lifetime", 210) + change.get("delay", 0)
    assert case["nonce_generated"] <= case["token_made"] < case["nonce_generated"] + case["period"]
    assert case["update_arrives"] - case["token_made"] <= limit
    assert case["update_arrives"] - case["nonce_generated"] >= change.get("nonce_lifetime", 240)


def test_the_bound_on_bindings_is_sharp() -> None:
    assert lemmas.binding_ends_after_home_test(660).proved
    result = lemmas.binding_ends_after_home_test(659)
    assert result.counterexample is not None
    last = result.counterexample["run"][-1]["after"]
    assert last["ends"] - last["basis"] == 660


@pytest.mark.parametrize("days", [1, 7, 30])
def test_permanent_tokens_pass_every_bound(days: int) -> None:
    bound = days * 86_400
    result = lemmas.binding_ends_after_home_test(bound, permanent_token=True)
    assert not result.proved
    assert result.counterexample is not None
    run = result.counterexample["run"]
    assert run[-1]["after"]["ends"] - run[-1]["after"]["basis"] > bound
    assert [step["rule"] for step in run].count("refresh with permanent token") == days
    assert [step["rule"] for step in run].count("home test") == 1


# --- what is kept ---


def test_two_days_newcomers_are_the_least_that_bounds_the_store_of_handover_tokens() -> None:
    assert set(lemmas.handover_store_is_bounded().steps) == {"home address registers", "day passes"}
    result = lemmas.handover_store_is_bounded(1)
    assert result.counterexample is not None
    last = result.counterexample["run"][-1]["after"]
    assert last["kept"] == 2 * last["rate"] == 2


@pytest.mark.parametrize("days", [2, 7])
def test_handover_tokens_that_never_end_pass_every_bound(days: int) -> None:
    result = lemmas.handover_store_is_bounded(days, ht_lifetime=False)
    assert not result.proved
    assert result.counterexample is not None
    last = result.counterexample["run"][-1]["after"]
    assert last["kept"] > days * last["rate"] == days
