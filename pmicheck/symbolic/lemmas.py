"""Lemmas about numbers that no state enumeration covers: octets and credit, 16-bit sequence numbers, seconds.

In:  nothing, or the rule that is switched off, or another constant: then the lemma should fail, and the tests
assert it.
Out: a `Lemma`. `proved` is z3's word for all values; a failure carries a concrete counterexample.
Units: octets, seconds, plain numbers.
Source: RFC 4866 4.10, 4.11 and 7; RFC 6275 5.2, 9.5.1 and 12; protocol-facts 2.1, 3.4, 3.12, "Credit rules",
E-13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import z3

from pmicheck.symbolic.credit import credit_machine
from pmicheck.symbolic.lifetimes import (
    MAX_CGA_BINDING_LIFETIME,
    MAX_NONCE_LIFETIME,
    MAX_RR_BINDING_LIFETIME,
    MAX_TOKEN_LIFETIME,
    NONCE_PERIOD,
    binding_machine,
)
from pmicheck.symbolic.machine import Formula, Machine, counterexample, plain
from pmicheck.symbolic.stores import OCTETS_PER_HOME_ADDRESS, handover_store_machine

SEQUENCE_BITS = 16


@dataclass(frozen=True)
class Lemma:
    """A statement about numbers and what z3 says of it.

    Attributes:
        name: short and stable.
        statement: one sentence.
        proved: True if z3 proves it for all values.
        counterexample: a case that breaks it (JSON values), None if proved or if none was found.
        source: where the rules of the statement come from.
        steps: the rules for which an inductive step was proved, if the proof is one by induction.
        values: numbers that the proof computed, by name.
    """

    name: str
    statement: str
    proved: bool
    counterexample: Mapping[str, Any] | None
    source: str
    steps: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)


def all_lemmas() -> tuple[Lemma, ...]:
    """Every lemma with the protocol's own rules and constants: all of them are proved."""
    return (
        credit_covers_spending(),
        aged_credit_covers_spending(),
        burst_is_bounded(),
        sequence_order(),
        sequence_no_immediate_replay(),
        sequence_reacceptance(),
        sequence_renewal(),
        honest_token_is_accepted(),
        binding_ends_after_home_test(),
        permanent_token_has_no_bound(),
        handover_store_is_bounded(),
        handover_store_has_no_bound(),
    )


# --- (a) credit-based authorisation ---

CREDIT_SOURCE = "RFC 4866 4.10, 4.11, 7; protocol-facts 3.12 Credit rules"


def credit_covers_spending(
    *, cba: bool = True, credit_aging: bool = True, no_credit_while_unverified: bool = True
) -> Lemma:
    """Octets sent to unverified care-of addresses never exceed octets received from verified ones.

    Keywords: the mechanisms of these names. Without `credit_aging` the lemma still holds, without another it
    fails.
    """
    machine = credit_machine(cba=cba, credit_aging=credit_aging, no_credit_while_unverified=no_credit_while_unverified)
    return _by_induction(
        "credit-covers-spending",
        "Whatever the number, size and timing of packets, the octets sent to unverified care-of addresses "
        "of a home address never exceed the octets received from its verified ones.",
        CREDIT_SOURCE,
        machine,
        lambda s: z3.And(s["credit"] >= 0, s["sent"] + s["credit"] <= s["received"]),
        lambda s: s["sent"] <= s["received"],
    )


def aged_credit_covers_spending(
    *, cba: bool = True, credit_aging: bool = True, no_credit_while_unverified: bool = True
) -> Lemma:
    """The same with every octet, received or sent, losing an eighth of its weight per interval: much sharper.

    Old traffic then buys next to nothing. Keywords: as in `credit_covers_spending`; the lemma needs all
    three.
    """
    machine = credit_machine(cba=cba, credit_aging=credit_aging, no_credit_while_unverified=no_credit_while_unverified)
    return _by_induction(
        "aged-credit-covers-spending",
        "If every octet counts 7/8 of what it counted 5 s ago, the octets sent to unverified care-of "
        "addresses never exceed those received from verified ones.",
        CREDIT_SOURCE,
        machine,
        lambda s: z3.And(s["credit"] >= 0, s["spent"] + s["credit"] <= s["earned"]),
        lambda s: s["spent"] <= s["earned"],
    )


def burst_is_bounded(*, credit_aging: bool = True) -> Lemma:
    """What ageing is for: however long a peer saves, a burst stays within eight intervals' earnings.

    Without ageing the counterexample saves for nine intervals and spends it all at once.
    """
    saving = ["receive from verified", "age"] * 9
    return _by_induction(
        "burst-is-bounded",
        "A peer from which at most r octets arrive per ageing interval can never have more than 8 r octets "
        "sent to an unverified care-of address within one.",
        CREDIT_SOURCE,
        credit_machine(credit_aging=credit_aging),
        lambda s: z3.And(
            s["credit"] >= 0,
            s["spent"] + s["credit"] <= s["earned"],
            s["earned"] <= 7 * s["rate"] + s["interval"],
            s["interval"] >= 0,
            s["interval"] <= s["rate"],
        ),
        lambda s: s["spent"] <= 8 * s["rate"],
        ["create entry", *saving, "change care-of state", "send to unverified"],
    )


# --- (b) sequence numbers ---

SEQUENCE_SOURCE = "RFC 6275 9.5.1; RFC 4866 4.9; protocol-facts 3.4 step 2, E-13"


def greater(number: Any, last: Any) -> Any:
    """The half-space rule on z3 bit-vectors: `number` is acceptable after `last`.

    Not greater iff (last - number) mod 2^w <= 2^(w-1).
    """
    return z3.UGT(last - number, 1 << (last.size() - 1))


def sequence_order(*, opposite: bool = True, width: int = SEQUENCE_BITS) -> Lemma:
    """The rule as an order; `opposite=False` claims that the fourth case does not exist, which is false."""
    a, b = z3.BitVecs("a b", width, z3.Context())
    cases = [greater(a, b), a == b, greater(b, a)]
    if opposite:
        cases.append(a - b == 1 << (width - 1))
    exactly_one = z3.And(z3.AtMost(*cases, 1), z3.Or(*cases))
    return _valid(
        "sequence-order",
        "Of two sequence numbers exactly one is greater than the other, unless they are equal or half the "
        "space apart: then neither is.",
        SEQUENCE_SOURCE,
        exactly_one,
        {"a": a, "b": b},
    )


def sequence_no_immediate_replay(*, width: int = SEQUENCE_BITS) -> Lemma:
    """A message accepted once is refused when it comes again at once."""
    number, last = z3.BitVecs("number last", width, z3.Context())
    return _valid(
        "sequence-no-immediate-replay",
        "A sequence number that was accepted is refused if it comes again before another was accepted.",
        SEQUENCE_SOURCE,
        z3.Implies(greater(number, last), z3.Not(greater(number, number))),
        {"number": number, "last": last},
    )


def sequence_reacceptance(*, width: int = SEQUENCE_BITS) -> Lemma:
    """How many single increments make an old number acceptable again: 2^(w-1) + 1, for every number."""
    context = z3.Context()
    number, steps = z3.BitVecs("number steps", width, context)
    optimize = z3.Optimize(ctx=context)
    optimize.add(steps != 0, greater(number, number + steps))
    optimize.minimize(steps)
    if optimize.check() != z3.sat:
        raise ArithmeticError("z3 finds no number of increments that makes an old number acceptable")
    least = int(plain(optimize.model(), steps))
    earlier = z3.Implies(z3.ULT(steps, least), z3.Not(greater(number, number + steps)))
    lemma = _valid(
        "sequence-reacceptance",
        f"An old {width}-bit sequence number is accepted again after {least} further single increments, "
        "whatever it is, and never earlier.",
        SEQUENCE_SOURCE,
        z3.And(earlier, greater(number, number + least)),
        {"number": number, "steps": steps},
    )
    return replace(lemma, values={"increments": least})


def sequence_renewal(limit: int | None = None, *, width: int = SEQUENCE_BITS) -> Lemma:
    """How far numbers may advance under one permanent token before an old message is accepted again.

    Args:
        limit: the token is renewed before the numbers have advanced by more than this in sum; None: half the
            space. RFC 4866 4.9 asks for renewal at roll-over only (2^w - 1): then the lemma fails.
        width: bits of a sequence number; small ones show that the model's small modulus behaves alike.
    """
    limit = 1 << (width - 1) if limit is None else limit
    number, advance = z3.BitVecs("number advance", width + 8, z3.Context())
    last = z3.Extract(width - 1, 0, number + advance)
    old = z3.Extract(width - 1, 0, number)
    return _valid(
        "sequence-renewal",
        f"As long as a token is renewed before sequence numbers have advanced by more than {limit} under it, "
        "no message that was sent under it is accepted again.",
        SEQUENCE_SOURCE,
        z3.Implies(z3.ULE(advance, limit), z3.Not(greater(old, last))),
        {"number": old, "advance": advance},
        smallest=(advance, number),
    )


# --- (c) lifetimes ---

LIFETIME_SOURCE = "RFC 6275 5.2, 12; RFC 4866 7; protocol-facts 2.1, 3.12"


def honest_token_is_accepted(
    *,
    token_lifetime: float = MAX_TOKEN_LIFETIME,
    nonce_lifetime: float = MAX_NONCE_LIFETIME,
    nonce_period: float = NONCE_PERIOD,
    delay: float = 0,
) -> Lemma:
    """A node that obeys MAX_TOKEN_LIFETIME never has its nonce refused, and no nonce outlives its maximum.

    Args:
        token_lifetime: seconds for which a node uses a token.
        nonce_lifetime: seconds for which a nonce is accepted, counted from its generation.
        nonce_period: a new nonce is generated at least so often; tokens are made with the newest.
        delay: seconds that the test and the update may take on the network together, if the node counts the
            lifetime from the arrival of the test. The rule leaves no room: with any delay the lemma fails.
    """
    context = z3.Context()
    made, tested, used, period = z3.Reals("nonce_generated token_made update_arrives period", context)
    limits = (z3.RealVal(str(x), context) for x in (token_lifetime, nonce_lifetime, nonce_period, delay))
    token, nonce, longest, late = limits
    honest = z3.And(
        made >= 0, period > 0, period <= longest, made <= tested, tested < made + period,
        tested <= used, used <= tested + token + late,
    )  # fmt: skip
    accepted = used < made + nonce
    within = z3.Implies(z3.And(accepted, made <= tested), used <= tested + nonce)
    return _valid(
        "honest-token-is-accepted",
        f"A token used within {token_lifetime} s after the correspondent node made it meets a nonce that is "
        f"still accepted, and none is accepted more than {nonce_lifetime} s after a test that used it.",
        LIFETIME_SOURCE,
        z3.And(z3.Implies(honest, accepted), within),
        {"nonce_generated": made, "token_made": tested, "update_arrives": used, "period": period},
        smallest=(made, tested, used, period),
    )


def binding_ends_after_home_test(
    bound: int = MAX_NONCE_LIFETIME + MAX_RR_BINDING_LIFETIME, *, permanent_token: bool = False
) -> Lemma:
    """A binding made by return routability outlives its home test by at most 240 s + 420 s.

    Args:
        bound: seconds from home test to the end of the binding that are claimed to be the most.
        permanent_token: CGA authentication and permanent tokens exist too: then the lemma fails for every
            bound, and the counterexample refreshes the binding as often as the bound demands.
    """
    day = MAX_CGA_BINDING_LIFETIME
    refreshes = max(0, -(-(bound + 1 - day) // day))
    again = ["wait", "refresh with permanent token"] * refreshes
    schedule = ["home test", "update with CGA", *again] if permanent_token else None
    return _by_induction(
        "binding-ends-after-home-test",
        f"A binding ends at most {bound} s after the home test that it rests on.",
        LIFETIME_SOURCE,
        binding_machine(permanent_token=permanent_token),
        lambda s: z3.And(
            z3.Implies(s["home_tested"], s["tested"] <= s["now"]),
            z3.Implies(s["bound"], s["ends"] <= s["basis"] + bound),
        ),
        lambda s: z3.Implies(s["bound"], s["ends"] <= s["basis"] + bound),
        schedule,
    )


def permanent_token_has_no_bound() -> Lemma:
    """For every bound there are refreshes that pass it, for each may add a day and none needs a home test."""
    context = z3.Context()
    ends, basis, now, lifetime = z3.Ints("ends basis now lifetime", context)
    refresh = z3.And(now <= ends, lifetime > 0, lifetime <= MAX_CGA_BINDING_LIFETIME)
    chosen = [(now, ends), (lifetime, z3.IntVal(MAX_CGA_BINDING_LIFETIME, context))]
    allowed = z3.substitute(refresh, *chosen)
    gained = z3.substitute(now + lifetime, *chosen) - basis == ends - basis + MAX_CGA_BINDING_LIFETIME
    return _valid(
        "permanent-token-has-no-bound",
        "A binding refreshed with a permanent token can always be refreshed once more to last a further "
        f"{MAX_CGA_BINDING_LIFETIME} s without a home test, so no bound holds for all numbers of refreshes.",
        LIFETIME_SOURCE,
        z3.And(allowed, gained),
        {"ends": ends, "basis": basis},
    )


# --- (d) what is kept ---

STORE_SOURCE = "draft 2, N014, N015, N175; protocol-facts A-06"


def handover_store_is_bounded(days: int = 2, *, ht_lifetime: bool = True) -> Lemma:
    """What two days' newcomers take is all that a correspondent keeps for handover tokens that end after a day.

    Args:
        days: how many days' newcomers are claimed to be the most.
        ht_lifetime: the tokens do end (reading ht_lifetime=finite). The draft names no end (N015): then the lemma fails
            for every number of days, and the counterexample needs no more than one new home address a day.
    """
    lemma = _by_induction(
        "handover-store-is-bounded",
        "If at most r home addresses register for the first time in a day, and handover tokens end after one, a "
        f"correspondent keeps at most {days * OCTETS_PER_HOME_ADDRESS} r octets for them.",
        STORE_SOURCE,
        handover_store_machine(ht_lifetime=ht_lifetime),
        lambda s: z3.And(
            s["new"] >= 0,
            s["new"] <= s["rate"],
            s["recent"] <= s["rate"],
            s["kept"] <= s["new"] + s["recent"],
        ),
        lambda s: s["kept"] * OCTETS_PER_HOME_ADDRESS <= days * OCTETS_PER_HOME_ADDRESS * s["rate"],
        ["home address registers", "day passes"] * days + ["home address registers"],
    )
    return replace(lemma, values={"octets_per_home_address": OCTETS_PER_HOME_ADDRESS})


def handover_store_has_no_bound() -> Lemma:
    """For every store there is a larger one a day later, for one new home address adds to it and no day takes away."""
    registers, passes = handover_store_machine(ht_lifetime=False).rules
    context = z3.Context()
    before = {name: z3.Int(name, context) for name in ("rate", "new", "recent", "kept")}
    next_day = {**before, **passes.effect(before, {})}
    after = {**next_day, **registers.effect(next_day, {})}
    return _valid(
        "handover-store-has-no-bound",
        "Where handover tokens never end, one new home address a day makes the store of a correspondent larger every "
        "day, so no bound holds for all numbers of days.",
        STORE_SOURCE,
        z3.Implies(before["rate"] >= 1, z3.And(registers.guard(next_day, {}), after["kept"] == before["kept"] + 1)),
        before,
    )


# --- how a lemma is made ---


def _by_induction(
    name: str,
    statement: str,
    source: str,
    machine: Machine,
    invariant: Formula,
    claim: Formula,
    schedule: Sequence[str] | None = None,
) -> Lemma:
    """Proved by one inductive step per rule; else with a run (by `schedule` if given) that breaks `claim`."""
    result = machine.induct(invariant, claim)
    if not isinstance(result, str):
        return Lemma(name, statement, True, None, source, result)
    run = machine.shortest_run(claim, 6) if schedule is None else machine.run(claim, schedule)
    found = None if run is None else {"fails_at": result, "run": run}
    return Lemma(name, statement, False, found, source)


def _valid(
    name: str,
    statement: str,
    source: str,
    formula: Any,
    shown: Mapping[str, Any],
    smallest: Sequence[Any] = (),
) -> Lemma:
    """Proved if `formula` is valid; else with the values of `shown`, minimised in the given order."""
    if counterexample(formula) is None:
        return Lemma(name, statement, True, None, source)
    optimize = z3.Optimize(ctx=formula.ctx)
    optimize.add(z3.Not(formula))
    for term in smallest or shown.values():
        optimize.minimize(term)
    optimize.check()
    model = optimize.model()
    return Lemma(name, statement, False, {key: plain(model, term) for key, term in shown.items()}, source)
