"""Modules that others import and hardly use: each is imported when one of its names is first used.

numpy's core imports `ast`, `ctypes` and `pickle`, and `urllib.parse` imports `ipaddress`. orjson wants one object of
`dataclasses`, which imports `inspect` and what reads Python's code.
"""

import sys
import threading
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class _Field:
    """Stands for `dataclasses._FIELD`, the kind of a field that is neither a class's own nor for `__init__` alone."""

    name = "_FIELD"

    def __repr__(self) -> str:
        return self.name


LATE: Mapping[str, Mapping[str, object]] = {
    "ast": {},
    "ctypes": {},
    "dataclasses": {"_FIELD": _Field()},  # orjson keeps it, and compares fields' kinds with it
    "ipaddress": {},
    "pickle": {},
}
"""The modules, and the names of each that are there at once, and stay."""


def import_late() -> None:
    """Put these modules into `sys.modules` without importing them. One that is imported already stays as it is."""
    for name in LATE:
        if name not in sys.modules and (spec := PathFinder.find_spec(name)) is not None and spec.loader is not None:
            sys.modules[name] = _LateModule(spec)


class _LateModule(ModuleType):
    """A module without its content. It becomes an ordinary one when the first name is missing."""

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(spec.name)
        self.__spec__, self.__loader__, self.__file__ = spec, spec.loader, spec.origin
        self.__package__ = spec.parent
        if spec.submodule_search_locations is not None:
            self.__path__ = spec.submodule_search_locations
        vars(self).update(LATE[spec.name])

    def __getattr__(self, name: str) -> Any:
        with _locks[self.__name__]:
            if self.__name__ not in _loading:
                _load(self)
        if type(self) is ModuleType:
            return getattr(self, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)


def _load(module: ModuleType) -> None:
    """Import the content, unless another thread has done it meanwhile."""
    spec = module.__spec__
    if type(module) is ModuleType or spec is None or spec.loader is None:
        return
    _loading.add(spec.name)
    try:
        spec.loader.exec_module(module)
        vars(module).update(LATE[spec.name])
        module.__class__ = ModuleType
    finally:
        _loading.discard(spec.name)


_locks = {name: threading.RLock() for name in LATE}
_loading: set[str] = set()
"""The modules whose content is being imported, by a thread that holds their lock."""
