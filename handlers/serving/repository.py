"""The models that a function serves: which version answers, whether it is ready, and the loaded model itself."""

import sys
import time
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from handlers.manifest import CURRENT, Artifact, EngineName, Manifest, Pointer
from handlers.serving.budget import Shared
from handlers.serving.cache import ModelCache
from handlers.serving.engines import LoadedModel
from handlers.serving.errors import (
    CallTooLarge,
    ModelLoading,
    ModelTooLarge,
    ModelUnavailable,
    NotServed,
    ServingError,
    UnknownLabel,
    UnknownModel,
    UnknownVersion,
)
from handlers.serving.footprint import ENGINE_BYTES, ENGINE_OWN_BYTES, SLACK_BYTES
from handlers.serving.lease import Lease
from handlers.serving.loading import ArtifactLoad
from handlers.serving.model_list import ModelList
from handlers.serving.published import Published
from handlers.serving.request_time import LimitedTo
from handlers.serving.stores import Store, StoreError
from handlers.serving.telemetry import Record, Tally, traceback_of, write_event

if TYPE_CHECKING:
    import numpy as np

    from handlers.serving.code.hooks import ModelCode
    from handlers.serving.code.loaded import LoadedCode

Key: TypeAlias = tuple[str, int, int]
"""Model, version, and the index of the artifact in the manifest."""

_T = TypeVar("_T")

Attempt: TypeAlias = "Callable[[Manifest, float, str | None], _T]"
"""Makes an answer with a version. It gets the manifest, how many seconds it may wait for a load (with 0 it may begin
none), and the label by which the version was chosen, if by one."""

PATIENCE_SECONDS = 2.0
"""How long a request waits for a version that is read or loaded while another one, which may answer in its place, is in
memory. The load goes on after that."""


class _Candidate(NamedTuple):
    """A version that may answer, and the label by which it would."""

    version: int
    label: str | None = None


_SHARED: Mapping[EngineName, Shared] = {
    engine: Shared(engine, ENGINE_BYTES[engine], ENGINE_OWN_BYTES[engine]) for engine in ENGINE_BYTES
}


class Repository:
    """The models that a function serves. Safe to use from several threads.

    Args:
        store: where their files are.
        names: the models; None for whatever the store lists. It is never asked for any other.
        listed: the models that callers are told, if these are not `names`: other functions serve the others.
        cache: keeps loaded models in memory.
        awaited: whether these models may be published later, so that it is no failure if one is not there.
        allows_code: whether versions that bring code are served.
        threads: how many threads one prediction may use.
        room: bytes that engines, models and a call may take together.
        clock: returns seconds that never decrease.
    """

    def __init__(
        self,
        store: Store,
        names: Sequence[str] | None,
        cache: "ModelCache[LoadedModel]",
        *,
        listed: Sequence[str] = (),
        awaited: bool = False,
        allows_code: bool = False,
        threads: int = 1,
        room: int = sys.maxsize,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.names: Sequence[str] = () if names is None else tuple(names)
        """The models that were given."""
        self._models = _listed_models(store, clock) if names is None else ModelList(self.names, listed, awaited=awaited)
        self._store, self._cache, self._threads, self._room, self._clock = store, cache, threads, room, clock
        self._published = Published(
            store,
            self._models,
            clock,
            on_pointer=self._pointer_read,
            on_forget=self._discard,
            allows_code=allows_code,
        )
        self._last_good: dict[str, int] = {}
        """By model, the version that last answered a request which named none."""
        self._tallies: dict[tuple[str, int], Tally] = {}
        self._preparing: set[str] = set()
        self._unprepared: set[str] = set()

    def serves(self, model: str) -> bool:
        """Whether there is a model of this name, as far as is known without asking the store."""
        return model in self.names or model in self._published.models()

    def models(self) -> list[str]:
        """The names of the models, sorted. Raises ModelUnavailable if the store cannot list them."""
        return sorted(self._models.names())

    def listed(self) -> list[str]:
        """The names of the models behind the API, sorted: other functions may serve some. Raises as `models` does."""
        return sorted(self._models.names_for_callers())

    def only_model(self) -> str:
        """The name of the only model. Raises NotServed if there are several or none, or ModelUnavailable."""
        names = self.models()
        if len(names) != 1:
            raise NotServed(
                f"{len(names)} models are served here, so the path must name one, as /v1/models/ and /v2/models/ do"
            )
        return names[0]

    def note(self, record: Record) -> None:
        """Count a prediction."""
        if record.operation == "predict" and record.model is not None and record.version is not None:
            key = record.model, record.version
            if (tally := self._tallies.get(key)) is None:
                tally = self._tallies.setdefault(key, Tally())
            tally.note(record)

    def tally(self, model: str, version: int) -> Tally:
        """What this environment answered of a version so far."""
        return self._tallies.get((model, version)) or Tally()

    def answer(
        self,
        model: str,
        version: int | None,
        label: str | None,
        attempt: "Attempt[_T]",
        share: Callable[[], float] = lambda: 0.0,
    ) -> _T:
        """What `attempt` returns for the version that should answer a request.

        If the request names a version or a label, that version answers or none. Else the pointer's version answers;
        if it cannot be read or loaded, the version that answered before does. Where the pointer splits requests, the
        label at the request's share answers; if its version cannot be read or loaded, another label's does.

        Args:
            model: the model that the request names.
            version: the version that it names, if any.
            label: the label that it names, if any.
            attempt: makes the answer.
            share: returns where the request stands among all requests, from 0 up to 1.

        Raises:
            UnknownModel, UnknownVersion, UnknownLabel: the pointer names none such. What it does not name is not
                served, even if the store still holds it, unless it answers in the place of a version that failed. A
                label of an unknown model is an unknown label.
            ModelUnavailable: the store cannot be read.
            ServingError: `attempt` raised it. If it was called for two versions, the error of the first is raised.
        """

        def attempt_and_note(manifest: Manifest, patience: float, chosen_by: str | None) -> _T:
            answer = attempt(manifest, patience, chosen_by)
            if version is None and label is None:
                self.answered(manifest)
            return answer

        return self._first(self._candidates(model, version, label, share), model, attempt_and_note)

    def find(self, model: str, version: int | None = None, label: str | None = None) -> Manifest:
        """The manifest of the version that answers, so far as is known without loading one. Raises as `answer` does.

        A version that failed is passed over where another one answers in its place.
        """
        found = self._candidates(model, version, label, lambda: 0.0)

        def able(manifest: Manifest, patience: float, chosen_by: str | None) -> Manifest:
            if self.state(manifest) == "FAILED":
                raise ModelUnavailable(self.reason(manifest))
            return manifest

        if len(found) > 1:
            with suppress(ServingError):
                return self._first(found, model, able)
        return self._first(found, model, lambda manifest, patience, chosen_by: manifest)

    def versions(self, model: str) -> list[int]:
        """The versions that the pointer names, by itself or by a label, and the one that answers in the place of a
        version that failed; largest first."""
        named = self._published.pointer(model).versions()
        with suppress(ServingError):
            named |= {self.find(model).version}
        return sorted(named, reverse=True)

    def manifest(self, model: str, version: int) -> Manifest:
        """The manifest of a version. Raises UnknownModel, UnknownVersion, or ModelUnavailable if it cannot be read."""
        return self._published.manifest(model, version)

    def code(self, manifest: Manifest) -> "ModelCode | None":
        """The code that a version brings, loaded; None if it brings none. Raises ModelUnavailable."""
        return None if manifest.code is None else self._code.of(manifest)

    @cached_property
    def _code(self) -> "LoadedCode":
        from handlers.serving.code.loaded import LoadedCode  # late: few versions bring code

        return LoadedCode(self._store, self._clock)

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

    def make_room(
        self,
        lease: Lease[LoadedModel],
        manifest: Manifest,
        artifact: Artifact,
        signature: str,
        inputs: "Mapping[str, np.ndarray]",
    ) -> None:
        """Before a call to a leased artifact: see that the function has the memory for it, without idle models if need
        be. Raises CallTooLarge."""
        line = artifact.call_memory.get(signature)
        if line is None:
            return
        elements = manifest.signatures[signature].batched_elements(inputs)
        needed = line.for_elements(elements)
        if needed <= artifact.memory_bytes + SLACK_BYTES:
            return
        room = self._room - ENGINE_BYTES[artifact.engine]
        if needed > room:
            raise CallTooLarge(elements, needed, room)
        self._cache.make_room_for_call(lease, needed, self._room)

    def is_loaded(self, manifest: Manifest, artifact: Artifact) -> bool:
        """Whether an artifact is in memory."""
        return self._cache.state(_key(manifest, artifact)) == "ready"

    def answered(self, manifest: Manifest) -> None:
        """Note that a version answered a request which named none. The version that answered before it leaves memory,
        unless a label names it."""
        model, version = manifest.model, manifest.version
        pointer = self._published.last_pointer(model)
        if pointer is not None and version == pointer.version and version != self._last_good.get(model):
            self._last_good[model] = version
            self._forget_unnamed(model, pointer)

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

        `LOADING` while one of its artifacts is being loaded. `FAILED` if its code or the artifact of the default
        signature could not be loaded, or is too large for this function. Else `AVAILABLE`, also before the first load.
        """
        states = [self._cache.state(_key(manifest, artifact)) for artifact in manifest.artifacts]
        if "loading" in states or manifest.model in self._preparing:
            return "LOADING"
        if manifest.code is not None and self._code.has_failed(manifest):
            return "FAILED"
        default = manifest.artifact_for(manifest.default_signature())
        state = states[manifest.artifacts.index(default)]
        if state == "ready":
            return "AVAILABLE"
        return "AVAILABLE" if state == "absent" and self._too_large(default) is None else "FAILED"

    def reason(self, manifest: Manifest) -> str:
        """Why a version cannot answer, in words for a caller; empty if nothing speaks against it."""
        state = self.state(manifest)
        if state != "FAILED":
            return "The model is still being loaded" if state == "LOADING" else ""
        too_large = self._too_large(manifest.artifact_for(manifest.default_signature()))
        return str(too_large or "The model could not be loaded; it will be tried again")

    def is_ready(self) -> bool:
        """Whether no model is being loaded, and at least one has not failed. A model has failed if all its known
        versions have. Without models, it is ready."""
        states: dict[str, set[str]] = {}
        for manifest in self._published.manifests():
            states.setdefault(manifest.model, set()).add(self.state(manifest))
        failed = {model for model, found in states.items() if found == {"FAILED"}}
        failed |= self._unprepared - states.keys()
        is_loading = bool(self._preparing) or any("LOADING" in found for found in states.values())
        served = frozenset(self.names) or self._published.models()
        return not is_loading and not (served and served <= failed)

    def restored(self) -> None:
        """After a restore from a snapshot: the next use of a pointer reads it again, over a new connection."""
        self._published.read_again()

    def _too_large(self, artifact: Artifact) -> ModelTooLarge | None:
        return self._cache.too_large(artifact.memory_bytes, _SHARED[artifact.engine])

    def _candidates(
        self, model: str, version: int | None, label: str | None, share: Callable[[], float]
    ) -> list[_Candidate]:
        """The versions that may answer; the first one should. Raises as `answer` does."""
        try:
            pointer = self._published.pointer(model)
        except UnknownModel as error:
            if label is not None and not error.is_fault:
                raise UnknownLabel(model, label) from None
            error.version = version
            raise
        if version is not None:
            if version not in pointer.versions() and version not in self.versions(model):
                raise UnknownVersion(model, version)
            return [_Candidate(version)]
        newest, before = pointer.version, self._last_good.get(model)
        if label is None and not pointer.splits and before in (newest, None):
            return [_Candidate(newest)]  # as nearly always
        found: list[_Candidate] = []
        if split := pointer.splits.get(CURRENT if label is None else label):
            from handlers.serving.splits import labels_by_turns  # late: few pointers split requests

            found = [_Candidate(pointer.labels[name], name) for name in labels_by_turns(split, share())]
        elif label is not None:
            if label not in pointer.labels:
                raise UnknownLabel(model, label)
            found = [_Candidate(pointer.labels[label], label)]
        if label is None:
            found += [_Candidate(each) for each in (newest, before) if each is not None]
        by_version: dict[int, _Candidate] = {}
        for candidate in found:
            by_version.setdefault(candidate.version, candidate)
        return list(by_version.values())

    def _first(self, candidates: Sequence[_Candidate], model: str, attempt: "Attempt[_T]") -> _T:
        """What `attempt` returns for the first candidate that can be read and loaded."""
        refusal: ServingError | None = None
        awaited: _Candidate | None = None
        for number, candidate in enumerate(candidates, start=1):
            patience = self._patience(model, candidates[number:])
            # Loading the version before would evict the new one, which is being loaded.
            may_wait = 0.0 if isinstance(refusal, ModelLoading) else patience
            try:
                return attempt(self._manifest_within(patience, model, candidate.version), may_wait, candidate.label)
            except (ModelUnavailable, ModelTooLarge, UnknownVersion) as error:
                if isinstance(error, ModelLoading) and may_wait < inf:
                    awaited = awaited or candidate
                if refusal is None or isinstance(refusal, UnknownVersion):
                    refusal = error
        if awaited is not None:  # the other one left memory, to make room for it
            return attempt(self.manifest(model, awaited.version), inf, awaited.label)
        assert refusal is not None  # noqa: S101 - there is at least one candidate, and it raised
        raise refusal

    def _patience(self, model: str, others: Sequence[_Candidate]) -> float:
        """How long to wait for a version if these may answer in its place."""
        for other in others:
            manifest = self._published.known_manifest(model, other.version)
            if manifest and self.is_loaded(manifest, manifest.artifact_for(manifest.default_signature())):
                return PATIENCE_SECONDS
        return inf

    def _manifest_within(self, seconds: float, model: str, version: int) -> Manifest:
        if seconds == inf:
            return self.manifest(model, version)
        with LimitedTo(seconds):
            return self.manifest(model, version)

    def _pointer_read(self, model: str, pointer: Pointer) -> None:
        self._unprepared.discard(model)
        self._forget_unnamed(model, pointer)

    def _forget_unnamed(self, model: str, pointer: Pointer) -> None:
        """Remove from memory the versions that nothing names any more, except the one that last answered."""
        good = self._last_good.get(model)
        self._published.keep_only(model, pointer.versions() | ({good} if good is not None else set()))

    def _discard(self, manifest: Manifest) -> None:
        if self._last_good.get(manifest.model) == manifest.version:
            del self._last_good[manifest.model]
        if manifest.code is not None:
            self._code.forget(manifest)
        for artifact in manifest.artifacts:
            self._cache.discard(_key(manifest, artifact))


def _listed_models(store: Store, clock: Callable[[], float]) -> ModelList:
    from handlers.serving.listed_models import ListedModels  # late: most functions are given their models

    return ListedModels(store, clock)


def _key(manifest: Manifest, artifact: Artifact) -> Key:
    return manifest.model, manifest.version, manifest.artifacts.index(artifact)


def log_load_failure(key: Hashable, error: BaseException) -> None:
    """Log why a model could not be loaded, and count it."""
    model, version, artifact = key if isinstance(key, tuple) else ("", 0, 0)
    reason = str(error) if isinstance(error, ServingError | StoreError) else traceback_of(error)
    facts = {"version": version, "artifact": artifact, "reason": reason}
    write_event("ERROR", "model not loaded", model=str(model), metric="LoadFailures", **facts)
