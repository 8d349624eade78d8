"""Which version of which model answers, and the model itself: loaded by request, from the store through the cache."""

import threading
import time
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from handlers.manifest import Artifact, EngineName, Manifest, ManifestError, Pointer
from handlers.serving.budget import Shared
from handlers.serving.cache import ModelCache
from handlers.serving.engines import LoadedModel
from handlers.serving.errors import ModelUnavailable, ServingError, UnknownLabel, UnknownModel, UnknownVersion
from handlers.serving.lease import Lease
from handlers.serving.loading import ArtifactLoad, Timing
from handlers.serving.memory import ENGINE_BYTES, ENGINE_OWN_BYTES
from handlers.serving.stores import NotInStore, Store, StoreError
from handlers.serving.telemetry import traceback_of, write_event

POINTER_SECONDS = 5.0
"""How old a pointer may be: a published version answers at most this long after its pointer was written."""

Key: TypeAlias = tuple[str, int, int]
"""Model, version, and the artifact's place in the manifest."""


_SHARED: Mapping[EngineName, Shared] = {
    engine: Shared(engine, ENGINE_BYTES[engine], ENGINE_OWN_BYTES[engine]) for engine in ENGINE_BYTES
}


class _Known:
    """What was last read of a model."""

    good: int | None = None
    """The version that last answered by default."""

    def __init__(self, pointer: Pointer, read_at: float) -> None:
        self.pointer, self.read_at = pointer, read_at


class Repository:
    """The models that a function serves. Safe to use from several threads.

    Args:
        store: where their files are.
        names: the only models there are; for others the store is never asked.
        cache: what keeps them in memory.
        threads: how many threads one prediction may use.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        store: Store,
        names: Sequence[str],
        cache: "ModelCache[LoadedModel]",
        *,
        threads: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.names = tuple(names)
        self._store, self._cache, self._threads, self._clock = store, cache, threads, clock
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {name: threading.Lock() for name in names}
        self._known: dict[str, _Known] = {}
        self._manifests: dict[tuple[str, int], Manifest] = {}
        self._missing: dict[tuple[str, int], float] = {}
        self._settled: set[tuple[str, int]] = set()
        self._preparing: set[str] = set()
        self._unprepared: set[str] = set()

    def serves(self, model: str) -> bool:
        """Whether there is a model of this name."""
        return model in self._reading

    def candidates(self, model: str, version: int | None = None, label: str | None = None) -> Iterator[Manifest]:
        """The versions that may answer a request, the one that should in front.

        A named version or label stands for itself alone; what the pointer does not name, by itself or by a label, is
        not served, whatever the store still holds. By default it is the pointer's version; behind it comes the one
        that answered before, for when the new one cannot be loaded.

        Raises UnknownModel, UnknownVersion, UnknownLabel, or ModelUnavailable if the store cannot be read.
        """
        if model not in self._reading:
            raise UnknownModel(model)
        known = self._look_up(model)
        if version is not None:
            if version not in known.pointer.versions():
                raise UnknownVersion(model, version)
            yield self.manifest(model, version)
            return
        if label is not None:
            if label not in known.pointer.labels:
                raise UnknownLabel(model, label)
            yield self.manifest(model, known.pointer.labels[label])
            return
        newest, good = known.pointer.version, known.good
        try:
            yield self.manifest(model, newest)
        except (ModelUnavailable, UnknownVersion):
            if good in (None, newest):
                raise
        if good is not None and good != newest:
            yield self.manifest(model, good)

    def find(self, model: str, version: int | None = None, label: str | None = None) -> Manifest:
        """The version that should answer; raises as `candidates` does."""
        return next(self.candidates(model, version, label))

    def versions(self, model: str) -> list[int]:
        """The versions that the pointer names, by itself or by a label, largest first."""
        if model not in self._reading:
            raise UnknownModel(model)
        return sorted(self._look_up(model).pointer.versions(), reverse=True)

    def manifest(self, model: str, version: int) -> Manifest:
        """What a version holds. Raises UnknownModel, UnknownVersion, or ModelUnavailable if it cannot be read."""
        if model not in self._reading:
            raise UnknownModel(model)
        known = self._manifests.get((model, version))
        if known is not None:
            return known
        with self._reading[model]:
            if (known := self._manifests.get((model, version))) is not None:
                return known
            if self._clock() < self._missing.get((model, version), float("-inf")):
                raise UnknownVersion(model, version)
            manifest = self._read_manifest(model, version)
            self._manifests[model, version] = manifest
            return manifest

    def lease(
        self, manifest: Manifest, artifact: Artifact, timing: Timing, timeout: float | None = None
    ) -> Lease[LoadedModel]:
        """An artifact's engine, loaded if it is not in memory; `timing` is filled in by a load.

        Raises ModelTooLarge, ModelLoading, or ModelUnavailable.
        """
        key = _key(manifest, artifact)
        if (lease := self._cache.get(key)) is not None:
            return lease
        job = ArtifactLoad(self._store, manifest, artifact, self._threads, timing)
        return self._cache.lease(
            key,
            artifact.memory_bytes,
            job.open,
            prepare=job.fetch,
            shared=_SHARED[artifact.engine],
            timeout=timeout,
        )

    def is_loaded(self, manifest: Manifest, artifact: Artifact) -> bool:
        """Whether an artifact is in memory."""
        return self._cache.state(_key(manifest, artifact)) == "ready"

    def answered(self, manifest: Manifest) -> None:
        """Note that a version answered by default: the one before leaves memory, unless a label still names it."""
        known = self._known.get(manifest.model)
        if known is not None and known.good != manifest.version and manifest.version == known.pointer.version:
            known.good = manifest.version
            self._forget_unnamed(manifest.model, known)

    @contextmanager
    def preparing(self, model: str) -> Generator[None]:
        """Meanwhile the model counts as loading; afterwards, if an exception ended it, as one that cannot be loaded."""
        self._preparing.add(model)
        try:
            yield
        except BaseException:
            self._unprepared.add(model)
            raise
        finally:
            self._preparing.discard(model)

    def state(self, manifest: Manifest) -> str:
        """`LOADING` while an artifact is being loaded, `FAILED` if what serves the default signature could not be or is
        too large for this function, else `AVAILABLE`: a model that is loaded on first use is.
        """
        states = [self._cache.state(_key(manifest, artifact)) for artifact in manifest.artifacts]
        if "loading" in states or manifest.model in self._preparing:
            return "LOADING"
        default = manifest.artifact_for(manifest.default_signature())
        state = states[manifest.artifacts.index(default)]
        if state == "ready":
            return "AVAILABLE"
        fits = self._cache.could_hold(default.memory_bytes, _SHARED[default.engine])
        return "AVAILABLE" if state == "absent" and fits else "FAILED"

    def is_ready(self) -> bool:
        """Whether nothing is being loaded, and not every model has turned out to be one that cannot be."""
        states: dict[str, set[str]] = {}
        for manifest in list(self._manifests.values()):
            states.setdefault(manifest.model, set()).add(self.state(manifest))
        failed = {model for model, found in states.items() if found == {"FAILED"}}
        failed |= self._unprepared - states.keys()
        is_loading = bool(self._preparing) or any("LOADING" in found for found in states.values())
        return not is_loading and len(failed) < len(self.names)

    def restored(self) -> None:
        """After a restore from a snapshot: read every pointer again when it is next needed, however young, and over new
        connections."""
        self._store.close()
        with self._lock:
            for known in self._known.values():
                known.read_at = float("-inf")
            self._missing.clear()

    def _forget_unnamed(self, model: str, known: _Known) -> None:
        """Versions that nothing names any more leave memory."""
        kept = known.pointer.versions() | {known.good}
        for (name, version), manifest in list(self._manifests.items()):
            if name == model and version not in kept:
                self._forget(manifest)

    def _forget(self, manifest: Manifest) -> None:
        self._manifests.pop((manifest.model, manifest.version), None)
        self._settled.discard((manifest.model, manifest.version))
        for artifact in manifest.artifacts:
            self._cache.discard(_key(manifest, artifact))

    def _look_up(self, model: str) -> _Known:
        known = self._known.get(model)
        if known is not None and self._clock() - known.read_at < POINTER_SECONDS:
            return known
        lock = self._reading[model]
        # One thread reads; those that have an older answer go on with it.
        if not lock.acquire(blocking=known is None):
            assert known is not None  # noqa: S101 - a blocking acquire does not fail
            return known
        try:
            return self._refresh(model)
        finally:
            lock.release()

    def _refresh(self, model: str) -> _Known:
        known = self._known.get(model)
        if known is not None and self._clock() - known.read_at < POINTER_SECONDS:
            return known
        try:
            pointer = self._store.pointer(model)
        except (StoreError, ManifestError) as error:
            if known is not None:
                known.read_at = self._clock()
                write_event("ERROR", "pointer not read; the last one goes on", model=model, reason=str(error))
                return known
            write_event("ERROR", "pointer not read", model=model, reason=str(error))
            if isinstance(error, NotInStore):
                raise UnknownModel(model) from error
            raise ModelUnavailable(f"Model {model!r} could not be looked up; try again") from error
        if known is None:
            known = self._known[model] = _Known(pointer, self._clock())
        elif known.pointer != pointer:
            known.pointer = pointer
            self._forget_unnamed(model, known)
        known.read_at = self._clock()
        self._unprepared.discard(model)
        self._read_again(model)
        return known

    def _read_again(self, model: str) -> None:
        """A version that nobody packaged may have been read while it was copied: until two readings are the same, it is
        read again."""
        for key, manifest in list(self._manifests.items()):
            if key[0] != model or manifest.is_packaged or key in self._settled:
                continue
            try:
                again = self._store.manifest(*key)
            except (StoreError, ManifestError):
                continue
            if again == manifest:
                self._settled.add(key)
            else:
                self._forget(manifest)
                self._manifests[key] = again

    def _read_manifest(self, model: str, version: int) -> Manifest:
        try:
            return self._store.manifest(model, version)
        except NotInStore as error:
            self._missing[model, version] = self._clock() + POINTER_SECONDS
            raise UnknownVersion(model, version) from error
        except (StoreError, ManifestError) as error:
            write_event("ERROR", "manifest not read", model=model, version=version, reason=str(error))
            raise ModelUnavailable(f"Version {version} of model {model!r} could not be read; try again") from error


def _key(manifest: Manifest, artifact: Artifact) -> Key:
    return manifest.model, manifest.version, manifest.artifacts.index(artifact)


def log_load_failure(key: Hashable, error: BaseException) -> None:
    """Write down why a model could not be loaded, and count it."""
    model, version, artifact = key if isinstance(key, tuple) else ("", 0, 0)
    reason = str(error) if isinstance(error, ServingError | StoreError) else traceback_of(error)
    facts = {"version": version, "artifact": artifact, "reason": reason}
    write_event("ERROR", "model not loaded", model=str(model), metric="LoadFailures", **facts)
