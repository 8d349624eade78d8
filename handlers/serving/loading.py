"""One load of an artifact: its files are fetched and checked while its engine is imported, which then loads them."""

import threading
import time
from contextlib import ExitStack, suppress

from handlers.manifest import Artifact, EngineName, Manifest
from handlers.serving.engines import LoadedModel, import_engine, load, open_libraries
from handlers.serving.lease import LoadTime
from handlers.serving.stores import Store


class ArtifactLoad:
    """Call `fetch`, then `open`, each once. Between the two calls no other fetch removes the files from the disk.

    Args:
        store: where the files are.
        manifest: the version that the artifact belongs to.
        artifact: what to load.
        threads: how many threads one prediction may use.
    """

    took: LoadTime | None = None
    """What the load took; None until it has ended."""

    def __init__(self, store: Store, manifest: Manifest, artifact: Artifact, threads: int) -> None:
        self._store, self._manifest, self._artifact, self._threads = store, manifest, artifact, threads

    def fetch(self) -> None:
        """Fetch and check the files, and import the engine and open its libraries meanwhile.

        Raises StoreError if a file is not what the manifest says, or packaging did not write the version and its graph
        could do harm.
        """
        importing = threading.Thread(target=_import, args=(self._artifact.engine,), daemon=True)
        importing.start()
        began = time.perf_counter()
        version = (self._manifest.model, self._manifest.version)
        with ExitStack() as kept:
            kept.enter_context(self._store.keep(*version))
            self._directory = self._store.fetch(*version, self._manifest.files_of(self._artifact))
            if not self._manifest.is_packaged and self._artifact.engine == "tensorflow":
                from handlers.safety.unpackaged import refuse_harm  # late: packaging has checked what it wrote

                refuse_harm(self._directory, self._artifact)
            self._kept = kept.pop_all()
        fetched = time.perf_counter()
        self._fetch_ms = (fetched - began) * 1e3
        importing.join()
        self._import_ms = (time.perf_counter() - fetched) * 1e3

    def open(self) -> LoadedModel:
        """Hand the files to the engine. Raises EngineError."""
        began = time.perf_counter()
        with self._kept:
            model = load(
                self._directory, self._artifact, self._manifest.signatures, self._threads, self._manifest.warmup
            )
        self.took = LoadTime(self._fetch_ms, self._import_ms + (time.perf_counter() - began) * 1e3)
        return model


def _import(engine: EngineName) -> None:
    with suppress(Exception):  # the load imports it again, and raises the error
        opening = threading.Thread(target=open_libraries, args=(engine,), daemon=True)
        opening.start()
        import_engine(engine)
        opening.join()
