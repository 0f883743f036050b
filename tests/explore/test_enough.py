"""A search that is told when it has seen enough ends with that level; what it tells on the way is all it finds."""

from __future__ import annotations

from pathlib import Path

from explore_naive import Description, random_description
from explore_systems import philosophers
from hypothesis import given, settings
from hypothesis import strategies as st

from pmicheck.explore import c_kernel, python_kernel
from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Sight
from pmicheck.grounding.run import prepare
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.verdict import DECIDED, Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.matrix import Request, plan


class AfterLevels:
    """Has seen enough after so many levels, and keeps what it was told."""

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.told: list[Sight] = []

    def __call__(self, sight: Sight) -> bool:
        self.told.append(sight)
        return len(self.told) == self.levels


def shown(told: list[Sight], system: TransitionSystem) -> list[list[tuple[int, ...]]]:
    return [[tuple(seen) for sight in told for seen in sight.projections[n]] for n in range(len(system.projections))]


@given(
    st.builds(random_description, st.randoms(use_true_random=False), st.just(1)),
    st.integers(1, 6),
    st.sampled_from([1, 2]),
)
@settings(max_examples=150, deadline=None)
def test_both_kernels_end_at_one_level_and_tell_the_same(described: Description, levels: int, threads: int) -> None:
    system = described.build()
    whole = python_kernel.search(system)
    slow, fast = AfterLevels(levels), AfterLevels(levels)
    found = python_kernel.search(system, enough=slow)
    assert c_kernel.search(system, enough=fast, threads=threads) == found
    assert fast.told == slow.told
    assert found.levels == whole.levels[: levels + 1]
    assert (found.complete, found.stopped_by) == ((True, None) if levels >= len(whole.levels) else (False, DECIDED))
    if slow.told:
        assert [tuple(values) for values in shown(slow.told, system)] == [
            tuple(map(tuple, values)) for values in found.projections
        ]
        assert slow.told[-1].goals == tuple(
            goal if goal is not None and goal.depth <= len(slow.told) else None for goal in whole.goals
        )


def test_a_search_that_was_saved_ends_where_it_ended(tmp_path: Path) -> None:
    first = explore(philosophers(6), enough=AfterLevels(5), checkpoint=tmp_path / "saved")
    again = AfterLevels(1)
    assert explore(philosophers(6), enough=again, checkpoint=tmp_path / "saved") == first
    assert [len(values) for values in first.projections] == [len(values) for values in again.told[0].projections]


def test_a_search_ends_as_soon_as_all_properties_are_violated_and_witnessed() -> None:
    request = Request(("type2-handshake",), ("off-path",))
    (cell,) = plan(request)
    record = verify(request, command=["pmicheck"], progress=lambda _: None)
    (explored,) = record.explorations
    results = [result for result in record.results if result.property != PROGRESS]
    assert {result.verdict for result in results} == {Verdict.VIOLATED}
    assert explored.stopped_by == DECIDED
    assert not explored.cut
    assert not explored.uncovered
    assert explored.depth == max(max(result.depth, result.witness.depth or 0) for result in results)
    system = prepare(cell.scenario, cell.policy, cell.attacker, [INVARIANTS[name] for name in cell.invariants])
    assert explored.states < explore(system.grounded.system).states


def test_a_property_that_holds_keeps_the_search_going() -> None:
    request = Request(("rr-mobile",), ("off-path",), ("no-redirection", "stateless-before-authentication"))
    record = verify(request, command=["pmicheck"], progress=lambda _: None)
    assert {Verdict.HOLDS} <= {result.verdict for result in record.results}
    assert record.explorations[0].complete
