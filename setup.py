"""Adds the optional C kernel to what pyproject.toml says; without a compiler the Python kernel takes over."""

from setuptools import setup

try:
    import cffi  # noqa: F401
except ImportError:
    print("warning: cffi is not installed: pmicheck is built without its C kernel and will be slower")
    setup()
else:
    setup(cffi_modules=["pmicheck/explore/build_kernel.py:ffibuilder"])
