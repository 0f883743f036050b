"""`pmicheck export`: one scenario under one attacker as source for another model checker."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pmicheck.cli import console
from pmicheck.cli.requests import request_of
from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.result import Exploration, telling
from pmicheck.export.murphi import murphi
from pmicheck.export.promela import promela
from pmicheck.export.source import Invariant
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.files import check_writable, write_text
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import ExitCode
from pmicheck.verify.deciding import search
from pmicheck.verify.matrix import Request, plan

STDOUT = Path("-")
WRITERS = {"murphi": murphi, "promela": promela}


@dataclass(frozen=True)
class Judged:
    """A system, what its exploration found, and each property as an invariant, with its shortest violation's length.

    An invariant allows the values of its projection that were seen and break nothing. That no others are reachable is
    the explorer's word; a checker that reaches another one takes it for a violation.
    """

    system: TransitionSystem
    explored: Exploration
    invariants: tuple[Invariant, ...]
    lengths: tuple[int | None, ...]


def export(options: Namespace) -> ExitCode:
    """Raises UsageError, OutputError, and LimitReached where the exploration was cut, so that verdicts are missing."""
    request = request_of(options)
    if PROGRESS in request.properties:
        raise UsageError(f"{PROGRESS} is no invariant, and cannot be exported")
    if options.output != STDOUT:
        check_writable(options.output)
    with console.Progress() as progress:
        judged = judged_of(request, progress=progress)
    text = WRITERS[options.to](
        judged.system, invariants=chosen(judged, request.properties), remarks=tuple(remarks(judged))
    )
    if options.output == STDOUT:
        console.emit_raw(text.replace("##", "# #"))  # a name in a comment may be a command to a CI job's runner
    else:
        write_text(options.output, text)
    return ExitCode.AS_EXPECTED


def judged_of(request: Request, *, progress: Callable[[str], None] = lambda _: None) -> Judged:
    """The one cell that a request names, explored for every property that applies, whichever the request names.

    Raises:
        UsageError, ScenarioError: an unknown name, or one that does not apply.
        LimitReached: the exploration was cut.
    """
    (cell,) = plan(replace(request, properties=()))
    properties = tuple(INVARIANTS[name] for name in cell.invariants)
    prepared = cell.engine.prepare(cell.scenario, cell.policy, cell.attacker, properties)
    system = prepared.grounded.system
    judged = search(prepared, Decider(), engine=cell.engine, whole=True, watch=telling(system.name, progress))
    explored = judged.explored
    if not explored.complete:
        raise LimitReached(f"{system.name}: {explored.stopped_by} cut the exploration, so no verdict can be exported")
    invariants, lengths = [], []
    every = zip(properties, system.projections, judged.first, explored.projections, strict=True)
    for prop, projection, finding, shown in every:
        allowed = tuple(
            (seen.local, seen.knowledge)
            for seen in shown
            if finding is None or finding.judge(seen.local, seen.knowledge) is None
        )
        lengths.append(finding.seen.depth if finding else None)
        holds = "holds" if projection.mask or projection.facts else "holds, as nothing that it looks at ever changes"
        remark = f"violated, after {finding.seen.depth} steps at the earliest" if finding else holds
        invariants.append(Invariant(prop.name, remark, projection.mask, projection.facts, allowed))
    return Judged(system, explored, tuple(invariants), tuple(lengths))


def chosen(judged: Judged, names: Sequence[str]) -> tuple[Invariant, ...]:
    """The invariants of these names, or all if there are none. Raises UsageError for one that does not apply."""
    known = {invariant.name: invariant for invariant in judged.invariants}
    for name in names:
        if name not in known:
            raise UsageError(f"{name} does not apply to {judged.system.name}")
    return tuple(known[name] for name in names) or judged.invariants


def remarks(judged: Judged) -> Iterator[str]:
    """What the peer should find."""
    found = judged.explored
    yield f"pmicheck: {found.states} states, {found.transitions} rules fired, depth {found.depth}"
