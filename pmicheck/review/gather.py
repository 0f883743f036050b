"""All that a report tells besides the record, gathered from further runs and from the shipped texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pmicheck.model.scenario import SHIPPED, load_scenario
from pmicheck.model.statements import load_statements
from pmicheck.report.record import Record
from pmicheck.report.review import Change, Review
from pmicheck.review.cells import Verdicts
from pmicheck.review.claims import judge_claims
from pmicheck.review.weakest import weakest


def gather(record: Record, *, progress: Callable[[str], None]) -> Review:
    """The review of a record: its weakest attackers, the claims it decides, what other readings change.

    Repairs are a search of their own and are left to the caller (`dataclasses.replace`).
    """
    claims, tables = judge_claims(Verdicts.of_record(record, progress))
    return Review(
        weakest=weakest(record, progress=progress),
        changes=tuple(_changes(record)),
        claims=claims,
        tables=tables,
        statements={name: (one.section, one.says) for name, one in load_statements().items()},
    )


def _changes(record: Record) -> Iterator[Change]:
    """What the scenario files of the record argue, and the tests bear out, of single readings and sets of them."""
    for name in dict.fromkeys(result.scenario for result in record.results):
        for flip in load_scenario(name).flips if name in SHIPPED else ():
            if flip.settings and not flip.without:
                yield Change(name, flip.attackers, flip.properties, flip.settings, flip.verdict, flip.argument)
