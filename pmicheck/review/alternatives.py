"""Other readings: every answer to every open question, one at a time, and the pairs of answers that act together.

Only readings that somebody in the scenario consults are tried. Pairs are made of those: a reading that only another
answer would make somebody consult is not paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations

from pmicheck.analysis import Request
from pmicheck.model.policy import Policy
from pmicheck.model.readings import READINGS
from pmicheck.report.changed import Trial, Trials
from pmicheck.review.decisions import Decisions, Table
from pmicheck.review.trials import OPEN, decisions_of, shifts, trial, undecided, whole
from pmicheck.verdict import Verdict

Answer = tuple[str, str]
"""(reading, value)."""


def other_readings(request: Request, *, pairs: bool, progress: Callable[[str], None]) -> Trials:
    """Decide the request's scenario under each answer that is not in force, and with `pairs` under every two of them.

    Args and errors as for `pmicheck.review.ablation.ablate`.
    """
    decisions = decisions_of(request)
    scenario, policy = decisions.scenario, decisions.policy
    tables: dict[Answer, Table] = {}
    trials: list[Trial] = []
    for answer in answers(policy, scenario.families):
        name, value = answer
        table = decisions.changed(answering(policy, [answer])) if name in decisions.asked else None
        if table is not None:
            tables[answer] = table
        trials.append(trial(decisions, (f"{name}={value}",), READINGS[name].question, table))
        progress(f"{scenario.name} with {name}={value}")
    result = replace(whole(decisions, request, "reading"), trials=tuple(trials))
    if not pairs:
        return result
    both = [pair for pair in combinations(tables, 2) if pair[0][0] != pair[1][0]]
    found = []
    for one, other in both:
        found.append(_pair(decisions, one, other, tables))
        progress(f"{scenario.name} with {_said(one)} and {_said(other)} ({len(found)} of {len(both)})")
    matter = tuple(each for each in found if each.shifts or each.undecided)
    return replace(result, pairs=matter, pairs_tried=len(both))


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
    return Trial((_said(one), _said(other)), "", True, moved, undecided(table))


def suggestion(base: Table, one: Table, other: Table) -> Table:
    """The verdicts that two changes together should have if each acted by itself."""

    def verdict(plain: Verdict, first: Verdict, second: Verdict) -> Verdict:
        left_open = [each for each in (first, second) if each in OPEN]
        return left_open[0] if left_open else first if first is not plain else second

    return {key: verdict(base[key], one[key], other[key]) for key in base}


def _said(answer: Answer) -> str:
    return f"{answer[0]}={answer[1]}"
