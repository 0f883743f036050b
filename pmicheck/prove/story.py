"""How the facts came about that stand in the way of a proof: the steps, first things first."""

from __future__ import annotations

from collections.abc import Iterable

from pmicheck.model.messages import describe
from pmicheck.prove.facts import Step


def story(causes: Iterable[Step]) -> tuple[str, ...]:
    """A line for each step without which the causes would not have been found, the causes included.

    A step names the message that it processed, with `#0`, `#1` for numbers of which no more is known than that they
    are equal where the sign is, and the earlier steps whose results it reads.
    """
    found: dict[int, Step] = {}
    agenda = list(causes)
    while agenda:
        step = agenda.pop()
        if step.number not in found:
            found[step.number] = step
            agenda += step.reads
    place = {number: at for at, number in enumerate(sorted(found), 1)}
    return tuple(_line(place, found[number]) for number in place)


def _line(place: dict[int, int], step: Step) -> str:
    message = "" if step.message is None else f", {describe(step.message)}"
    who = "attacker: " if step.by_attacker and step.message is not None else ""
    after = sorted({place[earlier.number] for earlier in step.reads})
    because = f" (after {', '.join(map(str, after))})" if after else ""
    return f"{place[step.number]}. {who}{step.act.name}{message}{because}"
