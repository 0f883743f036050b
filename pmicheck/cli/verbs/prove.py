"""`pmicheck prove`: properties of scenarios for any number of sessions, by another way than `verify`."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from collections.abc import Iterator, Mapping
from itertools import groupby

from pmicheck.cli import console
from pmicheck.cli.options import request_of
from pmicheck.errors import UsageError
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.prove.judge import Obstacle
from pmicheck.prove.prover import ASSUMES
from pmicheck.prove.prover import prove as proofs_of
from pmicheck.prove.story import story
from pmicheck.report.text.layout import Part, Title, tables
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import ExitCode, Verdict, gravest
from pmicheck.verify.matrix import Cell, plan

OPEN = "open"
Found = list[tuple[Cell, Mapping[str, Obstacle | None]]]


def prove(options: Namespace) -> ExitCode:
    """Raises UsageError and ScenarioError. What is proved although a scenario file expects it to be violated makes
    neither trustworthy."""
    request = request_of(options)
    if PROGRESS in request.properties:
        raise UsageError(f"{PROGRESS} is no invariant, and cannot be proved")
    decider, codes = Decider(), []
    with console.Progress() as progress:
        cells = [cell for cell in plan(request, tell=progress) if cell.invariants]
        found: Found = []
        for cell in cells:
            progress(f"{cell.scenario.name} / {cell.attacker.name} ({len(found) + 1} of {len(cells)})")
            properties = [INVARIANTS[name] for name in cell.invariants]
            found.append((cell, proofs_of(cell.scenario, cell.policy, cell.attacker, properties, decider).obstacles))
    for _, scenario in groupby(found, key=lambda each: each[0].scenario.file):
        console.emit(*_told(list(scenario)))
    console.emit(f"{textwrap.fill(ASSUMES, console.width())}\n")
    codes = [code for cell, obstacles in found for code in _codes(cell, obstacles)]
    return _ended(gravest(codes))


def _told(found: Found) -> Iterator[Part]:
    """The table of one scenario, and what stands in the way of each proof."""
    yield Title(f"{found[0][0].scenario.name}\n")
    names = list(dict.fromkeys(name for _, obstacles in found for name in obstacles))
    words = {
        (name, cell.attacker.name): str(Verdict.PROVED) if obstacle is None else OPEN
        for cell, obstacles in found
        for name, obstacle in obstacles.items()
    }
    yield from tables(names, [cell.attacker.name for cell, _ in found], words, console.width())
    for cell, obstacles in found:
        for name, obstacle in obstacles.items():
            if obstacle is not None:
                yield _why(f"{cell.scenario.name}/{cell.attacker.name}/{name}", name, obstacle)


def _why(heading: str, name: str, obstacle: Obstacle) -> str:
    """The derivation that stands in the way of one proof. It may be none that a run takes."""
    lines = (f"{heading} stays open:", *story(obstacle.causes), INVARIANTS[name].conclusion(obstacle.observation))
    wide = console.width()
    first, *rest = lines
    told = (textwrap.fill(line, wide, initial_indent="  ", subsequent_indent="     ") for line in rest)
    return "\n".join(("", first, *told)) + "\n"


def _codes(cell: Cell, obstacles: Mapping[str, Obstacle | None]) -> Iterator[ExitCode]:
    """What each property says of the run, beside what the scenario file expects."""
    for name, obstacle in obstacles.items():
        violated = cell.scenario.expected(cell.attacker.name, name)[0] == Verdict.VIOLATED
        if obstacle is None:
            yield ExitCode.NOT_TRUSTWORTHY if violated else ExitCode.AS_EXPECTED
        else:
            yield ExitCode.AS_EXPECTED if violated else ExitCode.INCONCLUSIVE


REASONS = {
    ExitCode.INCONCLUSIVE: "some properties stay open that are not expected to be violated",
    ExitCode.NOT_TRUSTWORTHY: "a property is proved that is expected to be violated: one of the two is wrong",
}


def _ended(code: ExitCode) -> ExitCode:
    if code in REASONS:
        console.complain(REASONS[code], code)
    return code
