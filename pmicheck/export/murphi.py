"""A ground system as a Murphi model, for rumur and CMurphi.

Booleans are members of two arrays, and values are constants, since rumur takes long over many variables and over large
enumerations. It checks invariants in every state, and prints the titles of the rules that lead to a bad one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pmicheck.export.names import line, quoted
from pmicheck.export.source import Action, Clause, Invariant, Literal, Source, Variable
from pmicheck.grounding.system import TransitionSystem

RESERVED = """
alias any array assert assume begin boolean bool by case clear const cover do else elsif end endalias endexists endfor
endforall endfunction endif endprocedure endrecord endrule endruleset endstartstate endswitch endwhile enum error exists
false flatten for forall function if in interleaved internal invariant ismember isundefined liveness multiset
multisetadd multisetcount multisetremove multisetremovepred of on procedure process program put real record return rule
ruleset sametype scalarset self startstate switch then to traceuntil true type undefine union var while
yes knows again close_knowledge
"""


def murphi(system: TransitionSystem, *, invariants: Sequence[Invariant] = (), remarks: Sequence[str] = ()) -> str:
    """The system as Murphi source, with one rule for each ground transition.

    Args:
        system: what is written down.
        invariants: go in by their names; a checker stops at the first that a state breaks.
        remarks: lines for the head of the file.

    Raises ValueError for a system in which a transition touches a part of a field only.
    """
    return "\n".join(_Murphi(system).lines(invariants, remarks)) + "\n"


class _Murphi:
    def __init__(self, system: TransitionSystem) -> None:
        self.source = Source(system, RESERVED.split(), fact="")
        self.arrays = {
            "yes": tuple(variable for variable in self.source.fields if variable.boolean),
            "knows": tuple(self.source.facts.values()),
        }
        self.members = {v: f"{array}[{v.name}]" for array, members in self.arrays.items() for v in members}

    def lines(self, invariants: Sequence[Invariant], remarks: Sequence[str]) -> Iterator[str]:
        for remark in (self.source.system.name, *remarks, *self.source.legend):
            yield f"-- {line(remark)}"
        yield from self.declarations()
        for reset in self.source.resets:
            yield from ("", f"procedure {reset.name}();", "begin", *self.reset(reset.literals), "end;")
        if self.source.derivations:
            yield from self.closure()
        yield from ("", 'startstate "initial"', "begin")
        yield from (self.assignment((variable, variable.initial)) for variable in self.source.variables)
        yield "end;"
        for action in self.source.actions:
            yield from self.rule(action)
        for invariant in invariants:
            yield from ("", f"-- {line(invariant.remark)}", f"invariant {quoted(invariant.name)}")
            yield "  " + ("\n  | ".join(map(self.conjunction, self.source.clauses(invariant))) or "false") + ";"

    def declarations(self) -> Iterator[str]:
        yield from ("", "const")
        for members in self.arrays.values():
            yield from (f"  {v.name}: {number}; -- {line(v.means)}" for number, v in enumerate(members))
        others = [variable for variable in self.source.variables if variable not in self.members]
        for variable in others:
            yield from (f"  {name}: {number}; -- {meaning}" for name, number, meaning in variable.named_values)
        yield from ("", "var")
        for variable in others:
            least, most = variable.bounds
            yield f"  {variable.name}: {least}..{most}; -- {line(variable.means)}"
        for array, members in self.arrays.items():
            if members:
                yield f"  {array}: array [0..{len(members) - 1}] of boolean;"

    def reset(self, literals: Sequence[Literal]) -> Iterator[str]:
        """Short where it can be: rumur goes through a procedure again at each of its calls."""
        rest = dict(literals)
        if rest.keys() >= set(self.arrays["yes"]):
            yield "  clear yes; -- all false"
            rest = {variable: value for variable, value in rest.items() if value != "false"}
        yield from map(self.assignment, rest.items())

    def closure(self) -> Iterator[str]:
        yield from ("", "-- What follows from what is known.", "procedure close_knowledge();")
        circular = self.source.circular
        if circular:
            yield from ("var again: boolean;", "begin", "  again := true;", "  while again do", "  again := false;")
        else:
            yield "begin"
        again = " again := true;" if circular else ""
        for derivation in self.source.derivations:
            tests = [*((premise, "true") for premise in derivation.body), (derivation.head, "false")]
            then = self.assignment((derivation.head, "true")).strip()
            yield f"  if {' & '.join(map(self.test, tests))} then {then}{again} endif;"
        yield from ("  endwhile;", "end;") if circular else ("end;",)

    def rule(self, action: Action) -> Iterator[str]:
        yield from ("", f"rule {quoted(action.title)}")
        tests = ["false"] if action.guard is None else list(map(self.test, action.guard)) or ["true"]
        yield from (f"  {'& ' if number else ''}{test}" for number, test in enumerate(tests))
        yield from ("==>", "begin")
        if action.reset is not None:
            yield f"  {action.reset.name}();"
        yield from map(self.assignment, action.changes)
        yield from ("  close_knowledge();", "end;") if action.closes else ("end;",)

    def conjunction(self, clause: Clause) -> str:
        return " & ".join(self.one_of(variable, values) for variable, values in clause) or "true"

    def one_of(self, variable: Variable, values: Sequence[str]) -> str:
        tests = " | ".join(self.test((variable, value)) for value in values)
        return f"({tests})" if len(values) > 1 else tests

    def test(self, literal: Literal) -> str:
        variable, value = literal
        if variable in self.members:
            return self.members[variable] if value == "true" else f"!{self.members[variable]}"
        return f"{variable.name} = {value}"

    def assignment(self, literal: Literal) -> str:
        variable, value = literal
        return f"  {self.members.get(variable, variable.name)} := {value};"
