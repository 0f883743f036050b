"""What is to be decided: a request, and the cells of the matrix that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, replace

from pmicheck.attacker.profiles import USUAL, Attacker, attacker_named
from pmicheck.cluster.place import Place
from pmicheck.errors import UsageError
from pmicheck.grounding.run import world_of
from pmicheck.model.policy import Policy, make_policy
from pmicheck.model.scenario import SHIPPED, Scenario, load_scenario
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS, NAMES, PROGRESS, check_name
from pmicheck.verify.engine import UNLIMITED, Engine
from pmicheck.verify.naming import check_distinct, check_names_in


@dataclass(frozen=True)
class Request:
    """What the user asks for; empty tuples mean everything that applies.

    Attributes:
        settle: whether a verdict may be taken from cells that imply it, instead of from a run.
        prove: whether what holds is to be proved as well, for any number of sessions.
        cluster: who is to do the work, instead of processes of this machine.
    """

    scenarios: tuple[str, ...] = ()
    attackers: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    _: KW_ONLY
    settings: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    engine: Engine = UNLIMITED
    workers: int = 1
    settle: bool = False
    prove: bool = False
    cluster: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the matrix: a scenario under an attacker, for some properties, to be proved or not."""

    scenario: Scenario
    policy: Policy
    attacker: Attacker
    properties: tuple[str, ...]
    engine: Engine
    prove: bool = False

    @property
    def alone(self) -> tuple[str, Policy]:
        """What it has in common with the cells of all other attackers: `progress` depends on nothing else."""
        return self.scenario.file, self.policy

    def for_one_of(self, cluster: Place | None) -> Cell:
        """The same for one worker of a cluster, which is not to search for ever."""
        return replace(self, engine=self.engine.at_most(cluster.alone)) if cluster else self

    @property
    def invariants(self) -> tuple[str, ...]:
        """Its properties but `progress`."""
        return tuple(name for name in self.properties if name != PROGRESS)


def plan(request: Request, tell: Callable[[str], None] = lambda _: None) -> list[Cell]:
    """The cells of the matrix that a request names; `tell` hears where a setting was not applied.

    Raises UsageError for what does not apply to a scenario that the request names, or to any.
    """
    properties = tuple(check_name(name) for name in request.properties) or NAMES
    cells: list[Cell] = []
    loaded = [load_scenario(name) for name in request.scenarios or SHIPPED]
    check_distinct(loaded)
    applied = Applied(request, len(loaded))
    for own in loaded:
        check_names_in(own)
        scenario, policy = applied.to(own)
        for attacker in _attackers(request, scenario):
            world = world_of(scenario, policy, attacker)
            wanted = tuple(p for p in properties if p == PROGRESS or applies(INVARIANTS[p], world))
            if wanted:
                cells.append(
                    Cell(
                        scenario=scenario,
                        policy=policy,
                        attacker=attacker,
                        properties=wanted,
                        engine=request.engine,
                        prove=request.prove,
                    )
                )
    for sentence in applied.left_out():
        tell(sentence)
    return cells


class Applied:
    """The settings of a request, each applied to the scenarios that it touches.

    Who names scenarios wants it in all of these; a run over all of them applies a setting where it can.
    """

    def __init__(self, request: Request, scenarios: int) -> None:
        self.request, self.scenarios = request, scenarios
        self.refused: dict[str, list[str]] = {}
        self.reasons: dict[str, UsageError] = {}

    def to(self, scenario: Scenario) -> tuple[Scenario, Policy]:
        """The scenario with the bounds, and the policy. Raises UsageError for what does not apply if it was named."""
        if self.request.scenarios:
            bounded, readings = scenario.bounded(dict(self.request.settings))
            return bounded, make_policy(readings, self.request.without, bounded.families, bounded.name)
        settings = {name: value for name, value in self.request.settings if self._fits(scenario, {name: value}, ())}
        without = [name for name in self.request.without if self._fits(scenario, {}, (name,))]
        bounded, readings = scenario.bounded(settings)
        return bounded, make_policy(readings, without, bounded.families, bounded.name)

    def _fits(self, scenario: Scenario, settings: dict[str, str], without: tuple[str, ...]) -> bool:
        try:
            _, readings = scenario.bounded(settings)
            make_policy(readings, without, scenario.families, scenario.name)
        except UsageError as error:
            told = "".join([f"--set {name}={value}" for name, value in settings.items()])
            told = told or f"--without {without[0]}"
            self.refused.setdefault(told, []).append(scenario.name)
            self.reasons[told] = error
            return False
        return True

    def left_out(self) -> Iterator[str]:
        """Where a setting was not applied, one sentence each. Raises UsageError for one that applies nowhere."""
        for told, names in self.refused.items():
            if len(names) == self.scenarios:
                raise self.reasons[told]
            yield f"{told} does not apply to {', '.join(names)}: decided without it"


def _attackers(request: Request, scenario: Scenario) -> Iterator[Attacker]:
    """The attackers asked for, or those of the scenario file, or all that differ from `off-path` in this scenario."""
    for name in request.attackers or scenario.attackers or (*USUAL, *scenario.also):
        attacker = attacker_named(name)
        if attacker.needs <= scenario.offers:
            yield attacker
        elif request.attackers and len(request.scenarios) == 1:
            missing = ", ".join(sorted(attacker.needs - scenario.offers))
            raise UsageError(f"attacker '{name}' does not apply to scenario '{scenario.name}': it needs a {missing}")
