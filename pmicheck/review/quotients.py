"""In which respects the states of a run are gathered: a cell that a person asks about, or the attacker's knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pmicheck.explore.result import Exploration
from pmicheck.grounding.layout import STEP_GHOSTS, Grounded
from pmicheck.grounding.run import Prepared
from pmicheck.grounding.told import remarks
from pmicheck.language.cells import Cell
from pmicheck.language.message import Term
from pmicheck.model.messages import CN
from pmicheck.model.roles.attachment import attached
from pmicheck.model.roles.binding_cache import cells_of
from pmicheck.model.roles.local_routing import listed, wanted
from pmicheck.model.roles.registration import Registration
from pmicheck.model.time import CLOCK, PHASES
from pmicheck.model.topology import CN_HOME, Flow
from pmicheck.report.graphs.data import ENTRY, KNOWLEDGE, ROLE

MOST = 24
"""Classes that a picture of the attacker's knowledge may have."""

SECRETS = ("T", "C", "PT", "HT", "sk")
"""Constructors of the terms that are worth a picture: tokens and private keys; all else is computed from them."""


@dataclass(frozen=True)
class Named:
    """A class of states: short lines, and the same in full, which is what tells two classes apart."""

    label: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class View:
    """A respect in which states may agree.

    Attributes:
        by: one of `pmicheck.report.graphs.data.KINDS`; title: in words.
        mask, facts: the bits of a state (local, knowledge) that `name` looks at.
        name: from such a state, or from these bits of it, to its class.
    """

    by: str
    title: str
    mask: int
    facts: int
    name: Callable[[int, int], Named]


def views(prepared: Prepared, explored: Exploration) -> Iterator[View]:
    """The binding cache entries of the victim's side, the roles and the clock, the attacker's knowledge."""
    grounded, world = prepared.grounded, prepared.start.world
    for flow in world.entries:
        entry = cells_of(flow.home, flow.at).entry
        if entry in grounded.fields:
            yield _of_cell(grounded, ENTRY, f"binding cache entry of {flow.home} at {_principal(flow.at)}", entry)
    homes = (*world.victims, CN_HOME)
    truths = {CLOCK, *map(attached, homes), *map(listed, homes), *map(wanted, homes)}
    for cell, owned in grounded.fields.items():
        if cell in truths or isinstance(owned.values[0], Registration):
            yield _of_cell(grounded, ROLE, _title(cell), cell)
    secrets = _secrets(grounded, explored)
    if secrets:
        yield _of_knowledge(grounded, explored, secrets)


def step_ghosts(grounded: Grounded) -> int:
    """The bits that are set in a state that holds nothing but what one step did, and in no other."""
    return sum(grounded.fields[cell].mask for cell in STEP_GHOSTS if cell in grounded.fields)


def _of_cell(grounded: Grounded, by: str, title: str, cell: Cell) -> View:
    def name(local: int, knowledge: int) -> Named:
        return _named(cell, grounded.value(cell, local))

    return View(by=by, title=title, mask=grounded.fields[cell].mask, facts=0, name=name)


def _named(cell: Cell, value: object) -> Named:
    """The value in the words of a trace; of a registration its stage alone."""
    if isinstance(value, Registration):
        return Named((value.stage,), f"{cell.name}: {value.stage}")
    if cell is CLOCK and isinstance(value, int):
        return Named((PHASES[value],), f"{cell.name}: {PHASES[value]}")
    if isinstance(value, bool):
        answer = "yes" if value else "no"
        return Named((answer,), f"{cell.name}: {answer}")
    told = remarks(value)
    return Named(("no entry",) if value is None else told, f"{cell.name}: {', '.join(told)}")


def _title(cell: Cell) -> str:
    """What the cell is about as a title: "registration of PMA1", "HoA in the binding update list of PMA1"."""
    about = cell.about
    assert about is not None, cell.name
    of = dict(about.of)
    if about.kind == "attachment":
        return f"address: {cell.name}"
    if about.kind == "local list":
        return f"{of['home']} in the binding update list of {_principal(str(of['keeper']))}"
    if about.kind == "registration":
        flow = Flow(str(of["home"]), str(of["at"]))
        return f"registration of {_principal(str(of['keeper']))}{flow.label}"
    return f"{about.words} of {_principal(str(of['keeper']))}" if of else about.words


def _principal(name: str) -> str:
    """As a title says it: "the CN", "PMA1"."""
    return f"the {name.upper()}" if name.isalpha() else name.upper()


Words = tuple[str, str]
"""What the secret is, and which of its kind ("" if that is not told)."""


def _by_term(term: Term) -> Words:
    """Of a token the nonce or generation that it was made from."""
    kind, _ = _by_owner(term)
    match term:
        case ("T" | "C", _, nonce, _):
            return kind, str(nonce)
        case ("PT" | "HT", _, generation, _):
            return kind, str(generation)
    return kind, ""


def _by_owner(term: Term) -> Words:
    """About whom it is."""
    match term:
        case ("sk", owner):
            return f"private key of {owner}", ""
        case (token, address, _, at):
            return f"{token} of {address}" + ("" if at == CN else f" at {at}"), ""
    return str(term[0]), ""


def _by_kind(term: Term) -> Words:
    return ("some private key" if term[0] == "sk" else f"some {term[0]}"), ""


GRAINS: tuple[tuple[Callable[[Term], Words], str], ...] = (
    (_by_term, "tokens (by nonce or generation) and private keys that the attacker has learned"),
    (_by_owner, "tokens and private keys that the attacker has learned, by kind and owner"),
    (_by_kind, "kinds of tokens and private keys that the attacker has learned"),
)
"""From fine to coarse: the first that makes few classes enough is used, at worst the last (five kinds)."""


def _secrets(grounded: Grounded, explored: Exploration) -> list[int]:
    """The bits of the secrets that the attacker comes to know in some runs and not from the beginning."""
    always, ever = ~0, 0
    for knowledge in {knowledge for _, knowledge in explored.states_iter()}:
        always &= knowledge
        ever |= knowledge
    learned = ever & ~always
    return [
        bit for bit, term in enumerate(grounded.fact_terms) if learned >> bit & 1 and term[0] in SECRETS and term[1:]
    ]


def _of_knowledge(grounded: Grounded, explored: Exploration, secrets: Sequence[int]) -> View:
    facts = sum(1 << bit for bit in secrets)
    sets = {knowledge & facts for _, knowledge in explored.states_iter()}
    grains = [(_teller([(bit, words(grounded.fact_terms[bit])) for bit in secrets]), title) for words, title in GRAINS]
    readable = [(known, title) for known, title in grains if len({known(each) for each in sets}) <= MOST]
    known, title = (readable or grains[-1:])[0]

    def name(local: int, knowledge: int) -> Named:
        lines = known(knowledge) or ("nothing of these",)
        return Named(lines, f"learned: {'; '.join(lines)}")

    return View(by=KNOWLEDGE, title=title, mask=0, facts=facts, name=name)


def _teller(secrets: Sequence[tuple[int, Words]]) -> Callable[[int], tuple[str, ...]]:
    """From a knowledge set to what of the secrets is in it, one line for all of one kind."""

    def known(knowledge: int) -> tuple[str, ...]:
        lines: dict[str, dict[str, None]] = {}
        for bit, (kind, which) in secrets:
            if knowledge >> bit & 1:
                lines.setdefault(kind, {})[which] = None
        return tuple(f"{kind}: {', '.join(which)}" if all(which) else kind for kind, which in lines.items())

    return known
