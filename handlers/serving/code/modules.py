"""OwnModules: the modules of one version's code, kept apart from those of other versions and of the server."""

import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_LOCK = threading.Lock()
"""One block at a time: `sys.path` and `sys.modules` belong to the whole process."""


class OwnModules:
    """Inside `active`, imports look into the directories first, and find what was imported from them before.

    Outside of it nothing of them is in `sys.modules`, so that each version imports its own `inference` and packages. A
    module that the server has imported already is shared.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._paths = [str(directory) for directory in directories]
        self._modules: dict[str, ModuleType] = {}

    @contextmanager
    def active(self) -> Generator[None]:
        """One block at a time in the process."""
        with _LOCK:
            others = {name: sys.modules[name] for name in self._modules if name in sys.modules}
            writes_bytecode, known = sys.dont_write_bytecode, sys.modules.keys() - self._modules.keys()
            sys.path[:0] = self._paths
            sys.modules.update(self._modules)
            sys.dont_write_bytecode = True  # the directory may be read-only, and its size is known
            try:
                yield
            finally:
                sys.dont_write_bytecode = writes_bytecode
                for path in self._paths:
                    sys.path.remove(path)
                for name in sys.modules.keys() - known:
                    if self._is_own(sys.modules[name]):
                        self._modules[name] = sys.modules.pop(name)
                sys.modules.update(others)

    def _is_own(self, module: ModuleType) -> bool:
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        return any(place is not None and place.startswith(path) for place in places for path in self._paths)
