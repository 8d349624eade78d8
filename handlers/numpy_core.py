"""Imports only numpy's arrays at first, and the rest of numpy when it is first used.

`import numpy` takes up to half of a cold start, and half of that goes to what no handler uses: linear algebra, files,
polynomials, docstrings. The rest is imported when one of its names is first used, except for what describes the core's
compiled functions: their docstrings, and the signatures of those that have none of their own, such as `concatenate`.
"""

import builtins
import os
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importing the class would import two dozen modules

_DOCUMENTATION = ("numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars")
"""Modules that only give compiled functions their docstrings."""

_DESCRIBING = ("numpy._core.overrides", "numpy._core.function_base")
"""Modules that use `inspect` for nothing but functions' docstrings and signatures. `inspect` takes a twentieth of the
imports."""

_SEEN = ("2.4.", "2.5.")
"""The versions of numpy in which this is so. Later ones get the real `inspect` until somebody has looked."""

_CORE = ("_", "version", "exceptions", "dtypes")
"""Prefixes of the names of the submodules that are numpy's core."""


def import_core_first() -> None:
    """Make a later `import numpy` quick. Does nothing if numpy is imported already."""
    if "numpy" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


@contextmanager
def version_alone() -> Generator[None]:
    """Inside the block, `numpy.lib` has nothing but what says which version numpy has.

    Modules compiled with pybind11 ask `numpy.lib.NumpyVersion` for it, once, when they first return an array. That
    would import the rest of numpy, which takes 15 ms. Does nothing where the rest was imported already. The block may
    use numpy's core alone; other threads that need the rest wait for its end.
    """
    loader = next((each.loader for each in sys.meta_path if isinstance(each, _Finder)), None)
    if loader is None:
        yield
        return
    with loader.lock, loader.stand_in_lock:
        if loader.is_whole:
            yield
            return
        library: Any = ModuleType("numpy.lib")
        library.__path__ = []  # imports of its submodules come to the finder
        library.NumpyVersion = _NumpyVersion
        sys.modules["numpy.lib"] = library
        try:
            yield
        finally:
            del sys.modules["numpy.lib"]


class _NumpyVersion:
    """As much of numpy's class of this name as pybind11 reads."""

    def __init__(self, version: str) -> None:
        self.major = int(version.partition(".")[0])


class _Finder:
    """Finds numpy, and gives it a loader that works in two steps."""

    def __init__(self) -> None:
        self.loader: _CoreFirst | None = None

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "numpy":
            return _spec_with(self._core_first, name, path, target)
        if name in _DESCRIBING and self.loader is not None and self.loader.version.startswith(_SEEN):
            return _spec_with(_WithoutInspect, name, path, target)
        package, _, submodule = name.partition(".")
        if package != "numpy" or submodule.startswith(_CORE) or self.loader is None:
            return None
        with self.loader.stand_in_lock:
            pass  # `numpy.lib` is numpy's own again
        # This thread holds the lock of the submodule. A thread that completes numpy may be waiting for that lock.
        if not self.loader.complete(wait=False):
            return None
        module = sys.modules.get(name)
        return None if module is None else ModuleSpec(name, _Imported(module))

    def _core_first(self, whole: Any) -> "_CoreFirst":
        self.loader = _CoreFirst(whole)
        return self.loader


def _spec_with(
    around: Callable[[Any], Any], name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    """The spec of a module, with what `around` makes of its own loader."""
    spec = PathFinder.find_spec(name, path, target)
    if spec is not None and spec.loader is not None:
        spec.loader = around(spec.loader)
    return spec


class _Imported(Loader):
    """Returns a module that was imported while the finder looked for it, instead of importing it again."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__
        module.__spec__ = None  # else the import system would prefer it to the finder's spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


class _WithoutInspect(Loader):
    """Loads a module that describes functions, with a stand-in for `inspect`."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def create_module(self, spec: ModuleSpec) -> None:
        """Return None: an ordinary module is created."""

    def exec_module(self, module: ModuleType) -> None:
        def import_all_but_inspect(name: str, *arguments: Any, **further: Any) -> Any:
            return _Inspect if name == "inspect" else __import__(name, *arguments, **further)

        # For this module alone: another thread may import the real one now.
        names = vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_all_but_inspect}
        exec(self._whole.get_code(module.__name__), vars(module))  # noqa: S102 - numpy's own code
        names["__import__"] = __import__


class _Inspect:
    """As much of `inspect` as numpy's core uses: for what describes its functions to people."""

    @staticmethod
    def cleandoc(text: str) -> str:
        return text

    @staticmethod
    def signature(function: object) -> None:
        """None counts as no signature."""


class _CoreFirst(Loader):
    """Loads `numpy._core`, and runs numpy's own `__init__` when a name is used that the core does not have."""

    def __init__(self, whole: Loader) -> None:
        self._whole = whole
        self.version = ""
        """numpy's version; empty before the import has begun."""
        self._module: ModuleType | None = None
        """The module, while it holds only the core; then None."""
        self.lock = threading.RLock()
        """Held while numpy is completed, or stays as it is."""
        self.stand_in_lock = threading.RLock()
        """Held while something stands in for `numpy.lib`; by a thread that waits for no import."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Return None: an ordinary module is created."""

    def exec_module(self, module: ModuleType) -> None:
        names = vars(module)
        from numpy.version import version

        self.version = version
        for name in _DOCUMENTATION:
            sys.modules[name] = ModuleType(name)
        from numpy._globals import _CopyMode, _NoValue  # pyright: ignore[reportPrivateUsage]

        names.update(_CopyMode=_CopyMode, _NoValue=_NoValue)  # the core looks for them here
        from numpy import _core

        # numpy's own `__init__` does this too: large arrays get huge pages, which fill several times faster.
        _core.multiarray._set_madvise_hugepage(int(os.environ.get("NUMPY_MADVISE_HUGEPAGE", "1")))  # pyright: ignore
        names.update({name: getattr(_core, name) for name in _core.__all__}, __version__=version)

        def rest(name: str) -> Any:
            self.complete()
            if names.get("__getattr__") is rest:  # numpy itself looks for it while it is being completed
                raise AttributeError(f"module 'numpy' has no attribute {name!r}", name=name, obj=module)
            return getattr(module, name)

        names["__getattr__"] = rest
        self._module = module

    @property
    def is_whole(self) -> bool:
        """Whether all of numpy was imported, or none of it."""
        return self._module is None

    def complete(self, *, wait: bool = True) -> bool:
        """Import the rest of numpy; returns whether there was any left.

        Without `wait`, returns False at once if another thread is importing it.
        """
        if not self.lock.acquire(blocking=wait):
            return False
        try:
            module, self._module = self._module, None
            if module is None:
                return False
            try:
                _use_real_inspect()
                self._whole.exec_module(module)
            except BaseException:
                self._module = module
                raise
            return True
        finally:
            self.lock.release()


def _use_real_inspect() -> None:
    """Before the rest is imported: its functions get their signatures."""
    import inspect

    for name in _DESCRIBING:
        if (module := sys.modules.get(name)) is not None:
            vars(module)["inspect"] = inspect
