"""An abstraction that leaves something out is caught by the walks of `test_soundness`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cells import walker

from pmicheck.language.cells import Cell
from pmicheck.language.message import Message
from pmicheck.model.fields import FIELDS
from pmicheck.model.messages import Update
from pmicheck.model.time import CLOCK
from pmicheck.prove.facts import Domain, Step, Task
from pmicheck.prove.fixpoint import Fixpoint
from pmicheck.prove.run import Predicate, Run

STEPS = 1500

Patch = Callable[[pytest.MonkeyPatch], None]


def comparisons_come_out_one_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Run, "ask", lambda run: False)


def the_clock_stands_still(patch: pytest.MonkeyPatch) -> None:
    whole = Run.test

    def test(run: Run, cell: Cell, predicate: Predicate, *arguments: Any, worth: bool | None = None) -> bool:
        return bool(predicate(0, *arguments)) if cell is CLOCK else whole(run, cell, predicate, *arguments)

    patch.setattr(Run, "test", test)
    patch.setattr("pmicheck.prove.run.LAST_PHASE", 0)


def an_entry_holds_its_first_value_only(patch: pytest.MonkeyPatch) -> None:
    whole = Fixpoint._add

    def add(facts: Fixpoint, domain: Domain, value: Any, step: Step | None) -> None:
        if domain not in facts.forgetful or len(domain.values) < 2:
            whole(facts, domain, value, step)

    patch.setattr(Fixpoint, "_add", add)
    patch.setattr(Fixpoint, "forgetful", property(_entries), raising=False)


def _entries(facts: Fixpoint) -> list[Domain]:
    return [domain for (key, *_), domain in facts.cells.items() if key.name.endswith(".entry")]


def an_honest_message_is_forgotten_once_sent(patch: pytest.MonkeyPatch) -> None:
    whole = Fixpoint._send

    def send(facts: Fixpoint, message: Message, act: Any, step: Step) -> None:
        before = len(facts._agenda)
        whole(facts, message, act, step)
        facts._agenda = [task for n, task in enumerate(facts._agenda) if n < before or task.origin.message is None]

    patch.setattr(Fixpoint, "_send", send)


def nobody_repeats_an_authenticator(patch: pytest.MonkeyPatch) -> None:
    whole = Fixpoint._authenticators
    patch.setattr(
        Fixpoint, "_authenticators", lambda *asked: (found for found in whole(*asked) if not hasattr(found, "message"))
    )


def an_honest_update_is_accepted_once_whatever_the_attacker_has(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Fixpoint, "_may_come_again", lambda facts, proof: False)


def the_attacker_sends_no_updates(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("pmicheck.prove.fixpoint.FIELDS", {kind: FIELDS[kind] for kind in FIELDS if kind is not Update})


def what_is_learnt_later_wakes_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Fixpoint, "_wake", lambda facts: None)


def values_found_later_wake_nobody(patch: pytest.MonkeyPatch) -> None:
    def add(domain: Domain, value: Any, step: Step | None) -> list[Task]:
        domain.values[value] = step
        return []

    patch.setattr(Domain, "add", add)


MUTANTS: list[tuple[Patch, str, str, tuple[str, ...]]] = [
    (comparisons_come_out_one_way, "rr-mobile", "home-path", ()),
    (the_clock_stands_still, "rr-mobile", "home-path", ()),
    (an_entry_holds_its_first_value_only, "rr-mobile", "home-path", ()),
    (an_honest_message_is_forgotten_once_sent, "type1-initial", "off-path", ()),
    (nobody_repeats_an_authenticator, "type1-initial", "careof-path", ("coa-in-mac", "coa-in-signature")),
    (an_honest_update_is_accepted_once_whatever_the_attacker_has, "type1-initial", "careof-path", ("sequence-number",)),
    (the_attacker_sends_no_updates, "rr-mobile", "home-path", ()),
    (what_is_learnt_later_wakes_nobody, "rr-mobile", "dolev-yao", ()),
    (values_found_later_wake_nobody, "type1-initial", "off-path", ()),
]
"""Each with a cell, and the mechanisms that have to be off there for the difference to show."""


@pytest.mark.parametrize(
    ("mutant", "name", "attacker", "without"), MUTANTS, ids=[mutant.__name__ for mutant, *_ in MUTANTS]
)
def test_an_abstraction_that_leaves_something_out_is_caught(
    mutant: Patch, name: str, attacker: str, without: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert walker(name, attacker, *without).walk(STEPS) != []
