"""Under each reading's other values, one at a time, packets bear out what the model finds.

The test takes a few cells. `.venv/bin/python tests/analysis/test_readings_replayed.py` takes all and prints what
diverges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from decided_cells import CELLS

from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import load_scenario
from pmicheck.verdict import Replay
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request

ATTACKERS = ("home-path", "careof-path", "malicious-mn")
"""Those of small spaces."""


class Swept(NamedTuple):
    """A cell of the matrix with one reading that is not the default."""

    scenario: str
    attacker: str
    reading: str
    value: str


def cells() -> Iterator[Swept]:
    """All of them."""
    for name, attacker in CELLS:
        families = load_scenario(name).families
        offered = [each for each in READINGS.values() if each.families & families and attacker in ATTACKERS]
        yield from (Swept(name, attacker, each.name, value) for each in offered for value in each.values[1:])


def diverged(cell: Swept) -> list[str]:
    """The findings of a cell whose replays diverge, with the reason."""
    request = Request((cell.scenario,), (cell.attacker,), settings=((cell.reading, cell.value),))
    record = verify(request, command=[], progress=lambda _: None)
    replays = ((each.property, each.replay) for each in record.results if each.replay is not None)
    return [
        f"{'/'.join(cell)} {name}: {replay.sentence}" for name, replay in replays if replay.outcome is Replay.DIVERGED
    ]


SAMPLE = (
    Swept("rr-mobile", "careof-path", "dereg_auth", "none"),
    Swept("type1-initial", "careof-path", "token_issue_at", "early"),
    Swept("type1-handover", "careof-path", "tombstone", "none"),
    Swept("data-plane", "careof-path", "rh2_address", "source"),
    Swept("type2-rr", "careof-path", "photi_on_entry", "overwrite"),
    Swept("type2-handshake-handover", "careof-path", "context_sequence", "absent"),
)


@pytest.mark.parametrize("cell", SAMPLE, ids="-".join)
def test_what_is_violated_under_another_reading_is_confirmed_on_packets(cell: Swept) -> None:
    assert not diverged(cell)


def test_the_sample_is_of_the_sweep() -> None:
    assert set(SAMPLE) <= set(cells())


if __name__ == "__main__":
    for swept in cells():
        for line in diverged(swept):
            print(line)
