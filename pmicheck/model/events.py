"""What just happened, as far as a property may ask: values of the ghost cells that last one step."""

from __future__ import annotations

from typing import NamedTuple

from pmicheck.language.cells import Cell


class Accepted(NamedTuple):
    """A correspondent accepted a binding update, or a PHoTI that makes an entry, for an honest node's home address.

    `author` is "honest" (the mobile node, its serving PMA, or the previous PMA as N071 orders) or "attacker";
    `again` says that the authenticator or the signature was accepted before; `effect` and `harm` what became of the
    entry and of an honest current entry; `authenticated` whether anything secret vouched for the message;
    `rogue_serves` whether a PMA that is the attacker's later serves the node at this moment; `by_old_token` whether a
    handover token authenticated it whose registration is over since more than a day has passed.
    """

    step: str
    author: str
    again: bool
    effect: str
    harm: str
    authenticated: bool
    rogue_serves: bool = False
    by_old_token: bool = False


ACKNOWLEDGEMENT = "binding acknowledgement"
"""What a registrant believed if it was a PBA or BA."""


class Believed(NamedTuple):
    """A PMA or mobile node accepted an answer (PHoT, HoT, CoT, PBA, BA) that its peer did not produce."""

    who: str
    what: str


class Delivered(NamedTuple):
    """Payload reached an upper layer: `who` got it as from `source`, and `sender` sent it."""

    who: str
    source: str
    sender: str


class FellBack(NamedTuple):
    """An entry ended and traffic falls back to a home address that its registrant cannot be reached at.

    `reach` is "lost" (once held) or "never"; `capped` says that the lifetime was capped at 420 s.
    """

    home: str
    reach: str
    capped: bool


EVENT = Cell("event", None, ghost=True)
FALLBACK = Cell("fallback", None, ghost=True)
