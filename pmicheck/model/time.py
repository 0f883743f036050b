"""The clock: phases between the constants that order everything (protocol-facts 3.12), and the nonces of each."""

from __future__ import annotations

from pmicheck.language.cells import About, Cell

CLOCK = Cell("clock", 0, about=About("clock", "clock"))

PHASES = ("0 s", "210 s", "240 s", "450 s", "24 h")
"""Phase k begins at PHASE_START[k]: tokens are no longer used (MAX_TOKEN_LIFETIME), nonces no longer accepted
(MAX_NONCE_LIFETIME), bindings made by return routability may have ended (420 s, and the nonce born at 210 s is dead),
bindings of a day may have ended (MAX_CGA_BINDING_LIFETIME)."""

PHASE_START = (0.0, 210.0, 240.0, 450.0, 86400.0)

LAST_PHASE = len(PHASES) - 1

_CURRENT = (1, 2, 2, 3, 4)
"""The nonce handed out in each phase: renewed at 210 s, 450 s and after a day, so that every age occurs."""

_ACCEPTED = (frozenset({1}), frozenset({1, 2}), frozenset({2}), frozenset({3}), frozenset({4}))


def current_nonce(phase: int) -> int:
    return _CURRENT[phase]


def nonce_accepted(phase: int, nonce: int) -> bool:
    """RFC 6275 5.2.5: a nonce is accepted until 240 s after it was made."""
    return nonce in _ACCEPTED[phase]


def nonce_exists(phase: int, nonce: int) -> bool:
    """With nonce freshness switched off a nonce is good from its birth on for ever."""
    return nonce <= _CURRENT[phase]


def token_usable(phase: int, nonce: int) -> bool:
    """RFC 6275 12: an honest node does not use a token for longer than 210 s."""
    return nonce == _CURRENT[phase]


def reaches(phase: int, least: int) -> bool:
    return phase >= least


def at_most(phase: int, last: int) -> bool:
    return phase <= last
