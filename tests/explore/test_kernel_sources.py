"""The sources of the C kernel: each file compiles by what it includes at its top."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

KERNEL = Path(__file__).parents[2] / "pmicheck" / "explore" / "kernel"
FILES = sorted(KERNEL.glob("*.[ch]"))
COMPILER = shutil.which("cc")


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_compiles_alone(path: Path) -> None:
    command = [str(COMPILER), "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", str(path)]
    # A header offers static functions that nothing in it calls.
    command += ["-Wno-unused-function"] if path.suffix == ".h" else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_includes_headers_only_and_before_anything_else(path: Path) -> None:
    code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    seen_code = False
    for line in filter(None, map(str.strip, code.splitlines())):
        if line.startswith("#include"):
            assert not seen_code, f"{line} in the middle of the file"
            assert re.search(r'\.h[">]$', line), f"{line} is no header"
        elif not line.startswith("#"):
            seen_code = True
