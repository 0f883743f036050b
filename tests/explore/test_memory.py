"""A search takes as much memory as it says, stops before there is too little, and lies on a disk if that is wanted."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from explore_naive import random_description
from explore_systems import counter, odometers

from pmicheck.errors import UsageError
from pmicheck.explore import c_kernel, memory
from pmicheck.explore.explorer import explore

MOST_OCTETS = 24
"""A state of this system: 8 for its key, some 7 to 12 in the index, 1/4 for its discoverer, and what is kept once."""

PEAK = """
import re, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from explore_systems import odometers
from pmicheck.explore import c_kernel

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

c_kernel.search(odometers(3, 3, 3, 1))
before = peak()
found = c_kernel.search(odometers(6, 10, 3, 4))
print(found.states, peak() - before)
"""


def test_a_million_states_take_few_octets_each() -> None:
    command = [sys.executable, "-c", PEAK, str(Path(__file__).parent)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    states, octets = map(int, told.split())
    assert states == 11**4 * 10**2
    assert 8 < octets / states <= MOST_OCTETS


@pytest.mark.parametrize("threads", [1, 2])
def test_what_lies_on_a_disk_is_found_as_in_memory(tmp_path: Path, threads: int) -> None:
    for seed in range(12):
        system = random_description(random.Random(seed), 1 + seed).build()
        for edges in (False, True):
            expected = c_kernel.search(system, max_states=400, edges=edges)
            found = c_kernel.search(system, max_states=400, edges=edges, threads=threads, spill=tmp_path)
            assert found == expected
            assert list(found.states_iter()) == list(expected.states_iter())
            assert [found.path(s) for s in range(found.states)] == [expected.path(s) for s in range(expected.states)]
            assert not list(tmp_path.iterdir())


def test_a_large_search_on_a_disk_leaves_no_file_behind(tmp_path: Path) -> None:
    system = odometers(6, 7, 3, 3)
    seen: list[int] = []
    found = explore(system, spill=tmp_path, progress=lambda *_: seen.append(len(list(tmp_path.iterdir()))))
    assert found == explore(system)
    assert set(seen) == {0}


FULL_DISK = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from explore_systems import odometers
from pmicheck.explore.explorer import explore
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
found = explore(odometers(6, 8, 3, 3), spill=Path(sys.argv[2]))
print(found.states, found.complete, found.stopped_by, found.shortage, sep="|")
"""


def spilt(directory: Path, most: int) -> subprocess.CompletedProcess[str]:
    """A search that spills into files of at most so many octets each."""
    command = [sys.executable, "-c", FULL_DISK, str(Path(__file__).parent), str(directory), str(most)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_full_disk_ends_the_search_and_what_was_found_stays(tmp_path: Path) -> None:
    states, complete, stopped_by, shortage = spilt(tmp_path, 500_000).stdout.strip().split("|")
    assert 10_000 < int(states) < 9**3 * 8**3
    assert (complete, stopped_by) == ("False", "memory")
    assert shortage.startswith(f"{int(states):,} states take 0.0 GiB, and {tmp_path} has no room for the next table")
    assert "name a larger disk" in shortage
    assert not list(tmp_path.iterdir())


def test_a_disk_without_any_room_is_said_to_be_one(tmp_path: Path) -> None:
    assert f"not enough memory, or room in {tmp_path}, for the tables" in spilt(tmp_path, 1000).stderr


def test_a_directory_to_spill_to_has_to_be_there(tmp_path: Path) -> None:
    for place in (tmp_path / "none", Path(__file__)):
        with pytest.raises(UsageError, match="is no directory that files can be made in"):
            explore(counter(2, 3), spill=place)


def test_a_search_stops_before_it_takes_more_than_it_was_granted() -> None:
    found = c_kernel.search(odometers(6, 8, 3, 3), most_octets=4_000_000)
    assert (found.complete, found.stopped_by) == (False, "memory")
    assert found.bytes_per_state is not None
    assert 3_000_000 < found.bytes_per_state * found.states < 4_100_000, "but for one batch"
    assert "use --spill DIR" in found.shortage


def test_a_search_stops_when_others_have_taken_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c_kernel, "GLANCE", 0.0)
    free = [10**9, 10**9, 10**9, 0]
    found = c_kernel.search(odometers(6, 6, 3, 2), free=lambda: free.pop(0) if len(free) > 1 else free[0])
    assert (found.complete, found.stopped_by) == (False, "memory")
    assert c_kernel.search(odometers(6, 6, 3, 2), free=lambda: 10**9).complete


@pytest.mark.parametrize(
    ("levels", "total", "floor"),
    [
        ([1, 10, 100, 7], 222, True),
        ([1, 10, 100, 95, 7], 412, True),
        ([1, 100, 100, 50, 7], 301, False),
        ([1, 1], 2, True),
    ],
)
def test_how_many_states_there_may_be(levels: list[int], total: int, floor: bool) -> None:
    assert memory.expected(levels) == (total, floor)


def files_of(tree: dict[str, str]) -> Callable[[Path], str]:
    return lambda path: tree.get(str(path), "")


@pytest.mark.parametrize(
    ("tree", "free"),
    [
        ({}, None),
        ({"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    1000 kB\n"}, 921_600),
        ({"/proc/self/cgroup": "0::/a/b", "/sys/fs/cgroup/a/memory.max": "max"}, None),
        (
            {
                "/proc/self/cgroup": "0::/a/b",
                "/sys/fs/cgroup/a/memory.max": "1000",
                "/sys/fs/cgroup/a/memory.current": "700",
                "/sys/fs/cgroup/a/memory.stat": "anon 500\ninactive_file 200",
                "/proc/meminfo": "MemAvailable: 1 kB",
            },
            450,
        ),
        (
            {
                "/proc/self/cgroup": "5:cpu:/c\n4:memory:/c\n0::/",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1000",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1200",
            },
            0,
        ),
    ],
)
def test_free_is_what_machine_and_control_groups_leave(
    monkeypatch: pytest.MonkeyPatch, tree: dict[str, str], free: int | None
) -> None:
    monkeypatch.setattr(memory, "_read", files_of(tree))
    assert memory.free_octets() == free
