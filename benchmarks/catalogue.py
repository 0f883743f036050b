"""What is measured: each model as a transition system and in the languages of the peers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.models.clients_servers import clients_servers
from benchmarks.models.grid import grid
from benchmarks.models.needham_schroeder import needham_schroeder
from benchmarks.models.philosophers import philosophers
from benchmarks.models.scenario import scenario
from pmicheck.export.murphi import murphi
from pmicheck.export.promela import promela
from pmicheck.grounding.system import TransitionSystem

SOURCES = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Murphi:
    """A model for rumur; `tool` names the run in all tables."""

    tool: str
    text: Callable[[], str]


@dataclass(frozen=True)
class Promela:
    """A model for SPIN, what its preprocessor is told, and how pan searches."""

    tool: str
    text: Callable[[], str]
    defines: tuple[str, ...]
    breadth_first: bool


@dataclass(frozen=True)
class Model:
    """One model for all tools; where it has no peers it shows how ours scales, on each number of `threads`."""

    name: str
    title: str
    build: Callable[[], TransitionSystem]
    peers: tuple[Murphi | Promela, ...] = ()
    threads: tuple[int, ...] = (1,)


def dining(n: int = 14) -> Model:
    peers = _peers(partial(_murphi, ("philosophers.m",), {"N": n}), _file("philosophers.pml"), {"N": n})
    return Model("philosophers", f"{n} dining philosophers", partial(philosophers, n), peers)


def serving(servers: int = 3, limit: int = 2) -> Model:
    sizes = {"SERVERS": servers, "LIMIT": limit}
    peers = _peers(partial(_murphi, ("clients_servers.m",), sizes), _file("clients_servers.pml"), sizes)
    title = f"3 clients and {servers} servers, lossy one-slot channels, at most {limit} at work"
    return Model("clients-servers", title, partial(clients_servers, 3, servers, limit), peers)


def key_exchange(initiators: int = 2, responders: int = 2, *, fixed: bool = False) -> Model:
    """Besides the plain writings a tighter one for each peer: fewer rule instances, fewer tests of the same guard."""
    sizes = {"INITIATORS": initiators, "RESPONDERS": responders}
    stem, text = "needham_schroeder", _file("needham_schroeder.pml")
    constants = {**sizes, "FIXED": int(fixed)}
    defines = (*_defines(sizes), *(("-DFIXED",) if fixed else ()))
    peers = (
        Murphi("rumur", partial(_murphi, (f"{stem}.m", f"{stem}_sends.m"), constants)),
        Murphi("rumur, typed rulesets", partial(_murphi, (f"{stem}.m", f"{stem}_typed.m"), constants)),
        Promela("SPIN, depth first", text, defines, False),
        Promela("SPIN, breadth first", text, defines, True),
        Promela("SPIN, depth first, nested choice", text, (*defines, "-DNESTED"), False),
    )
    title = f"Needham-Schroeder, {initiators} initiators, {responders} responders, an intruder"
    return Model("needham-schroeder", title, partial(needham_schroeder, initiators, responders, fixed=fixed), peers)


def exported(name: str, attacker: str) -> Model:
    """A scenario of pmicheck, by `pmicheck export`."""
    build = partial(scenario, name, attacker)
    peers = _peers(lambda: murphi(build()), lambda: promela(build()), {})
    return Model(f"{name}/{attacker}", f"`{name}` under `{attacker}`, exported", build, peers)


def _peers(
    for_rumur: Callable[[], str], for_spin: Callable[[], str], sizes: Mapping[str, int]
) -> tuple[Murphi | Promela, ...]:
    return (
        Murphi("rumur", for_rumur),
        Promela("SPIN, depth first", for_spin, _defines(sizes), False),
        Promela("SPIN, breadth first", for_spin, _defines(sizes), True),
    )


def _defines(sizes: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"-D{name}={value}" for name, value in sizes.items())


def _file(name: str) -> Callable[[], str]:
    return partial((SOURCES / name).read_text, encoding="utf-8")


def _murphi(files: tuple[str, ...], constants: Mapping[str, int]) -> str:
    """The files one after the other, with other values for some constants."""
    text = "".join(_file(name)() for name in files)
    for name, value in constants.items():
        text, found = re.subn(rf"(?m)^  {name}: \d+;", f"  {name}: {value};", text)
        if found != 1:
            raise ValueError(f"{files[0]} has {found} constants {name}")
    return text


BESIDE = (dining(), serving(), key_exchange(), exported("type1-handover", "malicious-mn"))
"""Measured beside the peers."""

SETTLED = ("type1-settled-wide", "off-path")

ALONE = (
    Model("philosophers-15", "15 dining philosophers", partial(philosophers, 15), threads=(1, 2)),
    Model("grid-10M", "7 counters of 10", partial(grid, *[10] * 7), threads=(1, 2)),
    Model("grid-50M", "7 counters of 10, one of 5", partial(grid, *[10] * 7, 5), threads=(1, 2)),
    Model("settled", "`type1-settled-wide` under `off-path`", partial(scenario, *SETTLED), threads=(1, 2)),
)
"""Measured for speed on one and two threads and for memory."""


def named(name: str) -> Model:
    """Raises KeyError for a name that no model has."""
    return {model.name: model for model in (*BESIDE, *ALONE)}[name]
