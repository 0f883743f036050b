"""Ablations, other readings and repairs as text: pure functions on what `changed` holds."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from pmicheck.report.record.changed import Repairs, Shift, Trial, Trials
from pmicheck.report.text.layout import folded, wrap

NOBODY = "no attacker"
NARROW = 60
WIDE = 100
UNFOLDED = ("property", "verdict", "that is")
JOINTS = "-=_ "
"""Characters after which a change is broken."""


def trials(result: Trials, *, width: int = 80) -> str:
    """What each change does: first the changes that move a verdict, then those that move none, then the unused ones."""
    moving = [trial for trial in result.trials if trial.shifts]
    idle = [trial for trial in result.trials if trial.consulted and not trial.shifts and not trial.undecided]
    unused = [trial for trial in result.trials if not trial.consulted]
    lines = _head(result, width)
    lines += _note("Violated as it is", _broken(result.broken), width)
    lines += _open("as it is", result.undecided, width, partial=result.partial)
    lines.append("")
    if moving:
        lines += _table((_CHANGE[result.kind], "property", "verdict", "weakest attackers"), _rows(moving), width)
    else:
        lines += ["No change that was tried moves a verdict." if result.partial else "No change moves a verdict.", ""]
    lines += _note(_IDLE[result.kind], _listed(idle), width)
    lines += _note("Nobody consults here", _listed(unused), width)
    for trial in (*result.trials, *result.pairs):
        lines += _open(" and ".join(trial.changes), trial.undecided, width)
    if result.pairs_tried is not None:
        lines += ["", *_pairs(result, width)]
    return "\n".join(lines).rstrip() + "\n"


_CHANGE = {"ablation": "without", "reading": "with"}
_IDLE = {"ablation": "Redundant here, one at a time", "reading": "Without effect here, one at a time"}


def repairs(result: Repairs, *, width: int = 80) -> str:
    """Each smallest set of changes with its verified verdicts, and what was tried."""
    lines = _head(result, width)
    if not result.broken_by and not result.found and not result.refuted:
        nothing = f"{result.target} is not violated: there is nothing to repair."
        return "\n".join([*lines, "Nothing was found." if result.partial else nothing]) + "\n"
    weakest = ", ".join(result.broken_by) or NOBODY
    lines += [*_note(f"{result.target} is violated by", f"{weakest} (weakest)", width), ""]
    rows = [
        (f"{number}", " + ".join(repair.changes), "; ".join(repair.about))
        for number, repair in enumerate(result.found, 1)
    ]
    if rows:
        lines += _table(("", "it holds with", "that is"), rows, width)
        lines += wrap("Each was verified by a full run of every attacker named above; progress holds too.", width)
    else:
        which = "set that was tried" if result.partial else f"set of up to {result.limit} of these changes"
        lines += wrap(f"No {which} makes it hold.", width)
    lines += _note("Changes at hand", ", ".join(result.changes) or "none", width)
    tried = f"sets of up to {result.limit}; {result.refuted} refuted"
    if result.stuck:
        tried += f", {len(result.stuck)} break progress or leave nothing that the property could hold of"
    lines += _note("Tried", tried, width)
    lines += _open("sets", [" + ".join(chosen) for chosen in result.undecided], width)
    return "\n".join(lines) + "\n"


def _head(result: Trials | Repairs, width: int) -> list[str]:
    title = f"{result.scenario} ({', '.join(result.given)})" if result.given else result.scenario
    lines = [title, *_note("Attackers", ", ".join(result.attackers), width), *_note("Bounds", result.bounds, width)]
    return [*lines, "Ended early: what is not named here was not tried."] if result.partial else lines


def _broken(broken: Iterable[Shift]) -> str:
    return "; ".join(f"{each.property} by {_who(each)}" for each in broken) or "nothing"


def _who(shift: Shift) -> str:
    return ", ".join(shift.attackers) or NOBODY


def _rows(trials: Iterable[Trial]) -> list[tuple[str, ...]]:
    """One row per shift; what was changed is named once."""
    rows: list[tuple[str, ...]] = []
    for trial in trials:
        for number, shift in enumerate(trial.shifts):
            rows.append(("" if number else " + ".join(trial.changes), shift.property, shift.after, _who(shift)))
    return rows


def _pairs(result: Trials, width: int) -> list[str]:
    lines = wrap(
        f"Pairs of readings that do together what neither does alone ({result.pairs_tried} tried, of readings that "
        "somebody consults here):",
        width,
    )
    moving = [trial for trial in result.pairs if trial.shifts]
    if not moving:
        return [*lines, "none."]
    return [*lines, *_table(("pair", "property", "verdict", "weakest attackers"), _rows(moving), width)]


def _listed(trials: Iterable[Trial]) -> str:
    return ", ".join(" + ".join(trial.changes) for trial in trials)


def _open(what: str, undecided: Sequence[str], width: int, *, partial: bool = False) -> list[str]:
    return _note(f"Left open{'' if partial else ' by a limit'}, {what}", ", ".join(undecided), width)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """A table that rich lays out, without colour and without spaces at the ends of lines."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="")
    for head in heads:
        table.add_column(head, overflow="fold", no_wrap=head in ("property", "verdict"))
    room = 20 if width < WIDE else 40
    for row in rows:
        table.add_row(*(_cell(head, cell, room) for head, cell in zip(heads, row, strict=True)))
    stream = io.StringIO()
    Console(file=stream, width=max(width, NARROW), no_color=True, highlight=False, markup=False).print(table)
    head, *body = [line.rstrip() for line in stream.getvalue().splitlines()]
    return [head, "-" * max(map(len, (head, *body))), *body, ""]


def _cell(head: str, cell: str, room: int) -> str:
    return cell if not cell or head in UNFOLDED else "\n".join(folded(cell, room, after=JOINTS))


def _note(label: str, text: str, width: int) -> list[str]:
    return wrap(f"{label}: {text}.", width, rest="  ") if text else []
