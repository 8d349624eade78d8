"""The models that a function serves: which version answers, whether it is ready, and the loaded model itself."""

import threading
import time
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from handlers.manifest import Artifact, EngineName, Manifest, ManifestError, Pointer
from handlers.serving.budget import Shared
from handlers.serving.cache import ModelCache
from handlers.serving.engines import LoadedModel
from handlers.serving.errors import (
    ModelLoading,
    ModelTooLarge,
    ModelUnavailable,
    ServingError,
    UnknownLabel,
    UnknownModel,
    UnknownVersion,
)
from handlers.serving.footprint import ENGINE_BYTES, ENGINE_OWN_BYTES
from handlers.serving.lease import Lease
from handlers.serving.loading import ArtifactLoad
from handlers.serving.stores import NotInStore, Store, StoreError
from handlers.serving.telemetry import traceback_of, write_event

POINTER_SECONDS = 5.0
"""How old a pointer may be. A published version answers at most this long after its pointer was written."""

Key: TypeAlias = tuple[str, int, int]
"""Model, version, and the index of the artifact in the manifest."""

_T = TypeVar("_T")

_SHARED: Mapping[EngineName, Shared] = {
    engine: Shared(engine, ENGINE_BYTES[engine], ENGINE_OWN_BYTES[engine]) for engine in ENGINE_BYTES
}


class _Known:
    """What the store last said about a model."""

    last_good: int | None = None
    """The version that last answered a request which named none."""

    def __init__(self, pointer: Pointer, read_at: float) -> None:
        self.pointer, self.read_at = pointer, read_at


class Repository:
    """The models that a function serves. Safe to use from several threads.

    Args:
        store: where their files are.
        names: the models; the store is never asked for any other.
        cache: keeps loaded models in memory.
        threads: how many threads one prediction may use.
        clock: returns seconds that never decrease.
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
        self._complete: set[tuple[str, int]] = set()
        """Unpackaged versions that two readings found to be the same."""
        self._preparing: set[str] = set()
        self._unprepared: set[str] = set()

    def serves(self, model: str) -> bool:
        """Whether there is a model of this name."""
        return model in self._reading

    def answer(self, model: str, version: int | None, label: str | None, attempt: Callable[[Manifest, bool], _T]) -> _T:
        """What `attempt` returns for the version that should answer a request.

        If the request names a version or a label, that version answers or none. Else the pointer's version answers;
        if it cannot be read or loaded, the version that answered before does.

        Args:
            model: the model that the request names.
            version: the version that it names, if any.
            label: the label that it names, if any.
            attempt: makes the answer. It is called with a manifest, and with whether it may load an artifact.

        Raises:
            UnknownModel, UnknownVersion, UnknownLabel: the pointer names none such. What it does not name is not
                served, even if the store still holds it.
            ModelUnavailable: the store cannot be read.
            ServingError: whatever `attempt` raises, at its first call if there were several.
        """

        def attempt_and_note(manifest: Manifest, may_load: bool) -> _T:
            answer = attempt(manifest, may_load)
            if version is None and label is None:
                self.answered(manifest)
            return answer

        return self._first(model, version, label, attempt_and_note)

    def find(self, model: str, version: int | None = None, label: str | None = None) -> Manifest:
        """The version that should answer, if it can be loaded. Raises as `answer` does."""
        return self._first(model, version, label, lambda manifest, may_load: manifest)

    def versions(self, model: str) -> list[int]:
        """The versions that the pointer names, by itself or by a label, largest first."""
        return sorted(self._look_up(model).pointer.versions(), reverse=True)

    def manifest(self, model: str, version: int) -> Manifest:
        """The manifest of a version. Raises UnknownModel, UnknownVersion, or ModelUnavailable if it cannot be read."""
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
        self, manifest: Manifest, artifact: Artifact, timeout: float | None = None, *, may_load: bool = True
    ) -> Lease[LoadedModel]:
        """A lease of a loaded artifact, which is loaded first if it is not in memory.

        Args:
            manifest: the version.
            artifact: one of its artifacts.
            timeout: seconds to wait for a load; None waits as long as it takes.
            may_load: False raises ModelUnavailable instead of loading.

        Raises ModelTooLarge, ModelLoading, or ModelUnavailable.
        """
        key = _key(manifest, artifact)
        if (lease := self._cache.get(key)) is not None:
            return lease
        if not may_load:
            raise ModelUnavailable("The model is not loaded")
        load = ArtifactLoad(self._store, manifest, artifact, self._threads)
        lease = self._cache.lease(
            key,
            artifact.memory_bytes,
            load.open,
            prepare=load.fetch,
            shared=_SHARED[artifact.engine],
            timeout=timeout,
        )
        lease.took = load.took
        return lease

    def is_loaded(self, manifest: Manifest, artifact: Artifact) -> bool:
        """Whether an artifact is in memory."""
        return self._cache.state(_key(manifest, artifact)) == "ready"

    def answered(self, manifest: Manifest) -> None:
        """Note that a version answered a request which named none. The version that answered before it leaves memory,
        unless a label names it."""
        known = self._known.get(manifest.model)
        if known is not None and known.last_good != manifest.version and manifest.version == known.pointer.version:
            known.last_good = manifest.version
            self._forget_unnamed(manifest.model, known)

    @contextmanager
    def preparing(self, model: str) -> Generator[None]:
        """Inside the block the model counts as loading. If the block raises, it then counts as failed."""
        self._preparing.add(model)
        try:
            yield
        except BaseException:
            self._unprepared.add(model)
            raise
        finally:
            self._preparing.discard(model)

    def state(self, manifest: Manifest) -> str:
        """The state of a version.

        `LOADING` while one of its artifacts is being loaded. `FAILED` if the artifact of the default signature could
        not be loaded, or is too large for this function. Else `AVAILABLE`, also before the first load.
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
        """Whether no model is being loaded, and at least one has not failed. A model has failed if all its known
        versions have."""
        states: dict[str, set[str]] = {}
        for manifest in list(self._manifests.values()):
            states.setdefault(manifest.model, set()).add(self.state(manifest))
        failed = {model for model, found in states.items() if found == {"FAILED"}}
        failed |= self._unprepared - states.keys()
        is_loading = bool(self._preparing) or any("LOADING" in found for found in states.values())
        return not is_loading and len(failed) < len(self.names)

    def restored(self) -> None:
        """After a restore from a snapshot: the next use of a pointer reads it again, over a new connection."""
        self._store.close()
        with self._lock:
            for known in self._known.values():
                known.read_at = float("-inf")
            self._missing.clear()

    def _candidates(self, model: str, version: int | None, label: str | None) -> list[int]:
        """The versions that may answer; the first one should. Raises as `answer` does."""
        known = self._look_up(model)
        if version is not None:
            if version not in known.pointer.versions():
                raise UnknownVersion(model, version)
            return [version]
        if label is not None:
            if label not in known.pointer.labels:
                raise UnknownLabel(model, label)
            return [known.pointer.labels[label]]
        newest, before = known.pointer.version, known.last_good
        return [newest] if before in (None, newest) else [newest, before]

    def _first(self, model: str, version: int | None, label: str | None, attempt: Callable[[Manifest, bool], _T]) -> _T:
        """What `attempt` returns for the first candidate that can be read and loaded."""
        refusal: ServingError | None = None
        for number in self._candidates(model, version, label):
            # Loading the version before would evict the new one, which is being loaded.
            may_load = not isinstance(refusal, ModelLoading)
            try:
                return attempt(self.manifest(model, number), may_load)
            except (ModelUnavailable, ModelTooLarge, UnknownVersion) as error:
                if refusal is None or isinstance(refusal, UnknownVersion):
                    refusal = error
        assert refusal is not None  # noqa: S101 - there is at least one candidate, and it raised
        raise refusal

    def _forget_unnamed(self, model: str, known: _Known) -> None:
        """Remove from memory the versions that nothing names any more."""
        kept = known.pointer.versions() | {known.last_good}
        for (name, version), manifest in list(self._manifests.items()):
            if name == model and version not in kept:
                self._forget(manifest)

    def _forget(self, manifest: Manifest) -> None:
        self._manifests.pop((manifest.model, manifest.version), None)
        self._complete.discard((manifest.model, manifest.version))
        for artifact in manifest.artifacts:
            self._cache.discard(_key(manifest, artifact))

    def _look_up(self, model: str) -> _Known:
        if model not in self._reading:
            raise UnknownModel(model)
        known = self._known.get(model)
        if known is not None and self._clock() - known.read_at < POINTER_SECONDS:
            return known
        lock = self._reading[model]
        # One thread reads; the others go on with the older answer, if they have one.
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
                write_event("ERROR", "pointer not read; the last one stays in use", model=model, reason=str(error))
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
        self._read_unpackaged_again(model)
        return known

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
    """Log why a model could not be loaded, and count it."""
    model, version, artifact = key if isinstance(key, tuple) else ("", 0, 0)
    reason = str(error) if isinstance(error, ServingError | StoreError) else traceback_of(error)
    facts = {"version": version, "artifact": artifact, "reason": reason}
    write_event("ERROR", "model not loaded", model=str(model), metric="LoadFailures", **facts)
