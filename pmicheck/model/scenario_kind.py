"""Which TOML files are scenarios."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pmicheck.errors import ScenarioError

SAYS = {"variant", "widens", "prologue", "bounds", "expect", "flip", "uncovered"}
"""Keys by which a file is known for one of a scenario, be one of them misspelt."""


def holds_scenario(path: Path) -> bool:
    """Whether a file is meant for a scenario: TOML that says what happens, or would if it had no mistake further down.

    Raises ScenarioError if it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise ScenarioError(str(path), None, f"cannot be read ({error.__class__.__name__}: {error})") from error
    while text:
        try:
            return not SAYS.isdisjoint(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+)", str(error))
            lines = text.split("\n")
            text = "\n".join(lines[: min(int(found[1]) if found else len(lines), len(lines)) - 1])
        except (ValueError, RecursionError):
            return True
    return False
