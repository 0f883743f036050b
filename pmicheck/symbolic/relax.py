"""A cheap over-approximation of what is reachable, field by field: it keeps the z3 formulas small.

The Cartesian abstraction forgets how fields depend on each other and that one transition excludes another:
layer k holds, for every field, a superset of the values it can have after at most k steps, and a superset of
the facts that can be known by then. Planners call this the relaxed planning graph. Two things follow from it,
both sound:

* a transition that the layer k does not allow cannot be step k + 1, and a bit that is the same in all values
  of its layer is a constant there, so neither needs a z3 variable;
* the last layer is closed under all transitions, hence an inductive invariant in its own right; the induction
  starts from it instead of from all bit patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmicheck.grounding.system import Transition, TransitionSystem, bits

WIDEST = 12  # fields wider than this are relaxed bit by bit: their value sets could grow to 2^width


@dataclass(frozen=True)
class Cell:
    """A group of adjacent bits of `local` that is abstracted as one set of values."""

    shift: int
    width: int

    def part(self, word: int) -> int:
        """The bits of `word` that belong to the cell, shifted down."""
        return (word >> self.shift) & ((1 << self.width) - 1)


@dataclass(frozen=True)
class Touch:
    """What one transition reads and writes in one cell; all numbers shifted down to the cell."""

    cell: int
    mask: int
    value: int
    clear: int
    put: int

    def admits(self, number: int) -> bool:
        return number & self.mask == self.value

    def result(self, number: int) -> int:
        return (number & ~self.clear) | self.put


@dataclass(frozen=True)
class Layer:
    """What may hold after at most so many steps.

    Attributes:
        values: for every cell the values it may have.
        knowledge: the facts that may be known, closed.
        transitions: the indices of the transitions that may fire from here, ascending.
    """

    values: tuple[frozenset[int], ...]
    knowledge: int
    transitions: tuple[int, ...]


@dataclass(frozen=True)
class Relaxation:
    """The layers from the initial state to the fixpoint (the last, which stands for all later ones)."""

    cells: tuple[Cell, ...]
    touches: tuple[tuple[Touch, ...], ...]
    layers: tuple[Layer, ...]

    def layer(self, depth: int) -> Layer:
        return self.layers[min(depth, len(self.layers) - 1)]


def relax(system: TransitionSystem) -> Relaxation:
    """All layers of `system`, computed to the fixpoint."""
    cells = _cells(system)
    owner = {cell.shift + i: number for number, cell in enumerate(cells) for i in range(cell.width)}
    touches = tuple(_touches(cells, owner, t) for t in system.transitions)
    start, known = system.start
    values = tuple(frozenset({cell.part(start)}) for cell in cells)
    layers: list[Layer] = []
    while True:
        may = _applicable(system, touches, values, known)
        layers.append(Layer(values, known, may))
        values, learned = _advance(system, touches, values, may)
        known = system.close(known, learned)
        if values == layers[-1].values and known == layers[-1].knowledge:
            return Relaxation(cells, touches, tuple(layers))


def _cells(system: TransitionSystem) -> tuple[Cell, ...]:
    """The fields as cells; used bits that no field owns become cells of one bit each."""
    used = system.initial
    for t in system.transitions:
        used |= t.mask | t.value | t.clear | t.put
    cells = []
    for field in system.fields:
        used &= ~field.mask
        if field.width <= WIDEST:
            cells.append(Cell(field.shift, field.width))
        else:
            cells.extend(Cell(field.shift + i, 1) for i in range(field.width))
    cells.extend(Cell(bit, 1) for bit in bits(used))
    return tuple(cells)


def _touches(cells: tuple[Cell, ...], owner: dict[int, int], transition: Transition) -> tuple[Touch, ...]:
    """What `transition` does, cell by cell; `owner` maps a bit of `local` to the index of its cell."""
    mask, value, clear, put = transition.mask, transition.value, transition.clear, transition.put
    touched = sorted({owner[bit] for bit in bits(mask | value | clear | put)})
    return tuple(
        Touch(i, cells[i].part(mask), cells[i].part(value), cells[i].part(clear), cells[i].part(put)) for i in touched
    )


def _applicable(
    system: TransitionSystem,
    touches: tuple[tuple[Touch, ...], ...],
    values: tuple[frozenset[int], ...],
    known: int,
) -> tuple[int, ...]:
    verdicts: dict[tuple[int, int, int], bool] = {}  # many transitions share a guard: decide each once

    def possible(touch: Touch) -> bool:
        key = (touch.cell, touch.mask, touch.value)
        if key not in verdicts:
            verdicts[key] = any(touch.admits(number) for number in values[touch.cell])
        return verdicts[key]

    return tuple(
        i
        for i, transition in enumerate(system.transitions)
        if transition.needs & ~known == 0 and all(possible(touch) for touch in touches[i])
    )


def _advance(
    system: TransitionSystem,
    touches: tuple[tuple[Touch, ...], ...],
    values: tuple[frozenset[int], ...],
    may: tuple[int, ...],
) -> tuple[tuple[frozenset[int], ...], int]:
    """The values of the next layer, and all facts that a transition of this one may teach."""
    grown = [set(numbers) for numbers in values]
    learned = 0
    done: set[Touch] = set()
    for i in may:
        learned |= system.transitions[i].learns
        for touch in touches[i]:
            if touch not in done:
                done.add(touch)
                grown[touch.cell].update(touch.result(n) for n in values[touch.cell] if touch.admits(n))
    return tuple(frozenset(numbers) for numbers in grown), learned
