"""All that a report tells besides the verdicts, gathered from further runs and from the shipped texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from msgspec.structs import replace

from pmicheck.errors import UsageError
from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.report.record.changed import Repairs
from pmicheck.report.record.record import Record
from pmicheck.report.record.review import Change, Mends, Review
from pmicheck.report.words.flaws import flaws
from pmicheck.review.cells import Verdicts, source_of
from pmicheck.review.claims import judge_claims
from pmicheck.review.dispositions import dispositions
from pmicheck.review.graphs import graphs
from pmicheck.review.mending import judge_causes
from pmicheck.review.repair import repair
from pmicheck.review.weakest import weakest
from pmicheck.verdict import Verdict
from pmicheck.verify.matrix import Request
from pmicheck.verify.workers import at_once, pool_of

FEW = 8
"""Up to so many changes at hand, pairs of them are searched too."""

T = TypeVar("T")

Progress = Callable[[str], None]
Part = Callable[[Record, Progress], Record]


def enrich(record: Record, *, progress: Progress, workers: int = 1) -> Record:
    """The record with its review: weakest attackers, other readings, statements, state graphs, repairs, claims, causes.

    Claims, causes, and what falls with each statement, are judged only for a record of all shipped scenarios: they
    cost a whole matrix of runs otherwise. The result does not depend on the number of `workers` (processes). Raises
    UsageError for a partial record.
    """
    if record.partial:
        raise UsageError("a partial record cannot be reviewed; let a run finish first")
    record = replace(record, review=Review(), graphs=())
    whole = set(SHIPPED) <= {result.scenario for result in record.results}
    parts = WHOLE_PARTS if whole else PARTS
    if workers > 1:
        with pool_of(workers) as pool:
            return _gathered(record, parts, lambda work, *arguments: pool.submit(_quietly, work, *arguments))
    return _gathered(record, parts, lambda work, *arguments: at_once(work, *arguments, progress))


def _gathered(record: Record, parts: Sequence[Part], start: Callable[..., Future[Any]]) -> Record:
    """The record with all parts and the repairs, which are searched once the weakest attackers say of which flaws.

    `start` begins a piece of work: a function and its arguments but for the last one, whom to tell of progress.
    """
    started: list[Future[Record]] = [start(part, record) for part in parts]
    with_weakest = _joined(record, started[0].result())
    searches: list[Future[Mends]] = [start(_mends, *harm) for harm in _harms(with_weakest)]
    for each in started:
        record = _joined(record, each.result())
    return replace(record, review=replace(record.review, repairs=tuple(each.result() for each in searches)))


def _quietly(work: Callable[..., T], *arguments: Any) -> T:
    return work(*arguments, lambda _: None)


def _joined(one: Record, other: Record) -> Record:
    """Both reviews in one; each part of a review comes from one side."""
    mine, theirs = one.review, other.review
    review = Review(
        weakest=mine.weakest or theirs.weakest,
        changes=mine.changes or theirs.changes,
        claims=mine.claims or theirs.claims,
        tables=mine.tables or theirs.tables,
        statements=mine.statements or theirs.statements,
        causes=mine.causes or theirs.causes,
    )
    return replace(one, review=review, graphs=one.graphs or other.graphs)


def _with_weakest(record: Record, progress: Progress) -> Record:
    return replace(record, review=Review(weakest=weakest(record, progress=progress)))


def _with_argued(record: Record, progress: Progress) -> Record:
    return replace(record, review=Review(changes=tuple(argued_changes(record))))


def _with_claims(record: Record, progress: Progress) -> Record:
    """Claims, and what other readings change: argued in the scenario files, or decided for the claims."""
    verdicts = Verdicts.of_record(record, progress)
    claims, tables = judge_claims(verdicts)
    argued = tuple(argued_changes(record))
    changes = (*argued, *decided_changes(verdicts, argued))
    return replace(record, review=Review(changes=changes, claims=claims, tables=tables))


def _with_statements(record: Record, progress: Progress) -> Record:
    return replace(record, review=Review(statements=dispositions(record, progress=progress, breaking=False)))


def _with_broken_statements(record: Record, progress: Progress) -> Record:
    return replace(record, review=Review(statements=dispositions(record, progress=progress, breaking=True)))


def _with_causes(record: Record, progress: Progress) -> Record:
    return replace(record, review=Review(causes=judge_causes(record, progress)))


def _with_graphs(record: Record, progress: Progress) -> Record:
    return replace(record, graphs=graphs(record, progress=progress))


PARTS: tuple[Part, ...] = (_with_weakest, _with_argued, _with_graphs, _with_statements)
WHOLE_PARTS: tuple[Part, ...] = (_with_weakest, _with_claims, _with_graphs, _with_broken_statements, _with_causes)
"""The parts of a review but the repairs, which wait for the first of them."""


def _harms(record: Record) -> Iterator[tuple[Request, str]]:
    """The gravest harm of each flaw: the scenario with the weakest attacker that uses it, and the property."""
    settings = tuple(sorted(record.settings.items()))
    for flaw in flaws(record):
        source = source_of(record, flaw.main.scenario)
        if source:
            yield Request(scenarios=(source,), attackers=(flaw.main.attacker,), settings=settings), flaw.main.property


def _mends(request: Request, prop: str, progress: Progress) -> Mends:
    """What makes the property hold against the attacker of the request."""
    found = repair(request, prop, limit=1, progress=progress)
    if not found.found and len(found.changes) <= FEW:
        found = repair(request, prop, limit=2, progress=progress)
    return Mends(found.scenario, prop, tuple(each.changes for each in found.found) or ((_nothing(found),),))


def _nothing(found: Repairs) -> str:
    sizes = "no single change" if found.limit == 1 else f"no set of up to {found.limit} changes"
    return f"{sizes} of the {len(found.changes)} at hand mends it; larger sets were not searched"


def argued_changes(record: Record) -> Iterator[Change]:
    """What the scenario files of the record argue, and the tests bear out, of single readings and sets of them."""
    for name in dict.fromkeys(result.scenario for result in record.results):
        source = source_of(record, name)
        for flip in load_scenario(source).flips if source else ():
            if flip.settings and not flip.without:
                yield Change(name, flip.attackers, flip.properties, flip.settings, flip.verdict, flip.argument)


def decided_changes(verdicts: Verdicts, argued: tuple[Change, ...]) -> Iterator[Change]:
    """The verdicts that another reading turned when the claims were judged, as far as nobody has argued them."""
    known = {(c.scenario, a, p, c.settings) for c in argued for a in c.attackers for p in c.properties}
    for cell, verdict in verdicts.known.items():
        names = (cell.scenario, cell.attacker, cell.property)
        default = verdicts.known.get(dataclasses.replace(cell, settings=()))
        turned = {default, verdict} == {Verdict.HOLDS, Verdict.VIOLATED}
        if cell.settings and not cell.without and turned and (*names, cell.settings) not in known:
            yield Change(cell.scenario, (cell.attacker,), (cell.property,), cell.settings, str(verdict))
