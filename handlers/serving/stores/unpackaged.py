"""TensorFlow Serving's own layout, `<model>/<version>/saved_model.pb`, which is served without a manifest.

Stores import this only where a manifest or a pointer is missing.
"""

import hashlib
from collections.abc import Iterable, Sequence

from handlers.checked_json import ManifestError
from handlers.manifest import MANIFEST_FILE, Artifact, FileEntry, Manifest, Pointer
from handlers.manifest_reading import is_plain_path
from handlers.safety.unpackaged import harm_in
from handlers.serving.meta_graph import MetaGraphError, read_signatures
from handlers.serving.stores import SAVED_MODEL_FILE, NotInStore

_MEMORY_PER_BYTE = 2
"""Bytes of memory to expect for each byte of a SavedModel's files, until a load has been observed: variables are read
into buffers of their own, and the graph is held beside its optimised copy."""

LARGEST_GRAPH_BYTES = 256 << 20
"""The largest `saved_model.pb` that is read. Its variables are in files of their own."""


def newest_version(model: str, paths: Iterable[str]) -> Pointer:
    """A pointer to the largest version, for a model without pointer and manifests.

    Args:
        model: the model's name.
        paths: of its files, relative to the model. Only those directly in a version count.

    Raises NotInStore if there is no such version, or if there is a manifest: then the model is not published.
    """
    found = [tuple(path.split("/")) for path in paths]
    if unpublished := sorted(parts[0] for parts in found if len(parts) == 2 and parts[1] == MANIFEST_FILE):
        raise NotInStore(f"{model} has no pointer, so that no version is published; packaged are {unpublished}")
    versions = [int(parts[0]) for parts in found if parts[1:] == (SAVED_MODEL_FILE,) and _is_version(parts[0])]
    if not versions:
        raise NotInStore(f"{model} has neither a pointer nor a version that is a SavedModel")
    return Pointer(version=max(versions))


def _is_version(name: str) -> bool:
    return name.isascii() and name.isdigit() and not name.startswith("0") and len(name) < 19


def unpackaged_manifest(model: str, version: int, saved_model: bytes, files: Sequence[tuple[str, int]]) -> Manifest:
    """The manifest of a version that has none, without what only packaging can know.

    Args:
        model: the model's name.
        version: its version.
        saved_model: content of its `saved_model.pb`.
        files: path and size of every file of the version. Only `saved_model.pb` gets a checksum.

    Raises:
        ManifestError: `saved_model.pb` is not a SavedModel, is incomplete or too large, could do harm, or has no
            signature that can be called; or a path leads out of the version.
    """
    if len(saved_model) > LARGEST_GRAPH_BYTES:
        raise ManifestError(
            f"{model}/{version}/{SAVED_MODEL_FILE} has more than {LARGEST_GRAPH_BYTES} bytes; package the model"
        )
    try:
        signatures = read_signatures(saved_model)
    except MetaGraphError as error:
        raise ManifestError(f"{model}/{version}/{SAVED_MODEL_FILE} cannot be read: {error}") from error
    if reason := harm_in(saved_model):
        raise ManifestError(f"{model}/{version}/{SAVED_MODEL_FILE} is refused: {reason}")
    if not signatures:
        raise ManifestError(f"{model}/{version}/{SAVED_MODEL_FILE} has no signature that a request could call")
    checksums = {SAVED_MODEL_FILE: hashlib.sha256(saved_model).hexdigest()}
    entries = tuple(FileEntry(path=path, size=size, sha256=checksums.get(path, "")) for path, size in files)
    for entry in entries:
        if not is_plain_path(entry.path):
            raise ManifestError(f"{model}/{version} holds a file {entry.path!r}, which is no plain path; delete it")
    artifact = Artifact(
        engine="tensorflow",
        form="saved_model",
        signatures=tuple(signatures),
        files=tuple(entry.path for entry in entries),
        memory_bytes=_MEMORY_PER_BYTE * sum(entry.size for entry in entries),
        reason="The version is a SavedModel without a manifest",
    )
    return Manifest(model=model, version=version, signatures=signatures, artifacts=(artifact,), files=entries)
