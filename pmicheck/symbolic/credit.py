"""The credit counter of RFC 4866 as a machine over unbounded numbers; lemmas.py says what is true of it.

One home address at one correspondent node. Besides the counter and the state of the entry the machine keeps
what the lemmas speak about and no node stores: octets received and sent since ever, and the same with every
octet losing an eighth of its weight per ageing interval. Source: RFC 4866 4.10, 4.11 and 7 (7/8 every 5 s).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3

from pmicheck.symbolic.machine import Machine, NumberRule, Values

VARIABLES = {
    "entry": "bool",  # the correspondent node has a binding cache entry for the home address
    "verified": "bool",  # the state of its care-of address
    "credit": "real",
    "received": "int",  # octets received from verified care-of addresses, ever
    "sent": "int",  # octets sent to unverified care-of addresses, ever
    "earned": "real",  # `received`, but every octet loses 1/8 of its weight per interval
    "spent": "real",  # `sent`, likewise
    "rate": "int",  # constant: the most octets that the peer sends in one interval
    "interval": "int",  # octets received in the current interval
}


def credit_machine(*, cba: bool = True, credit_aging: bool = True, no_credit_while_unverified: bool = True) -> Machine:
    """All that happens to the credit counter of one home address at one correspondent node.

    The keywords are the mechanisms of the same names; False drops the rule. A policy may give less credit
    than octets received, and ageing may round down as it likes: both are left to an argument that z3 chooses.
    """

    def on(verified: bool) -> Callable[[Values], Any]:
        return lambda s: z3.And(s["entry"], s["verified"] if verified else z3.Not(s["verified"]))

    def aged(s: Values, a: Values) -> Values:
        credit = a["credit"] if credit_aging else s["credit"]
        return {
            "credit": credit,
            "earned": s["earned"] * 7 / 8,
            "spent": s["spent"] * 7 / 8,
            "interval": _zero(s),
        }

    def may_send(s: Values, a: Values) -> Any:
        return z3.And(on(False)(s), a["octets"] > 0, *([s["credit"] >= a["octets"]] if cba else []))

    def earn(s: Values, a: Values) -> Values:
        grown = {name: s[name] + a["octets"] for name in ("received", "earned", "interval")}
        return {**grown, "credit": s["credit"] + a["gain"]}

    def pay(s: Values, a: Values) -> Values:
        left = s["credit"] - a["octets"] if cba else s["credit"]
        return {"credit": left, "sent": s["sent"] + a["octets"], "spent": s["spent"] + a["octets"]}

    def earns(s: Values, a: Values) -> Any:
        fair = z3.And(a["gain"] >= 0, a["gain"] <= a["octets"], a["octets"] > 0)
        return z3.And(on(True)(s), fair, s["interval"] + a["octets"] <= s["rate"])

    def unverified(s: Values, a: Values) -> Values:
        return {} if no_credit_while_unverified else {"credit": s["credit"] + a["octets"]}

    packet = {"octets": "int"}
    rules = (
        NumberRule("receive from verified", earns, earn, {"octets": "int", "gain": "int"}),
        NumberRule("receive from unverified", lambda s, a: z3.And(on(False)(s), a["octets"] > 0), unverified, packet),
        NumberRule("send to unverified", may_send, pay, packet),
        NumberRule("send to verified", lambda s, a: z3.And(on(True)(s), a["octets"] > 0), lambda s, a: {}, packet),
        NumberRule(
            "age",
            lambda s, a: z3.And(a["credit"] >= 0, a["credit"] <= s["credit"] * 7 / 8) if credit_aging else _true(s),
            aged,
            {"credit": "real"} if credit_aging else {},
        ),
        NumberRule(
            "create entry",
            lambda s, a: z3.Not(s["entry"]),
            lambda s, a: {"entry": _true(s), "verified": a["verified"], "credit": _zero(s)},
            {"verified": "bool"},
        ),
        NumberRule(
            "change care-of state",
            lambda s, a: s["entry"],
            lambda s, a: {"verified": a["verified"]},
            {"verified": "bool"},
        ),
        NumberRule(
            "delete entry",
            lambda s, a: s["entry"],
            lambda s, a: {"entry": z3.Not(_true(s)), "credit": _zero(s)},
        ),
    )
    empty = ("credit", "received", "sent", "earned", "spent", "interval")
    return Machine(
        VARIABLES,
        lambda s: z3.And(z3.Not(s["entry"]), s["rate"] >= 0, *(s[name] == 0 for name in empty)),
        rules,
    )


def _zero(s: Values) -> Any:
    return z3.IntVal(0, s["entry"].ctx)


def _true(s: Values) -> Any:
    return z3.BoolVal(True, s["entry"].ctx)
