"""Importing a handler quickly."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

from handlers.numpy_core import import_core_first


@contextmanager
def quick_start() -> Generator[None]:
    """While the context is open, nobody looks for garbage, and of numpy only what is needed is imported.

    Nearly all that is imported stays: looking through it again and again costs a cold start more than it finds. It is
    left out of every later search too.
    """
    import_core_first()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
