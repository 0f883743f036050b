"""Writes a transition system down by the names of fields and the values in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from pmicheck.grounding.system import WORD, Field, Goal, Horn, Rule, Transition, TransitionSystem


class Builder:
    """Collects fields, facts and transitions; `system` hands them out. A field starts in its first value."""

    def __init__(self, name: str, rules: Sequence[str]) -> None:
        self._name = name
        self._rules = {rule: number for number, rule in enumerate(rules)}
        self._fields: dict[str, Field] = {}
        self._numbers: dict[str, dict[Hashable, int]] = {}
        self._used = 0
        self._facts: dict[Hashable, int] = {}
        self._horn: list[Horn] = []
        self._transitions: list[Transition] = []
        self._goals: list[Goal] = []

    def field(self, name: str, values: Iterable[Hashable]) -> str:
        """Adds a field, in the next word if it would straddle two; returns its name."""
        values = tuple(values)
        width = max(1, (len(values) - 1).bit_length())
        if self._used % WORD + width > WORD:
            self._used += -self._used % WORD
        self._fields[name] = Field(name, self._used, width, values)
        self._numbers[name] = {value: number for number, value in enumerate(values)}
        self._used += width
        return name

    def facts(self, *facts: Hashable) -> int:
        """The bits of some facts, numbered as they first appear."""
        return sum(1 << self._facts.setdefault(fact, len(self._facts)) for fact in dict.fromkeys(facts))

    def follows(self, head: Hashable, *body: Hashable) -> None:
        """Who knows all of `body` knows `head`."""
        premises = self.facts(*body)
        self._horn.append(Horn(premises, self.facts(head).bit_length() - 1))

    def step(
        self,
        rule: str,
        reads: Mapping[str, Hashable],
        writes: Mapping[str, Hashable],
        *,
        needs: Sequence[Hashable] = (),
        learns: Sequence[Hashable] = (),
    ) -> None:
        """A transition that requires each field of `reads` to have its value and sets each of `writes`."""
        mask, value = self._bits(reads)
        clear, put = self._bits(writes)
        needed, learned = self.facts(*needs), self.facts(*learns)
        self._transitions.append(Transition(self._rules[rule], mask, value, clear, put, needed, learned))

    def goal(self, name: str, reads: Mapping[str, Hashable]) -> None:
        """A state to be found."""
        self._goals.append(Goal(name, *self._bits(reads)))

    def system(self, *known: Hashable) -> TransitionSystem:
        """All that was collected, with `known` known from the start."""
        start = self.facts(*known)
        return TransitionSystem(
            self._name,
            max(WORD, self._used + -self._used % WORD),
            tuple(self._fields.values()),
            tuple(Rule(rule, "", "") for rule in self._rules),
            tuple(self._transitions),
            tuple(map(str, self._facts)),
            tuple(self._horn),
            0,
            start,
            (),
            tuple(self._goals),
        )

    def _bits(self, values: Mapping[str, Hashable]) -> tuple[int, int]:
        mask = sum(self._fields[name].mask for name in values)
        return mask, sum(self._numbers[name][value] << self._fields[name].shift for name, value in values.items())
