"""Grounded systems kept on disk: taken only if they are what was kept, for just this question, by just this user."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import Prepared, prepare
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import Scenario, load_scenario
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verify import cache
from pmicheck.verify.cache import Cache, digest_of_rules
from pmicheck.verify.engine import Engine

SCENARIO = load_scenario("type1-initial")
GROUNDED: list[Prepared] = []
"""What was grounded since the test began, and not taken from the cache."""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache is; every grounding is noted."""

    def noted(*arguments: Any) -> Prepared:
        GROUNDED.append(prepare(*arguments))
        return GROUNDED[-1]

    GROUNDED.clear()
    monkeypatch.setattr(cache, "prepare", noted)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "pmicheck"


def ask(
    *,
    scenario: Scenario = SCENARIO,
    attacker: str | None = "off-path",
    properties: tuple[str, ...] = ("no-redirection",),
    without: tuple[str, ...] = (),
) -> Prepared:
    policy = make_policy({}, without, scenario.families, scenario.name)
    who = attacker_named(attacker) if attacker else None
    return Engine(keep=True).prepare(scenario, policy, who, [INVARIANTS[name] for name in properties])


def files(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.exists() else []


def test_what_was_grounded_once_is_read_the_next_time(directory: Path) -> None:
    first, second = ask(), ask()
    assert (first.kept, second.kept, len(GROUNDED)) == (False, True, 1)
    assert second.grounded.system == first.grounded.system
    assert second.start.sent == first.start.sent
    assert [path.suffix for path in files(directory)] == [".ground"]
    assert directory.stat().st_mode & 0o777 == 0o700
    assert files(directory)[0].stat().st_mode & 0o777 == 0o600


def test_without_a_cache_nothing_is_read_or_written(directory: Path) -> None:
    policy = make_policy({}, (), SCENARIO.families, SCENARIO.name)
    assert not Engine().prepare(SCENARIO, policy, attacker_named("off-path"), ()).kept
    assert not directory.exists()


def bounded(**bounds: int) -> Scenario:
    return replace(SCENARIO, bounds=replace(SCENARIO.bounds, **bounds))


QUESTIONS: list[dict[str, Any]] = [
    {"attacker": "home-path"},
    {"attacker": None},
    {"properties": ()},
    {"properties": ("binding-freshness",)},
    {"properties": ("no-redirection", "binding-freshness")},
    {"without": ("sequence-number",)},
    {"scenario": bounded(retransmissions=0)},
    {"scenario": bounded(attacker_updates=1)},
    {"scenario": replace(SCENARIO, name="another")},
    {"scenario": replace(SCENARIO, prologue=("pma1 starts the proxy home test",))},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_another_question_is_another_system(question: dict[str, Any]) -> None:
    ask()
    assert not ask(**question).kept


@pytest.mark.parametrize(("name", "value"), [("RULES", "of another version"), ("sys.version", "3.99")])
def test_a_system_of_other_rules_or_another_python_is_not_taken(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    monkeypatch.setattr(f"pmicheck.verify.cache.{name}", value)
    assert not ask().kept
    assert ask().kept


def test_every_source_file_of_the_rules_counts_with_its_name(tmp_path: Path) -> None:
    digests = {digest_of_rules(tmp_path)}
    (tmp_path / "attacker").mkdir()
    for name, content in [("a.py", b"1"), ("b.py", b"1"), ("b.py", b"12"), ("a.py", b""), ("notes.txt", b"1")]:
        (tmp_path / "attacker" / name).write_bytes(content)
        digests.add(digest_of_rules(tmp_path))
    assert len(digests) == 5
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "c.py").write_bytes(b"1")
    assert digest_of_rules(tmp_path) in digests


def changed(whole: bytes, place: float, by: int) -> bytes:
    at = int(place * len(whole))
    return whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :]


PLACE = st.floats(0, 1, exclude_max=True)
DAMAGES: st.SearchStrategy[Callable[[bytes], bytes]] = st.one_of(
    st.builds(lambda place, by: lambda whole: changed(whole, place, by), PLACE, st.integers(1, 255)),
    st.builds(lambda place: lambda whole: whole[: int(place * len(whole))], PLACE),
    st.builds(lambda more: lambda whole: whole + more, st.binary(min_size=1, max_size=9)),
)
"""One octet changed, the end cut off, something put after it."""


@given(damage=DAMAGES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damaged_file_is_read(directory: Path, damage: Callable[[bytes], bytes]) -> None:
    kept = Cache(directory)
    place = directory / "a.ground"
    kept._write(place, b"a system" * 9)
    assert kept._read(place) == b"a system" * 9
    place.write_bytes(damage(place.read_bytes()))
    assert kept._read(place) is None


@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_a_damaged_system_is_made_anew(directory: Path, place: float) -> None:
    ask()
    (kept,) = files(directory)
    whole = kept.read_bytes()
    kept.write_bytes(changed(whole, place, 1))
    assert not ask().kept
    assert kept.read_bytes() == whole
    assert ask().kept


def test_a_file_that_is_whole_but_no_system_is_made_anew(directory: Path) -> None:
    ask()
    (place,) = files(directory)
    place.write_bytes(cache._sealed(b"something else"))
    assert not ask().kept
    assert ask().kept


def test_what_somebody_else_could_have_written_is_not_read(directory: Path) -> None:
    ask()
    (place,) = files(directory)
    for path, mode in ((place, 0o622), (directory, 0o777), (directory, 0o720)):
        before = path.stat().st_mode
        path.chmod(mode)
        assert not ask().kept
        path.chmod(before)
    ask()
    assert ask().kept


def test_nothing_is_put_where_others_may_write(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)
    assert not ask().kept
    assert files(directory) == []


def test_a_directory_of_another_user_is_left_alone(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    before = files(directory)[0].stat()
    monkeypatch.setattr(os, "geteuid", lambda: before.st_uid + 1)
    assert not ask().kept
    assert not ask().kept
    assert files(directory)[0].stat().st_mtime_ns == before.st_mtime_ns


def test_a_place_that_cannot_be_made_is_done_without(directory: Path) -> None:
    directory.write_text("no directory")
    assert not ask().kept
    assert not ask().kept
    assert directory.read_text() == "no directory"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("call", ["tempfile.mkstemp", "Path.replace"])
def test_a_disk_that_is_full_or_locked_is_done_without(
    directory: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(f"pmicheck.verify.cache.{call}", fails)
        assert not ask().kept
        assert files(directory) == []
    ask()
    assert ask().kept


def test_what_is_kept_is_taken_from_a_disk_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    ask()

    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "utime", fails)
    assert ask().kept


def test_what_was_used_longest_ago_makes_room(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    ask(attacker="home-path")
    old, used = sorted(files(directory), key=lambda path: path.stat().st_mtime_ns)
    os.utime(used, ns=(1, 1))
    os.utime(old, ns=(0, 0))
    room = old.stat().st_size + used.stat().st_size + 1
    assert ask().kept  # and with that it is the one used last
    assert old.stat().st_mtime_ns > used.stat().st_mtime_ns
    monkeypatch.setattr(cache, "LARGEST", room)
    ask(attacker="malicious-mn")
    left = files(directory)
    assert used not in left
    assert old in left
    assert 0 < sum(path.stat().st_size for path in left) <= room


def test_a_system_that_is_grounded_in_no_time_is_not_kept(directory: Path) -> None:
    tiny = ask(scenario=load_scenario("type1-settled"), attacker="off-path")
    assert len(tiny.grounded.system.transitions) < cache.SMALLEST
    assert files(directory) == []


@pytest.mark.parametrize("home", ["relative/path", ""])
def test_the_home_directory_has_it_where_no_place_is_named(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Cache.of_user() == Cache(tmp_path / "home" / ".cache" / "pmicheck")


ASK = """
import sys
from pmicheck.cli.main import main
sys.exit(main(["verify", "type1-initial", "--attacker", "off-path", "--property", "no-redirection", *sys.argv[1:]]))
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", ASK, *arguments], stdout=subprocess.PIPE, text=True)


def ended(runs: list[subprocess.Popen[str]]) -> Iterator[str]:
    for run in runs:
        told, _ = run.communicate(timeout=60)
        assert run.returncode == 0
        yield told


def without_times(path: Path) -> Any:
    record = json.loads(path.read_text())
    for part in (record, *record["explorations"]):
        part.pop("stages")
    for part in (record, *record["results"]):
        part.pop("seconds")
    return {name: value for name, value in record.items() if name != "command"}


def test_two_processes_at_once_then_one_that_reads_and_one_that_does_not(directory: Path, tmp_path: Path) -> None:
    """And each of them says where its system came from, and stores the same record."""
    places = [tmp_path / f"{number}.json" for number in range(4)]
    runs = [*ended([started("--json", str(place)) for place in places[:2]])]
    assert all("0 of 1 systems from the cache" in told or "1 of 1 systems" in told for told in runs)
    (kept,) = files(directory)
    (read,) = ended([started("--json", str(places[2]))])
    assert read.splitlines()[-1].endswith("1 of 1 systems from the cache")
    kept.unlink()
    (anew,) = ended([started("--no-cache", "--json", str(places[3]))])
    assert anew.splitlines()[-1].endswith("0 of 1 systems from the cache")
    assert files(directory) == []
    assert [without_times(place) for place in places[1:]] == [without_times(places[0])] * 3
