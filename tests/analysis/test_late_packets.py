"""Packets that arrive in a later phase of the clock: a bound that is 0 unless it is set, and what it changes."""

from __future__ import annotations

import pytest

from pmicheck.report.record.record import Record
from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request


def ran(name: str, attacker: str, late: int) -> Record:
    request = Request((name,), (attacker,), settings=(("late_packets", str(late)),))
    return verify(request, command=[], progress=lambda _: None)


@pytest.mark.parametrize(
    ("name", "attacker"),
    [
        ("rr-mobile", "off-path"),
        ("ero-initial", "malicious-mn"),
        ("type1-initial", "malicious-mn"),
        ("type1-refresh", "off-path"),
        ("type1-handover", "off-path"),
    ],
)
def test_late_packets_bring_more_states_and_break_nothing_more(name: str, attacker: str) -> None:
    usual, late = ran(name, attacker, 0), ran(name, attacker, 1)
    assert late.explorations[0].states > usual.explorations[0].states
    assert {(each.property, each.verdict) for each in late.results} == {
        (each.property, each.verdict) for each in usual.results
    }


@pytest.mark.parametrize(("name", "attacker"), [("ero-initial", "home-path"), ("type2-handshake", "off-path")])
def test_violations_with_late_packets_are_confirmed(name: str, attacker: str) -> None:
    violated = [each for each in ran(name, attacker, 1).results if each.verdict is Verdict.VIOLATED]
    assert violated
    assert {each.replay.outcome for each in violated if each.replay} == {Replay.CONFIRMED}


def test_the_verdict_says_whether_packets_may_be_late() -> None:
    assert "delays that end with a phase" in ran("rr-mobile", "off-path", 0).results[0].bounds
    assert "packets that may arrive in any later phase" in ran("rr-mobile", "off-path", 1).results[0].bounds
