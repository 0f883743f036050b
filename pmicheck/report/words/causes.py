"""The root causes of a review: their order, whom each lets do what, and what its change of the draft is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pmicheck.report.record.catalogue import Catalogue
from pmicheck.report.record.record import Record, Result
from pmicheck.report.record.review import Cause, Explained
from pmicheck.report.words.narration import capital, stopped
from pmicheck.verdict import Verdict


@dataclass(frozen=True)
class Harms:
    """What attackers do by a cause, each of them alike: by property, gravest first, the scenarios."""

    attackers: tuple[str, ...]
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
    cells = cause.own or cause.cells
    attackers = [words.rank(each.attacker) for each in cells]
    gravest = [words.gravity(each.property) for each in cells]
    return (
        bool(cause.inherited),
        not cause.cells,
        min(attackers, default=0),
        min(gravest, default=0),
        -len(cause.cells),
        cause.name,
    )


def harms(cells: Iterable[Explained], words: Catalogue) -> tuple[Harms, ...]:
    """The cells by attacker, the weakest first; attackers who do the same share a row."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in cells:
        where = each.scenario + "".join(f" with {name}={value}" for name, value in each.settings)
        found.setdefault(each.attacker, {}).setdefault(each.property, []).append(where)
    alike: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for attacker in sorted(found, key=words.rank):
        deeds = sorted(found[attacker].items(), key=lambda deed: words.gravity(deed[0]))
        alike.setdefault(tuple((prop, tuple(where)) for prop, where in deeds), []).append(attacker)
    return tuple(Harms(tuple(attackers), deeds) for deeds, attackers in alike.items())


def remedy(cause: Cause, words: Catalogue) -> Remedy:
    """What the runs of the review say of the cause's change."""
    left = harms(cause.left, words)
    if cause.repaired:
        return Remedy("Repair", (cause.change, *_effect(cause)), ())
    if not cause.change:
        return Remedy("No repair", ("No change of the text is proposed.", *_effect(cause)), left)
    if not cause.settings:
        return Remedy("Not verified", (cause.change, "The model cannot put this change in force."), left)
    if not cause.own:
        return Remedy(
            "Not verified", (cause.change, "Nothing of the draft shows it in a run, so it was not tried."), left
        )
    if not (cause.ended or cause.shared):
        said = f"This change was tried and ends nothing by itself: {cause.change}"
    else:
        said = f"No change at hand ends it for every attacker. This one helps: {cause.change}"
    return Remedy("No repair", (said, *_effect(cause)), left)


def _effect(cause: Cause) -> Iterator[str]:
    """What the runs showed, in figures."""
    number = len(cause.own)
    if cause.settings:
        yield f"Runs with {_settings(cause)} end {len(cause.ended)} of {number} violations."
    if cause.shared:
        yield f"Of the rest, {len(cause.shared)} end with the changes of all causes in force, and not without this one."
    if cause.by_others:
        yield f"The changes of other causes end {len(cause.by_others)} without one for this cause."
    if cause.left:
        yield f"With all changes in force {len(cause.left)} are left."
    if cause.stuck:
        yield f"The goal is then out of reach in {', '.join(cause.stuck)}."
    elif cause.settings and cause.own:
        yield "The goal of each scenario stays in reach."


def _settings(cause: Cause) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in cause.settings)


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
    return stopped(capital(cause.says))
