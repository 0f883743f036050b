"""Repair: the smallest sets of changes under which a property holds, searched by size, each answer verified in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import Policy
from pmicheck.model.proposals import PROPOSALS
from pmicheck.model.readings import READINGS
from pmicheck.properties.catalogue import PROGRESS
from pmicheck.report.record.changed import Repair, Repairs
from pmicheck.review.alternatives import answering, answers, said
from pmicheck.review.decisions import HONEST, Decisions
from pmicheck.review.trials import OPEN, decisions_of, given, handed_over
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.pipeline import Shared, verdicts_of


@dataclass(frozen=True, kw_only=True)
class Option:
    """One change that a repair may be made of: readings (a proposal is some of those), or a mechanism back on."""

    said: str
    about: str
    settings: tuple[tuple[str, str], ...] = ()
    restores: str = ""

    @property
    def touches(self) -> frozenset[str]:
        """The readings and mechanisms that somebody must consult for the change to matter."""
        return frozenset(name for name, _ in self.settings) | ({self.restores} if self.restores else set())

    def apply(self, policy: Policy) -> Policy:
        return replace(answering(policy, list(self.settings)), without=policy.without - {self.restores})


def options(policy: Policy, families: frozenset[str]) -> tuple[Option, ...]:
    """All changes at hand: proposals, other answers to open questions, mechanisms that are off."""
    proposed = [each for each in PROPOSALS.values() if each.families & families]
    found = [
        Option(said=f"{each.name} ({', '.join(map(said, each.settings))})", about=each.does, settings=each.settings)
        for each in proposed
        if not all(policy.reads(*answer) for answer in each.settings)
    ]
    known = {option.settings for option in found}
    found += [
        Option(said=said(answer), about=READINGS[answer[0]].question, settings=(answer,))
        for answer in answers(policy, families)
        if (answer,) not in known
    ]
    without = sorted(policy.without)
    return *found, *(Option(said=f"with {name}", about=MECHANISMS[name].does, restores=name) for name in without)


def repair(
    request: Request,
    target: str,
    *,
    limit: int,
    progress: Callable[[str], None],
    partial: Callable[[Repairs], None] = lambda _: None,
) -> Repairs:
    """Search the sets of up to `limit` changes under which `target` holds for all attackers of the request.

    A set counts only if `progress` survives it, and if the full run of every attacker says the same. Sets that contain
    an answer are not looked at.

    Args:
        request: one scenario; attackers, readings and mechanisms switched off as for `verify`.
        progress: called with one sentence per size and per answer.
        partial: called with what was found so far if the search does not come to its end, whatever the reason.

    Raises:
        UsageError, ScenarioError: as `pmicheck.verify.analysis.verify`; several scenarios.
    """
    search = _Search(replace(request, properties=tuple(dict.fromkeys((target, PROGRESS)))), target)
    with handed_over(partial, lambda: search.found_so_far(limit)):
        search.run(limit, progress)
    return search.found_so_far(limit)


class _Search:
    def __init__(self, request: Request, target: str) -> None:
        self.request = request
        self.target = target
        self.decisions: Decisions = decisions_of(request)
        self.policy = self.decisions.policy
        self.options = options(self.policy, self.decisions.scenario.families)
        self.shared = Shared()
        self.refuted: dict[frozenset[Option], frozenset[str]] = {}
        self.stuck: list[frozenset[Option]] = []
        self.undecided: list[frozenset[Option]] = []
        self.found: dict[frozenset[Option], Repair] = {}

    @property
    def broken_by(self) -> tuple[str, ...]:
        """The weakest attackers that break the property as it is; empty if none does, or nobody has looked yet."""
        table = self.decisions.table
        broken = [name for (name, prop), v in table.items() if prop == self.target and v is Verdict.VIOLATED]
        return self.decisions.weakest(broken)

    def run(self, limit: int, progress: Callable[[str], None]) -> None:
        self.decisions.decide_base()
        broken = Verdict.VIOLATED in (v for (_, prop), v in self.decisions.table.items() if prop == self.target)
        for size in range(1, limit + 1) if broken else ():
            sets = list(self._sets(size))
            progress(f"{self.decisions.scenario.name}: {len(sets)} sets of {size} of {len(self.options)} changes")
            for chosen in sets:
                self._examine(chosen)
                if chosen in self.found:
                    progress(f"{self.target} holds with {', '.join(self.found[chosen].changes)}")

    def found_so_far(self, limit: int) -> Repairs:
        return Repairs(
            scenario=self.decisions.scenario.name,
            target=self.target,
            bounds=self.decisions.scenario.bounds_sentence(),
            attackers=tuple(self.decisions.attackers),
            given=given(self.request),
            broken_by=self.broken_by,
            changes=tuple(option.said for option in self.options),
            limit=limit,
            found=tuple(self.found.values()),
            refuted=len(self.refuted),
            stuck=tuple(self._said(chosen) for chosen in self.stuck),
            undecided=tuple(self._said(chosen) for chosen in self.undecided),
        )

    def _sets(self, size: int) -> Iterator[frozenset[Option]]:
        """Sets that contain no answer, and no reading twice."""
        for chosen in map(frozenset, combinations(self.options, size)):
            names = [name for option in chosen for name, _ in option.settings]
            if len(set(names)) == len(names) and not any(answer <= chosen for answer in self.found):
                yield chosen

    def _said(self, chosen: frozenset[Option]) -> tuple[str, ...]:
        return tuple(option.said for option in self.options if option in chosen)

    def _examine(self, chosen: frozenset[Option]) -> None:
        asked = self._inherited(chosen)
        policy = self.policy
        for option in chosen:
            policy = option.apply(policy)
        if asked is None:
            asked = self._refutation(policy)
        if asked is not None:
            self.refuted[chosen] = asked
            return
        table = self.decisions.changed(policy, expected=dict.fromkeys(self.decisions.table, Verdict.HOLDS))
        verdicts = {table[key] for key in table if key[1] == self.target}
        if Verdict.VIOLATED in verdicts:
            self.refuted[chosen] = frozenset(READINGS) | frozenset(MECHANISMS)
        elif verdicts & set(OPEN):
            self.undecided.append(chosen)
        elif table[HONEST, PROGRESS] is not Verdict.HOLDS:
            self.stuck.append(chosen)
        else:
            self._verify(chosen, policy)

    def _inherited(self, chosen: frozenset[Option]) -> frozenset[str] | None:
        """What a refuted set with one change less consulted, if the run that refuted it never asks for that change."""
        for option in chosen:
            asked = self.refuted.get(chosen - {option})
            if asked is not None and not option.touches & asked:
                return asked
        return None

    def _refutation(self, policy: Policy) -> frozenset[str] | None:
        """What the run consulted in which one of the weakest attackers still breaks the property, None if none does."""
        for name in self.broken_by:
            verdict, asked = self.decisions.decide(policy, name, self.target)
            if verdict is Verdict.VIOLATED:
                return asked
        return None

    def _verify(self, chosen: frozenset[Option], policy: Policy) -> None:
        """A run for every attacker, sharing nothing; a property that holds of nothing is no answer."""
        verdicts = {
            (cell.attacker.name if prop != PROGRESS else HONEST, prop): verdict
            for cell in plan(self.request)
            for prop, verdict in verdicts_of(replace(cell, policy=policy), self.shared).items()
        }
        if not set(OPEN).isdisjoint(verdicts.values()):
            self.undecided.append(chosen)
        elif set(verdicts.values()) == {Verdict.HOLDS}:
            about = tuple(option.about for option in self.options if option in chosen)
            told = tuple((name, prop, str(verdict)) for (name, prop), verdict in verdicts.items())
            self.found[chosen] = Repair(self._said(chosen), about, told)
        else:
            self.stuck.append(chosen)
