"""A search that is interrupted, however that happens, goes on from its checkpoint and finds what it would have."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from explore_naive import random_description
from explore_systems import counter, lockstep, odometers, philosophers
from hypothesis import given, settings
from hypothesis import strategies as st

from pmicheck.errors import OutputError, PmicheckError, UsageError
from pmicheck.explore import c_kernel, checkpoint
from pmicheck.explore.explorer import explore
from pmicheck.explore.result import Exploration
from pmicheck.grounding.system import TransitionSystem

MOST = 400


def the_same(found: Exploration, expected: Exploration) -> None:
    assert found == expected
    assert list(found.states_iter()) == list(expected.states_iter())
    assert [found.path(s) for s in range(found.states)] == [expected.path(s) for s in range(expected.states)]


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    """A killed process loses nothing that it has written; only a loss of power would show the difference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


def search(system: TransitionSystem, kept: Path, most: int | None = None, threads: int = 1) -> Exploration:
    """With a save after every step of the kernel, and so at the end of every level at least."""
    return c_kernel.search(system, checkpoint=kept, save_every=0.0, max_states=most, threads=threads)


def place_of(kept: Path) -> Path:
    (place,) = kept.iterdir()
    return place


@pytest.mark.parametrize("words", [8, 15, 22])
@pytest.mark.parametrize("most", [2, 101, 257, 258, 299])
def test_keys_that_do_not_fill_their_words_are_saved_whole(words: int, most: int, tmp_path: Path) -> None:
    system = lockstep(words, 300)
    search(system, tmp_path, most)
    the_same(search(system, tmp_path), c_kernel.search(system))


@given(st.randoms(use_true_random=False), st.lists(st.integers(1, MOST), max_size=3), st.integers(1, 2))
@settings(max_examples=25, deadline=None)
def test_a_search_in_pieces_is_the_search_in_one(rng: random.Random, cuts: list[int], threads: int) -> None:
    system = random_description(rng, 1 + rng.randrange(20)).build()
    expected = c_kernel.search(system, max_states=MOST)
    with TemporaryDirectory() as directory:
        for most in [*sorted(cuts), MOST, MOST]:
            found = search(system, Path(directory), most, threads)
        the_same(found, expected)


def test_what_is_complete_is_loaded_and_not_searched_again(tmp_path: Path) -> None:
    system = odometers(5, 5, 3, 2)
    expected = c_kernel.search(system)
    assert expected.states == 6**2 * 5**3
    search(system, tmp_path)
    before = {path: path.read_bytes() for path in place_of(tmp_path).iterdir()}
    the_same(search(system, tmp_path), expected)
    assert {path: path.read_bytes() for path in place_of(tmp_path).iterdir()} == before


def test_what_counts_is_on_the_disk_before_anything_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, str]] = []
    replacing = Path.replace

    def fsync(file: int) -> None:
        done.append(("wait for", Path(f"/dev/fd/{file}").resolve().name))

    def replace_file(self: Path, target: Path) -> Path:
        done.append(("rename", self.name))
        return replacing(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace_file)
    c_kernel.search(counter(2, 3), checkpoint=tmp_path)
    place = place_of(tmp_path).name
    temporary = f".{checkpoint.MANIFEST}.new"
    assert done == [
        ("wait for", tmp_path.name),
        ("wait for", checkpoint.SECTIONS),
        ("wait for", temporary),
        ("rename", temporary),
        ("wait for", place),
    ]


def _kill_at_random(system: TransitionSystem, kept: Path, rng: random.Random) -> bool:
    """Search in a process that is killed at a random moment; False if it was done before."""
    child = multiprocessing.get_context("fork").Process(target=search, args=(system, kept))
    child.start()
    child.join(rng.uniform(0.0, 0.25))
    child.kill()
    child.join()
    assert child.exitcode in (0, -9)
    return child.exitcode != 0


def test_a_search_survives_kill_at_fifty_random_moments(tmp_path: Path) -> None:
    system = odometers(6, 9, 3, 4)
    expected = c_kernel.search(system)
    assert expected.states == 10**4 * 9**2
    rng, kills, saved = random.Random(), 0, set()
    while kills < 50:
        kills += _kill_at_random(system, tmp_path, rng)
        size = sum(path.stat().st_size for path in tmp_path.rglob("sections"))
        saved.add(size)
        if size >= 8 * expected.states:
            assert search(system, tmp_path) == expected
            shutil.rmtree(tmp_path)
    assert len(saved) > 10, "most kills are to come in the middle of a search that had saved something"
    found = search(system, tmp_path)
    assert found == expected
    assert found.path(found.states - 1) == expected.path(expected.states - 1)


@contextmanager
def half_searched(system: TransitionSystem) -> Iterator[tuple[Path, Path]]:
    """The directory of a search that was cut after half of its levels, and the search's own place in it."""
    with TemporaryDirectory() as directory:
        search(system, Path(directory), MOST // 2)
        yield Path(directory), place_of(Path(directory))


def same_or_refused(system: TransitionSystem, kept: Path, expected: Exploration) -> bool:
    try:
        found = search(system, kept)
    except UsageError as error:
        refused = str(error)
    else:
        the_same(found, expected)
        return True
    assert refused.endswith("damaged; remove it, and the search begins anew")
    return False


SMALL = odometers(4, 4, 2, 2)


@given(st.sampled_from([checkpoint.SECTIONS, checkpoint.MANIFEST]), st.floats(0, 1, exclude_max=True), st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_files_are_refused_or_do_not_matter(name: str, where: float, data: st.DataObject) -> None:
    expected = c_kernel.search(SMALL)
    with half_searched(SMALL) as (kept, place):
        content = (place / name).read_bytes()
        at = int(where * len(content))
        change = data.draw(st.binary(max_size=3))
        cut = data.draw(st.booleans())
        garbled = content[:at] + change + (b"" if cut else content[at + len(change) :])
        (place / name).write_bytes(garbled)
        fine = same_or_refused(SMALL, kept, expected)
        assert fine or garbled != content


@given(st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_what_a_save_left_unfinished_does_not_count(torn: bytes) -> None:
    expected = c_kernel.search(SMALL)
    with half_searched(SMALL) as (kept, place):
        with (place / checkpoint.SECTIONS).open("ab") as sections:
            sections.write(torn)
        (place / f".{checkpoint.MANIFEST}.new").write_bytes(torn)
        assert same_or_refused(SMALL, kept, expected)


def test_no_octet_of_a_checkpoint_can_change_unnoticed(tmp_path: Path) -> None:
    search(SMALL, tmp_path, MOST // 2)
    sections = place_of(tmp_path) / checkpoint.SECTIONS
    content = sections.read_bytes()
    for at in range(0, len(content), 97):
        sections.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(UsageError, match="damaged; remove it"):
            search(SMALL, tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        replace(SMALL, initial=1),
        replace(SMALL, transitions=SMALL.transitions[1:]),
        replace(SMALL, transitions=(SMALL.transitions[1], SMALL.transitions[0], *SMALL.transitions[2:])),
        replace(SMALL, goals=()),
        replace(SMALL, horn=()),
        replace(SMALL, projections=()),
        replace(SMALL, eager=(0,)),
        replace(SMALL, name="another"),
        replace(SMALL, facts=("x", *SMALL.facts[1:])),
    ],
)
def test_another_system_has_a_place_of_its_own(tmp_path: Path, other: TransitionSystem) -> None:
    search(SMALL, tmp_path, MOST // 2)
    the_same(search(other, tmp_path), c_kernel.search(other))
    assert len(list(tmp_path.iterdir())) == 2


def test_another_system_in_the_same_place_is_refused(tmp_path: Path) -> None:
    search(SMALL, tmp_path, MOST // 2)
    place_of(tmp_path).rename(tmp_path / "first")
    search(replace(SMALL, name="another"), tmp_path)
    (second,) = {*tmp_path.iterdir()} - {tmp_path / "first"}
    shutil.rmtree(second)
    (tmp_path / "first").rename(second)
    with pytest.raises(UsageError, match="saved for another system, odometers-4; name another directory"):
        search(replace(SMALL, name="another"), tmp_path)


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(SMALL, tmp_path, MOST // 2)
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    with pytest.raises(UsageError, match="saved by another version of pmicheck"):
        search(SMALL, tmp_path)


def test_narrower_limits_are_refused_and_wider_ones_are_not(tmp_path: Path) -> None:
    search(SMALL, tmp_path, 200)
    with pytest.raises(UsageError, match=r"\d+ states are saved there, 20 are granted here"):
        search(SMALL, tmp_path, 20)
    the_same(search(SMALL, tmp_path, 300), c_kernel.search(SMALL, max_states=300))


def test_a_checkpoint_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(SMALL, tmp_path, 200)
    monkeypatch.setattr(checkpoint, "PATIENCE", 0.0)
    file = os.open(place_of(tmp_path) / checkpoint.SECTIONS, os.O_RDWR)
    checkpoint.lock(file, tmp_path)
    with pytest.raises(UsageError, match="another run is at work there"):
        search(SMALL, tmp_path)
    os.close(file)
    the_same(search(SMALL, tmp_path), c_kernel.search(SMALL))


def test_a_directory_that_cannot_be_written_is_refused_before_the_search(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OutputError, match="cannot be written: Not a directory"):
        search(SMALL, file)


FULL_DISK = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from explore_systems import odometers
from pmicheck.explore import c_kernel
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
system = odometers(6, 6, 3, 2)
found = c_kernel.search(system, checkpoint=Path(sys.argv[2]), save_every=0.0)
assert found == c_kernel.search(system)
print(found.unsaved)
"""


def test_a_disk_that_gets_full_ends_the_saving_and_not_the_search(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(Path(__file__).parent), str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith(f"{place_of(tmp_path)}: cannot be written: ")
    assert told.endswith("; the search goes on, but is not saved any more\n")
    system = odometers(6, 6, 3, 2)
    assert (place_of(tmp_path) / checkpoint.MANIFEST).exists()
    assert search(system, tmp_path) == c_kernel.search(system)


def test_only_the_c_kernel_and_only_without_edges(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the Python kernel has no checkpoints"):
        explore(counter(2, 3), kernel="python", checkpoint=tmp_path)
    with pytest.raises(UsageError, match="records edges has no checkpoint"):
        explore(counter(2, 3), edges=True, checkpoint=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_search_that_memory_stopped_goes_on_on_a_disk(tmp_path: Path) -> None:
    (kept := tmp_path / "kept").mkdir()
    (spill := tmp_path / "spill").mkdir()
    system = odometers(6, 6, 3, 2)
    cut = c_kernel.search(system, checkpoint=kept, save_every=0.0, most_octets=600_000)
    assert cut.stopped_by == "memory"
    sections = place_of(kept) / checkpoint.SECTIONS
    assert sections.stat().st_size > 4 * cut.states
    assert c_kernel.search(system, checkpoint=kept, spill=spill) == c_kernel.search(system)


def test_what_does_not_fit_into_memory_is_not_loaded(tmp_path: Path) -> None:
    system = philosophers(8)
    search(system, tmp_path)
    with pytest.raises(PmicheckError, match="do not fit into memory; use --spill DIR"):
        c_kernel.search(system, checkpoint=tmp_path, most_octets=100_000)
