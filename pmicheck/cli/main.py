"""The command line: from arguments to a verb, and from its end, whatever that is, to an exit code.

A verb is imported when it is called, so what is slow to import (z3, networkx, rich) stays away from the others.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from pmicheck.cli import console, outputs
from pmicheck.cli.options import HelpWanted, parser, verbs
from pmicheck.errors import Disagreement, LimitReached, PmicheckError, Stopped, UsageError
from pmicheck.verdict import ExitCode

Verb = Callable[[argparse.Namespace], ExitCode]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (`sys.argv` if None) and returns its exit code. Lets no exception out."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    console.prepare_streams()
    with console.stoppable(for_good=argv is None):
        return _ended(arguments)


def _ended(arguments: list[str]) -> int:
    """The exit code of one command line, and a sentence for whatever is not a usual end."""
    try:
        code = _dispatch(arguments)
        console.flush()
    except LimitReached as error:
        return console.complain(str(error), ExitCode.INCONCLUSIVE)
    except Disagreement as error:
        return console.complain(str(error), ExitCode.NOT_TRUSTWORTHY)
    except PmicheckError as error:
        return console.complain(str(error), ExitCode.USAGE)
    except Stopped as error:
        return console.complain(str(error), ExitCode(128 + error.number))
    except KeyboardInterrupt as error:
        return console.complain(str(error) or "interrupted", ExitCode.INTERRUPTED)
    except MemoryError:
        return console.complain("memory is exhausted", ExitCode.INCONCLUSIVE)
    except OSError as error:  # what no reader or writer foresaw is still a matter of files, and not of pmicheck
        return console.complain(f"{error.filename or 'a file'}: {error.strerror or error}", ExitCode.USAGE)
    except Exception as error:
        if os.environ.get("PMICHECK_TRACEBACK"):
            import traceback

            traceback.print_exc()
        hint = "PMICHECK_TRACEBACK=1 shows the traceback"
        return console.complain(f"internal error: {type(error).__name__}: {error} ({hint})", ExitCode.CRASH)
    return code


def _dispatch(arguments: list[str]) -> ExitCode:
    try:
        options = parser().parse_args(arguments)
    except HelpWanted as wanted:
        console.emit_raw(wanted.text)
        return ExitCode.AS_EXPECTED
    options.command = ["pmicheck", *arguments]
    if options.version:
        console.emit_raw(_version())
        return ExitCode.AS_EXPECTED
    if not options.verb:
        *others, last = verbs()
        raise UsageError(f"name a verb: {', '.join(others)} or {last}; `pmicheck --help` says more")
    outputs.check(options)
    return _verb(options.verb)(options)


def _verb(name: str) -> Verb:
    """The function behind a verb."""
    match name:
        case "verify":
            from pmicheck.cli.verbs.verify import verify as verb
        case "ablate" | "readings" | "repair":
            from pmicheck.cli.verbs.changes import change as verb
        case "list":
            from pmicheck.cli.verbs.catalogue import list_names as verb
        case "explain":
            from pmicheck.cli.verbs.catalogue import explain as verb
        case "replay":
            from pmicheck.cli.verbs.replaying import replay as verb
        case "graph":
            from pmicheck.cli.verbs.graph import graph as verb
        case "export":
            from pmicheck.cli.verbs.export import export as verb
        case "prove":
            from pmicheck.cli.verbs.prove import prove as verb
        case "conform":
            from pmicheck.cli.verbs.conform import conform as verb
        case "report":
            from pmicheck.cli.verbs.records import report as verb
        case "review":
            from pmicheck.cli.verbs.records import review as verb
        case "diff":
            from pmicheck.cli.verbs.records import diff as verb
        case "baseline write":
            from pmicheck.cli.verbs.baseline import write as verb
        case "baseline prune":
            from pmicheck.cli.verbs.baseline import prune as verb
        case _:
            raise NotImplementedError(name)
    return verb


def _version() -> str:
    from pmicheck.explore.explorer import kernel_in_use
    from pmicheck.report.record.record import tool_version

    return f"pmicheck {tool_version()} (explorer kernel: {kernel_in_use()})\n"
