"""What the options of a command line ask for: a request, or what is wrong with a name in it."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pmicheck.cluster.place import Place
from pmicheck.errors import UsageError

if TYPE_CHECKING:
    from pmicheck.verify.engine import Engine
    from pmicheck.verify.matrix import Request


def request_of(options: argparse.Namespace) -> Request:
    """The request that the options make. Raises UsageError for a name that no catalogue knows."""
    from pmicheck.verify.catalogue import catalogue
    from pmicheck.verify.matrix import Request

    named = [name for name in options.scenarios if not name.endswith(".toml")]
    check_names("scenarios", named)
    check_names("attackers", [part for name in options.attacker for part in name.split("+")])
    check_names("properties", options.property)
    bounds = dict(catalogue("bounds"))
    check_names("readings", [name for name, _ in options.set if name not in bounds])
    check_names("mechanisms", options.without)
    values: dict[str, str] = {}
    for name, value in options.set:
        if values.setdefault(name, value) != value:
            raise UsageError(f"--set {name} is given both as {values[name]!r} and as {value!r}; choose one")
    return Request(
        scenarios=tuple(dict.fromkeys(options.scenarios)),
        attackers=tuple(dict.fromkeys(options.attacker)),
        properties=tuple(dict.fromkeys(options.property)),
        settings=tuple(values.items()),
        without=tuple(dict.fromkeys(options.without)),
        engine=_engine_of(options),
        workers=options.workers,
        settle=getattr(options, "settle", False),
        prove=getattr(options, "prove", False),
        cluster=_place_of(options),
    )


def _place_of(options: argparse.Namespace) -> Place | None:
    """The cluster that the options name, if they name one. Raises UsageError for what makes no sense."""
    if getattr(options, "cluster", None) is None:
        if any(getattr(options, f"tls_{part}", None) for part in ("ca_file", "cert", "key")):
            raise UsageError("TLS is for a cluster: name one with --cluster")
        return None
    if options.workers > 1:
        raise UsageError("choose one of --workers and --cluster")
    if options.checkpoint is not None:
        raise UsageError("choose one of --checkpoint and --cluster: what is saved lies on this machine")
    return Place(options.cluster, options.tls_ca_file, options.tls_cert, options.tls_key, options.alone)


def _engine_of(options: argparse.Namespace) -> Engine:
    """How the options want searches to be done. Raises UsageError for a reduction that does not exist."""
    from pmicheck.reduce.reduction import check_reductions
    from pmicheck.verify.engine import Engine

    most = Engine(max_states=options.max_states, max_seconds=options.max_seconds, keep=getattr(options, "cache", False))
    if options.verb != "verify":
        return most
    if options.second_opinion and (options.reduce or options.cluster):
        raise UsageError("a second opinion is on plain searches of this machine: leave out --reduce and --cluster")
    return replace(
        most,
        reduce=check_reductions(options.reduce),
        threads=options.threads,
        spill=options.spill,
        checkpoint=options.checkpoint,
        second_opinion=options.second_opinion,
    )


def check_names(kind: str, names: Sequence[str]) -> None:
    """Raises UsageError, with the nearest name there is, for the first name that the catalogue lacks."""
    known = _known(kind) if names else []
    singular = {"properties": "property"}.get(kind, kind.removesuffix("s"))
    for name in names:
        if name not in known:
            raise UsageError(f"there is no {singular} {name!r}" + hint(name, known, kind))


def _known(kind: str) -> Sequence[str]:
    from pmicheck.model.scenario import NAMED
    from pmicheck.verify.catalogue import catalogue

    return NAMED if kind == "scenarios" else [name for name, _ in catalogue(kind)]


def hint(name: str, known: Sequence[str], kind: str) -> str:
    """The end of a sentence about a name that is not known: what may be meant, and where all of the kind are named."""
    beginning = [each for each in known if name and each.startswith(f"{name}-")]
    if len(beginning) > 1:
        return f"; did you mean one of {name}-*: {', '.join(beginning)}?"
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; `pmicheck list {kind}` names them all"
