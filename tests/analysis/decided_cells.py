"""One cell of the matrix, decided as `pmicheck verify` decides it, replay apart; each once per process.

Run as a program it prints the table of state counts anew:

    .venv/bin/python tests/analysis/decided_cells.py > tests/analysis/state_counts.toml
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from pmicheck.attacker.profiles import USUAL, attacker_named
from pmicheck.explore.result import Exploration
from pmicheck.grounding.run import Prepared, prepare, world_of
from pmicheck.model.policy import make_policy
from pmicheck.model.scenario import SHIPPED, Scenario, load_scenario
from pmicheck.properties.base import Property, applies
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import DECIDED
from pmicheck.verify.deciding import search, state_of
from pmicheck.verify.engine import UNLIMITED
from pmicheck.verify.progress import find_stuck

Settings = tuple[tuple[str, str], ...]

DECIDER = Decider()


class Outcome(NamedTuple):
    """Verdicts by property; `witnessed` says for each property whether its antecedent was seen.

    `whole`: no limit cut the search; `silent`: rules that never fired, if all states were seen.
    """

    states: int
    transitions: int
    whole: bool
    verdicts: Mapping[str, str]
    witnessed: Mapping[str, bool]
    silent: tuple[str, ...]

    @property
    def violated(self) -> frozenset[str]:
        return frozenset(name for name, verdict in self.verdicts.items() if verdict == "violated")


@lru_cache
def scenario(name: str) -> Scenario:
    return load_scenario(name)


def fits(name: str, attacker: str) -> bool:
    """Whether the attacker differs from `off-path` in this scenario."""
    return attacker_named(attacker).needs <= scenario(name).offers


CELLS = [(name, attacker) for name in SHIPPED for attacker in (*USUAL, *scenario(name).also) if fits(name, attacker)]
"""The cells of the default matrix."""


def properties_of(name: str, attacker: str | None, settings: Settings = (), without: tuple[str, ...] = ()) -> list[str]:
    """The properties that apply to a cell, but for progress."""
    who = attacker_named(attacker) if attacker else None
    world = world_of(scenario(name), make_policy(dict(settings), without, scenario(name).families, name), who)
    return [prop.name for prop in INVARIANTS.values() if applies(prop, world)]


def grounded(
    name: str,
    attacker: str | None,
    settings: Settings = (),
    without: tuple[str, ...] = (),
    asked: tuple[str, ...] = (),
) -> tuple[Prepared, tuple[Property, ...]]:
    """The transition system of a cell, and the properties that it shows, in order: those asked for, or all."""
    who = attacker_named(attacker) if attacker else None
    policy = make_policy(dict(settings), without, scenario(name).families, name)
    properties = tuple(
        INVARIANTS[p] for p in properties_of(name, attacker, settings, without) if not asked or p in asked
    )
    return prepare(scenario(name), policy, who, properties), properties


@cache
def decided(
    name: str,
    attacker: str,
    settings: Settings = (),
    without: tuple[str, ...] = (),
    asked: tuple[str, ...] = (),
) -> Outcome:
    """Ground, explore until all that is asked for (nothing: every property) is decided, let z3 judge."""
    prepared, properties = grounded(name, attacker, settings, without, asked)
    judged = search(prepared, DECIDER, witnesses=True)
    explored = judged.explored
    rules = zip(prepared.grounded.system.rules, explored.fired, strict=True)
    return Outcome(
        explored.states,
        explored.transitions,
        explored.complete or explored.stopped_by == DECIDED,
        {p.name: "violated" if first else "holds" for p, first in zip(properties, judged.first, strict=True)},
        {prop.name: explored.goals[number] is not None for number, prop in enumerate(properties)},
        tuple(rule.name for rule, fired in rules if explored.complete and not fired),
    )


def first_violation(
    prepared: Prepared, explored: Exploration, prop: Property, number: int
) -> tuple[int, int, int] | None:
    """(depth, projected local, projected knowledge) of the shallowest violation of projection `number`."""
    for seen in explored.projections[number]:
        state = state_of(prepared, seen)
        if any(DECIDER.violation(prop, observation) is not None for observation in prop.observe(state)):
            return seen.depth, seen.local, seen.knowledge
    return None


def violated_in(name: str, attacker: str, settings: Settings = (), without: tuple[str, ...] = ()) -> frozenset[str]:
    """What is violated, of all properties."""
    return decided(name, attacker, settings, without).violated


def expected_among(asked: Iterable[str], name: str, attacker: str) -> frozenset[str]:
    """What the scenario file says of an attacker of the matrix; test_expected_verdicts.py holds it to that."""
    return frozenset(prop for prop in asked if scenario(name).expected(attacker, prop)[0] == "violated")


def violated_among(
    asked: Iterable[str], name: str, attacker: str, settings: Settings = (), without: tuple[str, ...] = ()
) -> frozenset[str]:
    """What is violated of the properties asked for; as things are by default, what the scenario file says."""
    if (name, attacker) in CELLS and not settings and not without:
        return expected_among(asked, name, attacker)
    names = tuple(sorted(set(asked) & set(properties_of(name, attacker, settings, without))))
    return decided(name, attacker, settings, without, names).violated if names else frozenset()


@cache
def progress_verdict(name: str, settings: Settings = (), without: tuple[str, ...] = ()) -> tuple[str, bool]:
    """(verdict of `progress`, whether the goal was reached)."""
    policy = make_policy(dict(settings), without, scenario(name).families, name)
    stuck = find_stuck(prepare(scenario(name), policy, None, ()), UNLIMITED)
    assert stuck.explored.complete
    return ("holds" if stuck.path is None else "violated"), stuck.explored.goals[-1] is not None


def main() -> None:
    print("# scenario -> attacker -> [states, transitions], by `.venv/bin/python tests/analysis/decided_cells.py`.")
    print("# A changed number means that the model allows more or fewer runs: say why in the commit that changes it.")
    last = ""
    for name, attacker in CELLS:
        if name != last:
            print(f"\n[{name}]")
        last = name
        found = decided(name, attacker)
        print(f'"{attacker}" = [{found.states}, {found.transitions}]', flush=True)


if __name__ == "__main__":
    main()
