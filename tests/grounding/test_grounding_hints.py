"""What a rule says it would refuse anyway (a hint to `get`, `test` or `same` of a `Context`) is never missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from decided_cells import scenario

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.ground import Grounder
from pmicheck.grounding.instance import SymbolicRun
from pmicheck.grounding.run import Prepared, prepare
from pmicheck.language.cells import Cell
from pmicheck.model.policy import make_policy

HINTED_GET, HINTED_TEST = SymbolicRun.get, SymbolicRun.test

AMENDED = {"pt_binding": "care-of-address", "ht_use": "once", "agent_key": "delegated", "tombstone": "full"}

CASES = [
    ("rr-mobile", "home-path", {}, (), 0.66),
    ("rr-mobile", "off-path", {}, ("cookie",), 0.9),
    ("rr-mobile", "off-path", {}, ("careof-test",), 0.68),
    ("ero-initial", "home-path", {}, (), 0.55),
    ("type1-initial", "off-path", {}, ("mac-of-ack",), 0.95),
    ("type1-initial", "careof-path", {}, (), 0.8),
    ("type1-refresh", "off-path", {}, ("home-test",), 0.55),
    ("type1-handover", "off-path", {}, (), 0.75),
    ("type1-handover-reactive", "off-path", {}, (), 0.8),
    ("type2-rr", "home-path", {"photi_state": "provisional"}, (), 0.6),
    ("type1-handover", "careof-path", AMENDED, (), 0.85),
]
"""Scenario, attacker, readings, mechanisms switched off, and which share of the runs is left at most."""


def unhinted_get(self: SymbolicRun, cell: Cell, worth: Callable[[Any], bool] | None = None) -> Any:
    del worth
    return HINTED_GET(self, cell)


def unhinted_test(
    self: SymbolicRun, cell: Cell, predicate: Callable[..., bool], *arguments: Any, worth: bool | None = None
) -> bool:
    del worth
    return HINTED_TEST(self, cell, predicate, *arguments)


@pytest.mark.parametrize(("name", "attacker", "settings", "without", "share"), CASES)
def test_a_hint_spares_runs_and_changes_nothing(
    name: str,
    attacker: str,
    settings: dict[str, str],
    without: tuple[str, ...],
    share: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = 0
    run_one = Grounder._run

    def counted(*arguments: Any) -> None:
        nonlocal runs
        runs += 1
        run_one(*arguments)

    def ground() -> tuple[Prepared, int]:
        nonlocal runs
        runs = 0
        whole = scenario(name)
        policy = make_policy(settings, without, whole.families, name)
        return prepare(whole, policy, attacker_named(attacker), ()), runs

    monkeypatch.setattr(Grounder, "_run", counted)
    hinted, fewer = ground()
    monkeypatch.setattr(SymbolicRun, "get", unhinted_get)
    monkeypatch.setattr(SymbolicRun, "test", unhinted_test)
    plain, more = ground()
    assert hinted.grounded.system == plain.grounded.system
    assert hinted.grounded.ground.values == plain.grounded.ground.values
    assert [leaf.passed for leaf in hinted.grounded.leaves] == [leaf.passed for leaf in plain.grounded.leaves]
    assert fewer <= share * more
