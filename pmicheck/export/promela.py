"""A ground system as a Promela model, for SPIN.

One process, one loop, each ground transition one indivisible option of it: so a state that is stored is a state of the
system. Options that share what comes after them (a long reset, the closing of knowledge) stand in an atomic branch of
their own, in which no state between is stored. An invariant is an option too, which only a state that breaks it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pmicheck.export.names import line, quoted
from pmicheck.export.source import Action, Clause, Invariant, Literal, Reset, Source, Variable
from pmicheck.grounding.system import TransitionSystem

RESERVED = """
active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan d_step d_proctype do else empty
enabled end eval false fi for full get_p get_priority hidden if in init inline int len local ltl mtype nempty never
nfull notrace np_ od of pc_value pid print printf printm priority proctype provided return run select set_p set_priority
short show skip timeout trace true typedef unless unsigned until weakuntil always eventually next implies equivalent
release val xr xs
alignas auto case char const continue default double enum extern float goto long register restrict signed sizeof static
struct switch union void volatile while linux unix errno stdin stdout stderr defined undef now
ground afterwards again
"""


def promela(system: TransitionSystem, *, invariants: Sequence[Invariant] = (), remarks: Sequence[str] = ()) -> str:
    """The system as Promela source, with one option for each ground transition.

    Args:
        system: what is written down.
        invariants: each prints its name (if pan is compiled with -DPRINTF) and fails where a state breaks it.
        remarks: lines for the head of the file.

    Raises ValueError for a system in which a transition touches a part of a field only.
    """
    return "\n".join(_lines(Source(system, RESERVED.split()), invariants, remarks)) + "\n"


def _lines(source: Source, invariants: Sequence[Invariant], remarks: Sequence[str]) -> Iterator[str]:
    for remark in (source.system.name, *remarks, *source.legend):
        yield f"/* {line(remark)} */"
    for variable in source.variables:
        yield from ("", *(f"#define {name} {number} /* {text} */" for name, number, text in variable.named_values))
        yield f"{_type(variable)} = {variable.initial}; /* {line(variable.means)} */"
    ends = dict.fromkeys((action.reset, action.closes) for action in source.actions if action.reset or action.closes)
    numbers = {end: number for number, end in enumerate(ends, 1)}
    if numbers:
        yield from ("", "short afterwards = 0; /* what the step under way still has to do; always 0 between steps */")
    if source.circular:
        yield "bool again = false; /* whether the knowledge is still growing; always false between steps */"
    yield from ("", "active proctype ground()", "{", "end: do")
    for invariant in invariants:
        yield from _check(source, invariant)
    for action in source.actions:
        if not (action.reset or action.closes):
            yield from _option(action)
    if numbers:
        yield from ("  :: atomic {", "  if")
        for action in source.actions:
            if action.reset or action.closes:
                yield from _option(action, f"afterwards = {numbers[action.reset, action.closes]}")
        yield "  fi;"
        yield from _endings(source, numbers)
        yield "  }"
    yield from (*_unread(source, invariants), "  od", "}")


def _type(variable: Variable) -> str:
    if variable.boolean:
        return f"bool {variable.name}"
    return f"unsigned {variable.name} : {max(1, variable.bounds[1].bit_length())}"


def _unread(source: Source, invariants: Sequence[Invariant]) -> Iterator[str]:
    """An option never taken that reads what no other reads: SPIN would leave such a variable out of its states."""
    read = {variable for action in source.actions for variable, _ in action.guard or ()}
    read |= {variable for derivation in source.derivations for variable in (*derivation.body, derivation.head)}
    read |= {variable for each in invariants for clause in source.clauses(each) for variable, _ in clause}
    unread = [_test((v, v.initial)) for v in source.variables if v not in read]
    yield "  /* never: for variables that nothing reads, and which SPIN would leave out of its states */"
    yield f"  :: {' && '.join(('false', *unread))} -> skip"


def _check(source: Source, invariant: Invariant) -> Iterator[str]:
    good = " || ".join(map(_conjunction, source.clauses(invariant))) or "false"
    yield f"  /* {line(invariant.name)}: {line(invariant.remark)} */"
    yield f'  :: d_step {{ !({good}) -> printf({quoted(invariant.name)[:-1]} is broken\\n"); assert(false) }}'


def _option(action: Action, *last: str) -> Iterator[str]:
    tests = ["false"] if action.guard is None else list(map(_test, action.guard)) or ["true"]
    steps = [*map(_assignment, action.changes), *last] or ["skip"]
    yield f"  /* {line(action.title)} */"
    yield f"  :: d_step {{ {' && '.join(tests)} -> {'; '.join(steps)} }}"


def _endings(source: Source, numbers: dict[tuple[Reset | None, bool], int]) -> Iterator[str]:
    yield from ("  d_step {", "    if")
    for (reset, closes), number in numbers.items():
        yield f"    :: afterwards == {number} -> /* {reset.name if reset else 'what follows from what is known'} */"
        yield from (f"      {_assignment(literal)};" for literal in (reset.literals if reset else ()))
        yield from _closure(source) if closes else ()
        yield "      afterwards = 0"
    yield from ("    fi", "  }")


def _closure(source: Source) -> Iterator[str]:
    if source.circular:
        yield "      again = true; do :: again -> again = false;"
    again = "; again = true" if source.circular else ""
    for derivation in source.derivations:
        tests = " && ".join((*(premise.name for premise in derivation.body), f"!{derivation.head.name}"))
        yield f"      if :: {tests} -> {derivation.head.name} = true{again} :: else fi;"
    if source.circular:
        yield "      :: else -> break od;"


def _conjunction(clause: Clause) -> str:
    return "(" + (" && ".join(_one_of(variable, values) for variable, values in clause) or "true") + ")"


def _one_of(variable: Variable, values: Sequence[str]) -> str:
    tests = " || ".join(_test((variable, value)) for value in values)
    return f"({tests})" if len(values) > 1 else tests


def _test(literal: Literal) -> str:
    variable, value = literal
    if variable.boolean:
        return variable.name if value == "true" else f"!{variable.name}"
    return f"{variable.name} == {value}"


def _assignment(literal: Literal) -> str:
    return f"{literal[0].name} = {literal[1]}"
