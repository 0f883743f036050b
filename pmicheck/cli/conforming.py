"""The part of the command line of `pmicheck conform`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pmicheck.cli.arguments import seconds, whole

if TYPE_CHECKING:
    from pmicheck.cli.options import Verbs

ENDS = """\
exit codes: 0 no difference; 1 the node accepts what it should refuse, or fails; 2 usage error; 3 it differs, in nothing
that is weaker, or a trace was not played to its end; 4 no trace was played"""


def add_conform(verbs: Verbs, record: Path) -> None:
    """Adds the verb; `record` is where the record lies if the command line names none."""
    conform = verbs.add_parser("conform", help="test a correspondent of your own against the packet node", epilog=ENDS)
    add = conform.add_argument
    add("scenarios", nargs="*", metavar="SCENARIO", help="whose traces to play; default: all with such a node")
    target = conform.add_mutually_exclusive_group(required=True)
    target.add_argument("--target", metavar="MODULE:FACTORY", help="a Python callable that makes the node")
    target.add_argument("--udp", metavar="HOST:PORT", help="a node in a process of its own; a datagram is a packet")
    wait = "seconds that a trace may take over UDP, where they pass in fact; default: %(default)s"
    add("--patience", type=seconds, default=10.0, metavar="S", help=wait)
    add("--record", type=Path, default=record, metavar="FILE", help="a record, or one trace; default: %(default)s")
    text = "play so many random walks of the model as well, for each scenario"
    add("--walks", type=whole, default=0, metavar="N", help=text)
    conform.set_defaults(verb="conform")
