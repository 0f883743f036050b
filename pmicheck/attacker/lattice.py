"""The lattice of attackers: what the verdict under one attacker says of others, so that those need no run.

An attacker that has all powers of another one and corrupts the same PMAs can do all that the other does. Every rule of
the model asks for a power (a link that is read, an address, a key, facts that are known) and none for the lack of one,
and the limits of what is worth sending are the same for all attackers. So each run under the weaker attacker is one
under the stronger:

* what is violated under the weaker one is violated under the stronger, by the same trace;
* what holds under the stronger one holds under the weaker, unless it holds of nothing: the witness that was found under
  a third attacker, not stronger than the weaker one, is found under that one as well.

Corruption is no such power. A corrupt PMA takes the place of an honest one, which can be deceived no more: in
`type2-handshake-handover` off-path breaks `acknowledgement-agreement` and rogue-next-pma does not. So no verdict under
an attacker says anything of one that corrupts other PMAs. What a limit left open says nothing of anybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pmicheck.attacker.profiles import Attacker
from pmicheck.verdict import Verdict

Order = Callable[[Attacker, Attacker], bool]
"""Whether the first attacker is below the second, or its equal."""


def weaker_or_equal(left: Attacker, right: Attacker) -> bool:
    """Whether `left` has no power that `right` has not; who is corrupt counts as a power."""
    return (
        left.taps <= right.taps
        and left.corrupts <= right.corrupts
        and left.own_home <= right.own_home
        and left.is_correspondent <= right.is_correspondent
    )


def implied(weak: Attacker, strong: Attacker) -> bool:
    """Whether every run under the first attacker is one under the second."""
    return weak.corrupts == strong.corrupts and weaker_or_equal(weak, strong)


def comparable(one: Attacker, other: Attacker) -> bool:
    """Whether one of them can do all that the other can."""
    return implied(one, other) or implied(other, one)


def lowest(attackers: Sequence[Attacker], order: Order = weaker_or_equal) -> tuple[int, ...]:
    """The places of the attackers that have nobody below them; of equals the first one is the lower."""

    def below(one: int, other: int) -> bool:
        equal = order(attackers[other], attackers[one])
        return one != other and order(attackers[one], attackers[other]) and (not equal or one < other)

    places = range(len(attackers))
    return tuple(place for place in places if not any(below(other, place) for other in places))


@dataclass(frozen=True)
class Known:
    """What one attacker was found to do to a property; `witnessed` says that the property's witness was found."""

    attacker: Attacker
    verdict: Verdict
    witnessed: bool


@dataclass(frozen=True)
class Settled:
    """A verdict that needs no run, and the numbers, among what is known, of the attackers that settle it.

    `by` has the verdict, and `witness` the witness under an attacker that is no stronger.
    """

    verdict: Verdict
    by: int
    witness: int


def settled(attacker: Attacker, known: Sequence[Known]) -> Settled | None:
    """The verdict under an attacker that what is known of the same property implies, if it implies one."""
    below = [number for number, one in enumerate(known) if implied(one.attacker, attacker)]
    for number in below:
        if known[number].verdict is Verdict.VIOLATED:
            return Settled(Verdict.VIOLATED, number, number)
    witness = next((number for number in below if known[number].witnessed), None)
    for number, one in enumerate(known):
        if witness is not None and one.verdict is Verdict.HOLDS and implied(attacker, one.attacker):
            return Settled(Verdict.HOLDS, number, witness)
    return None


def in_order_of_settling(attackers: Sequence[Attacker]) -> list[int]:
    """The places of the attackers, those first that settle most: the weakest, then the strongest, then the others.

    The weakest have nobody below them: what they break is broken, and what they find are witnesses. What the strongest
    do not break is safe from all below them.
    """
    weakest = lowest(attackers, implied)
    strongest = lowest(attackers, lambda one, other: implied(other, one))
    return sorted(range(len(attackers)), key=lambda place: (place not in weakest, place not in strongest, place))
