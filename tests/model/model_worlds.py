"""Worlds and updates for tests of single checks."""

from __future__ import annotations

from collections.abc import Callable

from pmicheck.attacker.profiles import attacker_named
from pmicheck.grounding.run import world_of
from pmicheck.language.message import Message
from pmicheck.model.interpreter import Interpreter, play
from pmicheck.model.messages import Update, name_of
from pmicheck.model.policy import make_policy
from pmicheck.model.roles.authorisation import expected_authenticator, tokens_of
from pmicheck.model.roles.registration import build_update
from pmicheck.model.rules.protocol import spontaneous
from pmicheck.model.scenario import load_scenario
from pmicheck.model.topology import COA1, MN
from pmicheck.model.world import World

Make = Callable[[World], Update]


def world(
    name: str = "type1-refresh",
    settings: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
    attacker: str | None = None,
) -> World:
    """The world of a shipped scenario, without attacker unless one is named; bounds are settings, too."""
    scenario, readings = load_scenario(name).bounded(settings or {})
    who = attacker_named(attacker) if attacker else None
    return world_of(scenario, make_policy(readings, without, scenario.families, name), who)


def fire(run: Interpreter, rule: str) -> str | None:
    """Fire a rule by its name; the name of the check that refuses, None if it fired."""
    return run.fire(next(act for act in spontaneous(run.world) if act.name == rule))


def begun(here: World, *rules: str) -> Interpreter:
    """The state after these rules, nothing delivered."""
    run = Interpreter(here)
    for rule in rules:
        assert fire(run, rule) is None, rule
    return run


def under_way(run: Interpreter, kind: str) -> Message:
    """Deliver messages in order until one of this kind is next, and return that one."""
    while name_of(run.in_flight[0]) != kind:
        assert run.deliver(run.in_flight[0]) is None
    return run.in_flight[0]


def refusal_without_trace(run: Interpreter, message: Message) -> str | None:
    """What the receiver says to a message; one that it refuses leaves nothing behind."""
    before = dict(run.values), list(run.in_flight), list(run.sent)
    refusal = run.offer(message)
    assert refusal is None or (run.values, run.in_flight, run.sent) == before
    return refusal


def unregistered(here: World) -> Interpreter:
    """The CN knows nothing of the home address."""
    return Interpreter(here)


def registered(here: World) -> Interpreter:
    """PMA1 has registered under nonce 1 with numbers 1 and 2; the CN has issued PT1 and HT1."""
    return play(here, ("pma1 starts the proxy home test",))


def deregistered(here: World) -> Interpreter:
    """PMA1 has registered and, when the node left, deregistered with PT1 and number 3."""
    return play(here, ("pma1 starts the proxy home test", "mobile node moves to away", "pma1 deregisters"))


def sealed(here: World, update: Update, generation: int = 0) -> Update:
    """The update with the authenticator that fits whatever was changed in it."""
    home, care_of = tokens_of(here.policy, update, generation)
    return update._replace(mac=expected_authenticator(here.policy, update, home, care_of))


def early(here: World, seq: int = 9, **fields: object) -> Update:
    return build_update(here, COA1, seq, "T", nonce=1, key=MN)._replace(**fields)  # type: ignore[arg-type]


def complete(here: World, seq: int = 9) -> Update:
    return build_update(here, COA1, seq, "T", nonce=1, care_of_nonce=1, key=MN)


def plain(here: World, seq: int = 9) -> Update:
    """RFC 6275: no signature, no P flag."""
    return build_update(here, COA1, seq, "T", nonce=1, care_of_nonce=1, proxy=False)
