"""What the attacker has to know for a packet: the octets behind the names of tokens, cookies and keys in a trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pmicheck.bench.names import ATTACKER_HOME, STRANGER_HOME
from pmicheck.nodes import sealing
from pmicheck.replay.knowledge import Knowledge, Lacking
from pmicheck.wire import tokens
from pmicheck.wire.constants import COOKIE_OCTETS

if TYPE_CHECKING:
    from pmicheck.bench.registering import Registering

Term = Sequence[Any]

OWN_HOMES = (ATTACKER_HOME, STRANGER_HOME)


@dataclass
class Secrets:
    """Looks up what a term of a trace stands for; what the attacker does not hold is `Lacking`.

    Attributes:
        _secrets: what vouches for the packet that is being made, in words.
    """

    stage: Registering
    knowledge: Knowledge
    _secrets: list[str] = field(default_factory=list)

    def octets_of(self, term: Term) -> bytes | None:
        """The octets that a token's name stands for, by the correspondent's own state; None if there are none."""
        stage, at = self.stage, self.stage.addresses
        match term:
            case ["zero"]:
                return sealing.ZERO_TOKEN
            case ["T", name, nonce, *_] if nonce in stage.nonces:
                return stage.kept.nonces.home_token(stage.nonces[nonce], at[name])
            case ["C", name, nonce, *_] if nonce in stage.nonces:
                return stage.kept.nonces.care_of_token(stage.nonces[nonce], at[name])
            case ["PT" | "HT" as kind, name, generation, *_]:
                issued = stage.pairs.get(name, [])
                index = len(issued) - 1 if name in OWN_HOMES else generation - 1
                return issued[index][kind == "HT"] if 0 <= index < len(issued) else None
        return None

    def token(self, term: Term) -> bytes:
        """A token that the attacker holds."""
        octets = self.octets_of(term)
        if term[0] == "zero":
            assert octets is not None
            return octets
        if octets is None or not self.knowledge.holds(octets):
            raise Lacking(f"{term[0]} of {term[1]} ({'nonce' if term[0] in 'TC' else 'number'} {term[2]})")
        self._secrets.append(f"{term[0]} of {term[1]}, {self.knowledge.how(octets)}")
        return octets

    def _cookie(self, term: Term) -> bytes:
        if term[0] != "cookie":
            return self.knowledge.random.take(COOKIE_OCTETS)
        octets = self.stage.cookies.get((term[1], term[2], term[3]))
        if octets is None or not self.knowledge.holds(octets):
            raise Lacking(f"the cookie of {term[1]}'s {term[2]} {term[3]}")
        self._secrets.append(f"cookie of {term[1]}")
        return octets

    def _kbm(self, term: Term, look_up: Any) -> bytes | None:
        """Kbm from the tokens that `look_up` gives."""
        home = look_up(term[1])
        care_of = None if term[2] is None else look_up(term[2])
        if home is None or (term[2] is not None and care_of is None):
            return None
        return tokens.binding_management_key(home, care_of)
