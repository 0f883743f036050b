"""A grounded system written down and read back is the same, and reading makes nothing but what grounding makes."""

from __future__ import annotations

import io
import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from decided_cells import grounded

from pmicheck.explore.explorer import explore
from pmicheck.grounding.layout import Grounded
from pmicheck.grounding.retell import retell
from pmicheck.grounding.stored import Unreadable, pack, unpack
from pmicheck.language.cells import Cell

CASES = [
    ("type1-initial", "home-path"),
    ("type2-handshake-handover", "rogue-previous-pma"),
    ("type1-refresh", "off-path"),
]


def read_back(made: Grounded) -> Grounded:
    return unpack(pack(made), made.ground.world, made.ground.adversary)


@pytest.mark.parametrize(("name", "attacker"), CASES)
def test_what_is_read_back_is_the_same_system_of_the_same_cells(name: str, attacker: str) -> None:
    made = grounded(name, attacker)[0].grounded
    read = read_back(made)
    assert read.system == made.system
    assert [horn.label for horn in read.system.horn] == [horn.label for horn in made.system.horn]
    assert list(read.fields) == list(made.fields)  # cells are equal if they are the same object
    assert list(read.fields.values()) == list(made.fields.values())
    assert read.fact_terms == made.fact_terms
    assert list(read.ground.values.items()) == list(made.ground.values.items())
    assert list(read.ground.messages) == list(made.ground.messages)
    for kept in ("injections", "bounds_hit", "known", "derivations"):
        assert getattr(read.ground, kept) == getattr(made.ground, kept)
    assert list(read.leaves) == list(made.leaves)


def test_a_run_is_told_in_the_same_words() -> None:
    prepared, _ = grounded("type1-initial", "home-path")
    read = read_back(prepared.grounded)
    explored = explore(prepared.grounded.system)
    for state in range(0, explored.states, explored.states // 7):
        path = explored.path(state)
        assert retell(read, prepared.start, path) == retell(prepared.grounded, prepared.start, path)


def test_leaves_are_found_by_number_from_either_end_and_in_slices() -> None:
    made = grounded("type1-initial", "home-path")[0].grounded
    read = read_back(made)
    assert len(read.leaves) == len(made.leaves) > 200
    assert (read.leaves[0], read.leaves[64], read.leaves[-1]) == (made.leaves[0], made.leaves[64], made.leaves[-1])
    assert tuple(read.leaves[60:70]) == tuple(made.leaves[60:70])
    with pytest.raises(IndexError):
        read.leaves[len(made.leaves)]


def test_a_rule_that_was_not_kept_does_not_pretend_to_run() -> None:
    read = read_back(grounded("type1-initial", "home-path")[0].grounded)
    with pytest.raises(RuntimeError, match="no rule that could be run"):
        read.leaves[0].instance.act.run(None)  # type: ignore[arg-type]


def test_a_cell_made_anew_is_the_one_that_there_is() -> None:
    assert Cell("a cell", 0) is Cell("a cell", 0, ghost=False)
    others = {Cell("a cell", 0), Cell("a cell", False), Cell("a cell", 0, ghost=True), Cell("another", 0)}
    assert len(others) == 4
    assert pickle.loads(pickle.dumps(Cell("a cell", 0))) is Cell("a cell", 0)


class Strange:
    """Becomes a call of anything when it is unpickled."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call, self.arguments


def by_name(module: str, name: str) -> bytes:
    """A pickle of what has this name in this module."""
    stream = io.BytesIO()
    stream.write(
        b"\x80\x04\x8c" + bytes([len(module)]) + module.encode() + b"\x8c" + bytes([len(name)]) + name.encode()
    )
    return stream.getvalue() + b"\x93."


@pytest.mark.parametrize(
    "content", [b"", b"not compressed", zlib.compress(b"no pickle"), zlib.compress(pickle.dumps(1))]
)
def test_what_was_not_packed_is_unreadable(content: bytes) -> None:
    made = grounded("type1-initial", "home-path")[0].grounded
    with pytest.raises(Unreadable):
        unpack(content, made.ground.world, made.ground.adversary)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("pmicheck.wire.keys", "key"),
        ("pmicheck.language.cells", "dataclass"),
        ("pmicheck.model.scenario", "tomllib.loads"),
        ("pmicheck.language.cells", "nothing"),
    ],
)
def test_only_what_the_layers_define_is_made_of_octets(module: str, name: str) -> None:
    made = grounded("type1-initial", "home-path")[0].grounded
    with pytest.raises(Unreadable, match=r"none of the model's|Can't get attribute 'nothing'"):
        unpack(zlib.compress(by_name(module, name)), made.ground.world, made.ground.adversary)


def test_octets_call_nothing(tmp_path: Path) -> None:
    made = grounded("type1-initial", "home-path")[0].grounded
    content = pickle.dumps(Strange(os.mkdir, str(tmp_path / "made")))
    with pytest.raises(Unreadable):
        unpack(zlib.compress(content), made.ground.world, made.ground.adversary)
    assert not (tmp_path / "made").exists()
    pickle.loads(content)
    assert (tmp_path / "made").exists()
