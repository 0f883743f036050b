"""Stands in for `analysis`, `catalogue` and `results` of `pmicheck.verify`; finds what FAKE_PLAN says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import record_samples as samples
from msgspec.structs import replace

from pmicheck.errors import LimitReached, UsageError
from pmicheck.report.record.record import Record, ReplayOutcome, Witness
from pmicheck.trace import Trace
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.matrix import Request


@dataclass(frozen=True)
class ReplayReport:
    outcome: Replay
    sentence: str
    counterfactual: str
    trace: Trace


def plan() -> str:
    return os.environ.get("FAKE_PLAN", "holds")


def verify(
    request: Request,
    *,
    command: list[str],
    progress: Callable[[str], None],
    partial: Callable[[Record], None] | None = None,
) -> Record:
    for name, value in request.settings:
        if value not in ("mn", "pma"):
            raise UsageError(f"reading {name!r} has no value {value!r}; its values are mn, pma")
    if plan() == "crash":
        raise RuntimeError("the sky\nfell")
    if plan() == "limit":
        raise LimitReached("memory is exhausted")
    if plan() == "empty":
        return replace(samples.record(), results=())
    if plan() in ("sleep", "sleep-silently"):
        try:
            progress("started")
            time.sleep(30)
        except KeyboardInterrupt:
            time.sleep(0.5)  # a record takes its time, and so a second Ctrl-C comes in between
            if partial is not None and plan() == "sleep":
                partial(replace(samples.record(), partial=True, command=tuple(command)))
            raise
    if plan() == "slow":
        for number, attacker in enumerate(("home-path", "off-path"), start=1):
            progress("\rtype1-initial: depth 4")
            time.sleep(0.25)
            progress(f"type1-initial under {attacker}: 1200 states ({number} of 2)")
        return samples.record()
    progress("\rtype1-initial: depth 4")
    progress("type1-initial under home-path: 1200 states")
    return replace(_found(), command=tuple(command), settings=dict(request.settings))


def _found() -> Record:
    holds, violated = samples.result(), samples.result(verdict=Verdict.VIOLATED)
    match plan():
        case "violated":
            return samples.record(violated, samples.result("off-path"))
        case "diverged":
            return samples.record(replace(violated, replay=ReplayOutcome(Replay.DIVERGED, "dropped")))
        case "not-replayed":
            return samples.record(replace(violated, replay=None))
        case "witness-missing":
            return samples.record(replace(holds, witness=Witness(False, "entry-made")))
        case "full":
            return samples.full_record()
        case "unsorted":
            trace = replace(samples.trace(), observation={"who": "cn", "as_from": "hoa"}, numbers={"s": 1 / 3, "a": 2})
            return samples.record(replace(violated, trace=trace, readings=dict(reversed(samples.READINGS.items()))))
        case "hostile":
            return samples.record(samples.result("\x1b[41m\u202eevil", verdict=Verdict.VIOLATED))
        case name:
            return samples.record(samples.result(verdict=Verdict(name)))


def replay_trace(trace: Trace, *, pcap: Path | None = None) -> ReplayReport:
    if pcap is not None:
        pcap.write_bytes(b"capture")
    outcome = Replay(plan()) if plan() in set(Replay) else Replay.CONFIRMED
    return ReplayReport(outcome, "the cache is poisoned", "the cache is clean", trace)


def catalogue(kind: str) -> list[tuple[str, str]]:
    names = {
        "scenarios": [samples.SCENARIO, "rr-mobile"],
        "attackers": list(samples.ATTACKERS),
        "properties": list(samples.PROPERTIES),
        "readings": ["key_owner", "tombstone"],
        "mechanisms": ["mac", "home-test"],
        "bounds": ["mobile_nodes"],
    }[kind]
    return [(name, f"What {name} is, in one sentence that is long enough to be wrapped.") for name in names]


def explain_property(name: str) -> str:
    return f"{name}: violated when something bad happens."
