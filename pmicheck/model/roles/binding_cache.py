"""The correspondent node's cells for one home address, and what an accepted update does to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from pmicheck.language.cells import About, Cell
from pmicheck.model.messages import CN
from pmicheck.model.time import nonce_accepted


class Entry(NamedTuple):
    """A binding cache entry (protocol-facts 4): `capped` if its lifetime ends by 420 s, `registrant` is ghost.

    `nonces` are the home and care-of nonce indices of the complete update that made it, None if there was none; with
    tombstone=full also those of an early one, whose care-of index is 0. They are kept for honest registrations only:
    the attacker has no use for its own nonces a second time that it has not the first time.
    `used` says whether traffic goes by the entry, or whether it is kept for later only (A-16, A-24).
    """

    care_of: str
    verified: bool
    capped: bool
    registrant: str
    nonces: tuple[int, int] | None = None
    used: bool = True


@dataclass(frozen=True)
class HomeCells:
    """What a correspondent keeps for one home address. PT lives in the entry, HT outside it (A-06).

    `newest` is the newest nonce that an accepted update named, 0 once it is dead: as long as it lives, `seq` outlives
    the entry (RFC 6275 5.2.8, reading deleted_number).
    """

    home: str
    entry: Cell
    seq: Cell
    newest: Cell
    pt: Cell
    ht: Cell
    pairs: Cell


def cells_of(home: str, at: str = CN) -> HomeCells:
    """The cells of `home` at a correspondent; `pt` and `ht` hold valid generations, `pairs` counts what was issued."""
    return _cells_of(home, at)


@cache
def _cells_of(home: str, at: str) -> HomeCells:
    return HomeCells(
        home,
        entry=_kept(at, home, "entry", None),
        seq=_kept(at, home, "sequence number", None),
        newest=_kept(at, home, "newest nonce", 0),
        pt=_kept(at, home, "permanent tokens", ()),
        ht=_kept(at, home, "handover tokens", ()),
        pairs=_kept(at, home, "pairs issued", 0),
    )


def _kept(at: str, home: str, kind: str, initial: Any, words: str = "", **more: str | int) -> Cell:
    """A cell that the principal `at` keeps for a home address."""
    words = words or kind
    about = About(kind, words, (("keeper", at), ("home", home), *more.items()))
    return Cell(f"{at}[{home}].{words}", initial, about=about)


@cache
def burnt_pair(home: str, care_of: str, nonce: int, care_of_nonce: int, at: str) -> Cell:
    """Whether these two nonces are burnt for this home and care-of address (RFC 6275 9.5.3)."""
    words = f"burnt {nonce}/{care_of_nonce} for {care_of}"
    return _kept(at, home, "burnt nonces", False, words, nonce=nonce, care_of_nonce=care_of_nonce, care_of=care_of)


@cache
def burnt_nonce(home: str, nonce: int, at: str) -> Cell:
    """Whether this home nonce is burnt for this home address (reading tombstone=full)."""
    return _kept(at, home, "burnt nonces", False, f"burnt {nonce}", nonce=nonce)


@cache
def issued_for(home: str, at: str, generation: int) -> Cell:
    """The care-of address that this pair of tokens was issued for (amendment pt_binding)."""
    words = f"care-of address of PT{generation}"
    return _kept(at, home, "place of token", None, words, token="PT", number=generation)


@cache
def used_from(home: str, at: str, generation: int) -> Cell:
    """The care-of address that this HT was used from first (amendment ht_use)."""
    words = f"care-of address that used HT{generation}"
    return _kept(at, home, "place of token", None, words, token="HT", number=generation)


@cache
def newest_delegation(home: str, at: str) -> Cell:
    """The highest serial number of a delegation that was accepted; it outlives the entry (amendment agent_key)."""
    return _kept(at, home, "newest delegation", 0)


# Predicates on cell values, for `Context.test`.


def present(value: object) -> bool:
    return value is not None


def nonempty(generations: tuple[int, ...]) -> bool:
    return bool(generations)


def contains(generations: tuple[int, ...], generation: int) -> bool:
    return generation in generations


def joined(generations: tuple[int, ...], generation: int) -> tuple[int, ...]:
    """The generations with one more, in order."""
    return tuple(sorted({*generations, generation}))


def accepts(last: int | None, number: int, modulus: int) -> bool:
    """The half-space rule of RFC 6275 9.5.1: `number` is greater than `last`, or there is no last one."""
    return last is None or (last - number) % modulus > modulus // 2


def alive(newest: int) -> bool:
    """Whether a nonce keeps the number: 0 stands for none."""
    return newest != 0


def below(newest: int, nonce: int) -> bool:
    return newest < nonce


def dead(newest: int, phase: int) -> bool:
    """Whether a nonce is too old in a phase of the clock."""
    return newest != 0 and not nonce_accepted(phase, newest)


def at_most_serial(newest: int, serial: int) -> bool:
    return newest <= serial


def free_or(used: str | None, care_of: str) -> bool:
    return used is None or used == care_of


def entry_is_capped(entry: Entry | None) -> bool:
    return entry is not None and entry.capped


def verified_at(entry: Entry | None, care_of: str) -> bool:
    return entry is not None and entry.verified and entry.care_of == care_of


def leads_to(entry: Entry | None, care_of: str) -> bool:
    return entry is not None and entry.care_of == care_of


def honest_at(entry: Entry | None, care_of: str) -> bool:
    """Whether it is the binding that an honest registrant made for this address."""
    return entry is not None and entry.registrant == "honest" and entry.care_of == care_of
