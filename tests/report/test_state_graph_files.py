"""State graphs as files: other programs read back what was written, and limits are one clear sentence."""

from __future__ import annotations

import json
import re
import subprocess
from io import BytesIO
from xml.etree import ElementTree

import msgspec
import networkx as nx
import pytest
import state_graph_samples as samples
from hypothesis import given, settings
from msgspec.structs import replace

from pmicheck.errors import LimitReached, UsageError
from pmicheck.report.graphs.data import Quotient, StateGraph
from pmicheck.report.graphs.files import FORMATS, as_json, dot, graphml, render
from pmicheck.report.graphs.layout import _program

HOSTILE = pytest.mark.parametrize("text", samples.HOSTILE, ids=range(len(samples.HOSTILE)))


def read_dot(text: str) -> list[nx.MultiDiGraph]:
    """The graphs of a DOT file, as Graphviz reads them."""
    told = subprocess.run(
        [_program(), "-Tdot_json"], input=text, capture_output=True, text=True, check=True, timeout=60
    )
    assert "syntax error" not in told.stderr
    decoder, rest, graphs = json.JSONDecoder(), told.stdout.strip(), []
    while rest:
        stored, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
        graph = nx.MultiDiGraph(name=stored["name"])
        for node in stored.get("objects", ()):
            graph.add_node(node["_gvid"], **node)
        for edge in stored.get("edges", ()):
            graph.add_edge(edge["tail"], edge["head"], **edge)
        graphs.append(graph)
    return graphs


def read_graphml(text: str) -> nx.MultiDiGraph:
    return nx.read_graphml(BytesIO(text.encode()))


def rules_of(quotient: Quotient) -> list[tuple[int, int, str]]:
    return sorted((e.source, e.target, rule) for e in quotient.edges for rule in (*e.honest, *e.attacker))


def test_dot_has_the_nodes_edges_and_labels_of_a_quotient() -> None:
    (read,) = read_dot(dot(samples.ENTRY))
    assert read.graph["name"] == "binding cache entry of HoA at the CN"
    assert [node["label"] for _, node in read.nodes(data=True)] == [
        "no entry\\n5 states",
        "CoA1\\nunverified\\n1530 states",
        "attacker\\nverified\\n1530 states\\nno-redirection",
        "CoA1\\nverified\\n5 states\\nno-redirection\\ntoken-secrecy\\na\\nb\\nc\\nd",
    ]
    assert sorted((a, b, edge["label"]) for a, b, edge in read.edges(data=True)) == rules_of(samples.ENTRY)
    dashed = {edge["label"] for _, _, edge in read.edges(data=True) if edge["style"] == "dashed"}
    assert dashed == {rule for edge in samples.ENTRY.edges for rule in edge.attacker}


def test_graphml_is_read_back_by_networkx() -> None:
    read = read_graphml(graphml(samples.ENTRY))
    assert read.is_directed()
    assert read.is_multigraph()
    assert sorted((int(a), int(b), e["rule"]) for a, b, e in read.edges(data=True)) == rules_of(samples.ENTRY)
    assert read.nodes["2"] == {
        "label": "attacker\nverified\n1530 states\nno-redirection",
        "title": "binding cache entry of HoA at the CN",
        "states": 1530,
        "depth": 2,
        "violated": "no-redirection",
        "broken_by_step": "no-unauthorised-deregistration",
    }
    counts = {e["rule"]: (e["transitions"], e["attacker"]) for a, b, e in read.edges(data=True) if (a, b) == ("0", "2")}
    assert counts == {"attacker: cn receives complete BU": (129, True), "attacker: cn receives early BU": (1, True)}


def test_graphml_of_several_quotients_keeps_them_apart() -> None:
    read = read_graphml(graphml(samples.ENTRY, samples.CLOCK))
    assert nx.number_weakly_connected_components(read) == 2
    titles = [{read.nodes[node]["title"] for node in part} for part in nx.weakly_connected_components(read)]
    assert titles == [{samples.ENTRY.title}, {samples.CLOCK.title}]


def test_every_state_and_transition_is_in_every_format() -> None:
    (drawn,) = read_dot(dot(samples.GRAPH))
    stored = nx.node_link_graph(json.loads(as_json(samples.GRAPH))["full"], edges="edges")
    for read in (drawn, read_graphml(graphml(samples.GRAPH)), stored):
        assert sorted((int(a), int(b)) for a, b in read.edges()) == [(0, 1), (0, 2), (0, 2), (0, 4), (1, 3), (2, 3)]
        assert len(read) == 5
    assert stored.nodes[3] == {"depth": 2, "nodes": [2, 1], "violated": ["no-redirection", "binding-agreement"]}
    assert stored.nodes[4]["nodes"] == [None, None]
    assert stored.edges[0, 1, 0] == {"rule": "clock reaches 210 s", "attacker": False}


def test_json_without_full_is_the_graph_as_a_record_has_it() -> None:
    assert msgspec.json.decode(as_json(replace(samples.GRAPH, full=None)), type=StateGraph) == replace(
        samples.GRAPH, full=None
    )
    stored = json.loads(as_json(samples.GRAPH))
    assert msgspec.convert({**stored, "full": None}, StateGraph) == replace(samples.GRAPH, full=None)


@HOSTILE
def test_hostile_words_break_no_format(text: str) -> None:
    graph = samples.hostile(text)
    for part in (graph, *graph.quotients):
        (drawn,) = read_dot(dot(part))
        read = read_graphml(graphml(part))
        assert (len(drawn), drawn.number_of_edges()) == (len(read), read.number_of_edges())
    for by in ("entry", "role", "full"):
        for format in FORMATS:
            written = render(graph, by=by, format=format)
            assert not re.search("[\N{RIGHT-TO-LEFT OVERRIDE}\x00\x1b\r\ud800-\udfff\ufffe]", written)
            written.encode()
        ElementTree.fromstring(render(graph, by=by, format="svg"))


@settings(max_examples=40, deadline=None)
@given(samples.quotients())
def test_any_quotient_is_read_back(quotient: Quotient) -> None:
    (drawn,) = read_dot(dot(quotient))
    read = read_graphml(graphml(quotient))
    assert len(drawn) == len(read) == len(quotient.nodes)
    assert drawn.number_of_edges() == read.number_of_edges() == len(rules_of(quotient))


def test_a_picture_is_a_document_of_its_own_with_titles_and_legend() -> None:
    drawn = ElementTree.fromstring(render(samples.GRAPH, by="entry", format="svg"))
    told = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text") if each.get("class") != "rule"]
    assert told[0] == "type1-initial under home-path: 5 states, 6 transitions"
    assert samples.ENTRY.title in told
    assert "A double frame means" in " ".join(line or "" for line in told)
    style = drawn.findtext("{http://www.w3.org/2000/svg}style") or ""
    assert ".state-graph .node" in style
    assert not list(drawn.iter("{http://www.w3.org/2000/svg}a"))


def test_all_quotients_of_a_kind_go_into_one_file() -> None:
    twice = replace(samples.GRAPH, quotients=(samples.ENTRY, samples.CLOCK, replace(samples.CLOCK, title="other")))
    assert len(read_dot(render(twice, by="role", format="dot"))) == 2
    assert [q["title"] for q in json.loads(render(twice, by="role", format="json"))["quotients"]] == ["clock", "other"]
    assert len(read_graphml(render(twice, by="role", format="graphml"))) == 4
    drawn = render(twice, by="role", format="svg")
    assert drawn.count('class="subtitle"') == 2


@pytest.mark.parametrize("by", ["entry", "role", "full"])
@pytest.mark.parametrize("format", FORMATS)
def test_the_same_graph_gives_the_same_octets(by: str, format: str) -> None:
    assert render(samples.GRAPH, by=by, format=format) == render(samples.GRAPH, by=by, format=format)


@pytest.mark.parametrize(
    ("graph", "by", "format", "error", "sentence"),
    [
        (
            samples.GRAPH,
            "state",
            "svg",
            UsageError,
            "unknown kind of state graph 'state': choose one of entry, role, knowledge, full",
        ),
        (samples.GRAPH, "entry", "png", UsageError, "unknown format 'png': choose one of svg, dot, graphml, json"),
        (
            samples.GRAPH,
            "knowledge",
            "svg",
            UsageError,
            "type1-initial under home-path: no two states differ in 'knowledge'; choose entry or role",
        ),
        (
            replace(samples.GRAPH, full=None, states=20_289),
            "full",
            "json",
            LimitReached,
            "type1-initial under home-path has 20,289 states, too many to keep every one of them; gather them by entry "
            "or role",
        ),
        (
            StateGraph("a", "b", reason="a under b has more than 2,000,000 states, too many for a graph."),
            "entry",
            "svg",
            LimitReached,
            "a under b has more than 2,000,000 states, too many for a graph",
        ),
    ],
)
def test_what_cannot_be_rendered_is_said_in_one_sentence(
    graph: StateGraph, by: str, format: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as raised:
        render(graph, by=by, format=format)
    assert str(raised.value) == sentence
