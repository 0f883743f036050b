"""The growth curves as a picture: one column for each bound that grows, states above, user CPU time below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLOURS = ("#0b5394", "#b45f06", "#38761d", "#741b47")
MARKERS = ("o", "s", "^", "D")
SAME_EVERYWHERE: Any = {
    "svg.hashsalt": "pmicheck",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
"""So that the same figures give the same octets."""


def draw(curves: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw what `growth.curves` found; the suffix of the path says in which format."""
    columns = list(dict.fromkeys(curve["grows"] for curve in curves))
    with mpl.rc_context(SAME_EVERYWHERE):
        figure = Figure(figsize=(3.1 * len(columns), 6.4), layout="constrained")
        grid = figure.subplots(2, len(columns), sharey="row", sharex="col", squeeze=False)
        for column, grows in enumerate(columns):
            for number, curve in enumerate(c for c in curves if c["grows"] == grows):
                _line(grid[0][column], curve, number, "states")
                _line(grid[1][column], curve, number, "seconds")
            _dress(grid[0][column], grid[1][column], grows)
        grid[0][0].set_ylabel("states")
        grid[1][0].set_ylabel("user CPU seconds, grounding and search")
        figure.supxlabel("a hollow mark: a limit cut the search there, and the space is larger", fontsize=8)
        figure.savefig(path, metadata={"Date": None, "Creator": None} if path.suffix == ".svg" else {})


def _line(axes: Axes, curve: Mapping[str, Any], number: int, what: str) -> None:
    """One curve; a hollow marker where a limit cut the search, so that the true value lies above."""
    places = [point["at"] for point in curve["points"]]
    values = [_value(point, what) for point in curve["points"]]
    colour, marker = COLOURS[number], MARKERS[number]
    axes.plot(places, values, color=colour, marker=marker, label=f"{curve['scenario']}, {curve['attacker']}")
    for place, value, point in zip(places, values, curve["points"], strict=True):
        if not point["complete"]:
            axes.plot([place], [value], color=colour, marker=marker, markerfacecolor="white", markersize=8)


def _value(point: Mapping[str, Any], what: str) -> float:
    return float(point["states"] if what == "states" else max(0.01, point["ground_seconds"] + point["search_seconds"]))


def _dress(above: Axes, below: Axes, grows: str) -> None:
    for axes in (above, below):
        axes.set_yscale("log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, which="major", alpha=0.3)
    above.set_title(grows, fontsize=10)
    above.legend(fontsize=7, loc="best")
    below.set_xlabel(grows)
