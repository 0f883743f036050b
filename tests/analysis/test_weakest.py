"""Weakest attackers: which links and how much time an attack needs, each found by running the model."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from decided_cells import scenario
from msgspec import structs

sys.path.append(str(Path(__file__).parents[1] / "report"))
import record_samples as samples

from pmicheck.attacker.profiles import attacker_named
from pmicheck.model.policy import make_policy
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Weakest
from pmicheck.review.cells import Verdicts
from pmicheck.review.weakest import BYSTANDER_LINK, minimal_results, narrowed, powers_of, weakest
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.pipeline import Shared, verdicts_of

INITIAL = ("off-path", "home-path", "careof-path", "dolev-yao", "malicious-mn")


def record(name: str, attackers: tuple[str, ...]) -> Record:
    """What verify would say of a scenario, without traces."""
    results = []
    for cell in plan(Request((name,), attackers)):
        for prop, verdict in verdicts_of(cell, Shared()).items():
            found = samples.result(cell.attacker.name, prop, verdict, name)
            results.append(structs.replace(found, readings=dict(cell.policy.readings), trace=None, replay=None))
    return samples.empty(results=tuple(results))


@cache
def initial() -> tuple[Weakest, ...]:
    return weakest(record("type1-initial", INITIAL))


def needs(prop: str, profile: str) -> list[tuple[str, ...]]:
    return [each.powers for each in initial() if (each.property, each.profile) == (prop, profile)]


def test_an_attacker_that_only_a_stronger_one_repeats_is_the_minimal_one() -> None:
    minimal = minimal_results(record("type1-initial", INITIAL))
    assert {each.attacker for each in minimal if each.property == "no-redirection"} == {"home-path"}
    assert {each.attacker for each in minimal if each.property == "no-home-flooding"} == {"home-path", "malicious-mn"}


def test_flooding_a_care_of_address_takes_its_own_link_and_that_of_the_home_token() -> None:
    assert needs("no-careof-flooding", "dolev-yao") == [(BYSTANDER_LINK, "ha-cn")]


def test_a_seen_signature_is_used_again_by_whoever_reads_both_paths() -> None:
    assert needs("binding-freshness", "dolev-yao") == [("careof-cn", "ha-cn")]


def test_what_is_minimal_succeeds_and_with_any_power_less_it_does_not() -> None:
    policy = make_policy({}, (), scenario("type1-initial").families, "type1-initial")
    (cell,) = plan(Request(("type1-initial",), ("dolev-yao",), ("no-careof-flooding",)))
    powers = {p for p in powers_of(attacker_named("dolev-yao"), policy) if p[1] in (BYSTANDER_LINK, "ha-cn")}
    for chosen, broken in ((powers, True), *(({power}, False) for power in powers)):
        attacker = narrowed(cell.attacker, frozenset(chosen))
        found = verdicts_of(replace(cell, policy=policy, attacker=attacker), Shared())
        assert (found["no-careof-flooding"] is Verdict.VIOLATED) == broken, chosen


@pytest.mark.parametrize(("prop", "phase"), [("acknowledgement-agreement", "240 s"), ("no-redirection", "24 h")])
def test_after_a_settled_handover_the_home_path_has_to_wait(prop: str, phase: str) -> None:
    found = weakest(record("type1-settled", ("off-path", "home-path")))
    assert [each.phase for each in found if each.property == prop] == [phase]


def test_a_first_registration_is_attacked_from_the_start_on() -> None:
    assert {each.phase for each in initial()} == {"0 s"}


def test_protected_links_are_no_powers() -> None:
    policy = make_policy({}, (), scenario("type1-handover").families, "type1-handover")
    readable = make_policy({"context_transfer": "readable"}, (), scenario("type1-handover").families, "type1-handover")
    attacker = attacker_named("dolev-yao")
    assert ("link", "context") not in powers_of(attacker, policy)
    assert ("link", "context") in powers_of(attacker, readable)


def test_an_unknown_cell_is_decided_by_a_run_and_a_known_one_is_not() -> None:
    verdicts = Verdicts.of_record(record("type1-initial", ("off-path",)), lambda _: None)
    known = next(iter(verdicts.known))
    verdicts.of(known)
    assert verdicts.runs == 0
    other = type(known)("type1-initial", "home-path", "no-redirection")
    assert verdicts.of(other) is Verdict.VIOLATED
    assert verdicts.runs == 1
