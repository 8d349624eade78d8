"""Modules that others import and hardly use: each is imported when one of its names is first used.

numpy's core imports `ast`, `ctypes` and `pickle`, and `urllib.parse` imports `ipaddress`. orjson wants one object of
`dataclasses`, which imports `inspect` and what reads Python's code.

Until then, `vars` of such a module shows what every module has. A module whose import imports another one of these, and
uses its names at once, must not be among them: two threads could wait for each other.
"""

import sys
import threading
from collections.abc import Iterable, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class _Field:
    """Stands for `dataclasses._FIELD`, the kind of an ordinary field."""

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

_AT_ONCE = frozenset("__cached__ __class__ __dict__ __file__ __loader__ __name__ __package__ __path__ __spec__".split())
"""What the import system asks a module for."""


def import_late() -> None:
    """Put these modules into `sys.modules` without importing them. One that is imported already stays as it is."""
    for name, kept in LATE.items():
        if name not in sys.modules and (spec := PathFinder.find_spec(name)) is not None and spec.loader is not None:
            sys.modules[name] = LateModule(spec, kept)


class LateModule(ModuleType):
    """A module without its content. It becomes an ordinary one when one of its names is first used, or set.

    Args:
        spec: how it is imported.
        kept: the names that are there at once, and stay.
    """

    def __init__(self, spec: ModuleSpec, kept: Mapping[str, object]) -> None:
        super().__init__(spec.name)
        found = {"__file__": spec.origin, "__cached__": spec.cached, "__loader__": spec.loader, "__spec__": spec}
        vars(self).update(found, __package__=spec.parent)
        if spec.submodule_search_locations is not None:
            vars(self)["__path__"] = spec.submodule_search_locations
        vars(self).update(kept)
        _contents[spec.name] = _Content(kept)

    def __getattribute__(self, name: str) -> Any:
        if name not in _AT_ONCE and name not in _contents[self.__name__].kept:
            _load(self)
        return ModuleType.__getattribute__(self, name)

    def __dir__(self) -> Iterable[str]:
        _load(self)
        return ModuleType.__dir__(self)

    def __setattr__(self, name: str, value: Any) -> None:
        _load(self)
        ModuleType.__setattr__(self, name, value)


class _Content:
    """What is known about the content of a late module."""

    is_loading = False

    def __init__(self, kept: Mapping[str, object]) -> None:
        self.kept = kept
        self.lock = threading.RLock()
        """Held while the content is imported: other threads wait for all of it."""


_contents: dict[str, _Content] = {}
"""By the module's name."""


def _load(module: ModuleType) -> None:
    """Import the content, unless another thread did it meanwhile, or this one is doing it."""
    content, spec = _contents[module.__name__], module.__spec__
    with content.lock:
        if type(module) is ModuleType or content.is_loading or spec is None or spec.loader is None:
            return
        content.is_loading = True
        try:
            spec.loader.exec_module(module)
            vars(module).update(content.kept)
            ModuleType.__setattr__(module, "__class__", ModuleType)
        finally:
            content.is_loading = False
