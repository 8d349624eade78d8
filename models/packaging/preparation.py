"""Prepares a source: lays it out as a version's directory, checks it for harm, and opens a reference."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from handlers.manifest import ArtifactForm, Signature
from models.packaging.candidates import SAVED_MODEL_DIRECTORY, TFLITE_FILE
from models.packaging.forms import PREFERENCE
from models.packaging.meta_graph import read_meta_graph, read_signatures
from models.packaging.reference import LiteRTReference, Reference, SavedModelReference
from models.packaging.safety import refuse_harm
from models.packaging.sources import Source, copy_saved_model
from models.packaging.tflite import prepare_tflite


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A prepared source."""

    signatures: Mapping[str, Signature]
    reference: Reference
    forms: Sequence[ArtifactForm]
    """The forms that it can be served in."""


def prepare(source: Source, directory: Path, allowed_operations: Collection[str]) -> Prepared:
    """Prepare a source in `directory`; the caller closes the reference. Raises PackagingError."""
    if source.form == "tflite":
        signatures = prepare_tflite(source.path, directory / TFLITE_FILE)
        return Prepared(signatures=signatures, reference=LiteRTReference(directory / TFLITE_FILE), forms=("tflite",))
    saved_model = directory / SAVED_MODEL_DIRECTORY
    if source.form == "keras":
        from models.packaging.keras_models import export_keras_file  # Keras takes seconds to import

        export_keras_file(source.path, saved_model)
    else:
        copy_saved_model(source.path, saved_model)
    meta_graph = read_meta_graph(saved_model)
    signatures = read_signatures(meta_graph)
    refuse_harm(meta_graph, allowed_operations)
    reference = SavedModelReference(saved_model, signatures)
    return Prepared(signatures=signatures, reference=reference, forms=PREFERENCE)
