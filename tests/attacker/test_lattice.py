"""The lattice of attackers: which verdict implies another one, and which attacker is asked first."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmicheck.attacker.lattice import Known, Table, comparable, decided, implied, in_order_of_settling, settled
from pmicheck.attacker.profiles import ATTACKERS, Attacker, attacker_named
from pmicheck.verdict import Verdict

LINKS = ("ha-cn", "careof-cn", "everywhere")
POWERS = st.builds(
    lambda taps, left, corrupts, own: Attacker("some", "", taps=taps, left=left, corrupts=corrupts, own_home=own),
    st.frozensets(st.sampled_from(LINKS)),
    st.frozensets(st.sampled_from(LINKS[:2])),
    st.sampled_from([frozenset(), frozenset({"pma1"})]),
    st.booleans(),
)


@given(st.lists(POWERS, max_size=4), st.lists(POWERS, max_size=4), st.lists(POWERS, max_size=6), POWERS)
def test_what_is_settled_is_what_every_monotone_model_says(
    breaking: list[Attacker], witnessing: list[Attacker], asked: list[Attacker], attacker: Attacker
) -> None:
    """A model says of minimal attackers that they break a property, or find its witness; whoever has more does too."""

    def run(one: Attacker) -> Known:
        broken = any(implied(small, one) for small in breaking)
        witnessed = any(implied(small, one) for small in witnessing)
        good = Verdict.HOLDS if witnessed else Verdict.VACUOUS
        return Known(one, Verdict.VIOLATED if broken else good, witnessed)

    known = [run(one) for one in asked]
    found = settled(attacker, known)
    if found is None:
        below = [one for one in known if implied(one.attacker, attacker)]
        above = [one for one in known if implied(attacker, one.attacker)]
        assert Verdict.VIOLATED not in {one.verdict for one in below}
        witnessed = any(one.witnessed for one in below)
        assert not (witnessed and Verdict.HOLDS in {one.verdict for one in above})
    else:
        assert found.verdict is run(attacker).verdict
        assert known[found.by].verdict is found.verdict
        assert found.verdict is Verdict.VIOLATED or known[found.witness].witnessed


@pytest.mark.parametrize("verdict", [Verdict.HOLDS_TO_BOUND, Verdict.UNDECIDED, Verdict.VACUOUS])
def test_what_was_left_open_or_holds_of_nothing_settles_nothing(verdict: Verdict) -> None:
    known = [Known(one, verdict, witnessed=True) for one in ATTACKERS.values()]
    assert settled(ATTACKERS["home-path"], known) is None


def test_attackers_that_corrupt_others_are_not_compared() -> None:
    pairs = {pair for pair in product(ATTACKERS, ATTACKERS) if comparable(*map(attacker_named, pair))}
    paths = ("home-path", "careof-path")
    past = {f"past-{path}" for path in paths}
    below_dolev_yao = {(weak, "dolev-yao") for weak in ("off-path", *paths, *past)}
    above_off_path = {("off-path", strong) for strong in (*paths, *past, "malicious-mn", "rogue-cn")}
    expected = below_dolev_yao | above_off_path | {(f"past-{path}", path) for path in paths}
    assert pairs == expected | {(b, a) for a, b in expected} | {(name, name) for name in ATTACKERS}


def test_the_weakest_and_the_strongest_come_first() -> None:
    """Those who corrupt a PMA are both, among themselves."""
    names = list(ATTACKERS)
    order = [names[place] for place in in_order_of_settling([ATTACKERS[name] for name in names])]
    assert order == [
        "rogue-previous-pma",
        "rogue-next-pma",
        "off-path",
        "dolev-yao",
        "malicious-mn",
        "rogue-cn",
        "home-path",
        "careof-path",
        "past-home-path",
        "past-careof-path",
    ]


@given(
    st.lists(POWERS, max_size=4),
    st.lists(POWERS, min_size=1, max_size=5),
    st.sampled_from([None, Verdict.VIOLATED, Verdict.HOLDS]),
)
def test_a_table_says_what_a_run_of_every_attacker_says_whatever_was_expected(
    breaking: list[Attacker], asked: list[Attacker], guess: Verdict | None
) -> None:
    """A model says of minimal attackers that they break a property; no attacker is asked what others have settled."""
    attackers = {str(number): attacker for number, attacker in enumerate(asked)}
    keys = [(name, prop) for name in attackers for prop in ("broken by some", "broken by none")]
    runs: Table = {}

    def run(name: str, prop: str) -> Verdict:
        broken = prop == "broken by some" and any(implied(small, attackers[name]) for small in breaking)
        return Verdict.VIOLATED if broken else Verdict.HOLDS

    def ask(name: str, wanted: tuple[str, ...]) -> dict[str, Verdict]:
        for prop in wanted:
            known = [Known(attackers[who], verdict, witnessed=True) for (who, p), verdict in runs.items() if p == prop]
            assert settled(attackers[name], known, vacuity=False) is None
            runs[name, prop] = run(name, prop)
        return {prop: runs[name, prop] for prop in wanted}

    expected = dict.fromkeys(keys, guess) if guess else None
    assert decided(attackers, keys, ask, expected=expected) == {key: run(*key) for key in keys}


def test_the_fewest_attackers_are_asked_if_all_is_as_expected() -> None:
    """home-path is the weakest that breaks the property; careof-path and malicious-mn are the strongest that do not."""
    names = ("off-path", "home-path", "careof-path", "dolev-yao", "malicious-mn")
    attackers = {name: ATTACKERS[name] for name in names}
    breaking = {"home-path", "dolev-yao"}
    truth = {(name, "it"): Verdict.VIOLATED if name in breaking else Verdict.HOLDS for name in names}
    asked: list[str] = []

    def ask(name: str, wanted: tuple[str, ...]) -> dict[str, Verdict]:
        asked.append(name)
        return {prop: truth[name, prop] for prop in wanted}

    assert decided(attackers, truth, ask, expected=truth) == truth
    assert sorted(asked) == ["careof-path", "home-path", "malicious-mn"]
