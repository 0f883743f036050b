"""Python's search for cycles, paused: grounding makes millions of objects and no cycle among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No search for cycles within; as a decorator, none within the function. It took a quarter of grounding's time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # What was made counts as old from here on, unlooked at; else the next search would go through all of it.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
