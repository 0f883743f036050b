"""How the tests start `pmicheck` as a process with the fake analysis. No test lives here."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent

UNWANTED = (
    "COLUMNS",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "NO_COLOR",
    "PMICHECK_TRACEBACK",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)
Run = Callable[..., subprocess.CompletedProcess[str]]


class Shown(NamedTuple):
    """How a run in a terminal ended, and all that the terminal was sent."""

    code: int
    sent: str

    @property
    def plain(self) -> str:
        """Without colours and movements of the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.sent)


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(HERE / "fake_main.py"), *arguments]


def surroundings(plan: str, **environment: str) -> dict[str, str]:
    """The environment of such a process; `plan` says what the fake analysis finds."""
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    root = str(HERE.parent.parent)
    return {**kept, "FAKE_PLAN": plan, "PYTHONPATH": root, **environment}


def in_terminal(
    directory: Path,
    *arguments: str,
    plan: str = "violated",
    columns: int = 80,
    keys: tuple[bytes, bytes] | None = None,
    program: list[str] | None = None,
    **environment: str,
) -> Shown:
    """Runs `pmicheck ARGUMENTS` (with the fake analysis, or as `program`) in a terminal of its own.

    `keys`: once the terminal shows the first of the two, the second is typed.
    """
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    written = b""
    with subprocess.Popen(
        [*program, *arguments] if program else command(*arguments),
        cwd=directory,
        env={**surroundings(plan, TERM="xterm-256color"), **environment},
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(side)
        while piece := _read(main):
            written += piece
            if keys is not None and keys[0] in written:
                os.write(main, keys[1])
                keys = None
        code = process.wait(timeout=60)
    os.close(main)
    return Shown(code, written.decode().replace("\r\n", "\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody holds the other end any more
        return b""
