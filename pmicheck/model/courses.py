"""Courses: what may happen in a scenario, whatever its bounds, readings and attackers.

Everything that one course has and another has not stands here as an attribute, so that no rule asks for a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmicheck.language.message import Message
from pmicheck.model.messages import (
    Acknowledgement,
    CacheAnswer,
    CacheRequest,
    ContextData,
    ContextRequest,
    Data,
    HandoverToken,
    PeerAcknowledgement,
    PeerUpdate,
    Test,
    TestInit,
    Trigger,
    Update,
)

REGISTERING: tuple[type[Message], ...] = (TestInit, Test, Update, Acknowledgement)
HANDSHAKES: tuple[type[Message], ...] = (
    CacheRequest,
    CacheAnswer,
    PeerUpdate,
    PeerAcknowledgement,
    ContextRequest,
    ContextData,
)
NO_REFRESH = "nobody refreshes with a permanent token there"
NO_PAIRS = "no permanent token is issued there"
FOR_ITSELF = {
    "refreshes": NO_REFRESH,
    "mobile_nodes": "the mobile node acts for itself there, and no agent serves a second one",
    "correspondents": "the mobile node registers with one correspondent there",
}
NO_BINDINGS = {
    "refreshes": NO_REFRESH,
    "token_pairs": NO_PAIRS,
    "correspondents": "the home agent asks for the source of a packet and not for its destination",
}
TYPE2 = {"correspondents": "a second type 2 correspondent has agents of its own and shares nothing with the first"}
BY_HOME_TEST = {
    "correspondents": "a second type 2 correspondent has the cells of the first behind the same agent (A-22), and "
    "shares nothing with it behind another"
}
HANDSHAKE = TYPE2 | {
    "refreshes": NO_REFRESH,
    "token_pairs": NO_PAIRS,
    "mobile_nodes": "an answering PBU names the correspondent alone (N114), which serves one node at a time",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Course:
    """What may happen. There is one object for each course, also after it was pickled.

    Attributes:
        name: how a scenario file calls it.
        plays: the shipped scenario that stands for it wherever nothing else of it is known, such as in a trace.
        families: what it offers; readings, mechanisms and properties name the families that they touch.
        kinds: the kinds of messages that somebody processes.
        ancestor: RFC 6275 or RFC 4866 instead of the draft: the mobile node acts for itself, without PMAs.
        enhanced: CGA home addresses, PT and early updates exist: RFC 4866 and all that is built on it.
        type2: the correspondent is a mobile node behind a PMA of its own (N019).
        local: both ends are behind one agent, which routes between them (4.1).
        handshakes: agents register with each other (4.2).
        registers: somebody registers with a correspondent by return routability or tokens.
        moves: a mobile node that acts for itself goes from one care-of address to the next and home.
        leaves: the node may leave its first PMA.
        handover: there is a next PMA.
        handed_over: the handover is over when the search begins.
        transfers_context: the previous PMA sends the next one the handover context (3.4).
        relays_token: the previous PMA hands HT on through the home agent (N070).
        payload: upper layers send data.
        reverse_tunnel: the data goes by way of the home agent, since nobody optimises its route.
        registrations: how many the last registrant has completed when the honest run is over.
        useless: bounds that change nothing, or mean nothing that the text would settle, each with the reason.
    """

    name: str
    plays: str
    families: frozenset[str]
    kinds: tuple[type[Message], ...] = REGISTERING
    ancestor: bool = False
    enhanced: bool = True
    type2: bool = False
    local: bool = False
    handshakes: bool = False
    registers: bool = True
    moves: bool = False
    leaves: bool = False
    handover: bool = False
    handed_over: bool = False
    transfers_context: bool = False
    relays_token: bool = False
    payload: bool = False
    reverse_tunnel: bool = False
    registrations: int = 1
    useless: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Course({self.name!r})"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return course_named, (self.name,)


COURSES: Mapping[str, Course] = {
    course.name: course
    for course in (
        Course(
            name="mobile",
            plays="rr-mobile",
            families=frozenset({"rr"}),
            ancestor=True,
            enhanced=False,
            moves=True,
            registrations=3,
            useless=FOR_ITSELF | {"token_pairs": NO_PAIRS},
        ),
        Course(name="ero-initial", plays="ero-initial", families=frozenset({"ero"}), ancestor=True, useless=FOR_ITSELF),
        Course(
            name="ero-handoff",
            plays="ero-handoff",
            families=frozenset({"ero"}),
            ancestor=True,
            moves=True,
            registrations=3,
            useless=FOR_ITSELF,
        ),
        Course(name="initial", plays="type1-initial", families=frozenset({"type1", "rfc4866-cn"})),
        Course(
            name="refresh",
            plays="type1-refresh",
            families=frozenset({"type1", "rfc4866-cn"}),
            leaves=True,
            registrations=2,
        ),
        Course(
            name="predictive",
            plays="type1-handover",
            families=frozenset({"type1", "rfc4866-cn", "handover", "token-handover", "context"}),
            leaves=True,
            handover=True,
            transfers_context=True,
        ),
        Course(
            name="reactive",
            plays="type1-handover-reactive",
            families=frozenset({"type1", "rfc4866-cn", "handover", "token-handover"}),
            kinds=(*REGISTERING, HandoverToken),
            leaves=True,
            handover=True,
            relays_token=True,
        ),
        Course(
            name="settled",
            plays="type1-settled",
            families=frozenset({"type1", "handover", "token-handover", "context"}),
            leaves=True,
            handover=True,
            handed_over=True,
            transfers_context=True,
            registrations=2,
            useless={"handovers": "the handover is over there; type1-handover takes a second one"},
        ),
        Course(
            name="local",
            plays="type2-local",
            families=frozenset({"local"}),
            kinds=(Data, Trigger),
            type2=True,
            local=True,
            registers=False,
            payload=True,
            useless=TYPE2
            | {
                "refreshes": NO_REFRESH,
                "token_pairs": NO_PAIRS,
                "mobile_nodes": "the agent serves two nodes there already",
            },
        ),
        Course(
            name="handshake",
            plays="type2-handshake",
            families=frozenset({"handshake", "data", "tunnelled"}),
            kinds=(*HANDSHAKES, Data),
            type2=True,
            handshakes=True,
            registers=False,
            payload=True,
            useless=HANDSHAKE,
        ),
        Course(
            name="handshake-handover",
            plays="type2-handshake-handover",
            families=frozenset({"handshake", "handover"}),
            kinds=HANDSHAKES,
            type2=True,
            handshakes=True,
            registers=False,
            leaves=True,
            handover=True,
            useless=HANDSHAKE,
        ),
        Course(
            name="type2-rr",
            plays="type2-rr",
            families=frozenset({"type1", "type2-rr"}),
            type2=True,
            useless=BY_HOME_TEST,
        ),
        Course(
            name="type2-rr-left",
            plays="type2-rr-left",
            families=frozenset({"type1", "type2-rr"}),
            type2=True,
            leaves=True,
            useless=BY_HOME_TEST,
        ),
        Course(
            name="data",
            plays="data-plane",
            families=frozenset({"type1", "rfc4866-cn", "data", "routed"}),
            kinds=(*REGISTERING, Data),
            payload=True,
        ),
        Course(
            name="reverse-tunnel",
            plays="reverse-tunnel",
            families=frozenset({"reverse-tunnel"}),
            kinds=(Data,),
            registers=False,
            leaves=True,
            handover=True,
            payload=True,
            reverse_tunnel=True,
            useless=NO_BINDINGS,
        ),
    )
}


def course_named(name: str) -> Course:
    """The course of this name. Raises KeyError if there is none."""
    return COURSES[name]
