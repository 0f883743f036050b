"""How states and time grow with what a scenario's bounds allow: measured, stored and drawn.

    python -m benchmarks.growth              measure all, keep it in growth.json, draw growth.svg
    python -m benchmarks.growth picture      draw what growth.json holds
    python -m benchmarks.growth table        print the figures of the widened scenarios in it, as Markdown

Every point is a run in a process of its own, so that none profits from what another has built or cached.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MAX_STATES = 100_000_000
MAX_SECONDS = 600.0

Points = tuple[tuple[int, Mapping[str, int]], ...]
"""Places on the axis, each with the bounds to ask for there."""


@dataclass(frozen=True)
class Curve:
    """A scenario under one attacker while one of its bounds grows.

    Attributes:
        grows: what the axis counts; curves of the same are drawn side by side.
    """

    grows: str
    scenario: str
    attacker: str
    points: Points


def _rising(bound: str, first: int, last: int) -> Points:
    return tuple((number, {bound: number}) for number in range(first, last + 1))


FLOWS: Points = ((1, {}), (2, {"mobile_nodes": 2}), (4, {"mobile_nodes": 2, "correspondents": 2}))
REGISTRATIONS = tuple((refreshes + 1, {"refreshes": refreshes}) for refreshes in range(1, 4))
NONCES = ((1, 0), (2, 1), (3, 3), (4, 4))
"""Nonces that a correspondent hands out until the last phase of the clock (`pmicheck.model.time`)."""
PHASES = tuple((nonces, {"clock": last, "honest_until": last}) for nonces, last in NONCES)

CURVES = (
    Curve("flows (mobile nodes x correspondents)", "type1-initial", "off-path", FLOWS),
    Curve("flows (mobile nodes x correspondents)", "type1-refresh", "off-path", FLOWS),
    Curve("flows (mobile nodes x correspondents)", "type2-rr", "off-path", FLOWS[:2]),
    Curve("sessions of one node", "type1-refresh", "off-path", REGISTRATIONS),
    Curve("sessions of one node", "type1-refresh", "home-path", REGISTRATIONS),
    Curve("sessions of one node", "type1-refresh", "careof-path", REGISTRATIONS),
    Curve("handovers", "type1-handover", "off-path", _rising("handovers", 1, 3)),
    Curve("handovers", "type1-handover", "home-path", _rising("handovers", 1, 3)),
    Curve("handovers", "type2-handshake-handover", "off-path", _rising("handovers", 1, 3)),
    Curve("nonces", "rr-mobile", "off-path", PHASES),
    Curve("nonces", "rr-mobile", "careof-path", PHASES),
    Curve("nonces", "type1-initial", "dolev-yao", PHASES),
    Curve("nonces", "type2-local", "malicious-mn", PHASES),
    Curve("repetitions", "rr-mobile", "off-path", _rising("retransmissions", 0, 3)),
    Curve("repetitions", "ero-initial", "careof-path", _rising("retransmissions", 0, 3)),
    Curve("repetitions", "type2-handshake", "off-path", _rising("retransmissions", 0, 2)),
)


def measure(scenario: str, attacker: str, bounds: Mapping[str, int], limits: Mapping[str, float]) -> dict[str, Any]:
    """Ground and explore once, for all properties that apply.

    Returns:
        Bounds, states, transitions, depth, whether the search was complete, user CPU seconds of grounding and of
        search, octets a state; states and seconds of a search slice by slice.
    """
    from pmicheck.explore.explorer import explore
    from pmicheck.grounding.run import prepare
    from pmicheck.properties.catalogue import INVARIANTS
    from pmicheck.reduce.reduction import CONE
    from pmicheck.verify.engine import Engine
    from pmicheck.verify.matrix import Request, plan

    settings = tuple((name, str(value)) for name, value in bounds.items())
    (cell,) = plan(Request((scenario,), (attacker,), settings=settings))
    properties = [INVARIANTS[name] for name in cell.properties if name in INVARIANTS]
    began = os.times().user
    system = prepare(cell.scenario, cell.policy, cell.attacker, properties).grounded.system
    ground = os.times().user
    found = explore(system, max_states=int(limits["states"]), max_seconds=limits["seconds"])
    whole = os.times().user
    sliced = Engine(int(limits["states"]), limits["seconds"], reduce=(CONE,)).explore(system)
    return {
        "bounds": dict(bounds),
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "complete": found.complete,
        "ground_seconds": round(ground - began, 2),
        "search_seconds": round(whole - ground, 2),
        "sliced_states": sliced.states,
        "sliced_complete": sliced.complete,
        "sliced_seconds": round(os.times().user - whole, 2),
        "octets_per_state": round(found.bytes_per_state or 0),
    }


def curves(limits: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every curve with its points, up to the first that a limit cut: what lies beyond is larger."""
    return [{**asdict(curve), "points": list(_points(curve, limits))} for curve in CURVES]


def wide(limits: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every widened scenario under each attacker that its file names."""
    from pmicheck.model.scenario import WIDENED, load_scenario

    return [
        {"scenario": name, "attacker": attacker, **_apart(name, attacker, {}, limits)}
        for name in WIDENED
        for attacker in load_scenario(name).attackers
    ]


PARTS = {"curves": curves, "wide": wide}
SHOWN = ("picture", "table")


def _points(curve: Curve, limits: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    for place, bounds in curve.points:
        found = _apart(curve.scenario, curve.attacker, bounds, limits)
        yield {"at": place, **found}
        if not found["complete"]:
            return


def _apart(scenario: str, attacker: str, bounds: Mapping[str, int], limits: Mapping[str, float]) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        found = process.submit(measure, scenario, attacker, bounds, limits).result()
    asked = " ".join(f"{name}={value}" for name, value in bounds.items())
    cut = "" if found["complete"] else " and more"
    print(f"{scenario} {asked} / {attacker}: {found['states']:,} states{cut}", file=sys.stderr, flush=True)
    return found


def table(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The figures of `wide` as lines of a Markdown table."""
    yield "| scenario | attacker | states | transitions | depth | grounding, s | search, s | in slices | search, s |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|"
    for each in found:
        at_least = "" if each["complete"] else "> "
        counts = f"{at_least}{each['states']:,} | {at_least}{each['transitions']:,} | {at_least}{each['depth']}"
        times = f"{each['ground_seconds']:.1f} | {each['search_seconds']:.1f}"
        sliced = f"{'' if each['sliced_complete'] else '> '}{each['sliced_states']:,} | {each['sliced_seconds']:.1f}"
        yield f"| {each['scenario']} | {each['attacker']} | {counts} | {times} | {sliced} |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join((*PARTS, *SHOWN))}; default: all")
    parser.add_argument("--max-states", type=int, default=MAX_STATES, metavar="N", help="default: %(default)s")
    parser.add_argument("--max-seconds", type=float, default=MAX_SECONDS, metavar="S", help="default: %(default)s")
    options = parser.parse_args(arguments)
    parts = options.parts or [*PARTS, *SHOWN]
    if unknown := set(parts) - {*PARTS, *SHOWN}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    stored = HERE / "growth.json"
    found: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    if stored.exists():
        found |= json.loads(stored.read_text(encoding="utf-8"))
    for part in [name for name in PARTS if name in parts]:
        found[part] = PARTS[part]({"states": options.max_states, "seconds": options.max_seconds})
        stored.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if "picture" in parts:
        from benchmarks.growth_plot import draw

        draw(found["curves"], HERE / "growth.svg")
    if "table" in parts:
        print("\n".join(table(found["wide"])))


if __name__ == "__main__":
    main()
