"""Return routability with a type 2 correspondent after the node has left its agent: what is argued is what is found."""

from __future__ import annotations

import pytest
from decided_cells import decided, progress_verdict, scenario

from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

LEFT = "type2-rr-left"
COUNTS = {
    "off-path": (37, 63),
    "past-home-path": (40, 83),
    "past-careof-path": (42, 86),
    "rogue-previous-pma": (40732, 553042),
}


def test_the_counts_are_those_of_the_attackers_that_the_file_names() -> None:
    assert set(COUNTS) == set(scenario(LEFT).attackers)


@pytest.mark.parametrize("attacker", COUNTS)
def test_every_verdict_is_the_one_argued_and_none_is_vacuous(attacker: str) -> None:
    found = decided(LEFT, attacker)
    expected = {prop: scenario(LEFT).expected(attacker, prop)[0] for prop in found.verdicts}
    assert found.whole
    assert dict(found.verdicts) == expected
    assert all(found.witnessed.values())
    assert [rule for rule in found.silent if not scenario(LEFT).reason(rule, attacker)] == []
    assert (found.states, found.transitions) == COUNTS[attacker]


def test_the_goal_stays_in_reach() -> None:
    assert progress_verdict(LEFT) == ("holds", True)


def test_an_agent_that_was_left_redirects_by_what_it_held_on_packets_too() -> None:
    """Its cookies are among that: it sends the PHoTI of its own registration once more."""
    wanted = ("no-redirection", "former-pma-powerless", "binding-freshness")
    results = verify(Request((LEFT,), ("rogue-previous-pma",), wanted), command=[], progress=lambda _: None).results
    assert {result.verdict for result in results} == {Verdict.VIOLATED}
    assert {result.replay.outcome for result in results if result.replay} == {Replay.CONFIRMED}
