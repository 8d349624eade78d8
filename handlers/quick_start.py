"""Quick import of a handler."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

from handlers.numpy_core import import_core_first


@contextmanager
def quick_start() -> Generator[None]:
    """Disables garbage collection inside the block, and makes `import numpy` import only its arrays.

    Nearly every object that an import creates stays, so collections only cost time. Later collections ignore these
    objects too.
    """
    import_core_first()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
