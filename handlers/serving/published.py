"""The published versions of the served models: what the store last said, and when to ask it again."""

import threading
from collections.abc import Callable

from handlers.checked_json import ManifestError
from handlers.manifest import Manifest, Pointer
from handlers.serving.errors import MissingVersion, ModelUnavailable, ServingError
from handlers.serving.model_list import ModelList
from handlers.serving.stores import NotInStore, Store, StoreError
from handlers.serving.telemetry import write_event

POINTER_SECONDS = 5.0
"""How old a pointer may be. A published version answers at most this long after its pointer was written."""


FAILURE_SECONDS = 1.0
"""How long a manifest that could not be read is not read again."""

_LOCKS = 64
"""How many locks the models share. One for each name would let callers make as many as they think of names."""


class _Reading:
    """A pointer, and when it was read."""

    def __init__(self, pointer: Pointer, read_at: float) -> None:
        self.pointer, self.read_at = pointer, read_at


class Published:
    """Pointers and manifests. Safe to use from several threads.

    Args:
        store: where they are.
        models: decides which names the store is asked for.
        clock: returns seconds that never decrease.
        on_pointer: called with a model and its pointer, after each time that the pointer was read.
        on_forget: called with a manifest that is no longer kept.
        allows_code: whether versions that bring code are served.
    """

    def __init__(
        self,
        store: Store,
        models: ModelList,
        clock: Callable[[], float],
        *,
        on_pointer: Callable[[str, Pointer], None],
        on_forget: Callable[[Manifest], None],
        allows_code: bool = False,
    ) -> None:
        self._store, self._models, self._clock = store, models, clock
        self._on_pointer, self._on_forget, self._allows_code = on_pointer, on_forget, allows_code
        self._lock = threading.Lock()
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        self._readings: dict[str, _Reading] = {}
        self._manifests: dict[tuple[str, int], Manifest] = {}
        self._unread: dict[tuple[str, int], tuple[float, ServingError]] = {}
        """Versions whose manifest could not be read: until when it is not read again, and the error."""
        self._complete: set[tuple[str, int]] = set()
        """Unpackaged versions that two readings found to be the same."""

    def models(self) -> frozenset[str]:
        """The models whose pointer was read."""
        return frozenset(self._readings)

    def pointer(self, model: str) -> Pointer:
        """The pointer of a model, at most `POINTER_SECONDS` old, or older if the store cannot be read.

        Raises UnknownModel, or ModelUnavailable if the pointer was never read and cannot be read now.
        """
        known = self._fresh(model)
        if known is not None:
            return known
        older = self.last_pointer(model)
        lock = self._lock_of(model)
        # One thread reads; the others go on with the older pointer, if there is one.
        if not lock.acquire(blocking=older is None):
            assert older is not None  # noqa: S101 - a blocking acquire does not fail
            return older
        try:
            return self._fresh(model) or self._read_pointer(model)
        finally:
            lock.release()

    def last_pointer(self, model: str) -> Pointer | None:
        """The pointer that was last read, of any age; None if none was."""
        reading = self._readings.get(model)
        return None if reading is None else reading.pointer

    def manifest(self, model: str, version: int) -> Manifest:
        """The manifest of a version. Raises UnknownModel, UnknownVersion, or ModelUnavailable if it cannot be read."""
        known = self._manifests.get((model, version))
        if known is not None:
            return known
        with self._lock_of(model):
            if (known := self._manifests.get((model, version))) is not None:
                return known
            until, error = self._unread.get((model, version), (float("-inf"), None))
            if error is not None and self._clock() < until:
                raise error.with_traceback(None)
            manifest = self._read_manifest(model, version)
            self._manifests[model, version] = manifest
            return manifest

    def known_manifest(self, model: str, version: int) -> Manifest | None:
        """The manifest of a version, if it was read and is kept."""
        return self._manifests.get((model, version))

    def manifests(self) -> list[Manifest]:
        """The manifests that were read and are kept."""
        return list(self._manifests.values())

    def keep_only(self, model: str, versions: frozenset[int]) -> None:
        """Forget the manifests of all other versions of a model."""
        for (name, version), manifest in list(self._manifests.items()):
            if name == model and version not in versions:
                self._forget(manifest)

    def read_again(self) -> None:
        """Have the next use of each pointer read it, over a new connection."""
        self._store.close()
        self._models.list_again()
        with self._lock:
            for reading in self._readings.values():
                reading.read_at = float("-inf")
            self._unread.clear()

    def _lock_of(self, model: str) -> threading.Lock:
        return self._locks[hash(model) % _LOCKS]

    def _fresh(self, model: str) -> Pointer | None:
        reading = self._readings.get(model)
        if reading is not None and self._clock() - reading.read_at < POINTER_SECONDS:
            return reading.pointer
        return None

    def _read_pointer(self, model: str) -> Pointer:
        known = self._readings.get(model)
        if known is None:
            self._models.admit(model)
        try:
            pointer = self._store.pointer(model)
        except NotInStore as error:
            if known is not None:
                self._withdraw(model)
            raise self._models.absent(model, str(error)) from error
        except (StoreError, ManifestError) as error:
            if known is not None:
                known.read_at = self._clock()
                write_event("ERROR", "pointer not read; the last one stays in use", model=model, reason=str(error))
                return known.pointer
            write_event("ERROR", "pointer not read", model=model, reason=str(error))
            self._models.unreadable()
            raise _unavailable(f"Model {model!r} could not be looked up; try again", error) from error
        self._readings[model] = _Reading(pointer, self._clock())
        self._on_pointer(model, pointer)
        self._read_unpackaged_again(model)
        return pointer

    def _withdraw(self, model: str) -> None:
        """Forget a model that is no longer published."""
        write_event("INFO", "model withdrawn", model=model)
        self._readings.pop(model, None)
        self.keep_only(model, frozenset())

    def _read_unpackaged_again(self, model: str) -> None:
        """Read unpackaged versions until two readings are the same: the first may have come while files were copied."""
        for key, manifest in list(self._manifests.items()):
            if key[0] != model or manifest.is_packaged or key in self._complete:
                continue
            try:
                again = self._store.manifest(*key)
            except (StoreError, ManifestError):
                continue
            if again == manifest:
                self._complete.add(key)
            else:
                self._forget(manifest)
                self._manifests[key] = again

    def _read_manifest(self, model: str, version: int) -> Manifest:
        now, key = self._clock(), (model, version)
        try:
            manifest = self._store.manifest(model, version)
        except NotInStore:
            self._unread[key] = now + POINTER_SECONDS, MissingVersion(model, version)
        except (StoreError, ManifestError) as error:
            write_event("ERROR", "manifest not read", model=model, version=version, reason=str(error))
            message = f"Version {version} of model {model!r} could not be read; try again"
            self._unread[key] = now + FAILURE_SECONDS, _unavailable(message, error)
        else:
            if manifest.code is None or self._allows_code:
                self._unread.pop(key, None)
                return manifest
            self._unread[key] = now + POINTER_SECONDS, _refused_code(manifest)
        raise self._unread[key][1]

    def _forget(self, manifest: Manifest) -> None:
        self._manifests.pop((manifest.model, manifest.version), None)
        self._complete.discard((manifest.model, manifest.version))
        self._on_forget(manifest)


def _refused_code(manifest: Manifest) -> ModelUnavailable:
    """The error for a version that brings code where none is run."""
    what = f"Version {manifest.version} of model {manifest.model!r} brings code (inference.py), which is not run here"
    reason = f"{what}. Set allowModelCode to true and deploy, or publish the model without its code"
    write_event("ERROR", "model code is not allowed", model=manifest.model, version=manifest.version, reason=reason)
    return ModelUnavailable(what, int(POINTER_SECONDS))


def _unavailable(message: str, error: Exception) -> ModelUnavailable:
    return ModelUnavailable(message, getattr(error, "retry_after_seconds", 1))
