"""Converts a SavedModel to a LiteRT flatbuffer."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorflow.lite.python.lite import TFLiteSavedModelConverterV2

from models.packaging.litert.long_convolutions import split_long_convolutions
from models.packaging.litert.signatures import rename_tensors, share_subgraphs
from models.packaging.litert.transposed_convolutions import as_convolutions
from models.packaging.meta_graph import SERVE_TAG
from models.packaging.public_names import edit_saved_model, number_tensors
from models.packaging.sources import copy_saved_model

CANNOT_LOAD = ("add_slot", "is not a valid parameter name", "Name collision after sanitization")
"""What the converter's loader says of the slots of Keras 2's optimizers, and of names that Python cannot have."""


def convert(saved_model: Path, signatures: Sequence[str]) -> bytes:
    """Convert these signatures, with convolutions as XNNPACK is fast at them. Raises whatever the converter raises."""
    try:
        content = _run_converter(saved_model, signatures)
    except Exception as error:
        if not any(reason in str(error) for reason in CANNOT_LOAD):
            raise
        content = _convert_repaired(saved_model, signatures)
    content = share_subgraphs(content) if len(signatures) > 1 else content
    return split_long_convolutions(as_convolutions(content))


def _run_converter(saved_model: Path, signatures: Sequence[str]) -> bytes:
    """Run TensorFlow's converter; its `from_saved_model` keeps only one signature of a Keras export."""
    converter: Any = TFLiteSavedModelConverterV2(str(saved_model), {SERVE_TAG}, list(signatures))
    return converter.convert()


def _convert_repaired(saved_model: Path, signatures: Sequence[str]) -> bytes:
    """Convert a copy without optimizers, whose tensors have numbers for names; the result has the names again."""
    repaired = saved_model.with_name("repaired")
    copy_saved_model(saved_model, repaired)
    try:
        edit_saved_model(repaired, _drop_slots)
        names = number_tensors(repaired)
        return rename_tensors(_run_converter(repaired, signatures), names)
    finally:
        shutil.rmtree(repaired)


def _drop_slots(document: Any) -> None:
    for meta_graph in document.meta_graphs:
        for node in meta_graph.object_graph_def.nodes:
            del node.slot_variables[:]
