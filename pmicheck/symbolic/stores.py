"""What a correspondent keeps of home addresses that have no binding any more, as a machine over unbounded numbers.

Source: draft 2 (N014, N015); protocol-facts A-06; RFC 4866 7.
"""

from __future__ import annotations

import z3

from pmicheck.symbolic.machine import Machine, NumberRule

OCTETS_PER_HOME_ADDRESS = 16 + 8
"""A home address and its handover token (N175)."""


def handover_store_machine(*, ht_lifetime: bool = True) -> Machine:
    """The handover tokens that a correspondent keeps, by days.

    `rate` is how many home addresses register for the first time in a day at most, `new` how many have done so today,
    `recent` how many did the day before, `kept` how many tokens are there.

    Args:
        ht_lifetime: a token ends a day after its issue (reading ht_lifetime=finite); without, none ends (N015).
    """
    return Machine(
        {"rate": "int", "new": "int", "recent": "int", "kept": "int"},
        lambda s: z3.And(s["rate"] >= 0, *(s[name] == 0 for name in ("new", "recent", "kept"))),
        (
            NumberRule(
                "home address registers",
                lambda s, a: s["new"] < s["rate"],
                lambda s, a: {"new": s["new"] + 1, "kept": s["kept"] + 1},
            ),
            NumberRule(
                "day passes",
                lambda s, a: s["rate"] >= 0,
                lambda s, a: {
                    "new": z3.IntVal(0, s["new"].ctx),
                    "recent": s["new"],
                    "kept": s["kept"] - s["recent"] if ht_lifetime else s["kept"],
                },
            ),
        ),
    )
