"""What a trace says of itself: which steps it cannot do without, and from when on nobody can prevent the harm."""

from __future__ import annotations

from functools import cache

import pytest
from decided_cells import grounded

from pmicheck.explore.explorer import explore
from pmicheck.grounding.retell import retell
from pmicheck.trace import Step, Trace
from pmicheck.verify.matrix import Request, plan
from pmicheck.verify.pipeline import decide

CELLS = [
    ("type1-initial", "home-path"),
    ("type1-settled", "home-path"),
    ("type1-settled", "malicious-mn"),
    ("type1-handover", "rogue-next-pma"),
]


@cache
def traces(scenario: str, attacker: str) -> dict[str, Trace]:
    """The traces of a cell by property, replayed."""
    (cell,) = plan(Request(scenarios=(scenario,), attackers=(attacker,)))
    return {result.property: result.trace for result in decide(cell).results if result.trace}


def is_of_the_search(step: Step) -> bool:
    """Neither of the prologue nor one of the attacker's own tests."""
    return not step.prologue and step.action != "test"


def prologue_of(trace: Trace) -> int:
    """The number of steps of the prologue, which come first."""
    return sum(step.prologue for step in trace.steps)


@pytest.mark.parametrize(("scenario", "attacker"), CELLS)
def test_in_a_shortest_attack_every_step_of_the_search_is_essential(scenario: str, attacker: str) -> None:
    for trace in traces(scenario, attacker).values():
        assert [step.essential for step in trace.steps] == [is_of_the_search(s) or None for s in trace.steps]
        assert trace.steps[-1].essential


@pytest.mark.parametrize(("scenario", "attacker"), CELLS)
def test_where_only_the_attackers_steps_are_left_there_is_no_return(scenario: str, attacker: str) -> None:
    for trace in traces(scenario, attacker).values():
        prologue = prologue_of(trace)
        honest = [n for n, step in enumerate(trace.steps, start=1) if not step.attacker and step.actor != "clock"]
        if honest and honest[-1] == len(trace.steps):
            continue
        assert trace.no_return is not None
        assert prologue <= trace.no_return <= max([prologue, *honest])


@pytest.mark.parametrize(
    ("scenario", "attacker", "prop", "rule"),
    [
        ("type1-initial", "home-path", "no-unauthorised-deregistration", "cn receives early PBU"),
        ("type1-initial", "home-path", "acknowledgement-agreement", "ha receives PHoTI"),
        ("type1-settled", "home-path", "no-redirection", "entry of HoA ends"),
        ("type1-handover", "rogue-next-pma", "no-redirection", "pma1 transfers the context"),
    ],
)
def test_the_step_that_opens_the_way_is_the_point_of_no_return(
    scenario: str, attacker: str, prop: str, rule: str
) -> None:
    trace = traces(scenario, attacker)[prop]
    assert trace.no_return
    assert trace.steps[trace.no_return - 1].rule == rule
    assert not trace.waits


def test_return_routability_alone_can_be_abused_from_the_beginning() -> None:
    assert traces("type1-initial", "home-path")["no-redirection"].no_return == 0


def test_who_hands_over_the_secrets_ends_the_attack_itself() -> None:
    trace = traces("type1-handover", "rogue-next-pma")["token-secrecy"]
    assert trace.no_return is None
    assert not trace.steps[-1].attacker


def test_an_attacker_that_registers_its_own_home_needs_nobody() -> None:
    trace = traces("type1-settled", "malicious-mn")["no-home-flooding"]
    assert (trace.no_return, trace.waits) == (prologue_of(trace), False)


@pytest.mark.parametrize(("scenario", "attacker"), CELLS)
def test_each_transition_of_a_path_is_found_again_in_the_story(scenario: str, attacker: str) -> None:
    prepared, _ = grounded(scenario, attacker)
    system = prepared.grounded.system
    explored = explore(system, max_states=2000)
    for state in range(0, explored.states, 97):
        path = explored.path(state)
        steps, reached = retell(prepared.grounded, prepared.start, path)
        assert reached[0] == sum(step.prologue for step in steps)
        told = [steps[number - 1].rule for number in reached[1:]]
        assert told == [system.rules[system.transitions[index].rule].name for index in path]
