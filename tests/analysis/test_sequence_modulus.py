"""The space of sequence numbers is scaled down in the model only: in a space of any size a violation is one on packets,
whose numbers have sixteen bits."""

from __future__ import annotations

import pytest

from pmicheck.verdict import Replay, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

CELLS = [
    ("rr-mobile", "home-path"),
    ("ero-initial", "home-path"),
    ("type1-initial", "home-path"),
    ("type1-handover", "rogue-next-pma"),
    ("data-plane", "home-path"),
    ("type2-handshake", "off-path"),
    ("type2-rr", "home-path"),
]
"""Cells in which the attacker sends numbers of its own, or repeats honest ones."""

OF_THE_WIRE = 65536


@pytest.mark.parametrize(
    ("modulus", "name", "attacker"),
    [
        *((modulus, *cell) for modulus in (16,) for cell in CELLS),
        (OF_THE_WIRE, "type1-initial", "home-path"),
        (OF_THE_WIRE, "type2-handshake", "off-path"),
    ],
)
def test_every_violation_is_confirmed_on_packets(modulus: int, name: str, attacker: str) -> None:
    request = Request((name,), (attacker,), settings=(("sequence_modulus", str(modulus)),))
    found = verify(request, command=[], progress=lambda _: None).results
    replays = {each.property: each.replay for each in found if each.verdict is Verdict.VIOLATED}
    assert replays
    assert [
        f"{prop}: {replay}" for prop, replay in replays.items() if not replay or replay.outcome is not Replay.CONFIRMED
    ] == []


def test_an_attacker_that_has_the_lowest_number_alone_is_confirmed_too() -> None:
    """What the model leaves out, the number of a forged answer, is not above the number that follows; and an entry that
    an agent made itself upon a forged answer is the honest one if it names the correspondent's true agent."""
    request = Request(("type2-handshake",), ("off-path",), settings=(("attacker_updates", "0"),))
    replays = [each.replay for each in verify(request, command=[], progress=lambda _: None).results if each.trace]
    assert len(replays) == 11
    assert {replay.outcome for replay in replays if replay} == {Replay.CONFIRMED}
