"""The one table of formats: how a class says which fields a header, message or option has, and where each is.

    @described("Nonce Indices option", "RFC 6275 6.2.6", number=4, alignment=(2, 0))
    class NonceIndicesOption(Option):
        home: Annotated[int, Row(0, 2, "Home Nonce Index", words.number("home nonce index"), "nonce")]

An attribute is the value of a field. The `Row` beside its type says the rest: octets, name, words, and which field of a
symbolic message it carries. The codec writes and reads by these rows, and what shows or compares a packet reads them
too, so no format is described twice. Octets between two rows are reserved: sent as zero, ignored on receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, TypeVar, dataclass_transform, get_args, get_origin, get_type_hints

from pmicheck.errors import WireError
from pmicheck.wire import words
from pmicheck.wire.words import Reader


@dataclass(frozen=True, slots=True)
class Row:
    """One field.

    Attributes:
        at: its first octet, counted from the beginning of the header, or of an option's data.
        octets: how many; None for all that are left.
        name: as the specification has it.
        in_words: what a reader sees of the value.
        carries: the field of a symbolic message that it carries (see `places`), another name where the model does not
            say what it holds, "" for what no message of the model has.
        section: where it is specified, if not where its format is.
        optional: whether the octets may end before it; the value is None then.
        parts: the fields inside, of one whose inner order the codec leaves to others.
        further: what a further slice holds, of an option that may take several (RFC 4866 5.1).
        value, kind: name and type of the attribute; the name of reserved octets is "".
    """

    at: int
    octets: int | None
    name: str
    in_words: Reader
    carries: str = ""
    section: str = ""
    optional: bool = False
    parts: tuple[Row, ...] = ()
    further: Row | None = None
    value: str = ""
    kind: type[Any] = bytes

    @property
    def end(self) -> int:
        """The octet after it, if those that may be missing are."""
        return self.at + (0 if self.optional else self.octets or 0)

    def size(self, left: int) -> int:
        """How many octets it takes where so many are left; more than that if there are too few."""
        if self.octets is None:
            return left
        return 0 if self.optional and not left else self.octets


@dataclass(frozen=True, slots=True)
class Format:
    """A header, message or option.

    Attributes:
        title, section: what it is called, and where it is specified.
        rows: its fields in the order of their octets, which they tile.
        kind: the class whose attributes they fill, None where the codec keeps the octets as they are.
        number: MH Type or option type.
        carries: of an option: what its being there is to a symbolic message.
        alignment: modulus and remainder of the offset that the Type octet of an option must have.
    """

    title: str
    section: str
    rows: tuple[Row, ...] = ()
    kind: Any = None
    number: int = 0
    carries: str = ""
    alignment: tuple[int, int] = (1, 0)

    @property
    def end(self) -> int:
        """The octet after the last field, one without a length of its own taken as empty."""
        return self.rows[-1].end if self.rows else 0

    @property
    def further(self) -> Row | None:
        """What a further slice of an option holds; None where its data are one slice."""
        return next((row.further for row in self.rows if row.further), None)


FORMATS: dict[type[Any], Format] = {}
"""The table: the format of each class, entered as its module is imported."""
Described = TypeVar("Described")


@dataclass_transform(frozen_default=True)
def described(
    title: str,
    section: str,
    *,
    number: int = 0,
    carries: str = "",
    alignment: tuple[int, int] = (1, 0),
    start: int = 0,
    end: int = 0,
) -> Callable[[type[Described]], type[Described]]:
    """Makes a class a frozen dataclass and enters its format in the table.

    Args:
        start, end: octets that the rows tile; the end is at least that of the last row.
    """

    def enter(bare: type[Described]) -> type[Described]:
        kind = dataclass(frozen=True, slots=True)(bare)
        FORMATS[kind] = Format(title, section, _rows(kind, start, end), kind, number, carries, alignment)
        return kind

    return enter


def _rows(kind: type[Any], start: int, end: int) -> tuple[Row, ...]:
    """The rows of a class in the order of their octets, with reserved ones between."""
    found = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is Annotated:
            of, row = get_args(hint)
            found.append(replace(row, value=name, kind=of if isinstance(of, type) else get_args(of)[0]))
    found.sort(key=lambda row: row.at)
    ends = [start, *(row.end for row in found)]
    starts = [*(row.at for row in found), max(end, ends[-1])]
    gaps = [Row(at, to - at, "Reserved", words.reserved) for at, to in zip(ends, starts, strict=True) if at < to]
    return tuple(sorted((*found, *gaps), key=lambda row: row.at))


def write(values: object, rows: tuple[Row, ...], offset: int) -> bytes:
    """Octets of the attributes of `values` that the rows name; `offset` is that of the first.

    Raises:
        WireError: a value does not fit its field.
    """
    written = bytearray()
    for row in rows:
        at = offset + len(written)
        written += _octets(row, getattr(values, row.value), at) if row.value else bytes(row.octets or 0)
    return bytes(written)


def _octets(row: Row, value: Any, at: int) -> bytes:
    match value:
        case None if row.optional:
            return b""
        case int() if row.octets is not None:
            largest = (1 << 8 * row.octets) - 1
            if not 0 <= value <= largest:
                raise WireError(at, f"{row.value} between 0 and {largest}", str(int(value)))
            return int(value).to_bytes(row.octets, "big")
        case IPv4Address() | IPv6Address():
            octets = value.packed
        case _:
            octets = bytes(value)
    if row.octets not in (None, len(octets)):
        raise WireError(at, f"{row.value} of {row.octets} octets", f"{len(octets)} octets")
    return octets


def read(data: bytes, start: int, end: int, rows: tuple[Row, ...]) -> tuple[dict[str, Any], int]:
    """Values of the rows in `data[start:end]`, by attribute, and the offset after them.

    Raises:
        WireError: the octets end before the rows do.
    """
    values: dict[str, Any] = {}
    at = start
    for row in rows:
        left = end - at
        size = row.size(left)
        if size > left:
            raise WireError(at, f"{size} octets of {row.value or 'reserved octets'}", f"{left} octets")
        if row.value:
            values[row.value] = value_of(row, data[at : at + size])
        at += size
    return values, at


def value_of(row: Row, octets: bytes) -> Any:
    """What octets are as the value of a field."""
    if row.optional and not octets:
        return None
    return row.kind(int.from_bytes(octets, "big") if issubclass(row.kind, int) else octets)
