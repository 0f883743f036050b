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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pmicheck.attacker.profiles import Attacker
from pmicheck.verdict import Verdict

Order = Callable[[Attacker, Attacker], bool]
"""Whether the first attacker is below the second, or its equal."""


def weaker_or_equal(left: Attacker, right: Attacker) -> bool:
    """Whether `left` has no power that `right` has not; who is corrupt counts as a power, and who reads a path now has
    read it before."""
    return (
        left.taps <= right.taps
        and left.left <= right.left | right.taps
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


def settled(attacker: Attacker, known: Sequence[Known], *, vacuity: bool = True) -> Settled | None:
    """The verdict under an attacker that what is known of the same property implies, if it implies one.

    Without `vacuity` what holds is not asked whether it holds of nothing, and takes no witness.
    """
    below = [number for number, one in enumerate(known) if implied(one.attacker, attacker)]
    for number in below:
        if known[number].verdict is Verdict.VIOLATED:
            return Settled(Verdict.VIOLATED, number, number)
    witness = next((number for number in below if known[number].witnessed), None)
    for number, one in enumerate(known):
        enough = witness is not None or not vacuity
        if enough and one.verdict is Verdict.HOLDS and implied(attacker, one.attacker):
            return Settled(Verdict.HOLDS, number, number if witness is None else witness)
    return None


def in_order_of_settling(attackers: Sequence[Attacker]) -> list[int]:
    """The places of the attackers, those first that settle most: the weakest, then the strongest, then the others.

    The weakest have nobody below them: what they break is broken, and what they find are witnesses. What the strongest
    do not break is safe from all below them.
    """
    weakest = lowest(attackers, implied)
    strongest = lowest(attackers, lambda one, other: implied(other, one))
    return sorted(range(len(attackers)), key=lambda place: (place not in weakest, place not in strongest, place))


Key = tuple[str, str]
"""(attacker, property)."""

Table = dict[Key, Verdict]

Ask = Callable[[str, tuple[str, ...]], Mapping[str, Verdict]]
"""From an attacker and some properties to their verdicts under it, by a run."""


def decided(
    attackers: Mapping[str, Attacker],
    wanted: Iterable[Key],
    ask: Ask,
    *,
    known: Table | None = None,
    expected: Table | None = None,
    vacuity: bool = False,
) -> Table:
    """The verdicts that are wanted, those by runs that no other one settles.

    Args:
        known: verdicts that are certain beforehand.
        expected: a guess at what is found; if it is right, the fewest attackers are asked.
        vacuity: as for `settled`; what is found to hold has its witness.
    """
    wanted = tuple(wanted)
    table = {key: verdict for key, verdict in (known or {}).items() if key in wanted}
    while left := _left(wanted, table, attackers, vacuity):
        name, properties = _expecting(left, attackers, expected) if expected else _in_order(left, attackers)
        table |= {(name, prop): verdict for prop, verdict in ask(name, properties).items()}
    return table


def _left(wanted: Sequence[Key], table: Table, attackers: Mapping[str, Attacker], vacuity: bool) -> list[Key]:
    """What is still to be asked, once what the table implies has been put into it."""
    known: dict[str, list[Known]] = {}
    for (name, prop), verdict in table.items():
        known.setdefault(prop, []).append(Known(attackers[name], verdict, verdict is Verdict.HOLDS))
    left = []
    for name, prop in (key for key in wanted if key not in table):
        found = settled(attackers[name], known.get(prop, ()), vacuity=vacuity)
        if found is None:
            left.append((name, prop))
        else:
            table[name, prop] = found.verdict
    return left


def _in_order(left: Sequence[Key], attackers: Mapping[str, Attacker]) -> tuple[str, tuple[str, ...]]:
    """The first attacker in order of settling of whom something is left, with all of that."""
    names, asked = tuple(attackers), {name for name, _ in left}
    order = (names[place] for place in in_order_of_settling(tuple(attackers.values())))
    first = next(name for name in order if name in asked)
    return first, tuple(prop for name, prop in left if name == first)


def _expecting(left: Sequence[Key], attackers: Mapping[str, Attacker], expected: Table) -> tuple[str, tuple[str, ...]]:
    """The attacker that settles most, with the properties that are to be asked of it.

    If all comes out as expected, the strongest attackers that a property withstands and the weakest that break it
    settle the others; so each property is looked at from there.
    """

    def settles(one: Key, other: Key) -> bool:
        """Whether finding the first as expected settles the second as well; of two equals the first does."""
        if one[1] != other[1] or one == other or expected[one] is not expected[other]:
            return False
        mine, others = attackers[one[0]], attackers[other[0]]
        weak, strong = (mine, others) if expected[one] is Verdict.VIOLATED else (others, mine)
        return implied(weak, strong) and (one < other or not implied(strong, weak))

    frontier: dict[str, list[str]] = {}
    for key in left:
        if not any(settles(one, key) for one in left):
            frontier.setdefault(key[0], []).append(key[1])
    most = max(frontier, key=lambda name: (len(frontier[name]), name))
    return most, tuple(frontier[most])
