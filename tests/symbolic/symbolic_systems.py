"""Random small transition systems, and a deliberately naive search that shares no code with the engines."""

from __future__ import annotations

from hypothesis import strategies as st

from pmicheck.grounding.system import Field, Horn, Rule, Transition, TransitionSystem

RULE = Rule("rule", "somebody", "0")
LAYOUTS = (((0, 1), (1, 2)), ((0, 2), (62, 2), (64, 1)), ((3, 3),), ((5, 1), (6, 1), (70, 2)))
State = tuple[int, int]


def system(
    transitions: tuple[Transition, ...],
    layout: tuple[tuple[int, int], ...] = ((0, 2),),
    facts: int = 0,
    horn: tuple[Horn, ...] = (),
    initial: int = 0,
    known: int = 0,
) -> TransitionSystem:
    """A system whose fields are the (shift, width) pairs of `layout`."""
    fields = tuple(Field(f"f{i}", s, w, tuple(range(1 << w))) for i, (s, w) in enumerate(layout))
    names = tuple(f"fact{i}" for i in range(facts))
    return TransitionSystem("random", 128, fields, (RULE,), transitions, names, horn, initial, known)


@st.composite
def systems(draw: st.DrawFn) -> TransitionSystem:
    """Up to eight transitions over a few bits, with Horn rules that may well form cycles."""
    layout = draw(st.sampled_from(LAYOUTS))
    whole = sum(((1 << width) - 1) << shift for shift, width in layout)
    positions = [i for i in range(128) if whole >> i & 1]
    facts = draw(st.integers(0, 5))
    word = st.sets(st.sampled_from(positions)).map(lambda chosen: sum(1 << i for i in chosen))
    few = (
        st.sets(st.integers(0, facts - 1), max_size=2).map(lambda chosen: sum(1 << i for i in chosen))
        if facts
        else st.just(0)
    )

    def transition() -> Transition:
        mask, put = draw(word), draw(word)
        return Transition(0, mask, mask & draw(word), draw(word), put, draw(few), draw(few))

    horn = tuple(
        Horn(draw(few), draw(st.integers(0, facts - 1))) for _ in range(draw(st.integers(0, 6 if facts else 0)))
    )
    moves = tuple(transition() for _ in range(draw(st.integers(1, 8))))
    return system(moves, layout, facts, horn, draw(word), draw(few))


def targets(of: TransitionSystem) -> st.SearchStrategy[list[tuple[int, int, int, int]]]:
    """Up to three alternatives over the bits and facts of `of`."""
    whole = sum(field.mask for field in of.fields)
    word = st.integers(0, 127).map(lambda n: sum((n >> i & 1) << b for i, b in enumerate(_positions(whole))))
    facts = st.integers(0, (1 << len(of.facts)) - 1)
    one = st.tuples(word, word, facts, facts).map(lambda t: (t[0], t[0] & t[1], t[2], t[3] & ~t[2]))
    return st.lists(one, max_size=3)


def _positions(mask: int) -> list[int]:
    return [i for i in range(128) if mask >> i & 1]


def closure(of: TransitionSystem, facts: int) -> int:
    """The least fixpoint, by going through all rules until nothing changes."""
    while True:
        grown = facts
        for rule in of.horn:
            if rule.body & grown == rule.body:
                grown |= 1 << rule.head
        if grown == facts:
            return facts
        facts = grown


def successors(of: TransitionSystem, state: State) -> dict[int, State]:
    """Successor by the index of the transition."""
    local, known = state
    return {
        i: ((local & ~t.clear) | t.put, closure(of, known | t.learns))
        for i, t in enumerate(of.transitions)
        if local & t.mask == t.value and t.needs & known == t.needs
    }


def levels(of: TransitionSystem) -> list[set[State]]:
    """All reachable states by breadth-first search; level d holds those whose shortest run has d steps."""
    start = (of.initial, closure(of, of.known))
    seen, found = {start}, [{start}]
    while found[-1]:
        found.append({s for state in found[-1] for s in successors(of, state).values()} - seen)
        seen |= found[-1]
    return found[:-1]


def hit(state: State, target: list[tuple[int, int, int, int]]) -> bool:
    local, known = state
    return any(
        local & mask == value and known & facts == facts and not known & absent for mask, value, facts, absent in target
    )
