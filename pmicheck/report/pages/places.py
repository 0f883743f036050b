"""Where each result is shown: its own page if it is a finding, else its cell on page one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from markupsafe import Markup, escape

from pmicheck.report.names import finding_names, graph_names
from pmicheck.report.record.record import Record, Result

GRAPHS = "graphs"
"""The folder of the state graphs."""

NAMED = re.compile(r"([^\s/,;:()]+)/([^\s/,;:()]+)/([^\s/,;:()]*[^\s/,;:().])(?: \(([^()]*)\))?")
"""scenario/attacker/property, and the changed readings in brackets, as reviews write them."""


@dataclass(frozen=True)
class Places:
    """The addresses of a record's results, from the report's directory."""

    record: Record

    @cached_property
    def pages(self) -> dict[int, str]:
        """The pages of the findings, by position in `record.results`."""
        return {position: f"findings/{name}.html" for position, name in finding_names(self.record).items()}

    @cached_property
    def graphs(self) -> tuple[str, ...]:
        """What the files of each state graph are called."""
        return graph_names(self.record)

    def graph_of(self, scenario: str) -> str:
        """The page of the scenario's state graph, "" if it has none."""
        pairs = zip(self.record.graphs, self.graphs, strict=True)
        return next((f"{GRAPHS}/{stem}.html" for graph, stem in pairs if graph.scenario == scenario), "")

    def position(self, result: Result) -> int:
        """Where one of the record's own results stands in it."""
        return self._positions[id(result)]

    def of(self, result: Result) -> str:
        """The finding's page, or the cell on page one."""
        position = self.position(result)
        return self.pages.get(position) or f"index.html#{cell_id(position)}"

    def find(self, scenario: str, attacker: str, prop: str) -> Result | None:
        """The first result of these names that was got with all mechanisms on; None if the record has none."""
        return self._named.get((scenario, attacker, prop))

    def linked(self, text: str, root: str = "") -> Markup:
        """`text` with every scenario/attacker/property in it as a link, as far as the record has such a result.

        One under other readings leads to its cell on page one with that reading chosen.
        """
        return Markup().join(self._linked(text, root))

    def _linked(self, text: str, root: str) -> Iterator[str]:
        done = 0
        for found in NAMED.finditer(text):
            scenario, attacker, prop, readings = found.groups()
            result = self.find(scenario, attacker, prop)
            if result is None:
                continue
            target = view(scenario, attacker, prop, readings) if readings else self.of(result)
            yield escape(text[done : found.start()])
            yield Markup('<a href="{}{}">{}</a>').format(root, target, found[0])
            done = found.end()
        yield escape(text[done:])

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {id(result): position for position, result in enumerate(self.record.results)}

    @cached_property
    def _named(self) -> dict[tuple[str, str, str], Result]:
        """By names; a result under several readings is found by its first."""
        return {each.names(): each for each in reversed(self.record.results) if not each.without}


def cell_id(position: int) -> str:
    """The anchor of a result's cell on page one."""
    return f"r{position}"


def view(scenario: str, attacker: str, prop: str, reading: str) -> str:
    """Page one with its filters set."""
    chosen = {"scenario": scenario, "attacker": attacker, "property": prop, "reading": reading}
    return "index.html#" + urlencode(chosen, errors="replace")
