"""State graphs as files: pictures for people, and DOT, GraphML and JSON for other programs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from pmicheck.errors import LimitReached, UsageError
from pmicheck.report.graphs.data import KINDS, Full, Quotient, StateGraph
from pmicheck.report.graphs.layout import Size
from pmicheck.report.words.characters import legible, one_line

if TYPE_CHECKING:
    import networkx as nx

    from pmicheck.report.graphs.svg import Drawing

FULL = "full"
FORMATS = ("svg", "dot", "graphml", "json")

WIDTH = 600.0
"""Of a picture at least, for its titles and legend."""


def render(graph: StateGraph, *, by: str, format: str) -> str:
    """The text of a file.

    Args:
        by: one of `pmicheck.report.graphs.data.KINDS` (all quotients of that kind) or "full" (every state).
        format: one of `FORMATS`.

    Raises:
        UsageError: an unknown kind or format, or nothing can be gathered like that.
        LimitReached: there are too many states for what is asked.
        OutputError: the layout program is missing or fails.
    """
    if by not in (*KINDS, FULL):
        raise UsageError(f"unknown kind of state graph '{by}': choose one of {', '.join((*KINDS, FULL))}")
    if format not in FORMATS:
        raise UsageError(f"unknown format '{format}': choose one of {', '.join(FORMATS)}")
    if by == FULL:
        _full(graph)
        parts: tuple[StateGraph | Quotient, ...] = (graph,)
    else:
        parts = tuple(quotient for quotient in graph.quotients if quotient.by == by)
    if not parts:
        raise _nothing(graph, by)
    match format:
        case "svg":
            return picture(graph, parts)
        case "dot":
            return "".join(map(dot, parts))
        case "graphml":
            return graphml(*parts)
        case _:
            kept = tuple(part for part in parts if isinstance(part, Quotient))
            return as_json(graph if by == FULL else replace(graph, quotients=kept, full=None))


def picture(graph: StateGraph, parts: Sequence[StateGraph | Quotient]) -> str:
    """Drawings of `graph`, or of quotients of it, below each other: a document that needs no other file.

    Raises as `render`.
    """
    from pmicheck.report.graphs.svg import LEGEND, STATES_LEGEND, of_quotient, of_states

    where = f"{graph.scenario} under {graph.attacker}: {graph.states:,} states, {graph.transitions:,} transitions"
    legend = STATES_LEGEND if any(isinstance(part, StateGraph) for part in parts) else LEGEND
    return _document(where, legend, [of_states(p) if isinstance(p, StateGraph) else of_quotient(p) for p in parts])


def dot(part: StateGraph | Quotient) -> str:
    """A graph in the DOT language: of a quotient, or of all states. Raises LimitReached where these are not kept."""
    import graphviz

    def quoted(*lines: str) -> str:
        text: str = graphviz.nohtml("\\n".join(graphviz.escape(legible(line)) for line in lines))
        return text

    whole = _network(part)
    drawn = graphviz.Digraph(name=quoted(whole.graph["name"]))
    for name, node in whole.nodes(data=True):
        frame = 2 if node["violated"] else 1
        drawn.node(name, quoted(*node["label"].split("\n")), shape="box", peripheries=str(frame))
    for source, target, edge in whole.edges(data=True):
        drawn.edge(source, target, quoted(edge["rule"]), style="dashed" if edge["attacker"] else "solid")
    return str(drawn.source)


def graphml(*parts: StateGraph | Quotient) -> str:
    """Graphs as one GraphML document: several quotients as one graph whose parts are told apart by `title`.

    Nodes have label, title, states, depth, violated and broken_by_step, edges rule, transitions and attacker. Raises
    LimitReached where all states are asked for and not kept.
    """
    import networkx as nx

    networks = [_network(part) for part in parts]
    whole = networks[0] if len(networks) == 1 else nx.union_all(networks, rename=[f"q{n}-" for n in range(len(parts))])
    for _, attributes in whole.nodes(data=True):
        attributes.update({key: legible(value, "\n") for key, value in attributes.items() if isinstance(value, str)})
    for _, _, attributes in whole.edges(data=True):
        attributes["rule"] = legible(attributes["rule"])
    whole.graph = {"name": one_line("; ".join(network.graph["name"] for network in networks))}
    return "\n".join(nx.generate_graphml(whole, named_key_ids=True)) + "\n"


def data_files(graph: StateGraph) -> Iterator[tuple[str, bytes]]:
    """(ending, content) of the full graph as packed DOT, GraphML and JSON; nothing if it was not kept."""
    for form in ("dot", "graphml", "json") if graph.full is not None else ():
        yield f"{form}.gz", gzip.compress(render(graph, by=FULL, format=form).encode("utf-8"), mtime=0)


def as_json(graph: StateGraph) -> str:
    """The graph as JSON: all but `full` as in a record, and `full` as networkx' node-link data, one item a line.

    Of a state `nodes` are its positions in the quotients (null: in none). `networkx.node_link_graph(stored["full"],
    edges="edges")` makes a graph of it.
    """
    stored = msgspec.to_builtins(replace(graph, full=None))
    lines = [f" {json.dumps(key)}: {json.dumps(value, sort_keys=True)}" for key, value in sorted(stored.items())]
    if graph.full is not None:
        lines = [line for line in lines if not line.startswith(' "full"')]
        lines.append(f' "full": {{"directed": true, "multigraph": true, "graph": {{}},{_items(graph.full)}}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _items(full: Full) -> str:
    """Nodes and edges, one a line."""
    nodes = (
        {"id": number, "depth": state.depth, "nodes": list(state.nodes), "violated": list(state.violated)}
        for number, state in enumerate(full.unpacked())
    )
    attacking = {full.rules[number] for number in full.attacking}
    edges = (
        {"source": link.source, "target": link.target, "rule": link.rule, "attacker": link.rule in attacking}
        for link in full.links()
    )
    return "\n" + ",\n".join(
        f'  "{name}": [\n{_listed(items)}]' for name, items in (("nodes", nodes), ("edges", edges))
    )


def _listed(items: Iterable[Mapping[str, Any]]) -> str:
    return ",\n".join("   " + json.dumps(item) for item in items)


def _network(part: StateGraph | Quotient) -> nx.MultiDiGraph:
    """Nodes and edges with attributes for people; names of nodes are texts, as the formats have no others."""
    import networkx as nx

    if isinstance(part, StateGraph):
        name, nodes, edges = f"{part.scenario} under {part.attacker}", _states(part), _links(_full(part))
    else:
        name, nodes, edges = part.title, _classes(part), _gathered(part)
    whole = nx.MultiDiGraph(name=name)
    for number, attributes in enumerate(nodes):
        whole.add_node(str(number), **attributes)
    for source, target, attributes in edges:
        whole.add_edge(str(source), str(target), **attributes)
    return whole


Attributes = dict[str, str | int | bool]


def _states(graph: StateGraph) -> Iterator[Attributes]:
    for number, state in enumerate(_full(graph).unpacked()):
        texts = [q.nodes[k].text for q, k in zip(graph.quotients, state.nodes, strict=True) if k is not None]
        label = "\n".join((f"state {number}", *texts, *state.violated))
        yield _attributes(label, "", 1, state.depth, state.violated, ())


def _links(full: Full) -> Iterator[tuple[int, int, Attributes]]:
    attacking = {full.rules[number] for number in full.attacking}
    for link in full.links():
        yield link.source, link.target, {"rule": link.rule, "transitions": 1, "attacker": link.rule in attacking}


def _classes(quotient: Quotient) -> Iterator[Attributes]:
    for node in quotient.nodes:
        label = "\n".join((*node.label, f"{node.states} states", *node.violated))
        yield _attributes(label, quotient.title, node.states, node.depth, node.violated, node.steps)


def _attributes(
    label: str, title: str, states: int, depth: int, violated: Iterable[str], steps: Iterable[str]
) -> Attributes:
    broken = {"violated": ", ".join(violated), "broken_by_step": ", ".join(steps)}
    return {"label": label, "title": title, "states": states, "depth": depth, **broken}


def _gathered(quotient: Quotient) -> Iterator[tuple[int, int, Attributes]]:
    """One edge for each rule between two nodes."""
    for edge in quotient.edges:
        for counts, attacker in ((edge.honest, False), (edge.attacker, True)):
            for rule, number in counts.items():
                yield edge.source, edge.target, {"rule": rule, "transitions": number, "attacker": attacker}


def _full(graph: StateGraph) -> Full:
    if graph.full is None:
        where = f"{graph.scenario} under {graph.attacker} has {graph.states:,} states"
        raise LimitReached(f"{where}, too many to keep every one of them{_choice(graph, 'gather them by')}")
    return graph.full


def _nothing(graph: StateGraph, by: str) -> UsageError | LimitReached:
    """Why there is no quotient of a kind."""
    if not graph.quotients and graph.reason:
        return LimitReached(graph.reason.removesuffix("."))
    hint = _choice(graph, "choose")
    return UsageError(f"{graph.scenario} under {graph.attacker}: no two states differ in '{by}'{hint}")


def _choice(graph: StateGraph, verb: str) -> str:
    kinds = " or ".join(dict.fromkeys(quotient.by for quotient in graph.quotients))
    return f"; {verb} {kinds}" if kinds else ""


def _document(where: str, legend: str, drawings: Sequence[Drawing]) -> str:
    """An SVG document with its style sheet, titles and legend."""
    from pmicheck.report.graphs.svg import content, heading, opening

    wide = max([WIDTH, *(drawing.size.width for drawing in drawings)])
    text, y = heading("title", where, 20, wide)
    parts = [text]
    for drawing in drawings:
        text, y = heading("subtitle", drawing.title, y + 20, wide)
        parts += [text, f'<g transform="translate(0 {y:.0f})">\n{content(drawing)}</g>\n']
        y += drawing.size.height
    text, y = heading("legend", legend, y + 20, wide)
    parts.append(text)
    style = (resources.files("pmicheck.report") / "assets" / "graph.css").read_text(encoding="utf-8")
    paper = '<rect class="paper" width="100%" height="100%"/>'
    return f"{opening(Size(wide, y), where)}<style>\n{style}</style>\n{paper}\n{''.join(parts)}</svg>\n"
