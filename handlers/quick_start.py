"""Quick import of a handler."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

from handlers.late_imports import import_late
from handlers.numpy_core import import_core_first


@contextmanager
def quick_start() -> Generator[None]:
    """Disables garbage collection inside the block, and makes `import numpy` import only its arrays. What others import
    and hardly use comes when it is first used.

    Nearly every object that an import creates stays, so collections only cost time. Later collections ignore these
    objects too.
    """
    import_core_first()
    import_late()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
