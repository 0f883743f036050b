"""Measures all models, ours beside rumur and SPIN, and writes `results.json` and the tables of `README.md`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.catalogue import ALONE, BESIDE, Model
from benchmarks.peers import OPTIMISED, PAN, RUMUR, Found, Program, build
from benchmarks.process import Measured, measure
from benchmarks.tables import README, RESULTS, render, with_tables
from pmicheck.explore.explorer import kernel_in_use
from pmicheck.report.record.record import tool_version

ROOT = Path(__file__).parents[1]
RUNS = 5


def main() -> None:
    arguments = _arguments()
    if arguments.tables:
        _write_tables()
        return
    models = [model for model in (*BESIDE, *ALONE) if model.name in arguments.models or not arguments.models]
    results = {
        "command": "make bench" if arguments.runs == RUNS else f"python -m benchmarks --runs {arguments.runs}",
        "runs": arguments.runs,
        "machine": _machine(),
        "beside": [_beside(model, arguments.runs) for model in models if model.peers],
        "alone": [row for model in models if not model.peers for row in _alone(model, arguments.runs)],
    }
    if arguments.models:
        print("\n\n".join(render(results).values()))
    else:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        _write_tables()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [model.name for model in (*BESIDE, *ALONE)]
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"only these, and only print: {', '.join(names)}")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each tool on each model (default: {RUNS})")
    parser.add_argument("--tables", action="store_true", help="measure nothing, write the tables anew")
    arguments = parser.parse_args()
    if unknown := set(arguments.models) - set(names):
        parser.error(f"no such model: {', '.join(sorted(unknown))}")
    return arguments


def _beside(model: Model, runs: int) -> dict[str, Any]:
    """All tools on one model in turn, again and again. Raises RuntimeError where two of them count differently."""
    ours: list[dict[str, Any]] = [_ours(model, 1)]
    size = Found(ours[0]["states"], ours[0]["transitions"])
    with tempfile.TemporaryDirectory() as directory:
        programs = [_built(peer, size, Path(directory) / str(n)) for n, peer in enumerate(model.peers)]
        tools: dict[str, dict[str, Any]] = {
            program.peer.tool: {"built": program.built, "user": [], "peak": []} for program in programs
        }
        for run in range(runs):
            if run:
                ours.append(_ours(model, 1))
            for program in programs:
                _tell(f"{model.name}: {program.peer.tool}, run {run + 1}")
                measured = same(size, program)
                tools[program.peer.tool]["user"].append(measured.user)
                tools[program.peer.tool]["peak"].append(measured.peak)
    return {
        "model": model.name,
        "title": model.title,
        "states": size.states,
        "transitions": size.transitions,
        "system": ours[0]["system"],
        "tools": {
            "pmicheck": {
                "user": [run["user"] for run in ours],
                "process": [run["process"] for run in ours],
                "peak": [run["peak"] for run in ours],
            },
            **tools,
        },
    }


def same(size: Found, program: Program) -> Measured:
    """One run of a peer; raises RuntimeError if the model is not of this size there."""
    found, measured = program.run()
    if found != size:
        raise RuntimeError(f"{program.peer.tool} found {found}, pmicheck {size}: not the same model")
    return measured


def _alone(model: Model, runs: int) -> list[dict[str, Any]]:
    """Ours on one model: for each number of threads in turn, and two searches of one thread at once."""
    ways = [(threads, 1) for threads in model.threads] + [(1, 2)]
    rows: dict[tuple[int, int], list[dict[str, Any]]] = {way: [] for way in ways}
    for _ in range(runs):
        for (threads, searches), row in rows.items():
            row.append(_at_once(model, threads, searches))
    return [
        {
            "model": model.name,
            "title": model.title,
            "threads": threads,
            "searches": searches,
            "states": row[0]["states"],
            "transitions": row[0]["transitions"],
            **{figure: [run[figure] for run in row] for figure in ("user", "wall", "octets")},
        }
        for (threads, searches), row in rows.items()
    ]


def _at_once(model: Model, threads: int, searches: int) -> dict[str, Any]:
    """The figures of one of so many searches that begin together: of the one that takes longest."""
    with ThreadPoolExecutor(searches) as pool:
        found = list(pool.map(lambda _: _ours(model, threads), range(searches)))
    return max(found, key=lambda one: float(one["wall"]))


def _ours(model: Model, threads: int) -> dict[str, Any]:
    _tell(f"{model.name}: pmicheck, {threads} thread{'s' if threads > 1 else ''}")
    measured = measure([sys.executable, "-m", "benchmarks.ours", model.name, str(threads)], ROOT)
    figures: dict[str, Any] = json.loads(measured.output)
    return {**figures, "process": measured.user, "peak": measured.peak}


def _built(peer: Any, size: Found, directory: Path) -> Program:
    _tell(f"compiling for {peer.tool}")
    return build(peer, size.states, directory)


def _machine() -> dict[str, Any]:
    """Where it was measured, and with which versions and options."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "pmicheck": f"{tool_version()}, {kernel_in_use()} kernel",
        "rumur": _first_line("rumur", "--version").removeprefix("Rumur version "),
        "SPIN": _first_line("spin", "-V").removeprefix("Spin Version "),
        "gcc": _first_line("gcc", "-dumpfullversion"),
        "options": {"rumur": [*RUMUR, "--set-capacity=..."], "gcc": list(OPTIMISED), "pan": [*PAN, "-E -n -w..."]},
    }


def _first_line(*command: str) -> str:
    return measure(command, ROOT).output.splitlines()[0].strip()


def _write_tables() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    README.write_text(with_tables(README.read_text(encoding="utf-8"), results), encoding="utf-8")


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"benchmarks: {error}")
