"""Repairs: the smallest sets of changes, found by size, that mend a property and leave `progress` alone."""

from __future__ import annotations

import pytest
from decided_cells import progress_verdict, scenario, violated_among

from pmicheck.model.policy import make_policy
from pmicheck.model.proposals import PROPOSALS, Proposal
from pmicheck.model.readings import READINGS
from pmicheck.report.record.changed import Repairs
from pmicheck.review.repair import options, repair
from pmicheck.verify.matrix import Request

NAME = "rr-mobile"


def quiet(message: str) -> None:
    assert message


@pytest.fixture(scope="module")
def without_mac() -> Repairs:
    """Off the path nobody redirects traffic, unless the CN verifies no authenticator."""
    return repair(Request((NAME,), ("off-path",), without=("mac",)), "no-redirection", limit=1, progress=quiet)


def test_a_mechanism_that_was_switched_off_is_a_repair(without_mac: Repairs) -> None:
    assert without_mac.broken_by == ("off-path",)
    assert ("with mac",) in [found.changes for found in without_mac.found]


def test_an_answer_carries_the_verdicts_of_the_run_that_verified_it(without_mac: Repairs) -> None:
    for found in without_mac.found:
        assert ("off-path", "no-redirection", "holds") in found.verdicts
        assert ("", "progress", "holds") in found.verdicts


def test_every_change_at_hand_was_tried(without_mac: Repairs) -> None:
    tried = len(without_mac.found) + without_mac.refuted + len(without_mac.stuck) + len(without_mac.undecided)
    assert tried == len(without_mac.changes)


def test_a_refuted_change_is_violated_in_a_whole_run(without_mac: Repairs) -> None:
    mending = {found.changes[0] for found in without_mac.found} | {chosen[0] for chosen in without_mac.stuck}
    for name, value in (("tombstone", "full"), ("sequence_scope", "home-address")):
        assert f"{name}={value}" not in mending
        assert violated_among(["no-redirection"], NAME, "off-path", ((name, value),), ("mac",))


@pytest.fixture(scope="module")
def on_the_home_path() -> Repairs:
    """Who reads T registers with it; plain return routability has to go, and the initial registration with it."""
    return repair(Request((NAME,), ("home-path",)), "no-redirection", limit=1, progress=quiet)


def test_what_no_single_change_mends_is_reported_with_what_was_tried(on_the_home_path: Repairs) -> None:
    assert on_the_home_path.broken_by == ("home-path",)
    assert on_the_home_path.refuted
    for found in on_the_home_path.found:
        settings = settings_of(found.changes)
        assert not violated_among(["no-redirection"], NAME, "home-path", settings)
        assert progress_verdict(NAME, settings)[0] == "holds"


def settings_of(changes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    policy = make_policy({}, (), scenario(NAME).families, NAME)
    known = {option.said: option.settings for option in options(policy, scenario(NAME).families)}
    return tuple(setting for said in changes for setting in known[said])


def test_nothing_is_searched_where_nothing_is_violated() -> None:
    result = repair(Request((NAME,), ("off-path",)), "no-redirection", limit=2, progress=quiet)
    assert (result.broken_by, result.found, result.refuted) == ((), (), 0)


def test_no_answer_contains_another() -> None:
    request = Request(("data-plane",), ("off-path",), without=("outer-source-check",))
    result = repair(request, "data-origin", limit=2, progress=quiet)
    assert [found.changes for found in result.found] == [("data_check=pairwise",), ("with outer-source-check",)]
    assert result.refuted > len(result.changes)


def test_proposals_are_at_hand_where_they_apply_and_are_not_in_force() -> None:
    name = "type1-settled"
    families = scenario(name).families
    default = make_policy({}, (), families, name)
    at_hand = {option.settings for option in options(default, families)}
    assert at_hand >= {proposal.settings for proposal in PROPOSALS.values() if proposal.families & families}
    early = make_policy({"token_issue_at": "early"}, (), families, name)
    assert (("token_issue_at", "early"),) not in {option.settings for option in options(early, families)}


@pytest.mark.parametrize("proposal", PROPOSALS.values(), ids=lambda proposal: proposal.name)
def test_a_proposal_is_made_of_answers_that_exist_and_are_not_the_default(proposal: Proposal) -> None:
    for name, value in proposal.settings:
        assert value in READINGS[name].values[1:]
