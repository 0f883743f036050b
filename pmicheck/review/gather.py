"""All that a report tells besides the record, gathered from further runs and from the shipped texts.

python -m pmicheck.review.gather DIRECTORY RECORD     writes DIRECTORY/findings.md
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pmicheck.analysis import Request
from pmicheck.errors import UsageError
from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.model.statements import load_statements
from pmicheck.report.changed import Repairs
from pmicheck.report.directory import FINDINGS
from pmicheck.report.files import write_text
from pmicheck.report.findings import render
from pmicheck.report.flaws import flaws
from pmicheck.report.record import Record, load
from pmicheck.report.review import Change, Review
from pmicheck.review.cells import Verdicts
from pmicheck.review.claims import judge_claims
from pmicheck.review.repair import repair
from pmicheck.review.weakest import weakest
from pmicheck.verdict import Verdict

FEW = 8
"""Up to so many changes at hand, pairs of them are searched too."""


def gather(record: Record, *, progress: Callable[[str], None]) -> Review:
    """The review of a record: weakest attackers, claims, what other readings change, and the flaws' repairs."""
    verdicts = Verdicts.of_record(record, progress)
    claims, tables = judge_claims(verdicts)
    argued = tuple(argued_changes(record))
    review = Review(
        weakest=weakest(record, progress=progress),
        changes=(*argued, *decided_changes(verdicts, argued)),
        claims=claims,
        tables=tables,
        statements={name: (one.section, one.says) for name, one in load_statements().items()},
    )
    return replace(review, repairs=dict(_repairs(record, review, progress)))


def _repairs(
    record: Record, review: Review, progress: Callable[[str], None]
) -> Iterator[tuple[tuple[str, str], tuple[tuple[str, ...], ...]]]:
    """For the gravest harm of each flaw: what mends it against the weakest attacker that uses it."""
    for flaw in flaws(record, review):
        place = (flaw.main.scenario, flaw.main.property)
        request = Request(scenarios=(flaw.main.scenario,), attackers=(flaw.main.attacker,))
        found = repair(request, flaw.main.property, limit=1, progress=progress)
        if not found.found and len(found.changes) <= FEW:
            found = repair(request, flaw.main.property, limit=2, progress=progress)
        yield place, tuple(each.changes for each in found.found) or ((_nothing(found),),)


def _nothing(found: Repairs) -> str:
    sizes = "no single change" if found.limit == 1 else f"no set of up to {found.limit} changes"
    return f"{sizes} of the {len(found.changes)} at hand mends it; larger sets were not searched"


def main(arguments: Sequence[str]) -> None:
    """`arguments`: the directory to write `findings.md` to, the record to read. Raises UsageError, OutputError."""
    if len(arguments) != 2:
        raise UsageError("usage: python -m pmicheck.review.gather DIRECTORY RECORD")
    directory, source = map(Path, arguments)
    record = load(source)
    write_text(directory / FINDINGS, render(record, gather(record, progress=lambda _: None)))


def argued_changes(record: Record) -> Iterator[Change]:
    """What the scenario files of the record argue, and the tests bear out, of single readings and sets of them."""
    for name in dict.fromkeys(result.scenario for result in record.results):
        for flip in load_scenario(name).flips if name in SHIPPED else ():
            if flip.settings and not flip.without:
                yield Change(name, flip.attackers, flip.properties, flip.settings, flip.verdict, flip.argument)


def decided_changes(verdicts: Verdicts, argued: tuple[Change, ...]) -> Iterator[Change]:
    """The verdicts that another reading turned when the claims were judged, as far as nobody has argued them."""
    known = {(c.scenario, a, p, c.settings) for c in argued for a in c.attackers for p in c.properties}
    for cell, verdict in verdicts.known.items():
        names = (cell.scenario, cell.attacker, cell.property)
        default = verdicts.known.get(replace(cell, settings=()))
        turned = {default, verdict} == {Verdict.HOLDS, Verdict.VIOLATED}
        if cell.settings and not cell.without and turned and (*names, cell.settings) not in known:
            yield Change(cell.scenario, (cell.attacker,), (cell.property,), cell.settings, str(verdict))


if __name__ == "__main__":
    main(sys.argv[1:])
