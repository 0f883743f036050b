"""Stands in for `pmicheck.review.gather`: adds one weakest attacker, or does what FAKE_PLAN says."""

from __future__ import annotations

import time
from collections.abc import Callable

import record_samples as samples
from fake_analysis import plan
from msgspec.structs import replace

from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Review, Weakest


def enrich(record: Record, *, progress: Callable[[str], None], workers: int) -> Record:
    progress(f"review with {workers}")
    if plan() == "sleep":
        time.sleep(30)
    if plan() == "crash":
        raise RuntimeError("the sky fell")
    found = Weakest(samples.SCENARIO, "no-redirection", "home-path", ("HA-CN",))
    return replace(record, review=replace(Review(), weakest=(found,)))
