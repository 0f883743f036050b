"""Builds the C kernel with cffi (API mode, out of line); setup.py runs it."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent


def declarations() -> str:
    """What Python sees of the kernel: the part of kernel.h between its two marks."""
    header = (HERE / "kernel.h").read_text(encoding="utf-8")
    return header.split("/* cffi: begin */")[1].split("/* cffi: end */")[0]


# Paths relative to setup.py: setuptools puts only such files into a source distribution.
SOURCES = HERE.relative_to(HERE.parents[1])

ffibuilder = FFI()
ffibuilder.cdef(declarations())
ffibuilder.set_source(
    "pmicheck.explore._kernel",
    '#include "kernel.c"',
    include_dirs=[SOURCES.as_posix()],
    depends=[(SOURCES / path.name).as_posix() for path in sorted(HERE.glob("kernel*.[ch]"))],
    extra_compile_args=["-O3", "-pthread"],
    optional=True,  # no compiler: setuptools warns and goes on, and the Python kernel is used
)
