"""The tables of README.md, a pure function of results.json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

README = Path(__file__).parent / "README.md"
RESULTS = Path(__file__).parent / "results.json"
OURS = "pmicheck"
PLAIN_PEERS = {"rumur": ("rumur",), "SPIN": ("SPIN, depth first", "SPIN, breadth first")}
"""Which runs a ratio is taken from: the fastest of these."""

MEBI = 2**20


def with_tables(readme: str, results: dict[str, Any]) -> str:
    """The text with what stands between `<!-- NAME -->` and `<!-- end NAME -->` written anew."""
    for name, table in render(results).items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end {name} -->"
        before, found, rest = readme.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{README.name} has no place for the table '{name}'")
        readme = f"{before}{begin}{table}{end}{after}"
    return readme


def render(results: dict[str, Any]) -> dict[str, str]:
    """The tables by name."""
    return {
        "machine": _machine(results),
        "ratios": _ratios(results["beside"]),
        "runs": _runs(results["beside"]),
        "systems": _systems(results["beside"]),
        "alone": _alone(results["alone"]),
    }


def _machine(results: dict[str, Any]) -> str:
    machine = results["machine"]
    options = machine["options"]
    return "\n".join(
        (
            f"`{results['command']}`, medians of {results['runs']}, on {machine['cpu']}, {machine['cores']} cores, "
            f"{machine['memory'] / 2**30:.0f} GiB, load {machine['load']} at the start; CPython {machine['python']}, "
            f"pmicheck {machine['pmicheck']}, rumur {machine['rumur']}, SPIN {machine['SPIN']}, gcc {machine['gcc']}.",
            "",
            f"    rumur   {' '.join(options['rumur'])}",
            f"    gcc     {' '.join(options['gcc'])}",
            f"    pan     {' '.join(options['pan'])}",
        )
    )


def _ratios(beside: list[dict[str, Any]]) -> str:
    def row(model: dict[str, Any]) -> Iterable[str]:
        yield from (model["title"], f"{model['states']:,}", f"{model['transitions']:,}")
        yield _rate(model, OURS)
        for tools in PLAIN_PEERS.values():
            yield f"{_fastest(model, tools) / _user(model, OURS):.1f} x"

    heads = ("model", "states", "transitions", "pmicheck, states/s", *(f"faster than {peer}" for peer in PLAIN_PEERS))
    return _table(heads, map(row, beside))


def _runs(beside: list[dict[str, Any]]) -> str:
    rows = [
        (
            model["title"] if tool == OURS else "",
            tool,
            f"{_user(model, tool):.2f}",
            _rate(model, tool),
            f"{median(figures['peak']) / MEBI:,.0f}",
            f"{figures['built']:.1f}" if "built" in figures else "",
        )
        for model in beside
        for tool, figures in model["tools"].items()
    ]
    return _table(("model", "tool", "search, s", "states/s", "peak, MiB", "compiling, s"), rows)


def _systems(beside: list[dict[str, Any]]) -> str:
    names = list(beside[0]["system"]) if beside else []
    rows = [
        (
            model["title"],
            *(f"{model['system'][name]:,}" for name in names),
            f"{median(model['tools'][OURS]['process']):.2f}",
        )
        for model in beside
    ]
    return _table(("model", *names, "whole process, s"), rows)


def _alone(rows: list[dict[str, Any]]) -> str:
    one = {row["model"]: median(row["wall"]) for row in rows if row["threads"] == row["searches"] == 1}
    return _table(
        (
            "model",
            "states",
            "transitions",
            "threads",
            "user CPU, s",
            "seconds",
            "states/s",
            "to one thread",
            "octets a state",
        ),
        (
            (
                row["title"],
                f"{row['states']:,}",
                f"{row['transitions']:,}",
                " + ".join([str(row["threads"])] * row["searches"]),
                f"{median(row['user']):.2f}",
                f"{median(row['wall']):.2f}",
                _thousands(row["searches"] * row["states"] / median(row["wall"])),
                f"{row['searches'] * one[row['model']] / median(row['wall']):.2f} x",
                f"{median(row['octets']) / row['states']:.1f}",
            )
            for row in rows
        ),
    )


def _user(model: dict[str, Any], tool: str) -> float:
    return float(median(model["tools"][tool]["user"]))


def _fastest(model: dict[str, Any], tools: Sequence[str]) -> float:
    return min(_user(model, tool) for tool in tools)


def _rate(model: dict[str, Any], tool: str) -> str:
    return _thousands(model["states"] / _user(model, tool))


def _thousands(rate: float) -> str:
    return f"{round(rate, -3):,.0f}"


def _table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
