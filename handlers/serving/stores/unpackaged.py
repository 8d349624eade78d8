"""TensorFlow Serving's own layout, `<model>/<version>/saved_model.pb`, which is served without a manifest.

Stores import this only where a manifest or a pointer is missing.
"""

from collections.abc import Iterable, Sequence

from handlers.manifest import Artifact, FileEntry, Manifest, ManifestError, Pointer
from handlers.serving.meta_graph import MetaGraphError, read_signatures
from handlers.serving.stores import SAVED_MODEL_FILE, NotInStore

_MEMORY_PER_BYTE = 2
"""Bytes of memory to expect for each byte of a SavedModel's files, until a load has been observed: variables are read
into buffers of their own, and the graph is held beside its optimised copy."""


def newest_version(model: str, names: Iterable[str]) -> Pointer:
    """A pointer to the largest version, for a model that has none. Raises NotInStore if there is no version."""
    versions = [int(name) for name in names if name.isascii() and name.isdigit() and int(name) > 0]
    if not versions:
        raise NotInStore(f"{model} has neither a pointer nor a version that is a SavedModel")
    return Pointer(version=max(versions))


def unpackaged_manifest(model: str, version: int, saved_model: bytes, files: Sequence[FileEntry]) -> Manifest:
    """The manifest of a version that has none, without what only packaging can know.

    Args:
        model: the model's name.
        version: its version.
        saved_model: content of its `saved_model.pb`.
        files: every file of the version. A checksum may be empty; it is then not compared.

    Raises:
        ManifestError: `saved_model.pb` is not a SavedModel, is incomplete, or has no signature that can be called.
    """
    try:
        signatures = read_signatures(saved_model)
    except MetaGraphError as error:
        raise ManifestError(f"{model}/{version}/{SAVED_MODEL_FILE} cannot be read: {error}") from error
    if not signatures:
        raise ManifestError(f"{model}/{version}/{SAVED_MODEL_FILE} has no signature that a request could call")
    artifact = Artifact(
        engine="tensorflow",
        form="saved_model",
        signatures=tuple(signatures),
        files=tuple(entry.path for entry in files),
        memory_bytes=_MEMORY_PER_BYTE * sum(entry.size for entry in files),
        reason="The version is a SavedModel without a manifest",
    )
    return Manifest(model=model, version=version, signatures=signatures, artifacts=(artifact,), files=tuple(files))
