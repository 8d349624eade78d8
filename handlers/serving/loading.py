"""One load of an artifact: its files fetched, its engine imported meanwhile, and the engine given the files."""

import threading
import time
from contextlib import ExitStack, suppress

from handlers.manifest import Artifact, EngineName, Manifest
from handlers.serving.engines import LoadedModel, import_engine, load, open_libraries
from handlers.serving.stores import Store


class Timing:
    """How long a load took, in milliseconds."""

    fetch_ms: float | None = None
    load_ms: float | None = None
    """The engine's import and its libraries, as far as they took longer than the fetch, and the model."""


class ArtifactLoad:
    """`fetch`, then `open`, each once. Between the two the files stay on disk, whatever else is fetched.

    Args:
        store: where the files are.
        manifest: the version that the artifact belongs to.
        artifact: what is loaded.
        threads: how many threads one prediction may use.
        timing: filled in.
    """

    def __init__(self, store: Store, manifest: Manifest, artifact: Artifact, threads: int, timing: Timing) -> None:
        self._store, self._manifest, self._artifact = store, manifest, artifact
        self._threads, self._timing = threads, timing

    def fetch(self) -> None:
        """Get the files, and wait for the engine's import and its libraries. Raises StoreError."""
        importing = threading.Thread(target=_import, args=(self._artifact.engine,), daemon=True)
        importing.start()
        began = time.perf_counter()
        version = (self._manifest.model, self._manifest.version)
        with ExitStack() as kept:
            kept.enter_context(self._store.keep(*version))
            self._directory = self._store.fetch(*version, self._manifest.files_of(self._artifact))
            self._kept = kept.pop_all()
        fetched = time.perf_counter()
        self._timing.fetch_ms = (fetched - began) * 1e3
        importing.join()
        self._imported_ms = (time.perf_counter() - fetched) * 1e3

    def open(self) -> LoadedModel:
        """Hand the files to the engine. Raises EngineError."""
        began = time.perf_counter()
        with self._kept:
            model = load(self._directory, self._artifact, self._manifest.signatures, self._threads)
        self._timing.load_ms = self._imported_ms + (time.perf_counter() - began) * 1e3
        return model


def _import(engine: EngineName) -> None:
    with suppress(Exception):  # the load does all of it again, and says what is wrong
        opening = threading.Thread(target=open_libraries, args=(engine,), daemon=True)
        opening.start()
        import_engine(engine)
        opening.join()
