"""What there is to choose from, and what a property says: the texts behind `list` and `explain`."""

from __future__ import annotations

from pmicheck.attacker.profiles import ATTACKERS
from pmicheck.grounding.run import world_of
from pmicheck.model.limits import BOUNDS, LEAST, MOST
from pmicheck.model.mechanisms import MECHANISMS
from pmicheck.model.policy import make_policy
from pmicheck.model.readings import READINGS
from pmicheck.model.scenario import NAMED, SHIPPED, Scenario, load_scenario
from pmicheck.model.world import World
from pmicheck.properties.base import applies
from pmicheck.properties.catalogue import INVARIANTS, PROGRESS, PROGRESS_VIOLATED_WHEN, check_name


def catalogue(kind: str) -> list[tuple[str, str]]:
    """(name, one sentence) of everything of a kind: scenarios, attackers, properties, readings, mechanisms, bounds."""
    if kind == "scenarios":
        return [(name, _described(load_scenario(name))) for name in NAMED]
    if kind == "attackers":
        return [(name, attacker.does) for name, attacker in ATTACKERS.items()]
    if kind == "properties":
        words = [(name, prop.violated_when) for name, prop in INVARIANTS.items()]
        return [(n, f"violated when {w}") for n, w in [*words, (PROGRESS, PROGRESS_VIOLATED_WHEN)]]
    if kind == "readings":
        return [
            (name, f"{reading.question} ({', '.join(reading.values)}; {reading.source})")
            for name, reading in READINGS.items()
        ]
    if kind == "bounds":
        return [(name, f"{what} ({LEAST.get(name, 0)} to {MOST[name]})") for name, what in BOUNDS.items()]
    return [(name, mechanism.does) for name, mechanism in MECHANISMS.items()]


def _described(scenario: Scenario) -> str:
    if not scenario.widens:
        return scenario.title + ("" if scenario.name in SHIPPED else " (run only if named)")
    shorter = scenario.prologue != load_scenario(scenario.widens).prologue
    how = "after a shorter prologue" if shorter else "within larger bounds"
    return f"{scenario.title} ({scenario.widens} {how}, run only if named)"


def _default_world(name: str) -> World:
    scenario = load_scenario(name)
    return world_of(scenario, make_policy({}, (), scenario.families, name), None)


def explain_property(name: str) -> str:
    """What a property says, what it looks at and how it is decided. Raises UsageError for an unknown name."""
    if check_name(name) == PROGRESS:
        return (
            f"{PROGRESS} is violated when {PROGRESS_VIOLATED_WHEN}.\n"
            "Decided on the honest nodes alone: as long as time and repetitions remain, the goal must stay reachable."
        )
    prop = INVARIANTS[name]
    world = next(world for world in map(_default_world, SHIPPED) if applies(prop, world))
    looks = ", ".join(cell.name for cell in prop.cells(world))
    return (
        f"{name} is violated when {prop.violated_when}.\n"
        f"It looks at: {looks}{' and what the attacker knows' if prop.terms(world) else ''}.\n"
        "z3 is asked of every distinct observation whether it can stand beside numbers that break the invariant."
    )
