"""Messages of the draft and of RFC 6275, as terms over exactly the fields that somebody checks.

A message knows the link it is on and the principal that will process it next; a home agent that forwards one sends the
same message on its other link.
"""

from __future__ import annotations

from typing import NamedTuple

from pmicheck.language.message import Message, Term
from pmicheck.model.terms import render

CN = "cn"
HA = "ha"
HA2 = "ha2"
"""The home agent of a type 2 correspondent."""

TUNNEL = "tunnel"
TUNNEL2 = "tunnel2"
"""Between HA2 and the agent of the correspondent."""
HA_CN = "ha-cn"
CARE_OF_CN = "careof-cn"
CONTEXT = "context"
PMA_HA = "pma-ha"
"""Between an agent and the home agent of somebody else's node (4.1)."""
ACCESS = "access"
"""The link between a mobile node and its agent."""
INTERNET = "internet"


class TestInit(NamedTuple):
    """HoTI, CoTI or PHoTI. `address` is the address under test, `hao` a Home Address option if one is there.

    `at` is the correspondent asked, `care_of` the Care-of Address field of a PHoTI where somebody looks at it (N171).
    """

    kind: str
    address: str
    cookie: Term
    link: str
    to: str
    hao: str | None = None
    at: str = CN
    care_of: str | None = None


class Test(NamedTuple):
    """HoT, CoT or PHoT: the answer of the correspondent `at` to a test init, with a token and the index of its nonce.

    `care_of` is the Care-of Address field of a PHoT where somebody looks at it (N168).
    """

    kind: str
    address: str
    nonce: int
    cookie: Term
    token: Term
    link: str
    to: str
    at: str = CN
    care_of: str | None = None


class Update(NamedTuple):
    """BU (`proxy` False) or PBU.

    `credential` is "T", "PT" or "HT" (what the home nonce index says), `nonce` the home nonce index for "T", else 0.
    `care_of_nonce` is 0 in an early update and in a deregistration (`lifetime` False). `key` names the public key in
    the CGA Parameters option, None if the CGA options are absent. `test` says that a Care-of Test Init option is there.
    """

    proxy: bool
    home: str
    care_of: str
    seq: int
    lifetime: bool
    credential: str
    nonce: int
    care_of_nonce: int
    key: str | None
    test: bool
    sig: Term | None
    mac: Term
    link: str
    to: str = CN
    hao: bool = False

    @property
    def step(self) -> str:
        """Which of the three updates of draft 3.3-3.5 it is."""
        if not self.lifetime:
            return "deregistration"
        return "complete" if self.care_of_nonce else "early"


class Acknowledgement(NamedTuple):
    """BA or PBA with status 0, or, with `status` 136 to 138, without authenticator (RFC 6275 9.5.4).

    `sig` is the CN's own signature, if it protects what it sends (N096); `at` is the correspondent that answers.
    """

    proxy: bool
    care_of: str
    home: str
    seq: int
    status: int
    care_of_token: Term | None
    care_of_nonce: int
    tokens: tuple[Term, ...]
    mac: Term | None
    link: str
    to: str
    sig: Term | None = None
    at: str = CN


class HandoverToken(NamedTuple):
    """HT of `sender` on its way to the next PMA through the home agent (N070); `tries` is ghost: repetitions so far."""

    home: str
    token: Term
    seq: int
    tries: int
    sender: str
    link: str
    to: str
    at: str = CN


class CacheRequest(NamedTuple):
    """Binding Cache Request of an agent: where is this home address registered (N109, N111)? `number` names it."""

    home: str
    number: int
    asker: str
    link: str
    to: str


class CacheAnswer(NamedTuple):
    """Binding Cache Acknowledgement: it is registered at this care-of address (N112)."""

    home: str
    care_of: str
    number: int
    link: str
    to: str


class PeerUpdate(NamedTuple):
    """PBU between agents (N113, N114): `home` is at `care_of`, whose agent sends it.

    `answers` is the number of the PBU that it acknowledges as well, 0 if it answers none; `lifetime` False deregisters.
    `proof` is what the security association makes of it, None without one (A-24).
    """

    home: str
    care_of: str
    seq: int
    answers: int
    lifetime: bool
    proof: Term | None
    link: str
    to: str


class PeerAcknowledgement(NamedTuple):
    """PBA, the third message of the handshake (N115): `home` is the mobile node whose PBU began it."""

    home: str
    seq: int
    proof: Term | None
    link: str
    to: str


class ContextRequest(NamedTuple):
    """Context Transfer Request of the next agent (N121)."""

    home: str
    asker: str
    link: str
    to: str


class ContextData(NamedTuple):
    """Context Transfer Data: the profile with the key pair, and the Binding Update List entry (N121)."""

    home: str
    peer: str
    seq: int
    tries: int
    key: Term
    link: str
    to: str


class Data(NamedTuple):
    """Payload: `source` and `destination` as upper layers see them.

    `outer` is the source of an outer IPv6 header, "" if there is none (N161); `routing` the home address in a type 2
    routing header, "" if there is none (N164).
    """

    source: str
    destination: str
    outer: str
    routing: str
    link: str
    to: str


class Trigger(NamedTuple):
    """The mobile node's wish for route optimisation in explicit mode (N101)."""

    home: str
    link: str
    to: str


NAMES = {
    "HandoverToken": "handover token",
    "CacheRequest": "binding cache request",
    "CacheAnswer": "binding cache acknowledgement",
    "PeerAcknowledgement": "handshake PBA",
    "ContextRequest": "context transfer request",
    "ContextData": "context transfer data",
    "Trigger": "trigger",
}


def name_of(message: Message) -> str:
    """The message as the draft calls it."""
    match message:
        case Update(proxy=proxy, step="deregistration"):
            return "deregistration " + ("PBU" if proxy else "BU")
        case Update(proxy=proxy):
            return f"{message.step} " + ("PBU" if proxy else "BU")
        case Acknowledgement(proxy=proxy):
            return "PBA" if proxy else "BA"
        case TestInit() | Test():
            return message.kind
        case PeerUpdate(lifetime=False):
            return "deregistering handshake PBU"
        case PeerUpdate():
            return "answering handshake PBU" if message.answers else "handshake PBU"
        case Data():
            header = "tunnelled " if message.outer else "" if not message.routing else "routed "
            return f"{header}data"
        case _:
            return NAMES[type(message).__name__]


def visible_terms(message: Message) -> tuple[Term, ...]:
    """What somebody who sees the message learns, before any decryption."""
    match message:
        case TestInit():
            return (message.cookie,)
        case Test():
            return (message.cookie, message.token)
        case Update():
            return tuple(term for term in (message.sig, message.mac) if term is not None)
        case Acknowledgement():
            parts = (message.care_of_token, *message.tokens, message.mac, message.sig)
            return tuple(term for term in parts if term is not None)
        case HandoverToken():
            return (message.token,)
        case PeerUpdate() | PeerAcknowledgement():
            return () if message.proof is None else (message.proof,)
        case ContextData():
            return (message.key,)
        case _:
            return ()


Parts = tuple[tuple[str, str], ...]


def describe(message: Message) -> str:
    """The message as one symbolic term."""
    number = f" {message.number}" if isinstance(message, CacheRequest | CacheAnswer) else ""
    name = "data" if isinstance(message, Data) else f"{name_of(message)}{number}"
    return f"{name}({', '.join(words for _, words in parts_of(message))})"


def parts_of(message: Message) -> Parts:
    """The parts of that term: for each the field that it tells, "" if it tells several or none, and its words."""
    match message:
        case TestInit():
            option = (("hao", f"Home Address option {message.hao}"),) if message.hao else ()
            return ("address", message.address), ("cookie", render(message.cookie)), *option
        case Test():
            return ("address", message.address), ("cookie", render(message.cookie)), ("token", render(message.token))
        case Update():
            return _parts_of_update(message)
        case Acknowledgement():
            return _parts_of_acknowledgement(message)
        case HandoverToken():
            return ("home", message.home), ("token", render(message.token))
        case CacheRequest():
            return (("home", message.home),)
        case CacheAnswer():
            return (("", f"{message.home} at {message.care_of}"),)
        case PeerUpdate():
            answers = (("answers", f"answers {message.answers}"),) if message.answers else ()
            care_of = ("care_of", f"care-of {message.care_of}")
            return ("home", f"home {message.home}"), care_of, _seq(message.seq), *answers, _proof(message.proof)
        case PeerAcknowledgement():
            return ("home", message.home), _seq(message.seq), _proof(message.proof)
        case ContextRequest():
            return ("home", message.home), ("asker", f"from {message.asker}")
        case ContextData():
            return ("home", message.home), ("peer", f"peer {message.peer}"), ("key", render(message.key))
        case Data():
            outer = (("outer", f"outer source {message.outer}"),) if message.outer else ()
            routing = (("routing", f"routing header {message.routing}"),) if message.routing else ()
            return ("", f"{message.source} to {message.destination}"), *outer, *routing
        case Trigger():
            return (("home", message.home),)
    raise TypeError(f"{message!r} is no message of the draft")


def _parts_of_update(update: Update) -> Parts:
    index = {"T": f"home nonce {update.nonce}", "PT": "home nonce index 0", "HT": "HT index"}
    signed = (("key", f"CGA of {update.key}"), ("sig", render(update.sig))) if update.key else ()
    return (
        ("home", f"home {update.home}"),
        ("care_of", f"care-of {update.care_of}"),
        _seq(update.seq),
        ("nonce", index[update.credential]),
        ("care_of_nonce", f"care-of nonce {update.care_of_nonce}"),
        *signed,
        *((("test", "care-of test init"),) if update.test else ()),
        ("mac", render(update.mac)),
    )


def _parts_of_acknowledgement(answer: Acknowledgement) -> Parts:
    care_of = (("care_of_token", render(answer.care_of_token)),) if answer.care_of_token else ()
    return (
        ("status", f"status {answer.status}"),
        _seq(answer.seq),
        *care_of,
        *((_kind_of_token(token), render(token)) for token in answer.tokens),
        ("mac", render(answer.mac)) if answer.mac else ("", "no authenticator"),
    )


def _kind_of_token(token: Term) -> str:
    """PT or HT, in the clear or encrypted."""
    content: Term = token[2] if token[0] == "enc" else token
    return str(content[0])


def _seq(number: int) -> tuple[str, str]:
    return "seq", f"seq {number}"


def _proof(proof: Term | None) -> tuple[str, str]:
    return ("proof", render(proof)) if proof else ("", "no authenticator")
