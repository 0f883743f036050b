"""The names of the scenarios that pmicheck brings with it: all that layers besides the model know of them."""

from __future__ import annotations

SHIPPED = (
    "rr-mobile",
    "ero-initial",
    "ero-handoff",
    "type1-initial",
    "type1-refresh",
    "type1-handover",
    "type1-handover-reactive",
    "type1-settled",
    "type2-local",
    "type2-handshake",
    "type2-handshake-handover",
    "type2-rr",
    "data-plane",
)
"""What is decided when no scenario is named."""

WIDENED = (
    "rr-mobile-wide",
    "ero-initial-wide",
    "ero-handoff-wide",
    "type1-initial-wide",
    "type1-refresh-wide",
    "type1-handover-wide",
    "type1-handover-twice",
    "type1-handover-reactive-wide",
    "type1-settled-wide",
    "type1-settled-kept",
    "type2-handshake-wide",
    "type2-handshake-handover-wide",
    "type2-rr-wide",
    "data-plane-wide",
)
"""The same within larger bounds or after a shorter prologue, decided when they are named. `type2-local` is not among
them: no bound adds to it."""

APART = ("type2-rr-left", "reverse-tunnel")
"""Courses of their own that are decided when they are named."""

NAMED = (*SHIPPED, *WIDENED, *APART)

SHIPPED_IN = "pmicheck/model/scenarios"
"""Where their files are, from the project's root."""
