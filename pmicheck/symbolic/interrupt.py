"""Ctrl-C while z3 thinks."""

from __future__ import annotations

from typing import Any


def left_to_python(solver: Any) -> Any:
    """The z3 solver or optimizer, told to leave Ctrl-C to Python, which raises KeyboardInterrupt after the answer.

    Left to itself z3 answers "unknown" then and swallows the signal: the run would go on with an answer that is none.
    """
    solver.set("ctrl_c", False)
    return solver
