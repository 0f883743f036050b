"""Other readings: every answer to every open question, one at a time, and the pairs of answers that act together.

Only readings that somebody in the scenario consults are tried. Pairs are made of those: a reading that only another
answer would make somebody consult is not paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from pmicheck.attacker.lattice import Table
from pmicheck.model.policy import Policy
from pmicheck.model.readings import READINGS
from pmicheck.report.record.changed import Trial, Trials
from pmicheck.review.decisions import Decisions
from pmicheck.review.trials import OPEN, decisions_of, handed_over, shifts, trial, undecided, whole
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request

Answer = tuple[str, str]
"""(reading, value)."""


def other_readings(
    request: Request,
    *,
    pairs: bool,
    progress: Callable[[str], None],
    partial: Callable[[Trials], None] = lambda _: None,
) -> Trials:
    """Decide the request's scenario under each answer that is not in force, and with `pairs` under every two of them.

    Args and errors as for `pmicheck.review.ablation.ablate`.
    """
    decisions = decisions_of(request)
    trials: list[Trial] = []
    tried: list[Trial] = []

    def so_far() -> Trials:
        matter = tuple(each for each in tried if each.shifts or each.undecided)
        counted = len(tried) if pairs else None
        frame = whole(decisions, request, "reading")
        return replace(frame, trials=tuple(trials), pairs=matter, pairs_tried=counted)

    with handed_over(partial, so_far):
        decisions.decide_base()
        tables: dict[Answer, Table] = {}
        for each in _single(decisions, tables, progress):
            trials.append(each)
        for each in _paired(decisions, tables, progress) if pairs else ():
            tried.append(each)
    return so_far()


def _single(decisions: Decisions, tables: dict[Answer, Table], progress: Callable[[str], None]) -> Iterator[Trial]:
    """The trial of every answer; its verdicts, if somebody consults it, are put into `tables`."""
    scenario, policy = decisions.scenario, decisions.policy
    for answer in answers(policy, scenario.families):
        name, _ = answer
        table = decisions.changed(answering(policy, [answer])) if name in decisions.asked else None
        if table is not None:
            tables[answer] = table
        yield trial(decisions, (said(answer),), READINGS[name].question, table)
        progress(f"{scenario.name} with {said(answer)}")


def _paired(decisions: Decisions, tables: Mapping[Answer, Table], progress: Callable[[str], None]) -> Iterator[Trial]:
    """The trial of every two answers to different questions among those that somebody consults."""
    both = [pair for pair in combinations(tables, 2) if pair[0][0] != pair[1][0]]
    for number, (one, other) in enumerate(both, 1):
        yield _pair(decisions, one, other, tables)
        progress(f"{decisions.scenario.name} with {said(one)} and {said(other)} ({number} of {len(both)})")


def answers(policy: Policy, families: frozenset[str]) -> list[Answer]:
    """Every answer to a question that arises in these families and that is not in force."""
    return [
        (name, value)
        for name, reading in READINGS.items()
        if reading.families & families
        for value in reading.values
        if not policy.reads(name, value)
    ]


def answering(policy: Policy, chosen: list[Answer]) -> Policy:
    """The policy with these answers instead of its own."""
    return replace(policy, readings=tuple(sorted({**dict(policy.readings), **dict(chosen)}.items())))


def _pair(decisions: Decisions, one: Answer, other: Answer, tables: Mapping[Answer, Table]) -> Trial:
    """The pair against what the two answers suggest: that each turns round what it turns round alone."""
    suggested = suggestion(decisions.table, tables[one], tables[other])
    table = decisions.changed(answering(decisions.policy, [one, other]), expected=suggested)
    moved = tuple(shifts(decisions, suggested, table))
    return Trial((said(one), said(other)), "", True, moved, undecided(table))


def suggestion(base: Table, one: Table, other: Table) -> Table:
    """The verdicts that two changes together should have if each acted by itself."""

    def verdict(plain: Verdict, first: Verdict, second: Verdict) -> Verdict:
        left_open = [each for each in (first, second) if each in OPEN]
        return left_open[0] if left_open else first if first is not plain else second

    return {key: verdict(base[key], one[key], other[key]) for key in base}


def said(answer: Answer) -> str:
    """As a user says it on the command line."""
    return f"{answer[0]}={answer[1]}"
