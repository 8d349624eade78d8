"""TensorFlow Serving's own layout, `<model>/<version>/saved_model.pb`: served as it is, without a manifest."""

from collections.abc import Iterable, Sequence

from handlers.manifest import Artifact, FileEntry, Manifest, ManifestError, Pointer
from handlers.serving.stores import NotInStore

SAVED_MODEL_FILE = "saved_model.pb"

_MEMORY_PER_BYTE = 2
"""How much memory a SavedModel is taken to need for each byte of its files, until it has been observed: variables
are read into buffers of their own, and the graph is held beside its optimised copy."""


def newest_version(model: str, names: Iterable[str]) -> Pointer:
    """The pointer of a model that has none: its largest version. Raises NotInStore if there is no version."""
    versions = [int(name) for name in names if name.isascii() and name.isdigit() and int(name) > 0]
    if not versions:
        raise NotInStore(f"{model} has neither a pointer nor a version that is a SavedModel")
    return Pointer(version=max(versions))


def unpackaged_manifest(model: str, version: int, saved_model: bytes, files: Sequence[FileEntry]) -> Manifest:
    """The manifest that packaging would have written, but for what only packaging can know.

    Args:
        model: the model's name.
        version: its version.
        saved_model: content of `saved_model.pb`.
        files: every file of the version; checksums may be empty, and are then not compared.

    Raises:
        ManifestError: `saved_model.pb` is not one, or not whole yet, or has nothing to call.
    """
    from handlers.serving.meta_graph import MetaGraphError, read_signatures  # late: packaged models never need it

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
