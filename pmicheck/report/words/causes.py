"""The root causes of a review: their order, whom each lets do what, and what its change of the draft is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Cause, Explained
from pmicheck.report.words.narration import stopped
from pmicheck.verdict import Verdict


@dataclass(frozen=True)
class Harms:
    """What one attacker does by a cause: by property, gravest first, the scenarios."""

    attacker: str
    properties: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Remedy:
    """What becomes of a cause with its change in force.

    Attributes:
        word: what the change is: "Repair", if runs show that it holds for every attacker; else another heading.
        sentences: what it says, and what the runs say of it.
        left: what is still violated with the changes of all causes in force.
    """

    word: str
    sentences: tuple[str, ...]
    left: tuple[Harms, ...]


def ranked(record: Record) -> tuple[Cause, ...]:
    """The causes of the review, worst first.

    The draft's own come before the accepted risks of its ancestors, then those that a violation shows. The order of
    the rest is that of the weakest attacker, then of the gravest harm, then of how much is violated.
    """
    return tuple(sorted(record.review.causes, key=lambda cause: _rank(cause, record.catalogue)))


def _rank(cause: Cause, words: Catalogue) -> tuple[object, ...]:
    attackers = [words.rank(each.attacker) for each in cause.cells]
    gravest = [words.gravity(each.property) for each in cause.cells]
    return (
        bool(cause.inherited),
        not cause.cells,
        min(attackers, default=0),
        min(gravest, default=0),
        -len(cause.cells),
        cause.name,
    )


def harms(cells: Iterable[Explained], words: Catalogue) -> tuple[Harms, ...]:
    """The cells by attacker, the weakest first."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in cells:
        where = each.scenario + "".join(f" with {name}={value}" for name, value in each.settings)
        found.setdefault(each.attacker, {}).setdefault(each.property, []).append(where)
    return tuple(
        Harms(
            attacker,
            tuple((prop, tuple(found[attacker][prop])) for prop in sorted(found[attacker], key=words.gravity)),
        )
        for attacker in sorted(found, key=words.rank)
    )


def remedy(cause: Cause, words: Catalogue) -> Remedy:
    """What the runs of the review say of the cause's change."""
    left = harms(cause.left, words)
    if cause.repaired:
        return Remedy("Repair", tuple(_verified(cause)), ())
    if not cause.change:
        return Remedy("No repair", ("No change of the text is proposed.", *_others(cause)), left)
    if not cause.settings:
        return Remedy("Change, not verified", (cause.change, "The model cannot put it in force."), left)
    if not cause.cells:
        return Remedy("Change, not verified", (cause.change, "No violation was there to try it on."), left)
    return Remedy("No repair", ("No change at hand ends it for every attacker.", *_tried(cause)), left)


def _verified(cause: Cause) -> Iterable[str]:
    ended = len(cause.cells) - len(cause.shared)
    yield cause.change
    yield f"Runs with {_settings(cause)}: {_of(ended, len(cause.cells))} of this cause hold, and progress holds."
    if cause.shared:
        yield f"The other {len(cause.shared)} have further causes, and hold with the changes of all causes in force."


def _tried(cause: Cause) -> Iterable[str]:
    ended = sum(each.alone == Verdict.HOLDS for each in cause.cells)
    yield f"This one helps: {cause.change}" if ended else f"This one was tried: {cause.change}"
    yield f"With {_settings(cause)} {_of(ended, len(cause.cells))} of this cause hold."
    if cause.stuck:
        yield f"The goal is then out of reach in {', '.join(cause.stuck)}."
    if cause.left:
        yield f"With the changes of all causes in force {_of(len(cause.left), len(cause.cells))} are left."


def _others(cause: Cause) -> Iterable[str]:
    ended = len(cause.shared)
    if ended:
        yield f"With the changes of all other causes in force {_of(ended, len(cause.cells))} of this cause hold."


def _settings(cause: Cause) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in cause.settings)


def _of(some: int, number: int) -> str:
    return f"{some} of {number} cells"


def unexplained(record: Record) -> tuple[Result, ...]:
    """The violations that no cause of the review explains."""
    known = {(each.names(), each.settings) for cause in record.review.causes for each in cause.cells}
    settings: dict[tuple[str, str, str], list[tuple[tuple[str, str], ...]]] = {}
    for names, chosen in known:
        settings.setdefault(names, []).append(chosen)

    def belongs(result: Result) -> bool:
        mine = set(result.readings.items())
        return any(set(chosen) <= mine for chosen in settings.get(result.names(), ()))

    violated = (each for each in record.results if each.verdict is Verdict.VIOLATED and not each.without)
    return tuple(each for each in violated if not belongs(each))


def title(cause: Cause) -> str:
    """The cause as a sentence."""
    return stopped(cause.says)
