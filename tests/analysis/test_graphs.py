"""State graphs: nothing is lost in gathering, and violations are those of the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import networkx as nx
import pytest
from msgspec.structs import replace

from pmicheck.errors import LimitReached, UsageError
from pmicheck.grounding.run import prepare
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS
from pmicheck.report.graphs.data import Quotient, StateGraph
from pmicheck.report.record.record import Record
from pmicheck.review import graphs as module
from pmicheck.review.graphs import graph_of, graphs
from pmicheck.verdict import Verdict
from pmicheck.verify.analysis import verify
from pmicheck.verify.engine import Engine
from pmicheck.verify.matrix import Request, plan

CELLS = (
    ("data-plane", "home-path"),
    ("type1-settled", "home-path"),
    ("type2-local", "off-path"),
    ("type2-handshake-handover", "rogue-next-pma"),
)


def quiet(message: str) -> None:
    assert message.startswith("\r")


def made(scenario: str, attacker: str, **others: object) -> StateGraph:
    return graph_of(Request((scenario,), **others), attacker, progress=quiet)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=CELLS, ids="/".join)
def graph(request: pytest.FixtureRequest) -> StateGraph:
    return made(*request.param)


@pytest.fixture(scope="module")
def entry() -> Quotient:
    """The binding cache entry in a scenario of the data plane, with its prologue."""
    (found,) = (quotient for quotient in made("data-plane", "home-path").quotients if quotient.by == "entry")
    return found


def walked(system: TransitionSystem) -> Iterator[tuple[tuple[int, int], str, tuple[int, int]]]:
    """Every transition of a system, by trying all in every state: no code of the explorers'."""
    agenda, seen = [system.start], {system.start}
    while agenda:
        state = agenda.pop()
        for transition in system.transitions:
            if system.enabled(transition, *state):
                target = system.apply(transition, *state)
                yield state, system.rules[transition.rule].name, target
                if target not in seen:
                    seen.add(target)
                    agenda.append(target)


def test_all_states_and_transitions_are_there(graph: StateGraph) -> None:
    (cell,) = plan(Request((graph.scenario,), (graph.attacker,)))
    properties = [INVARIANTS[name] for name in cell.properties if name != PROGRESS]
    system = prepare(cell.scenario, cell.policy, cell.attacker, properties).grounded.system
    edges = list(walked(system))
    assert graph.full is not None
    assert graph.states == len(graph.full.states) == len({state for each in edges for state in (each[0], each[2])})
    assert graph.transitions == len(edges) == sum(1 for _ in graph.full.links())
    assert Counter(rule for _, rule, _ in edges) == Counter(link.rule for link in graph.full.links())


def test_depths_are_shortest_ways_and_everything_is_reached(graph: StateGraph) -> None:
    assert graph.full is not None
    drawn = nx.DiGraph((link.source, link.target) for link in graph.full.links())
    depths = nx.single_source_shortest_path_length(drawn, 0)
    assert [state.depth for state in graph.full.unpacked()] == [depths[number] for number in range(graph.states)]


def test_every_state_is_in_one_node_of_each_quotient_or_is_a_moment(graph: StateGraph) -> None:
    assert graph.full is not None
    states = list(graph.full.unpacked())
    lost = [state for state in states if None in state.nodes]
    assert all(set(state.nodes) == {None} for state in lost)
    assert len(lost) == graph.moments
    for place, quotient in enumerate(graph.quotients):
        members = Counter(state.nodes[place] for state in states)
        broken = Counter(state.nodes[place] for state in states if state.violated)
        for number, node in enumerate(quotient.nodes):
            inside = [state for state in states if state.nodes[place] == number]
            assert (node.states, node.violating) == (members[number], broken[number])
            assert node.depth == min(state.depth for state in inside)
            assert set(node.violated) == {name for state in inside for name in state.violated}
            assert node.initial == (states[0].nodes[place] == number)


def test_a_quotient_is_the_image_of_the_whole_graph(graph: StateGraph) -> None:
    assert graph.full is not None
    states = list(graph.full.unpacked())
    attacking = {graph.full.rules[number] for number in graph.full.attacking}
    for place, quotient in enumerate(graph.quotients):
        image: Counter[tuple[int | None, int | None, str, bool]] = Counter()
        steps: set[tuple[int | None, str, str]] = set()
        for link in graph.full.links():
            source, target = states[link.source].nodes[place], states[link.target].nodes[place]
            if target is None:
                steps |= {(source, name, link.rule) for name in states[link.target].violated}
            else:
                image[source, target, link.rule, link.rule in attacking] += 1
        told = {
            (edge.source, edge.target, rule, counts is edge.attacker): number
            for edge in quotient.edges
            for counts in (edge.honest, edge.attacker)
            for rule, number in counts.items()
        }
        assert told == image
        said = {(k, name, rule) for k, n in enumerate(quotient.nodes) for name in n.steps for rule in n.steps[name]}
        assert said <= steps
        by_state = {name for node in quotient.nodes for name in node.violated}
        assert {name for _, name, _ in steps - said} <= by_state


def test_what_is_violated_is_what_the_verdicts_say(graph: StateGraph) -> None:
    record = verify(Request((graph.scenario,), (graph.attacker,)), command=[], progress=lambda _: None)
    violated = {r.property for r in record.results if r.verdict is Verdict.VIOLATED and r.property != PROGRESS}
    assert graph.full is not None
    assert set(graph.full.properties) == violated
    assert {name for state in graph.full.unpacked() for name in state.violated} == violated
    for result in record.results:
        if result.property in violated:
            nearest = min(state.depth for state in graph.full.unpacked() if result.property in state.violated)
            assert nearest == result.depth
    for quotient in graph.quotients:
        assert {name for node in quotient.nodes for name in (*node.violated, *node.steps)} == violated


def test_quotients_are_for_people(graph: StateGraph) -> None:
    assert graph.quotients
    for quotient in graph.quotients:
        assert 2 <= len(quotient.nodes) <= 30
        assert len({node.text for node in quotient.nodes}) == len(quotient.nodes)
        assert sum(node.initial for node in quotient.nodes) == 1
        assert all(all(node.label) for node in quotient.nodes)


def test_an_entry_is_named_as_traces_name_it(entry: Quotient) -> None:
    assert entry.title == "binding cache entry of HoA at the CN"
    assert [(node.label, node.text) for node in entry.nodes] == [
        (("CoA1", "verified"), "cn[HoA].entry: CoA1, verified"),
        (("no entry",), "cn[HoA].entry: none"),
        (("attacker", "unverified"), "cn[HoA].entry: attacker, unverified"),
        (("bystander", "unverified"), "cn[HoA].entry: bystander, unverified"),
        (("attacker", "verified"), "cn[HoA].entry: attacker, verified"),
    ]


def test_a_run_leads_to_a_violating_state_else_to_a_violating_step_else_into_the_node(entry: Quotient) -> None:
    quiet_node, no_entry, _, bystander, attacker = entry.nodes
    assert not quiet_node.violated
    assert not quiet_node.steps
    assert quiet_node.trace[-1] == "CN sends a PBA to PMA1 over the care-of path to the CN."  # the prologue's last
    assert no_entry.steps == {
        "binding-agreement": ("attacker: cn receives complete BU", "attacker: cn receives early BU")
    }
    assert no_entry.trace[-3:] == (
        "Entry of HoA ends.",
        "The attacker sends a HoTI to CN, and reads the answer.",
        "The attacker sends an early BU to CN.",
    )
    assert "Entry of HoA ends." in bystander.trace
    assert bystander.trace[-2].startswith("The attacker sends a")
    assert bystander.trace[-1].startswith("The attacker sends")
    assert attacker.violated == ("no-redirection",)
    assert attacker.trace[-1].startswith("The attacker sends a complete BU")


def test_runs_are_shortest(graph: StateGraph) -> None:
    """As many steps as the prologue and the depth make; the attacker's own tests are told beside them."""
    assert graph.full is not None
    (cell,) = plan(Request((graph.scenario,), (graph.attacker,)))
    prologue = len(prepare(cell.scenario, cell.policy, cell.attacker, ()).start.history)
    states = list(graph.full.unpacked())
    for place, quotient in enumerate(graph.quotients):
        breaking = {
            link.source
            for link in graph.full.links()
            if states[link.target].nodes[place] is None and states[link.target].violated
        }
        for number, node in enumerate(quotient.nodes):
            members = [k for k, state in enumerate(states) if state.nodes[place] == number]
            bad = [states[k].depth for k in members if states[k].violated]
            steps = [states[k].depth + 1 for k in members if k in breaking] if node.steps else []
            told = [sentence for sentence in node.trace if not sentence.endswith("reads the answer.")]
            assert len(told) - prologue == min(bad or steps or [node.depth])


def test_what_the_attacker_knows_from_the_beginning_counts_but_is_nothing_learned() -> None:
    graph = made("type1-settled", "rogue-previous-pma", settings=(("ht_rotation", "keep"),))
    assert all("token-secrecy" in node.violated for quotient in graph.quotients for node in quotient.nodes)
    (learned,) = (quotient for quotient in graph.quotients if quotient.by == "knowledge")
    assert [node.label for node in learned.nodes if node.initial] == [("nothing of these",)]


def titles(scenario: str, attacker: str, **settings: str) -> dict[str, list[str]]:
    """By title the labels of a quotient's nodes."""
    graph = made(scenario, attacker, settings=tuple(settings.items()))
    return {q.title: [" ".join(node.label) for node in q.nodes] for q in graph.quotients}


def test_each_role_the_clock_and_the_attachment_have_a_quotient() -> None:
    assert titles("type1-settled", "home-path") == {
        "binding cache entry of HoA at the CN": [
            "CoA2 verified",
            "no entry",
            "attacker unverified",
            "bystander unverified",
            "attacker verified",
        ],
        "clock": ["240 s", "450 s", "24 h"],
        "registration of PMA2": ["registered", "early", "testing", "misled", "complete"],
    }
    assert titles("type2-local", "off-path") == {
        "address: mobile node attached to": ["CoA1", "away"],
        "HoA in the binding update list of PMA1": ["no", "yes"],
        "clock": ["0 s", "210 s"],
        "CN's HoA in the binding update list of PMA1": ["no", "yes"],
    }


def test_each_agent_that_has_an_entry_has_a_quotient_of_it() -> None:
    found = titles("type2-handshake-handover", "rogue-next-pma")
    assert [title for title in found if "entry" in title] == [
        "binding cache entry of HoA at PMA3",
        "binding cache entry of CN's HoA at PMA1",
    ]


def test_knowledge_is_gathered_by_something_coarser_where_it_has_too_many_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tokens that a test of the attacker's own brings at any moment are no knowledge that states differ in."""
    from pmicheck.review import quotients

    found = titles("type1-handover", "rogue-next-pma")
    assert found["tokens (by nonce or generation) and private keys that the attacker has learned"] == [
        "nothing of these",
        "HT of HoA: 1 private key of mn",
        "HT of HoA: 1, 2 PT of HoA: 2 private key of mn",
        "HT of HoA: 1, 2, 3 PT of HoA: 2, 3 private key of mn",
    ]
    monkeypatch.setattr(quotients, "MOST", 3)
    found = titles("type1-handover", "rogue-next-pma")
    coarser = "tokens and private keys that the attacker has learned, by kind and owner"
    assert found[coarser] == [
        "nothing of these",
        "HT of HoA private key of mn",
        "HT of HoA PT of HoA private key of mn",
    ]
    monkeypatch.setattr(quotients, "MOST", 1)
    found = titles("type1-handover", "rogue-next-pma")
    coarsest = "kinds of tokens and private keys that the attacker has learned"
    assert found[coarsest] == ["nothing of these", "some HT some private key", "some HT some PT some private key"]


def test_readings_and_mechanisms_are_those_of_the_request() -> None:
    graph = made("type1-settled", "home-path", settings=(("tombstone", "full"),), without=("mac",))
    assert (graph.settings, graph.without) == ({"tombstone": "full"}, ("mac",))
    assert graph.states != made("type1-settled", "home-path").states


def test_a_graph_is_the_same_however_often_it_is_made() -> None:
    assert made("data-plane", "home-path") == made("data-plane", "home-path")


def test_a_cut_search_gives_the_part_that_was_seen() -> None:
    graph = made("data-plane", "home-path", engine=Engine(max_states=50))
    assert (graph.states, graph.complete) == (50, False)
    assert graph.full is not None
    assert len(graph.full.edges) == 50


def test_more_states_than_the_limit_give_no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 100)
    with pytest.raises(LimitReached) as raised:
        made("data-plane", "home-path")
    assert str(raised.value) == "data-plane under home-path has more than 100 states, too many for a graph"


def test_beyond_a_size_single_states_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made("data-plane", "home-path")
    monkeypatch.setattr(module, "FULL", 100)
    graph = made("data-plane", "home-path")
    assert graph == replace(whole, full=None, reason="Every single state is kept of up to 100 only.")


@pytest.mark.parametrize("scenarios", [(), ("data-plane", "type1-settled")])
def test_a_graph_is_about_one_scenario(scenarios: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="a state graph is about one scenario"):
        graph_of(Request(scenarios), "home-path", progress=quiet)


def test_names_that_do_not_exist_or_apply_are_usage_errors() -> None:
    with pytest.raises(UsageError):
        made("data-plane", "nobody")
    with pytest.raises(UsageError):
        made("no-such-scenario", "home-path")
    with pytest.raises(UsageError, match="does not apply"):
        made("data-plane", "rogue-next-pma")


@pytest.fixture(scope="module")
def record() -> Record:
    wanted = Request(("data-plane", "type2-local"), ("off-path", "home-path", "malicious-mn"))
    return verify(wanted, command=[], progress=lambda _: None)


def test_a_record_has_one_graph_a_scenario_of_the_attacker_that_tells_most(record: Record) -> None:
    chosen = [(graph.scenario, graph.attacker) for graph in graphs(record, progress=quiet)]
    assert chosen == [("data-plane", "home-path"), ("type2-local", "off-path")]


def test_progress_which_no_picture_shows_does_not_choose_the_attacker(record: Record) -> None:
    results = tuple(
        replace(result, verdict=Verdict.VIOLATED if stuck else Verdict.HOLDS)
        for result in record.results
        for stuck in [result.property == PROGRESS and result.attacker == "malicious-mn"]
    )
    chosen = [graph.attacker for graph in graphs(replace(record, results=results), progress=quiet)]
    assert chosen == ["off-path", "off-path"]


def test_a_graph_of_a_record_is_made_with_its_settings(record: Record) -> None:
    searches = tuple(replace(s, without=("mac",)) for s in record.explorations if s.scenario == "data-plane")
    changed = replace(record, settings={"tombstone": "full"}, explorations=searches)
    (graph,) = graphs(changed, progress=quiet)
    assert graph == made("data-plane", "home-path", settings=(("tombstone", "full"),), without=("mac",))


def test_a_graph_that_would_be_too_large_is_its_reason(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 190)
    large, small = graphs(record, progress=quiet)
    assert large.reason == "data-plane under home-path has more than 190 states, too many for a graph."
    assert (large.quotients, large.full) == ((), None)
    assert large.states == next(s.states for s in record.explorations if s.attacker == "home-path")
    assert small.quotients


def test_a_scenario_whose_file_the_record_does_not_name_has_no_graph(record: Record) -> None:
    searches = tuple(replace(search, scenario="mine") for search in record.explorations)
    assert graphs(replace(record, explorations=searches, results=(), files={}), progress=quiet) == ()
