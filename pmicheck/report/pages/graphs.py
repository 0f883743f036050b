"""State graphs: a page for each, a list of them, and the same graphs as files for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup
from msgspec.structs import replace

from pmicheck.report.graphs.data import Node, Quotient, StateGraph
from pmicheck.report.pages.environment import page
from pmicheck.report.pages.places import GRAPHS, Places
from pmicheck.report.pages.sections import frame
from pmicheck.report.record.record import Record


@dataclass(frozen=True)
class Leaving:
    """Where one can go from a node: the other node, and the rules with the transitions that they fire."""

    id: str
    name: str
    honest: Mapping[str, int]
    attacker: Mapping[str, int]


@dataclass(frozen=True)
class Shown:
    """A node as it is told.

    Attributes:
        id: the anchor that its box leads to.
        broken: (property, page of the finding or "", rules that break it or () if a state does).
    """

    id: str
    name: str
    node: Node
    broken: tuple[tuple[str, str, tuple[str, ...]], ...]
    leaving: tuple[Leaving, ...]


@dataclass(frozen=True)
class Part:
    """One quotient: its anchor, the drawing, and its nodes."""

    id: str
    title: str
    drawing: Markup
    nodes: tuple[Shown, ...]


def graph_pages(record: Record, places: Places) -> Iterator[tuple[str, str]]:
    """(path from the report's directory, text) of the pages and files of the record's graphs.

    Raises:
        OutputError: the program that lays graphs out is missing or fails.
    """
    from pmicheck.report.graphs.files import as_json, dot, graphml

    if not record.graphs:
        return
    listed = list(zip(record.graphs, places.graphs, strict=True))
    yield (
        f"{GRAPHS}/index.html",
        page("graphs.html", root="../", listed=listed, titles=record.titles, **frame(record, f"{GRAPHS}/index.html")),
    )
    for graph, stem in listed:
        yield f"{GRAPHS}/{stem}.html", _page(record, graph, stem, places)
        if graph.quotients:
            yield f"{GRAPHS}/{stem}.dot", "".join(map(dot, graph.quotients))
            yield f"{GRAPHS}/{stem}.graphml", graphml(*graph.quotients)
            yield f"{GRAPHS}/{stem}.json", as_json(replace(graph, full=None))


def _page(record: Record, graph: StateGraph, stem: str, places: Places) -> str:
    from pmicheck.report.graphs.svg import LEGEND, svg

    drawn = [
        (f"q{number}", quotient, Markup(svg(quotient, identifier=f"q{number}")))
        for number, quotient in enumerate(graph.quotients, 1)
    ]
    return page(
        "graph.html",
        root="../",
        graph=graph,
        stem=stem,
        story=record.titles.get(graph.scenario, ""),
        parts=[
            Part(id, quotient.title, drawing, _nodes(graph, quotient, id, places)) for id, quotient, drawing in drawn
        ],
        legend=LEGEND,
        **frame(record, f"{GRAPHS}/{stem}.html"),
    )


def _nodes(graph: StateGraph, quotient: Quotient, id: str, places: Places) -> tuple[Shown, ...]:
    names = [" / ".join(node.label) for node in quotient.nodes]
    return tuple(
        Shown(
            id=f"{id}-{number}",
            name=names[number],
            node=node,
            broken=tuple(_broken(graph, node, places)),
            leaving=tuple(
                Leaving(f"{id}-{edge.target}", names[edge.target], edge.honest, edge.attacker)
                for edge in quotient.edges
                if edge.source == number != edge.target
            ),
        )
        for number, node in enumerate(quotient.nodes)
    )


def _broken(graph: StateGraph, node: Node, places: Places) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for prop, rules in (*((name, ()) for name in node.violated), *node.steps.items()):
        result = places.find(graph.scenario, graph.attacker, prop)
        yield prop, places.of(result) if result else "", rules
