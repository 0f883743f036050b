"""What the tests of clusters share. No test lives here."""

from __future__ import annotations

from collections.abc import Iterable

from pmicheck.explore.result import Exploration


def same(found: Exploration, local: Exploration, sample: Iterable[int]) -> None:
    """Two searches found the same, and say the same of a sample of states."""
    assert found == local
    for state in sample:
        assert found.state(state) == local.state(state)
        assert found.path(state) == local.path(state)
