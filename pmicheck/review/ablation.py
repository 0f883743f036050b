"""Ablation: each mechanism off, one at a time. Which verdicts change, for which weakest attacker, and which do not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from pmicheck.attacker.lattice import Table
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.report.record.changed import Trial, Trials
from pmicheck.review.decisions import Decisions
from pmicheck.review.trials import decisions_of, handed_over, trial, whole
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request

CHECKS = frozenset(
    {
        "mac",
        "dereg-auth",
        "home-test",
        "careof-test",
        "cga",
        "signature",
        "nonce-freshness",
        "sequence-number",
        "tombstone",
        "cba",
        "credit-aging",
        "no-credit-while-unverified",
        "token-encryption",
        "careof-token-encryption",
        "rule-149",
        "rule-150",
        "cga-in-complete",
        "cga-in-early",
        "hao-rejection-in-hoti",
        "hao-rejection-in-pbu",
        "ha-outer-source-check",
        "ha-drops-hoti",
        "tunnel-esp",
        "cookie",
        "coa-in-mac",
        "cn-in-mac",
        "cn-in-signature",
        "coa-in-signature",
        "type-tag",
        "mac-of-ack",
        "token-domain-octet",
        "context-transfer-protection",
    }
)
"""Mechanisms that only refuse, cover or hide: without one of them everybody can do what he could, so what is violated
stays violated.

The others change what somebody remembers (what is valid longer can also be refused longer), whom data reaches, or what
the attacker has to send (where nothing authenticates an update it makes its own and replays none): without one of them
every property is decided anew.
"""


def ablate(
    request: Request, *, progress: Callable[[str], None], partial: Callable[[Trials], None] = lambda _: None
) -> Trials:
    """Decide the request's scenario without each of its mechanisms that are on.

    Args:
        request: one scenario; attackers, properties, readings and mechanisms switched off as for `verify`.
        progress: called with one sentence per mechanism, and at last with what the ablations cost (seconds of CPU).
        partial: called with the trials so far if the run does not come to its end, whatever the reason.

    Raises:
        UsageError, ScenarioError: as `pmicheck.verify.analysis.verify`; several scenarios.
    """
    decisions = decisions_of(request)
    trials: list[Trial] = []

    def so_far() -> Trials:
        return replace(whole(decisions, request, "ablation"), trials=tuple(trials))

    with handed_over(partial, so_far):
        began = time.process_time()
        decisions.decide_base()
        plain = time.process_time() - began
        for each in _without_each(decisions, progress):
            trials.append(each)
        spent = time.process_time() - began - plain
        progress(
            f"{decisions.scenario.name}: {plain:.1f} s of CPU as it is, {spent:.1f} s without each mechanism in turn: "
            f"{spent / plain:.1f} times as much"
        )
    return so_far()


def _without_each(decisions: Decisions, progress: Callable[[str], None]) -> Iterator[Trial]:
    policy, families = decisions.policy, decisions.scenario.families
    names = [name for name, one in MECHANISMS.items() if one.families & families and policy.on(name)]
    violated: Table = {key: verdict for key, verdict in decisions.table.items() if verdict is Verdict.VIOLATED}
    for number, name in enumerate(names, 1):
        table = None
        if name in decisions.asked:
            changed = replace(policy, without=policy.without | {name})
            table = decisions.changed(changed, known=violated if name in CHECKS else None)
        yield trial(decisions, (name,), MECHANISMS[name].does, table)
        progress(f"{decisions.scenario.name} without {name} ({number} of {len(names)})")
