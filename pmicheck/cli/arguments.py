"""What the arguments of a command line may be: paths, numbers, settings; and that no option is given twice."""

from __future__ import annotations

import argparse
import contextlib
import math
import re
from pathlib import Path
from typing import Any


class Once(argparse.Action):
    """Stores a value, and takes no second one: whichever of two counted would be a surprise."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        given: set[str] = getattr(namespace, "given", set())
        if option and self.dest in given:
            raise argparse.ArgumentError(self, "is given twice; choose one")
        namespace.given = {*given, self.dest}
        setattr(namespace, self.dest, values)


def path(text: str) -> Path:
    """A path that is not empty. Raises ArgumentTypeError."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("a path should not be empty")
    return Path(text)


def no_stdout(text: str) -> Path:
    """A path that is not empty, and not the dash that means stdout elsewhere. Raises ArgumentTypeError."""
    if text == "-":
        raise argparse.ArgumentTypeError("stdout cannot hold it; name a path")
    return path(text)


def json_place(text: str) -> str:
    """A path, or the dash that means stdout. Raises ArgumentTypeError."""
    return str(path(text))


def setting(text: str) -> tuple[str, str]:
    """READING=VALUE as a pair. Raises ArgumentTypeError."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} should be READING=VALUE")
    return name, value


def whole(text: str) -> int:
    """A whole number, 1 or more, in ASCII digits. Raises ArgumentTypeError."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,17}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} should be a whole number, 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """A number of seconds greater than 0. Raises ArgumentTypeError."""
    with contextlib.suppress(ValueError):
        if text.isascii() and "_" not in text and math.isfinite(float(text)) and float(text) > 0:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} should be a number of seconds greater than 0")
