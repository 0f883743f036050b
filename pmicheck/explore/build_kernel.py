"""Builds the C kernel with cffi (API mode, out of line); setup.py runs it."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

KERNEL = Path(__file__).resolve().parent / "kernel"


def declarations() -> str:
    """What Python sees of the kernel: the part of kernel.h between its two marks."""
    header = (KERNEL / "kernel.h").read_text(encoding="utf-8")
    return header.split("/* cffi: begin */")[1].split("/* cffi: end */")[0]


def files(pattern: str) -> list[str]:
    """Relative to setup.py: setuptools puts only such files into a source distribution."""
    root = KERNEL.parents[2]
    return [path.relative_to(root).as_posix() for path in sorted(KERNEL.glob(pattern))]


ffibuilder = FFI()
ffibuilder.cdef(declarations())
ffibuilder.set_source(
    "pmicheck.explore._kernel",
    '#include "kernel.h"',
    sources=files("*.c"),
    include_dirs=[KERNEL.relative_to(KERNEL.parents[2]).as_posix()],
    depends=files("*.h"),
    extra_compile_args=["-O3", "-pthread", "-fvisibility=hidden"],
    optional=True,  # no compiler: setuptools warns and goes on, and the Python kernel is used
)
