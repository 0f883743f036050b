"""Small systems made by hand, written so that their state counts can be had in another way."""

from __future__ import annotations

from collections.abc import Sequence

from pmicheck.grounding.system import (
    WORD,
    Field,
    Goal,
    Horn,
    Projection,
    Rule,
    Transition,
    TransitionSystem,
)


def lay_out(sizes: Sequence[tuple[str, int]], words: int = 1) -> tuple[tuple[Field, ...], int]:
    """Fields for (name, number of values), dealt to `words` 64-bit words in turn, and the width in bits."""
    fields, used = [], [0] * words
    for number, (name, size) in enumerate(sizes):
        width = max(1, (size - 1).bit_length())
        word = number % words
        assert used[word] + width <= WORD
        fields.append(Field(name, word * WORD + used[word], width, tuple(range(size))))
        used[word] += width
    return tuple(fields), words * WORD


def guarded(
    rule: int,
    reads: Sequence[tuple[Field, int]],
    writes: Sequence[tuple[Field, int]],
    needs: int = 0,
    learns: int = 0,
) -> Transition:
    """A transition that requires each field of `reads` to have its value and sets each of `writes`."""
    return Transition(
        rule,
        mask=sum(f.mask for f, _ in reads),
        value=sum(v << f.shift for f, v in reads),
        clear=sum(f.mask for f, _ in writes),
        put=sum(v << f.shift for f, v in writes),
        needs=needs,
        learns=learns,
    )


def philosophers(n: int) -> TransitionSystem:
    """Dining philosophers: 0 thinks, 1 holds the left fork, 2 eats, 3 has put the right one back."""
    fields, width = lay_out([(f"p{i}", 4) for i in range(n)] + [(f"fork{i}", 2) for i in range(n)])
    phils, forks = fields[:n], fields[n:]
    transitions = []
    for i in range(n):
        p, left, right = phils[i], forks[i], forks[(i + 1) % n]
        transitions += [
            guarded(0, [(p, 0), (left, 0)], [(p, 1), (left, 1)]),
            guarded(1, [(p, 1), (right, 0)], [(p, 2), (right, 1)]),
            guarded(2, [(p, 2)], [(p, 3), (right, 0)]),
            guarded(3, [(p, 3)], [(p, 0), (left, 0)]),
        ]
    rules = tuple(Rule(name, "philosopher", "1") for name in ("left", "right", "drop-right", "drop-left"))
    deadlock = Goal("deadlock", sum(p.mask for p in phils), sum(1 << p.shift for p in phils))
    first = Projection("first two", phils[0].mask | phils[1].mask)
    return TransitionSystem(
        f"philosophers-{n}", width, fields, rules, tuple(transitions), (), (), 0, 0, (first,), (deadlock,)
    )


def counter(digits: int, base: int, words: int = 1) -> TransitionSystem:
    """An odometer: each step turns one digit on and those below it back to 0; base ** digits states."""
    fields, width = lay_out([(f"d{i}", base) for i in range(digits)], words)
    transitions = []
    for i, digit in enumerate(fields):
        lower = [(f, base - 1) for f in fields[:i]]
        zeros = [(f, 0) for f in fields[:i]]
        for value in range(base - 1):
            transitions.append(guarded(0, [*lower, (digit, value)], [*zeros, (digit, value + 1)]))
    last = Goal("last", sum(f.mask for f in fields), sum(base - 1 << f.shift for f in fields))
    rules = (Rule("count", "counter", "1"),)
    return TransitionSystem(f"counter-{digits}", width, fields, rules, tuple(transitions), (), (), 0, 0, (), (last,))


def lockstep(words: int, values: int) -> TransitionSystem:
    """A digit in each word, all turned on together: `values` states, and as many values of each word."""
    fields, width = lay_out([(f"d{i}", values) for i in range(words)], words)
    transitions = tuple(
        guarded(0, [(fields[v % words], v)], [(field, v + 1) for field in fields]) for v in range(values - 1)
    )
    ends = Projection("ends", fields[0].mask | fields[-1].mask)
    rules = (Rule("turn", "counter", "1"),)
    return TransitionSystem(f"lockstep-{words}", width, fields, rules, transitions, (), (), 0, 0, (ends,))


def learner(n: int) -> TransitionSystem:
    """Facts 0..n-1 can be learnt in any order; all n together yield fact n, and that yields n + 1."""
    everything = (1 << n) - 1
    return TransitionSystem(
        f"learner-{n}",
        WORD,
        (),
        (Rule("learn", "attacker", "1", by_attacker=True),),
        tuple(Transition(0, 0, 0, 0, 0, learns=1 << i) for i in range(n)),
        tuple(f"f{i}" for i in range(n + 2)),
        (Horn(everything, n), Horn(1 << n, n + 1)),
        0,
        0,
        (Projection("end", 0, 1 << (n + 1)),),
        (Goal("end", 0, 0, 1 << (n + 1)), Goal("two", 0, 0, 0b11)),
    )


def odometers(digits: int, base: int, words: int, facts: int) -> TransitionSystem:
    """Digits counted each on its own; whoever sees one of the first `facts` at its end may learn that.

    (base + 1) ** facts * base ** (digits - facts) states; the values of each word and the knowledge sets become many.
    """
    fields, width = lay_out([(f"d{i}", base) for i in range(digits)], words)
    transitions = [guarded(0, [(f, v)], [(f, v + 1)]) for f in fields for v in range(base - 1)]
    transitions += [guarded(1, [(fields[i], base - 1)], [], learns=1 << i) for i in range(facts)]
    everything = (1 << facts) - 1
    end = sum(f.mask for f in fields), sum(base - 1 << f.shift for f in fields)
    return TransitionSystem(
        f"odometers-{digits}",
        width,
        fields,
        (Rule("count", "counter", "1"), Rule("learn", "counter", "1")),
        tuple(transitions),
        tuple(f"f{i}" for i in range(facts + 1)),
        (Horn(everything, facts),),
        0,
        0,
        (Projection("two", fields[0].mask | fields[-1].mask, 1 << facts | 1),),
        (Goal("end", *end, everything), Goal("all", 0, 0, 1 << facts)),
    )
