"""The terminal: the one module that prints. Data goes to stdout, progress and complaints to stderr.

What a terminal can show (colour, a bar) is left to rich, which follows NO_COLOR, FORCE_COLOR and TERM=dumb. Elsewhere
the same words go out as plain lines, and rich is not even imported.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from pmicheck.errors import OutputError, Stopped
from pmicheck.report.words.characters import harmless, legible, paragraph
from pmicheck.verdict import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from pmicheck.report.text.layout import Part

NARROWEST = 40
STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
ECHO = 4
"""Columns left free beside the bar, where a terminal shows "^C": on a line of its own that would hide the bar's end."""


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return max(shutil.get_terminal_size((80, 24)).columns, NARROWEST)


def prepare_streams() -> None:
    """Lets stdout and stderr take any text, whatever the encoding of the terminal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(*parts: Part) -> None:
    """Writes words and tables to stdout: in colour if that is a terminal which wants it. Raises OutputError."""
    from pmicheck.report.text.layout import plain

    with _stdout() as stream:
        console = _coloured(stream)
        if console is None:
            stream.write(paragraph(plain(parts)))
            return
        from pmicheck.report.text.screen import renderable

        with console.capture() as drawn:
            for part in parts:
                console.print(renderable(part), end="", soft_wrap=True)
        stream.write(harmless(drawn.get()))


def emit_raw(text: str) -> None:
    """Writes data to stdout as it is. A reader gone away ends the output, not the run. Raises OutputError."""
    with _stdout() as stream:
        stream.write(text)


def emit_json(text: str) -> None:
    """Writes JSON to stdout; what would be a command to the runner of a CI job is escaped. Raises OutputError."""
    emit_raw(text.replace("##", "#\\u0023"))


def flush() -> None:
    """Sends on what stdout holds back. Raises OutputError."""
    if sys.stdout is not None:
        with _stdout():
            pass


def say(text: str) -> None:
    """Writes `text` to stderr; where that is closed or full there is nobody to tell."""
    say_raw(paragraph(text))


def say_raw(text: str) -> None:
    """The same for text that is meant for a program, such as the runner of a CI job."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def complain(sentence: str, code: ExitCode) -> ExitCode:
    """One sentence on stderr; returns `code`."""
    words = " ".join(sentence.split())
    say(f"pmicheck: {words}{'' if words.endswith(('.', '?', '!')) else '.'}\n")
    return code


@contextlib.contextmanager
def stoppable(*, for_good: bool) -> Iterator[None]:
    """Lets the first SIGINT, SIGTERM or SIGHUP raise Stopped, and none after it, so that what it leaves is kept.

    A signal that the caller ignores, as nohup does, stays ignored. `for_good`: the process ends with the block, and no
    signal shall change how.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    heeded = [number for number in STOPPING if before[number] is not signal.SIG_IGN]

    def answer(number: int, _: object) -> None:
        ignore()
        raise Stopped(number)

    def ignore() -> None:
        for each in heeded:
            signal.signal(each, signal.SIG_IGN)

    for number in heeded:
        signal.signal(number, answer)
    try:
        yield
    finally:
        ignore()
        if not for_good:
            for number in heeded:
                signal.signal(number, before[number])


class Progress:
    """Progress on stderr, as a context: in a terminal the messages with a bar below, elsewhere one plain line each.

    A message that begins with a carriage return is of the moment: it stands above the bar, and is left out where
    nobody watches. One that ends with "(K of N)" moves the bar. The bar comes with the first message: it is drawn by a
    thread, and processes that share the work have to be forked before there is one.
    """

    def __init__(self) -> None:
        self._display: _Display | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.stop()
            self._display = None

    def __call__(self, message: str) -> None:
        momentary, words = message.startswith("\r"), message.strip()
        if self._display is None and (console := _watched(sys.stderr)) is not None:
            self._display = _Display(console)
        if self._display is not None:
            self._display.show(words, momentary=momentary)
        elif words and not momentary:
            say(words + "\n")


class _Display:
    """The lowest lines of a terminal: what is going on; how far, and for how long. They go away at the end."""

    def __init__(self, console: Console) -> None:
        from rich.console import Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
        from rich.text import Text

        self.told = False
        self.words = Text(no_wrap=True, overflow="ellipsis")
        self.bar = Bar(BarColumn(bar_width=console.width // 2), MofNCompleteColumn(), TimeElapsedColumn())
        self.task = self.bar.add_task("", total=None)
        lines = Group(self.words, self.bar)
        self.live = Live(lines, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
        self.live.start()

    def stop(self) -> None:
        """Leaves the messages alone, and a blank line below them."""
        self.live.stop()
        if self.told:
            self.live.console.print()

    def show(self, words: str, *, momentary: bool) -> None:
        """One message."""
        from pmicheck.report.text.layout import wrap

        counted = re.search(r"\((\d+) of (\d+)\)$", words)
        if counted:
            self.bar.update(self.task, completed=int(counted[1]), total=int(counted[2]))
        self.words.plain = legible(words) if momentary else ""
        if words and not momentary:
            self.told = True
            lines = "\n".join(wrap(words, width(), rest="  "))
            self.live.console.print(lines, markup=False, highlight=False, soft_wrap=True)


def _watched(stream: Any) -> Console | None:
    """A console for a line that is written over and over; None where that is not wanted or makes no sense."""
    if stream is None or not stream.isatty():
        return None
    from rich.console import Console

    console = Console(file=stream, highlight=False, width=width() - ECHO)
    return console if console.is_interactive and not console.is_dumb_terminal else None


def _coloured(stream: TextIO) -> Console | None:
    """A console that colours; None where plain text is wanted, which is so for all but terminals."""
    if os.environ.get("NO_COLOR") or not (stream.isatty() or os.environ.get("FORCE_COLOR")):
        return None
    from rich.console import Console

    console = Console(file=stream, highlight=False, width=width(), markup=False, emoji=False)
    return console if console.color_system else None


@contextlib.contextmanager
def _stdout() -> Iterator[TextIO]:
    """stdout, flushed at the end. Raises OutputError for what cannot be written, but for a reader that went away."""
    if sys.stdout is None:
        raise OutputError("standard output: cannot be written: it is closed")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        _mute()
    except OSError as error:
        _mute()
        raise OutputError(f"standard output: cannot be written: {error.strerror}") from error


def _mute() -> None:
    """Lets what is still buffered for stdout go nowhere, so that the interpreter can end in peace."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
