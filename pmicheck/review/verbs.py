"""The verbs `ablate`, `readings` and `repair`: from a request to the text and the JSON values."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any, NamedTuple

from pmicheck.report.record.changed import Repairs, Trials
from pmicheck.report.text import review_text
from pmicheck.review.ablation import ablate
from pmicheck.review.alternatives import other_readings
from pmicheck.review.repair import repair
from pmicheck.verify.matrix import Request


class Told(NamedTuple):
    """What a verb has to say; `complete` is False if a limit left something open."""

    text: Callable[[int], str]
    values: Any
    complete: bool


def run(
    options: Namespace, request: Request, *, progress: Callable[[str], None], partial: Callable[[Told], None]
) -> Told:
    """Do what the verb says. Raises UsageError, ScenarioError as `pmicheck.verify.analysis.verify`.

    `partial` is called with what there is by then if the run does not come to its end, whatever the reason.
    """

    def hand_over(result: Trials | Repairs) -> None:
        partial(_told(result))

    match options.verb:
        case "ablate":
            return _told(ablate(request, progress=progress, partial=hand_over))
        case "readings":
            return _told(other_readings(request, pairs=options.pairs, progress=progress, partial=hand_over))
    return _told(repair(request, options.property[0], limit=options.limit, progress=progress, partial=hand_over))


def _told(result: Trials | Repairs) -> Told:
    def text(width: int) -> str:
        if isinstance(result, Trials):
            return review_text.trials(result, width=width)
        return review_text.repairs(result, width=width)

    return Told(text, result, result.complete)
