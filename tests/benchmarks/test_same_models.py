"""What the benchmarks compare is the same model in every tool, and the tables are those of what was measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import same
from benchmarks.catalogue import ALONE, BESIDE, SOURCES, Model, Murphi, Promela, dining, key_exchange, serving
from benchmarks.models.grid import grid
from benchmarks.models.needham_schroeder import needham_schroeder
from benchmarks.peers import Found, build, pan_counts, rumur_counts
from benchmarks.process import measure
from benchmarks.tables import README, RESULTS, with_tables
from pmicheck.explore.explorer import explore

UNOPTIMISED = ("-O0",)
SMALL = {
    "philosophers": (dining(5), Found(3**5 - 1, 805)),
    "clients-servers": (serving(servers=1, limit=1), Found(39_200, 234_720)),
    "needham-schroeder": (key_exchange(1, 1), Found(892, 1_723)),
}


@pytest.mark.parametrize(("model", "size"), SMALL.values(), ids=SMALL)
def test_both_kernels_and_all_peers_find_the_same_states_and_transitions(
    model: Model, size: Found, tmp_path: Path
) -> None:
    system = model.build()
    for kernel in ("c", "python"):
        found = explore(system, kernel=kernel)
        assert Found(found.states, found.transitions) == size, kernel
    for number, peer in enumerate(model.peers):
        same(size, build(peer, size.states, tmp_path / str(number), UNOPTIMISED))


def test_another_model_is_noticed(tmp_path: Path) -> None:
    program = build(dining(4).peers[1], 80, tmp_path / "pan", UNOPTIMISED)
    with pytest.raises(RuntimeError, match="not the same model"):
        same(Found(3**5 - 1, 805), program)


@pytest.mark.parametrize("fixed", [False, True])
def test_every_tool_finds_the_attack_of_lowe_unless_it_is_fixed(fixed: bool, tmp_path: Path) -> None:
    model = key_exchange(1, 1, fixed=fixed)
    rumur, pan = model.peers[0], model.peers[2]
    assert isinstance(rumur, Murphi)
    assert isinstance(pan, Promela)
    agreement = (SOURCES / "needham_schroeder_agreement.m").read_text(encoding="utf-8")
    asked: tuple[Murphi | Promela, ...] = (
        replace(rumur, text=_followed_by(rumur.text, agreement)),
        replace(pan, defines=(*pan.defines, "-DAGREEMENT")),
    )
    for number, (peer, complaint) in enumerate(zip(asked, ("agreement", "assertion violated"), strict=True)):
        program = build(peer, 900, tmp_path / str(number), UNOPTIMISED)
        if fixed:
            same(Found(834, 1_592), program)
        else:
            with pytest.raises(RuntimeError, match=complaint):
                program.run()
    found = explore(needham_schroeder(1, 1, fixed=fixed))
    assert any(found.goals) is not fixed
    assert not fixed or found.states == 834


def _followed_by(text: Callable[[], str], more: str) -> Callable[[], str]:
    return lambda: text() + more


@pytest.mark.parametrize("n", [2, 5, 9])
def test_philosophers_miss_one_case_of_three_to_the_n(n: int) -> None:
    assert explore(dining(n).build()).states == 3**n - 1


def test_the_grid_has_a_state_for_every_combination() -> None:
    found = explore(grid(3, 4, 5))
    assert (found.states, found.transitions) == (60, 2 * 20 + 3 * 15 + 4 * 12)


def test_a_search_that_was_cut_short_is_not_counted() -> None:
    with pytest.raises(RuntimeError):
        pan_counts(
            "errors: 0\nerror: max search depth too small\n 5 states, stored\n 7 states, matched\n0 atomic steps"
        )
    with pytest.raises(RuntimeError):
        rumur_counts("1 error(s) found.\n\t347 states, 608 rules fired in 0s.")


def test_what_a_process_took_is_its_own(tmp_path: Path) -> None:
    idle = measure(["sleep", "0.1"], tmp_path)
    assert idle.user < 0.1 <= idle.wall
    with pytest.raises(RuntimeError, match="ended with 3"):
        measure(["sh", "-c", "exit 3"], tmp_path)
    with pytest.raises(RuntimeError, match="no-such-program is not installed"):
        measure(["no-such-program"], tmp_path)


def test_the_tables_of_the_readme_are_those_of_the_results() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    readme = README.read_text(encoding="utf-8")
    assert with_tables(readme, results) == readme
    assert results["beside"][0]["states"] == 3**14 - 1
    assert [row["model"] for row in results["beside"]] == [model.name for model in BESIDE]
    assert {row["model"] for row in results["alone"]} == {model.name for model in ALONE}
