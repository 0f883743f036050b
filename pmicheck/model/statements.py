"""The draft's statements N001 to N179 as data: what each says, which switches break it, who else implements it.

Which rules model a statement is not said here: the rules cite it (`Act.statements`), and
`pmicheck.review.traceability` collects that at run time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

KEYWORDS = ("MUST", "MUST NOT", "SHOULD", "MAY", "lc", "st")
"""RFC 2119's words; "lc" is a lower-case must, should or may, "st" a plain statement that fixes behaviour."""


@dataclass(frozen=True)
class Statement:
    """One normative or behaviour-fixing statement of the draft.

    Attributes:
        name: N001 to N179; section: of the draft; keyword: one of `KEYWORDS`; says: one sentence of our own.
        mechanisms: checks of the model that enforce it; without one of them it is broken.
        readings: "name=value" pairs under which it is broken, or at least read otherwise.
        given: readings that must be in force for a break to show, because something else stops the attack.
        structural: why no run of the model can break it.
        redundant: why breaking it changes no verdict.
        concrete: "module.name" under `pmicheck` that implements it; test: "file::function" that shows it.
        outside: why neither the model nor the nodes have it.
    """

    name: str
    section: str
    keyword: str
    says: str
    mechanisms: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    structural: str = ""
    redundant: str = ""
    concrete: str = ""
    test: str = ""
    outside: str = ""

    @property
    def is_must(self) -> bool:
        return self.keyword in ("MUST", "MUST NOT")

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """`readings` as (name, value) pairs."""
        return tuple((name, value) for name, _, value in (reading.partition("=") for reading in self.readings))


@cache
def load_statements() -> Mapping[str, Statement]:
    """Every statement by name, in the order of the draft."""
    file = resources.files("pmicheck.model") / "statements.toml"
    stored = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: _statement(name, entry) for name, entry in stored.items()}


def _statement(name: str, entry: Mapping[str, object]) -> Statement:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Statement(name, **values)  # type: ignore[arg-type]
