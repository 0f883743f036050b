"""Witnesses: the honest events without which a property would hold of nothing."""

from __future__ import annotations

from pmicheck.language.cells import Cell, equals
from pmicheck.model.roles.attachment import ATTACHED
from pmicheck.model.roles.binding_cache import Entry, cells_of, nonempty
from pmicheck.model.roles.data_plane import arrived
from pmicheck.model.roles.local_routing import listed
from pmicheck.model.roles.registration import Registration, registration_of
from pmicheck.model.topology import CN_HOME, COA1, MN, PMA1
from pmicheck.model.world import World
from pmicheck.properties.base import Condition


def honest_verified(entry: Entry | None) -> bool:
    return entry is not None and entry.registrant == "honest" and entry.verified


def absent(entry: Entry | None) -> bool:
    return entry is None


def registered(held: Registration, times: int) -> bool:
    return held.done >= times


def elsewhere(address: str, home: str) -> bool:
    return address != home


def registrant(world: World) -> str:
    """Who registers last in this scenario."""
    if not world.proxied:
        return MN
    serving = [pma for pma in world.agents if pma == PMA1 or pma not in world.corrupted]
    return serving[-1]


def first_registrant(world: World) -> str:
    if world.course.handed_over:
        return world.agents[-1]
    return PMA1 if world.proxied else MN


def binding_made(world: World) -> tuple[str, tuple[Condition, ...]]:
    """The correspondent node holds a verified binding that an honest node registered.

    In local routing, which has no bindings, the agent has listed the node that it serves.
    """
    if world.course.local:
        return "the agent has listed the mobile node", ((listed(world.main.home), equals, (True,)),)
    return "an honest binding is verified", ((cells_of(*world.main).entry, honest_verified, ()),)


def tokens_issued(world: World) -> tuple[str, tuple[Condition, ...]]:
    """The correspondent node has issued a permanent token that is valid."""
    return "a permanent token is valid", ((cells_of(*world.main).pt, nonempty, ()),)


def node_left(world: World) -> tuple[str, tuple[Condition, ...]]:
    """There is a PMA that served the mobile node and does not any more."""
    del world
    return "the node has left its first PMA", ((ATTACHED, elsewhere, (COA1,)),)


def binding_ended(world: World) -> tuple[str, tuple[Condition, ...]]:
    """A binding that was made has ended, so that traffic falls back to the home address."""
    conditions = (
        (cells_of(*world.main).entry, absent, ()),
        (registration_of(first_registrant(world), world.main), registered, (1,)),
    )
    return "a binding has ended", conditions


def answer_believed(world: World) -> tuple[str, tuple[Condition, ...]]:
    """A registrant has accepted the acknowledgement of its registration."""
    who = first_registrant(world)
    return "a registration is acknowledged", ((registration_of(who, world.main), registered, (1,)),)


def data_arrived(world: World) -> tuple[str, tuple[Condition, ...]]:
    """Payload of the mobile node reached its correspondent."""
    home, at = world.main
    who = CN_HOME if world.type2 else at
    return "payload has arrived", ((arrived(who, home), equals, (True,)),)


def retrying(world: World) -> tuple[Cell, ...]:
    """Where honest nodes count their repetitions; payload alone may be sent as often as one likes."""
    if world.course.payload and not world.course.handshakes:
        return ()
    people = world.agents if world.proxied else (MN,)
    return tuple(registration_of(who, world.main) for who in people)


def goal(world: World) -> tuple[str, tuple[Condition, ...]]:
    """What the scenario is for: the honest run is complete."""
    home, at = world.main
    if world.course.local:
        both = ((arrived(CN_HOME, home), equals, (True,)), (arrived(home, CN_HOME), equals, (True,)))
        return "payload has gone both ways", both
    if world.course.reverse_tunnel:
        return data_arrived(world)
    if world.course.payload and not world.course.handshakes:
        both = ((arrived(at, home), equals, (True,)), (arrived(MN, at), equals, (True,)))
        return "payload has gone both ways", both
    times = world.course.registrations
    return "the honest run is complete", ((registration_of(registrant(world), world.main), registered, (times,)),)
