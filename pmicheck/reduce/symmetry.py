"""Symmetries of a system: found by colours, and believed only because each is checked.

Fields, their values, facts, rules and transitions are coloured by what they are connected with until the colours no
longer tell more (colour refinement). Where two fields or facts keep the same colour one of them is singled out, and
the other in its stead; if the colours then match, like is mapped to like. What comes of it is a guess. `is_symmetry`
decides: the transitions, Horn rules, start and knowledge must be mapped to themselves. Names play no part.

Projections and goals need not be symmetric: they are looked at in all images of a state (see `unfolded.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pmicheck.grounding.system import Renamed, Symmetry, Transition, TransitionSystem, bits

MOST = 24
"""Symmetries that one search applies to every state, the identity included."""

Node = tuple[str, int, int]
Colours = dict[Node, int]


@dataclass(frozen=True)
class Mapping:
    """Where each field, each of its values and each fact goes."""

    fields: tuple[int, ...]
    values: tuple[tuple[int, ...], ...]
    facts: tuple[int, ...]

    def then(self, other: Mapping) -> Mapping:
        """This one, and then the other."""
        return Mapping(
            tuple(other.fields[f] for f in self.fields),
            tuple(
                tuple(other.values[f][v] for v in values) for f, values in zip(self.fields, self.values, strict=True)
            ),
            tuple(other.facts[f] for f in self.facts),
        )


def symmetries_of(system: TransitionSystem) -> tuple[Symmetry, ...]:
    """A group of symmetries without the identity; not always all that there are."""
    graph = _Graph(system)
    if not graph.whole_fields:
        return ()
    generators = [m for m in _guesses(graph) if is_symmetry(system, _symmetry(system, m))]
    return tuple(_symmetry(system, m) for m in _group(graph.identity, generators) if m != graph.identity)


def is_symmetry(system: TransitionSystem, symmetry: Symmetry) -> bool:
    """Whether it maps the system's transitions, Horn rules and start to themselves, rules going to rules as wholes."""
    every = sum(field.mask for field in system.fields)
    if system.start != symmetry.apply(*system.start):
        return False
    before = Counter(_by_masks(t, every) for t in system.transitions)
    after = Counter(_image(t, symmetry, every) for t in system.transitions)
    horn = {(rule.body, rule.head) for rule in system.horn}
    moved = {(symmetry.of_facts(body), symmetry.facts[head]) for body, head in horn}
    return before == after and horn == moved and rule_images(system, symmetry) is not None


def rule_images(system: TransitionSystem, symmetry: Symmetry) -> dict[int, int] | None:
    """To which rule each goes that has transitions; None if one goes to several, or an attacker's to an honest one."""
    every = sum(field.mask for field in system.fields)
    of: dict[int, Counter[_Masks]] = defaultdict(Counter)
    for t in system.transitions:
        of[t.rule][_by_masks(t, every)] += 1
    rules = {frozenset(parts.items()): rule for rule, parts in of.items()}
    images: dict[int, int] = {}
    for rule in of:
        moved = Counter(_image(t, symmetry, every) for t in system.transitions if t.rule == rule)
        image = rules.get(frozenset(moved.items()))
        if image is None or system.rules[image].by_attacker != system.rules[rule].by_attacker:
            return None
        images[rule] = image
    return images


def mask_image(symmetry: Symmetry, mask: int) -> int:
    """Where the bits of whole fields go."""
    image = mask & symmetry.fixed
    for moved, left in symmetry.moved:
        image |= (mask & moved) << left if left >= 0 else (mask & moved) >> -left
    for renamed in symmetry.renamed:
        image |= (mask & renamed.mask) >> renamed.shift << renamed.target
    return image


_Masks = tuple[int, int, int, int, int, int]


def _by_masks(t: Transition, every: int) -> _Masks:
    return t.mask, t.value, t.clear & every, t.put, t.needs, t.learns


def _image(t: Transition, symmetry: Symmetry, every: int) -> _Masks:
    mask, clear = mask_image(symmetry, t.mask), mask_image(symmetry, t.clear & every)
    value, put = symmetry.apply(t.value, 0)[0] & mask, symmetry.apply(t.put, 0)[0] & clear
    return mask, value, clear, put, symmetry.of_facts(t.needs), symmetry.of_facts(t.learns)


def transition_images(system: TransitionSystem, symmetry: Symmetry) -> tuple[int, ...]:
    """For each transition the index of its image, the lowest where several do the same."""
    every = sum(field.mask for field in system.fields)
    index: dict[_Masks, int] = {}
    for number, t in enumerate(system.transitions):
        index.setdefault(_by_masks(t, every), number)
    return tuple(index[_image(t, symmetry, every)] for t in system.transitions)


def _symmetry(system: TransitionSystem, mapping: Mapping) -> Symmetry:
    fixed, renamed = 0, []
    moved: dict[int, int] = defaultdict(int)
    for number, field in enumerate(system.fields):
        target, values = system.fields[mapping.fields[number]], mapping.values[number]
        if values != tuple(range(len(values))):
            renamed.append(Renamed(field.mask, field.shift, target.shift, values))
        elif target.shift == field.shift:
            fixed |= field.mask
        else:
            moved[target.shift - field.shift] |= field.mask
    return Symmetry(fixed, tuple((mask, left) for left, mask in sorted(moved.items())), tuple(renamed), mapping.facts)


def _group(identity: Mapping, generators: list[Mapping]) -> list[Mapping]:
    """All products of the generators, without those that would make the group larger than `MOST`."""
    group = [identity]
    for number in range(len(generators)):
        larger = _closure(identity, generators[: number + 1], MOST)
        if larger is None:
            generators[number] = identity
        else:
            group = larger
    return group


def _closure(identity: Mapping, generators: list[Mapping], most: int) -> list[Mapping] | None:
    found = {identity: None}
    agenda = [identity]
    for one in agenda:
        for generator in generators:
            product = one.then(generator)
            if product not in found:
                if len(found) == most:
                    return None
                found[product] = None
                agenda.append(product)
    return list(found)


def _guesses(graph: _Graph) -> Iterator[Mapping]:
    """Mappings that swap like with like, those that move most fields first."""
    found: dict[Mapping, None] = {}
    singled_out: list[Node] = []
    for _ in range(TRIES):
        colours = graph.refined(singled_out)
        cell = next(iter(graph.cells(colours)), None)
        if cell is None:
            break
        for other in cell[1:]:
            mapping = graph.match([*singled_out, cell[0]], [*singled_out, other])
            if mapping is not None:
                found[mapping] = None
        singled_out.append(cell[0])
    yield from sorted(found, key=lambda m: sum(f == target for f, target in enumerate(m.fields)))


TRIES = 8
"""How many nodes are singled out one after the other before the search for symmetries is given up."""


class _Graph:
    """A system as nodes with colours: fields, their values, facts, rules, transitions and Horn rules."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        every = sum(field.mask for field in system.fields)
        looks = [*(p.mask for p in system.projections), *(g.mask for g in system.goals)]
        masks = [*looks, *(m & every for t in system.transitions for m in (t.mask, t.clear))]
        self.whole_fields = all(m & f.mask in (0, f.mask) for m in set(masks) for f in system.fields)
        if not self.whole_fields:
            return
        self.guards = [self._atoms(t.mask, t.value) for t in system.transitions]
        self.effects = [self._atoms(t.clear & every, t.put) for t in system.transitions]
        start = self._atoms(every, system.initial)
        self.start = set(start)
        used = {*start, *(a for atoms in (*self.guards, *self.effects) for a in atoms)}
        self.values: list[list[Node]] = [[] for _ in system.fields]
        for atom in sorted(used):
            self.values[atom[1]].append(atom)
        self.fields: list[Node] = [("field", f, 0) for f in range(len(system.fields))]
        self.facts: list[Node] = [("fact", f, 0) for f in range(len(system.facts))]
        self.rules: list[Node] = [("rule", r, 0) for r in range(len(system.rules))]
        told = {rule.head for rule in system.horn} | {b for t in system.transitions for b in bits(t.learns)}
        self.learnable = {fact for fact in self.facts if fact[1] in told or system.start[1] >> fact[1] & 1}
        touched = {atom[1] for atoms in (*self.guards, *self.effects) for atom in atoms}
        self.idle = {field for field in self.fields if field[1] not in touched}
        self.points = [
            *(f for f in self.fields if f not in self.idle),
            *sorted(self.learnable),
            *(a for atoms in self.values for a in atoms),
        ]
        self._refined: dict[tuple[Node, ...], Colours] = {}
        self._number()

    def _number(self) -> None:
        """The connections of the nodes, as positions in `nodes`."""
        system = self.system
        self.nodes = [*self.fields, *self.facts, *self.rules, *(a for atoms in self.values for a in atoms)]
        at = {node: number for number, node in enumerate(self.nodes)}
        facts = [at[fact] for fact in self.facts]

        def of(nodes: list[Node]) -> list[int]:
            return [at[node] for node in nodes]

        def known(mask: int) -> list[int]:
            return [facts[bit] for bit in bits(mask)]

        self.transitions = [
            (at[self.rules[t.rule]], of(guards), of(effects), known(t.needs), known(t.learns))
            for t, guards, effects in zip(system.transitions, self.guards, self.effects, strict=True)
        ]
        self.horn = [(known(rule.body), facts[rule.head]) for rule in system.horn]
        self.parts = [(at[field], of(atoms)) for field, atoms in zip(self.fields, self.values, strict=True)]

    @property
    def identity(self) -> Mapping:
        fields = self.system.fields
        return Mapping(
            tuple(range(len(fields))),
            tuple(tuple(range(1 << f.width)) for f in fields),
            tuple(range(len(self.system.facts))),
        )

    def _atoms(self, mask: int, value: int) -> list[Node]:
        return [("value", n, f.index(value)) for n, f in enumerate(self.system.fields) if mask & f.mask]

    def cells(self, colours: Colours) -> Iterator[list[Node]]:
        """The nodes that share a colour with others."""
        by: dict[int, list[Node]] = defaultdict(list)
        for point in self.points:
            by[colours[point]].append(point)
        return (cell for cell in by.values() if len(cell) > 1)

    def match(self, ours: list[Node], theirs: list[Node]) -> Mapping | None:
        """A mapping of the nodes singled out here to those singled out there, like to like; None if there is none."""
        while True:
            here, there = self.refined(ours), self.refined(theirs)
            if Counter(here.values()) != Counter(there.values()):
                return None
            cell = next(iter(self.cells(here)), None)
            if cell is None:
                return self._mapping(here, there)
            like = [point for point in self.points if there[point] == here[cell[0]]]
            ours = [*ours, cell[0]]
            theirs = [*theirs, cell[0] if cell[0] in like else like[0]]

    def _mapping(self, here: Colours, there: Colours) -> Mapping | None:
        image = {colour: point for point, colour in there.items()}
        fields = tuple(image[here[f]][1] for f in self.fields)
        values = []
        for number, field in enumerate(self.system.fields):
            table = {atom[2]: image[here[atom]][2] for atom in self.values[number]}
            free = iter([v for v in range(1 << field.width) if v not in set(table.values())])
            values.append(tuple(table[v] if v in table else next(free) for v in range(1 << field.width)))
        return Mapping(fields, tuple(values), tuple(image[here[f]][1] for f in self.facts))

    def refined(self, singled_out: list[Node]) -> Colours:
        """Colours that tell apart what differs in its connections, those singled out being unlike all others.

        What is singled out one more than before is told apart in the colours that were found before.
        """
        known = self._refined.get(tuple(singled_out))
        if known is None:
            colours = self._at_first() if not singled_out else dict(self.refined(singled_out[:-1]))
            if singled_out:
                colours[singled_out[-1]] = hash((5, len(singled_out)))
            known = self._refined[tuple(singled_out)] = self._stable(colours)
        return known

    def _at_first(self) -> Colours:
        known = self.system.start[1]
        colours: Colours = {field: hash((1, self.system.fields[field[1]].width)) for field in self.fields}
        colours |= {fact: hash((2, known >> fact[1] & 1)) for fact in self.facts}
        colours |= {fact: hash((6, fact[1])) for fact in self.facts if fact not in self.learnable}
        colours |= {field: hash((7, field[1])) for field in self.idle}
        colours |= {rule: hash((3, self.system.rules[rule[1]].by_attacker)) for rule in self.rules}
        colours |= {atom: hash((4, atom in self.start)) for atoms in self.values for atom in atoms}
        return colours

    def _stable(self, colours: Colours) -> Colours:
        """The colours once no further round tells more apart."""
        numbered, count = [colours[node] for node in self.nodes], 0
        while len(set(numbered)) > count:
            count = len(set(numbered))
            numbered = self._round(numbered)
        return dict(zip(self.nodes, numbered, strict=True))

    def _round(self, colours: list[int]) -> list[int]:
        """Each node's colour, and the colours of all that it is connected with, in sums that no order changes."""
        mixed = [hash((9, colour)) for colour in colours]
        of = mixed.__getitem__
        links = [0] * len(colours)
        for rule, guards, effects, needs, learns in self.transitions:
            ends = sum(map(of, guards)), sum(map(of, effects)), sum(map(of, needs)), sum(map(of, learns))
            colour = hash((colours[rule], *ends))
            links[rule] += hash((4, colour))
            for role, nodes in enumerate((guards, effects, needs, learns)):
                if nodes:
                    link = hash((role, colour))
                    for node in nodes:
                        links[node] += link
        for body, head in self.horn:
            colour = hash((sum(map(of, body)), colours[head]))
            links[head] += hash((6, colour))
            for node in body:
                links[node] += hash((5, colour))
        for field, atoms in self.parts:
            links[field] += hash((7, sum(map(of, atoms))))
            for atom in atoms:
                links[atom] += hash((8, colours[field]))
        return [hash(pair) for pair in zip(colours, links, strict=True)]
