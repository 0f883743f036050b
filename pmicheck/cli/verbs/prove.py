"""`pmicheck prove`: properties of scenarios for any number of sessions, by another way than `verify`."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from pmicheck.cli import console
from pmicheck.cli.requests import request_of
from pmicheck.errors import UsageError
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.prove.judge import Obstacle
from pmicheck.prove.prover import ASSUMES, Proofs
from pmicheck.prove.prover import prove as proofs_of
from pmicheck.prove.story import story
from pmicheck.report.text.layout import Part, Title, tables
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import ExitCode, Verdict, gravest
from pmicheck.verify.matrix import Cell, plan
from pmicheck.verify.results import expected_of

OPEN = "open"
Found = list[tuple[Cell, Proofs]]


def prove(options: Namespace) -> ExitCode:
    """Raises UsageError and ScenarioError. What is proved although a scenario file expects it to be violated makes
    neither trustworthy."""
    request = request_of(options)
    if PROGRESS in request.properties:
        raise UsageError(f"{PROGRESS} is no invariant, and cannot be proved")
    decider = Decider()
    with console.Progress() as progress:
        cells = [cell for cell in plan(request, tell=progress) if cell.invariants]
        found: Found = []
        for cell in cells:
            progress(f"{cell.scenario.name} / {cell.attacker.name} ({len(found) + 1} of {len(cells)})")
            properties = [INVARIANTS[name] for name in cell.invariants]
            found.append((cell, proofs_of(cell.scenario, cell.policy, cell.attacker, properties, decider)))
    for _, scenario in groupby(found, key=lambda each: each[0].scenario.file):
        console.emit(*_told(list(scenario)))
    console.emit(f"{textwrap.fill(f'Bounds: {ASSUMES}.', console.width())}\n")
    return _ended(gravest([code for cell, proofs in found for code in _codes(cell, proofs.obstacles)]))


def _told(found: Found) -> Iterator[Part]:
    """The table of one scenario, and what stands in the way of each proof."""
    yield Title(f"{found[0][0].scenario.name}\n")
    names = list(dict.fromkeys(name for _, proofs in found for name in proofs.obstacles))
    words = {
        (name, cell.attacker.name): str(Verdict.PROVED) if obstacle is None else OPEN
        for cell, proofs in found
        for name, obstacle in proofs.obstacles.items()
    }
    yield from tables(names, [cell.attacker.name for cell, _ in found], words, console.width())
    for cell, proofs in found:
        for name, obstacle in proofs.obstacles.items():
            if obstacle is not None:
                why = (proofs.beyond,) if proofs.beyond else _derivation(name, obstacle)
                yield _open(f"{cell.scenario.name}/{cell.attacker.name}/{name}", why)


def _derivation(name: str, obstacle: Obstacle) -> tuple[str, ...]:
    """What stands in the way of one proof. It may be none that a run takes."""
    return *story(obstacle.causes), INVARIANTS[name].conclusion(obstacle.observation)


def _open(name: str, why: Iterable[str]) -> str:
    indented = (textwrap.fill(line, console.width(), initial_indent="  ", subsequent_indent="     ") for line in why)
    return "\n".join(("", f"{name} stays open:", *indented)) + "\n"


def _codes(cell: Cell, obstacles: Mapping[str, Obstacle | None]) -> Iterator[ExitCode]:
    """What each property says of the run, beside what the scenario file expects."""
    for name, obstacle in obstacles.items():
        violated = expected_of(cell, name)[0] == Verdict.VIOLATED
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
