"""LoadedCode: the code of the versions that are served, each loaded once."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

from handlers.manifest import Manifest
from handlers.serving.backoff import Backoff
from handlers.serving.code.hooks import CodeError, ModelCode
from handlers.serving.errors import ModelUnavailable
from handlers.serving.stores import Store, StoreError
from handlers.serving.telemetry import traceback_of, write_event

Key = tuple[str, int]


class LoadedCode:
    """Safe to use from several threads. A load that failed is tried again after a delay, twice as long each time.

    Args:
        store: where the files are. They stay on the disk while the code is loaded: it may read them later.
        clock: returns seconds that never decrease.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._failures = Backoff(clock)
        self._loaded: dict[Key, tuple[ModelCode, ExitStack]] = {}
        self._lock = threading.Lock()

    def of(self, manifest: Manifest) -> ModelCode:
        """The code of a version. Raises ModelUnavailable if it cannot be loaded."""
        key = manifest.model, manifest.version
        with self._lock:
            if (known := self._loaded.get(key)) is not None:
                return known[0]
            if seconds := self._failures.seconds_left(key):
                raise _unavailable(seconds)
            try:
                self._loaded[key] = self._load(manifest)
            except (CodeError, StoreError) as error:
                self._failures.remember(key)
                cause = error.__cause__
                reason = f"{error}\n{traceback_of(cause)}" if cause is not None else str(error)
                facts = {"version": manifest.version, "reason": reason}
                write_event("ERROR", "model code not loaded", model=manifest.model, metric="LoadFailures", **facts)
                raise _unavailable(self._failures.seconds_left(key)) from error
            self._failures.forget(key)
            return self._loaded[key][0]

    def has_failed(self, manifest: Manifest) -> bool:
        """Whether its last load failed."""
        return (manifest.model, manifest.version) in self._failures

    def forget(self, manifest: Manifest) -> None:
        """Let go of a version that is no longer served."""
        with self._lock:
            self._failures.forget((manifest.model, manifest.version))
            _, kept = self._loaded.pop((manifest.model, manifest.version), (None, None))
        if kept is not None:
            kept.close()

    def _load(self, manifest: Manifest) -> tuple[ModelCode, ExitStack]:
        version = manifest.model, manifest.version
        with ExitStack() as kept:
            kept.enter_context(self._store.keep(*version))
            directory = self._store.fetch(*version, manifest.code_files())
            return ModelCode(directory, manifest), kept.pop_all()


def _unavailable(seconds: int) -> ModelUnavailable:
    return ModelUnavailable("The model's code could not be loaded; it will be tried again", seconds or 1)
