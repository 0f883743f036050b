"""Larger bounds: two mobile nodes, two correspondents, a third PMA, a third session; by file, request or `--set`."""

from __future__ import annotations

import datetime
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from decided_cells import decided as decided_cell
from decided_cells import first_violation, scenario

from pmicheck.errors import UsageError
from pmicheck.explore.explorer import explore
from pmicheck.grounding.run import prepare
from pmicheck.model.limits import BOUNDS, LEAST, MOST
from pmicheck.model.scenario import SHIPPED, load_scenario, parse_scenario
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.gate.baseline import Baseline, Finding, compare, load_baseline, render
from pmicheck.report.record.record import Record, load, save
from pmicheck.trace import Trace
from pmicheck.verdict import ExitCode, Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.engine import Engine
from pmicheck.verify.matrix import Cell, Request, plan
from pmicheck.verify.progress import find_stuck

TODAY = datetime.date(2026, 1, 1)


class Variant(NamedTuple):
    """A scenario with other bounds under an attacker: exact states, and what is violated besides what always is."""

    scenario: str
    settings: dict[str, str]
    attacker: str
    states: int
    more: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return "-".join((self.scenario, self.attacker, *(f"{name}={value}" for name, value in self.settings.items())))


NEW_FLOW = frozenset({"acknowledgement-agreement", "acknowledged-token-agreement", "no-unauthorised-deregistration"})
"""data-plane begins after the first registration; a second correspondent's is still to come, as in type1-initial."""

NEW_DAY = {"honest_until": "4", "retransmissions": "2"}
"""The agent registers anew when the entry and its PT have ended."""

VARIANTS = (
    Variant("type1-initial", {"mobile_nodes": "2"}, "off-path", 295_870),
    Variant("type1-initial", {"correspondents": "2"}, "off-path", 295_870),
    Variant("type1-initial", {"refreshes": "2"}, "home-path", 15_734),
    Variant("type1-refresh", {"refreshes": "2"}, "off-path", 5_917),
    Variant("type1-refresh", {"refreshes": "2"}, "home-path", 16_722),
    Variant("type1-refresh", {"refreshes": "2"}, "careof-path", 24_920),
    Variant("type1-refresh", NEW_DAY, "home-path", 151_682, frozenset({"no-unauthorised-deregistration"})),
    Variant("type1-settled", NEW_DAY, "home-path", 29_183, frozenset({"no-unauthorised-deregistration"})),
    Variant("type1-handover", {"handovers": "2"}, "off-path", 106_094),
    Variant("type1-handover", {"handovers": "2"}, "home-path", 621_223),
    Variant("type2-rr", {"refreshes": "2"}, "off-path", 10_602),
    Variant("data-plane", {"mobile_nodes": "2"}, "off-path", 2_400),
    Variant("data-plane", {"mobile_nodes": "2"}, "malicious-mn", 72_015),
    Variant("data-plane", {"correspondents": "2"}, "home-path", 46_571, NEW_FLOW),
)


def cell(name: str, settings: dict[str, str], attacker: str) -> Cell:
    """The one cell of a request."""
    (planned,) = plan(Request((name,), (attacker,), settings=tuple(settings.items())))
    return planned


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_larger_variant_has_the_verdicts_of_its_scenario_unless_it_is_argued_otherwise(variant: Variant) -> None:
    asked = cell(variant.scenario, variant.settings, variant.attacker)
    properties = [INVARIANTS[name] for name in asked.properties if name != PROGRESS]
    prepared = prepare(asked.scenario, asked.policy, asked.attacker, properties)
    explored = explore(prepared.grounded.system)
    violated = {
        prop.name
        for number, prop in enumerate(properties)
        if first_violation(prepared, explored, prop, number) is not None
    }
    expected = {p.name for p in properties if _expects_violation(variant, p.name)}
    assert explored.complete
    assert all(goal is not None for goal in explored.goals), "a verdict would be vacuous"
    assert violated == expected | variant.more
    assert explored.states == variant.states


def _expects_violation(variant: Variant, prop: str) -> bool:
    return scenario(variant.scenario).expected(variant.attacker, prop)[0] == Verdict.VIOLATED


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("type1-initial", "mobile_nodes"),
        ("type1-initial", "correspondents"),
        ("type1-refresh", "refreshes"),
        ("type1-handover", "handovers"),
        ("type2-handshake-handover", "handovers"),
    ],
)
def test_the_honest_nodes_of_a_larger_variant_can_always_reach_the_goal(name: str, bound: str) -> None:
    asked = cell(name, {bound: "2"}, "off-path")
    stuck = find_stuck(prepare(asked.scenario, asked.policy, None, ()), Engine())
    assert stuck.explored.complete
    assert stuck.path is None
    assert stuck.explored.goals[-1] is not None


def test_a_second_handover_lets_an_old_registration_come_back() -> None:
    """PMA2 registers with HT, so that no tombstone burns the nonces of PMA1's complete PBU when PMA2 deregisters; PMA4
    begins with low numbers, and what was read on the way to the correspondent before the first handover replaces it."""
    wanted = ("type1-handover-twice",), ("careof-path",), ("no-unauthorised-deregistration",)
    (found,) = decided(Request(*wanted, engine=Engine(max_states=400_000))).results
    assert scenario("type1-handover").expected("careof-path", found.property)[0] == Verdict.HOLDS
    assert scenario("type1-handover-twice").expected("careof-path", found.property)[0] == Verdict.VIOLATED
    assert found.verdict is Verdict.VIOLATED
    assert found.replay is not None
    assert found.replay.outcome is Replay.CONFIRMED
    assert found.trace is not None
    assert found.trace.steps[-1].term.startswith("complete PBU(home HoA, care-of CoA1, seq 2")


@pytest.mark.parametrize("attacker", ["off-path", "malicious-mn", "rogue-previous-pma"])
def test_an_agent_that_never_deregistered_can_do_no_more_than_one_that_did(attacker: str) -> None:
    """The next registration replaces PT and HT, so that nothing is left of them that a deregistration would revoke."""
    kept, settled = (decided_cell(name, attacker) for name in ("type1-settled-kept", "type1-settled"))
    expected = {prop: scenario("type1-settled-kept").expected(attacker, prop)[0] for prop in kept.verdicts}
    assert dict(kept.verdicts) == expected == dict(settled.verdicts)
    assert all(kept.witnessed.values())
    assert kept.states == settled.states


def decided(request: Request) -> Record:
    return verify(request, command=["pmicheck", "verify"], progress=lambda line: None)


# Replays.

REPLAYED = (
    ("type1-initial", {"correspondents": "2"}, "home-path", 6),
    ("type1-initial", {"mobile_nodes": "2"}, "home-path", 6),
    ("type1-initial", {"mobile_nodes": "2", "correspondents": "2"}, "malicious-mn", 1),
    ("type2-rr", {"mobile_nodes": "2"}, "off-path", 2),
    ("data-plane", {"correspondents": "2"}, "malicious-mn", 2),
)


@pytest.mark.parametrize(("name", "settings", "attacker", "violations"), REPLAYED)
def test_what_is_violated_in_a_larger_variant_is_confirmed_on_real_packets(
    name: str, settings: dict[str, str], attacker: str, violations: int
) -> None:
    record = decided(Request((name,), (attacker,), settings=tuple(settings.items()), engine=Engine(max_states=300_000)))
    violated = [result for result in record.results if result.verdict is Verdict.VIOLATED]
    assert len(violated) == violations
    for result in violated:
        assert result.replay is not None
        assert (result.property, result.replay.outcome) == (result.property, Replay.CONFIRMED)
        assert result.replay.counterfactual


def test_a_scenario_of_another_name_is_replayed_as_the_shipped_one_that_has_its_variant(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'name = "mine"\ntitle = "Once more"\nwidens = "rr-mobile"\nargument = "x"\n[bounds]\nhonest_until = 2\n'
    )
    (found,) = decided(Request((str(mine),), ("home-path",), ("no-redirection",))).results
    assert found.verdict is Verdict.VIOLATED
    assert found.trace is not None
    assert (found.trace.scenario, found.trace.course()) == ("mine", "rr-mobile")
    assert msgspec.convert(msgspec.to_builtins(found.trace), Trace) == found.trace
    assert found.replay is not None
    assert found.replay.outcome is Replay.CONFIRMED


# Widened scenarios.


def test_a_widened_scenario_has_the_same_states_by_both_kernels_and_the_verdicts_of_its_base() -> None:
    (asked,) = plan(Request(("ero-initial-wide",), ("off-path",)))
    properties = [INVARIANTS[name] for name in asked.properties if name != PROGRESS]
    prepared = prepare(asked.scenario, asked.policy, asked.attacker, properties)
    explored = explore(prepared.grounded.system, kernel="c")
    assert explored == explore(prepared.grounded.system, kernel="python")
    assert (explored.states, explored.transitions) == (80_272, 222_667)
    for number, prop in enumerate(properties):
        found = first_violation(prepared, explored, prop, number)
        assert asked.scenario.expected("off-path", prop.name)[0] == ("holds" if found is None else "violated")


# What may be asked for.

REFUSED = [
    ("type1-initial", "mobile_nodes", "3", "bound 'mobile_nodes' is 3, but must be a whole number from 1 to 2"),
    ("type1-initial", "mobile_nodes", "0", "is 0, but must be a whole number from 1 to 2"),
    ("type1-initial", "mobile_nodes", "two", "is 'two', but must be a whole number from 1 to 2"),
    ("type1-initial", "mobile_nodes", "-1", "is '-1', but must be a whole number"),
    ("type1-initial", "mobile_nodes", "²", "is '²', but must be a whole number"),
    ("type1-initial", "clock", "5", "is 5, but must be a whole number from 0 to 4"),
    ("type1-initial", "sequence_modulus", "48", "is 48, but must be a power of two from 16 to 65536"),
    ("type1-initial", "handovers", "2", "is 2, but stays 1: nobody is handed over there .scenario 'type1-initial'."),
    ("type1-settled", "handovers", "2", "stays 1: the handover is over there"),
    ("rr-mobile", "mobile_nodes", "2", "stays 1: the mobile node acts for itself there"),
    ("rr-mobile", "refreshes", "1", "stays 0: nobody refreshes with a permanent token there"),
    ("rr-mobile", "token_pairs", "4", "stays 3: no permanent token is issued there"),
    ("ero-initial", "correspondents", "2", "stays 1: the mobile node registers with one correspondent there"),
    ("type2-handshake", "mobile_nodes", "2", "stays 1: an answering PBU names the correspondent alone .N114."),
    ("type2-local", "mobile_nodes", "2", "stays 1: the agent serves two nodes there already"),
    ("type2-rr", "correspondents", "2", "stays 1: a second type 2 correspondent has the cells of the first"),
]


@pytest.mark.parametrize(("name", "bound", "value", "sentence"), REFUSED)
def test_a_bound_that_is_wrong_or_of_no_use_is_a_usage_error_that_says_why(
    name: str, bound: str, value: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        plan(Request((name,), ("off-path",), settings=((bound, value),)))


def test_every_bound_has_its_range_and_a_description() -> None:
    assert set(BOUNDS) == set(MOST) == set(vars(scenario("type1-initial").bounds))
    assert set(LEAST) <= set(BOUNDS)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_bounds_of_a_shipped_file_asked_for_by_number_change_nothing(name: str) -> None:
    own = {bound: str(value) for bound, value in vars(scenario(name).bounds).items()}
    assert scenario(name).bounded(own) == (scenario(name), {})


def test_what_a_file_expects_is_argued_for_its_own_bounds_alone() -> None:
    same, other = ({"mobile_nodes": number} for number in ("1", "2"))
    assert cell("type1-initial", same, "home-path").scenario.expected("home-path", "no-redirection")[0] == "violated"
    assert cell("type1-initial", other, "home-path").scenario.expected("home-path", "no-redirection") == ("", "")


def test_bounds_and_readings_stand_side_by_side_in_a_request() -> None:
    asked = cell("type1-refresh", {"refreshes": "2", "tombstone": "none"}, "off-path")
    assert asked.scenario.bounds.refreshes == 2
    assert asked.policy.reads("tombstone", "none")
    assert "2 refresh(es)" in asked.scenario.bounds_sentence()


def test_a_file_may_have_larger_bounds_itself() -> None:
    text = """
name = "two-nodes"
title = "Two mobile nodes at one PMA"
variant = "initial"
argument = "What one node registers must not depend on another's."

[bounds]
clock = 4
retransmissions = 1
mobile_nodes = 2
"""
    mine = parse_scenario(text, "mine.toml")
    assert mine.bounds == scenario("type1-initial").bounded({"mobile_nodes": "2"})[0].bounds
    assert "2 mobile nodes" in mine.bounds_sentence()


@pytest.mark.parametrize(
    ("name", "wanted", "pairs", "modulus"),
    [
        ("type1-initial", {"mobile_nodes": "2"}, 3, 32),
        ("type1-refresh", {"refreshes": "2"}, 4, 64),
        ("type1-handover", {"handovers": "2"}, 4, 64),
        ("type1-handover", {"handovers": "2", "refreshes": "1"}, 7, 64),
        ("type1-refresh", {"refreshes": "2", "token_pairs": "3", "sequence_modulus": "32"}, 3, 32),
    ],
)
def test_more_registrations_bring_more_token_pairs_and_numbers_unless_these_are_asked_for(
    name: str, wanted: dict[str, str], pairs: int, modulus: int
) -> None:
    """Otherwise the bound on pairs would end the honest run, and honest numbers would reach the attacker's own."""
    bounds = load_scenario(name).bounded(wanted)[0].bounds
    assert (bounds.token_pairs, bounds.sequence_modulus) == (pairs, modulus)


# Records and baselines.


def test_a_record_says_which_bounds_were_asked_for_and_a_baseline_tells_them_apart(tmp_path: Path) -> None:
    request = Request(("type1-initial",), ("home-path",), ("no-redirection",))
    usual = decided(request)
    larger = decided(replace(request, settings=(("refreshes", "1"),)))
    assert usual.settings == {}
    assert larger.settings == {"refreshes": "1"}
    assert larger.bounds["type1-initial"]["refreshes"] == 1
    save(larger, tmp_path / "record.json")
    assert load(tmp_path / "record.json").settings == larger.settings
    path = tmp_path / "baseline.toml"
    path.write_text(render(larger, {result_fingerprint(larger): "argued"}), encoding="utf-8")
    known = load_baseline(path)
    assert known.findings[0].settings == {"refreshes": "1"}
    assert compare(larger, known, TODAY).new == ()
    assert len(compare(usual, known, TODAY).new) == 1
    assert compare(usual, known, TODAY).unjudged == known.findings


def test_an_entry_of_a_usual_run_is_never_stale_by_a_larger_one() -> None:
    request = Request(("type1-initial",), ("off-path",), ("no-redirection",), settings=(("refreshes", "1"),))
    usual = decided(Request(("type1-initial",), ("home-path",), ("no-redirection",)))
    entry = replace(entry_of(usual), attacker="off-path")
    judged = compare(decided(request), Baseline("", (entry,)), TODAY, complete=True)
    assert (judged.stale, judged.unjudged) == ((), (entry,))


def result_fingerprint(record: Record) -> str:
    return record.results[0].fingerprint


def entry_of(record: Record) -> Finding:
    result = record.results[0]
    return Finding(*result.names(), fingerprint=result_fingerprint(record), reason="argued", cite="draft 3.2")


# The command line.


def pmicheck(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("pmicheck")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_set_takes_bounds_on_the_command_line_and_the_table_names_them() -> None:
    done = pmicheck("verify", "type1-refresh", "--set", "refreshes=2", "--attacker", "off-path")
    assert done.returncode == ExitCode.AS_EXPECTED
    assert "type1-refresh (refreshes=2)" in done.stdout
    assert "2 refresh(es)" in " ".join(done.stdout.split())


def test_a_limit_on_a_large_variant_leaves_its_verdict_open_and_exits_3() -> None:
    bounds = ("--set", "mobile_nodes=2", "--set", "correspondents=2", "--max-states", "20000")
    done = pmicheck("verify", "type1-initial", *bounds, "--attacker", "off-path", "--property", "no-redirection")
    assert done.returncode == ExitCode.INCONCLUSIVE
    assert "holds-to-" in done.stdout
    assert "2 mobile nodes, 2 correspondents" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("mobile_nodes=3", "bound 'mobile_nodes' is 3, but must be a whole number from 1 to 2"),
        ("handovers=2", "bound 'handovers' is 2, but stays 1: nobody is handed over there"),
        ("mobile_node=2", "there is no reading 'mobile_node'"),
    ],
)
def test_a_wrong_bound_ends_with_2_and_one_sentence(setting: str, sentence: str) -> None:
    done = pmicheck("verify", "type1-initial", "--set", setting, "--attacker", "off-path")
    assert done.returncode == ExitCode.USAGE
    assert sentence in done.stderr
    assert done.stdout == ""


def test_the_bounds_can_be_listed() -> None:
    done = pmicheck("list", "bounds")
    assert done.returncode == ExitCode.AS_EXPECTED
    assert all(name in done.stdout for name in BOUNDS)
