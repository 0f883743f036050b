"""The life of a binding as a machine over unbounded seconds, and the constants; lemmas.py uses both.

Source: RFC 6275 5.2 and 12; RFC 4866 7; protocol-facts 2.1 and 3.12.
"""

from __future__ import annotations

from typing import Any

import z3

from pmicheck.symbolic.machine import Machine, NumberRule, Values

MAX_TOKEN_LIFETIME = 210  # RFC 6275 12: a node does not use a token for longer
MAX_NONCE_LIFETIME = 240  # RFC 6275 12: a correspondent node does not accept a nonce for longer
MAX_RR_BINDING_LIFETIME = 420  # RFC 6275 12
MAX_CGA_BINDING_LIFETIME = 86_400  # RFC 4866 7
NONCE_PERIOD = MAX_NONCE_LIFETIME - MAX_TOKEN_LIFETIME  # RFC 6275 5.2: "a new one every 30 s, the last 8 accepted"


def binding_machine(*, permanent_token: bool = False) -> Machine:
    """The life of a binding at a correspondent node, in seconds.

    `tested` is when the home address was last tested, `basis` the test that the binding rests on.
    """

    def granted(a: Values, most: int) -> Any:
        return z3.And(a["lifetime"] > 0, a["lifetime"] <= most)

    def alive(s: Values) -> Any:
        return z3.And(s["bound"], s["now"] <= s["ends"])

    def fresh(s: Values) -> Any:
        return z3.And(s["home_tested"], s["now"] <= s["tested"] + MAX_NONCE_LIFETIME)

    def update(s: Values, a: Values) -> Values:
        return {"bound": _true(s), "ends": s["now"] + a["lifetime"], "basis": s["tested"]}

    life = {"lifetime": "int"}
    rules = [
        NumberRule(
            "wait",
            lambda s, a: a["seconds"] > 0,
            lambda s, a: {"now": s["now"] + a["seconds"]},
            {"seconds": "int"},
        ),
        NumberRule("home test", lambda s, a: _true(s), lambda s, a: {"home_tested": _true(s), "tested": s["now"]}),
        NumberRule(
            "update with home token",
            lambda s, a: z3.And(fresh(s), granted(a, MAX_RR_BINDING_LIFETIME)),
            update,
            life,
        ),
        NumberRule("delete binding", lambda s, a: s["bound"], lambda s, a: {"bound": z3.Not(_true(s))}),
    ]
    if permanent_token:
        rules += [
            NumberRule(
                "update with CGA",
                lambda s, a: z3.And(fresh(s), granted(a, MAX_CGA_BINDING_LIFETIME)),
                update,
                life,
            ),
            NumberRule(
                "refresh with permanent token",
                lambda s, a: z3.And(alive(s), granted(a, MAX_CGA_BINDING_LIFETIME)),
                lambda s, a: {"ends": s["now"] + a["lifetime"]},
                life,
            ),
        ]
    return Machine(
        {
            "now": "int",
            "home_tested": "bool",
            "tested": "int",
            "bound": "bool",
            "ends": "int",
            "basis": "int",
        },
        lambda s: z3.And(
            z3.Not(s["home_tested"]),
            z3.Not(s["bound"]),
            *(s[name] == 0 for name in ("now", "tested", "ends", "basis")),
        ),
        rules,
    )


def _true(s: Values) -> Any:
    return z3.BoolVal(True, s["now"].ctx)
