"""A rule run on one concrete state: for the prologue of a scenario, for random walks and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pmicheck.language.act import Act
from pmicheck.language.cells import Cell, Refused
from pmicheck.language.message import Message, Term
from pmicheck.model.events import EVENT, FALLBACK
from pmicheck.model.roles.ghosts import was_sent
from pmicheck.model.rules.protocol import handler, spontaneous
from pmicheck.model.world import World


class Done(NamedTuple):
    """One rule that fired: with which message, what it changed and sent, and which checks it passed."""

    act: Act
    message: Message | None
    changed: Mapping[Cell, Any]
    sent: tuple[Message, ...]
    checks: tuple[str, ...]


_UNSET = object()


class Interpreter:
    """The `Context` of a run on one state, with the messages that are under way.

    Attributes:
        values: cells that differ from their initial value.
        in_flight: messages sent and not delivered, in order.
        learned: what `learn` and `expose` gave the attacker.
        checks: the checks that let the last message through.
        history: the rules that fired, in order.
    """

    def __init__(self, world: World, sees: Callable[[str], bool] = lambda link: False) -> None:
        self.world = world
        self.values: dict[Cell, Any] = {}
        self.in_flight: list[Message] = []
        self.sent: list[Message] = []
        self.learned: list[Term] = []
        self.checks: list[str] = []
        self.history: list[Done] = []
        self._sees = sees

    def get(self, cell: Cell, worth: Callable[[Any], bool] | None = None) -> Any:
        if cell in self.values:
            return self.values[cell]
        return self.world.initial.get(cell.name, cell.initial)

    def test(self, cell: Cell, predicate: Callable[..., bool], *arguments: Any, worth: bool | None = None) -> bool:
        return predicate(self.get(cell), *arguments)

    def same(
        self,
        message: Message,
        field: str,
        expected: Callable[[], Term | None],
        under: Term | None = None,
        *,
        vital: bool = False,
    ) -> bool:
        return bool(getattr(message, field) == expected())

    def peek(self, message: Message, field: str) -> Any:
        return getattr(message, field)

    def authored(self, message: Message, trace_of: Callable[[Any], Cell]) -> bool:
        return self.test(trace_of(message), was_sent)

    def set(self, cell: Cell, value: Any) -> None:
        self.values[cell] = value

    def send(self, message: Message, *, lost: bool = False) -> None:
        self.sent.append(message)
        if not lost and handler(self.world, message) is not None:
            self.in_flight.append(message)

    def learn(self, *terms: Term) -> None:
        self.learned.extend(terms)

    def expose(self, link: str, *terms: Term) -> None:
        if self._sees(link):
            self.learned.extend(terms)

    def passed(self, check: str) -> None:
        self.checks.append(check)

    def lose_packets_in_flight(self) -> None:
        self.in_flight.clear()

    def fire(self, act: Act, message: Message | None = None) -> str | None:
        """Run the rule; on refusal the state is as before and the name of the check is returned."""
        before = dict(self.values), list(self.in_flight), list(self.sent), list(self.learned)
        self.checks = []
        self.values.update({EVENT: None, FALLBACK: None})
        try:
            act.run(self)
        except Refused as refusal:
            self.values, self.in_flight, self.sent, self.learned = before
            return refusal.check
        changed = {cell: value for cell, value in self.values.items() if before[0].get(cell, _UNSET) != value}
        sent = tuple(self.sent[len(before[2]) :])
        self.history.append(Done(act=act, message=message, changed=changed, sent=sent, checks=tuple(self.checks)))
        return None

    def deliver(self, message: Message) -> str | None:
        """Give an in-flight message to its receiver; as `fire`. The message is gone either way."""
        self.in_flight.remove(message)
        return self.offer(message)

    def offer(self, message: Message) -> str | None:
        """Give any message to the principal it is addressed to; as `fire`."""
        act = handler(self.world, message)
        return "nobody" if act is None else self.fire(act, message)

    def settle(self) -> None:
        """Deliver everything in order until nothing is under way."""
        while self.in_flight:
            self.deliver(self.in_flight[0])


def play(world: World, script: tuple[str, ...], sees: Callable[[str], bool] = lambda link: False) -> Interpreter:
    """The state after the named rules fired one after the other, every message delivered.

    Raises:
        ValueError: a rule that the world does not have, or that refuses.
    """
    run = Interpreter(world, sees)
    acts = {act.name: act for act in spontaneous(world)}
    for name in script:
        if name not in acts:
            raise ValueError(f"there is no rule '{name}'")
        refusal = run.fire(acts[name])
        if refusal is not None:
            raise ValueError(f"rule '{name}' is refused by '{refusal}'")
        run.settle()
    return run


def values_by_name(values: Mapping[Cell, Any]) -> dict[str, Any]:
    """The cells' values as `World.initial` wants them."""
    return {cell.name: value for cell, value in values.items()}
