"""The steps of a trace as the page of a finding tells them: what each does, changes, needs and gives away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from pmicheck.report.words.characters import one_line
from pmicheck.report.words.narration import citation, proper, sentence, short_octets
from pmicheck.trace import Known, Step, Trace

SENTENCE = 400
"""Characters of what a step does; more are cut."""


@dataclass(frozen=True)
class Derived:
    """A term that the attacker holds: how it came by it, and from which others.

    `again` says that those are told elsewhere in the same step, so that no term is told twice.
    """

    term: str
    how: str
    premises: tuple[Derived, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Shown:
    """One step.

    Attributes:
        marks: (class of a style sheet, word) pairs: whose doing it is, whether the others need it.
        changes: (cell, before, after).
        needed: what the attacker had to have for it, as derivation trees.
        learned: (term, how) of what it knows from now on.
        source: the document and section that order it; packet: length and first octets, "" without a packet.
    """

    number: int
    step: Step
    sentence: str
    marks: tuple[tuple[str, str], ...]
    changes: tuple[tuple[str, str, str], ...]
    needed: tuple[Derived, ...]
    learned: tuple[tuple[str, str], ...]
    source: str
    packet: str


def shown(trace: Trace) -> tuple[Shown, ...]:
    """The steps in order."""
    return tuple(_shown(number, step, trace) for number, step in enumerate(trace.steps, start=1))


def derivations(step: Step) -> tuple[Derived, ...]:
    """The trees of a step: at each root a term that it needed, below each term those that it was derived from."""
    below = {at: [each for each in known.premises if 0 <= each < at] for at, known in enumerate(step.known)}
    used = {each for premises in below.values() for each in premises}
    told: set[int] = set()

    def derived(at: int) -> Derived:
        again = at in told and bool(below.get(at))
        told.add(at)
        premises = () if again else tuple(derived(each) for each in below.get(at, ()))
        return Derived(*_halves(step.known[at]), premises, again)

    return tuple(derived(at) for at in range(len(step.known)) if at not in used)


def _shown(number: int, step: Step, trace: Trace) -> Shown:
    return Shown(
        number=number,
        step=step,
        sentence=one_line(proper(sentence(step)), SENTENCE),
        marks=tuple(_marks(number, step, trace)),
        changes=tuple(_changes(step)),
        needed=derivations(step),
        learned=tuple(map(_halves, step.learned)),
        source=citation(replace(step, statements=())),
        packet=short_octets(step.octets) if step.octets else "",
    )


def _marks(number: int, step: Step, trace: Trace) -> Iterator[tuple[str, str]]:
    if step.attacker:
        yield "attacker", "attacker’s doing"
    if step.prologue:
        yield "prologue", "prologue"
    if step.essential is not None:
        yield ("essential", "essential") if step.essential else ("spare", "not essential")
    if number == trace.no_return:
        yield "no-return", "point of no return"


def _changes(step: Step) -> Iterator[tuple[str, str, str]]:
    """Cell, value before (if that was recorded), value after."""
    for each in step.cells:
        yield each.cell, ", ".join(each.was), ", ".join(each.now)


def _halves(known: Known) -> tuple[str, str]:
    return known.words, f"{known.how}{known.when}"
