"""Prepares a source: lays it out as a version's directory, checks it for harm, and opens a reference."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.manifest import ArtifactForm, Signature
from models.packaging.candidates import SAVED_MODEL_DIRECTORY, TFLITE_FILE
from models.packaging.errors import PackagingError
from models.packaging.forms import PREFERENCE
from models.packaging.litert.brought_files import prepare_tflite
from models.packaging.litert.checks import has_loops
from models.packaging.meta_graph import read_meta_graph, read_signatures
from models.packaging.reference import CheckedReference, Library, LiteRTReference, Reference, SavedModelReference
from models.packaging.requests.vocabulary import Vocabulary, read_vocabulary
from models.packaging.safety import refuse_harm
from models.packaging.sources import Source, copy_saved_model
from models.packaging.state import operations_of, refuse_state


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A prepared source."""

    signatures: Mapping[str, Signature]
    reference: Reference
    forms: Sequence[ArtifactForm]
    """The forms that it can be served in."""
    operations: Mapping[str, frozenset[str]]
    """The operations of TensorFlow that a call of each signature runs."""
    vocabulary: Vocabulary
    """Texts and integers that its tables know."""
    meta_graph: Any = None
    """The SavedModel's; None for a LiteRT file."""


def prepare(
    source: Source, directory: Path, allowed_operations: Collection[str], imports: Sequence[str] = ()
) -> Prepared:
    """Prepare a source in `directory`; the caller closes the reference. Raises PackagingError."""
    if imports and source.form != "keras":
        raise PackagingError(f"{source.path} is no Keras file, and holds its classes itself; leave --import out")
    if source.form == "tflite":
        signatures = prepare_tflite(source.path, directory / TFLITE_FILE)
        return Prepared(
            signatures=signatures,
            reference=LiteRTReference(directory / TFLITE_FILE, loops=has_loops(directory / TFLITE_FILE)),
            forms=("tflite",),
            operations=dict.fromkeys(signatures, frozenset[str]()),
            vocabulary=Vocabulary(),
        )
    saved_model, opened = directory / SAVED_MODEL_DIRECTORY, list[Library]()
    if source.form == "keras":
        from models.packaging.keras_files.opening import open_keras_model  # Keras takes seconds to import

        opened.append(open_keras_model(source.path, saved_model, imports))
    else:
        copy_saved_model(source.path, saved_model)
    try:
        meta_graph = read_meta_graph(saved_model, source.path)
        signatures = read_signatures(meta_graph)
        refuse_harm(meta_graph, allowed_operations)
        operations = {name: operations_of(meta_graph, signature) for name, signature in signatures.items()}
        refuse_state(operations, allowed_operations)
        graph = SavedModelReference(saved_model, source.path, signatures)
    except BaseException:
        for reference in opened:
            reference.close()
        raise
    return Prepared(
        signatures=signatures,
        reference=CheckedReference(opened[0], graph) if opened else graph,
        forms=PREFERENCE,
        operations=operations,
        vocabulary=read_vocabulary(saved_model, meta_graph),
        meta_graph=meta_graph,
    )
