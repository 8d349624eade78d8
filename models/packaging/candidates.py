"""Builds the candidates for a SavedModel: a LiteRT flatbuffer, a frozen graph, the SavedModel as it is."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.lite.python.lite import TFLiteSavedModelConverterV2

from handlers.manifest import ArtifactForm, EngineName, Signature
from models.packaging.errors import PackagingError, reason_of
from models.packaging.forms import engine_of
from models.packaging.freezing import freeze
from models.packaging.meta_graph import SERVE_TAG
from models.packaging.sources import GRAPH_FILE, copy_saved_model, saved_model_files
from models.packaging.tflite import share_subgraphs
from models.quiet import captured_output

TFLITE_FILE = "model.tflite"
FROZEN_FILE = "frozen_graph.pb"
SAVED_MODEL_DIRECTORY = "saved_model"
SERVED_PARTS = (GRAPH_FILE, "variables", "assets")
"""The parts of a SavedModel that serving needs; the rest is for further training."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A possible artifact for some signatures; its files are in the version's directory."""

    form: ArtifactForm
    signatures: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def engine(self) -> EngineName:
        """The engine that loads it."""
        return engine_of(self.form)

    def size(self, directory: Path) -> int:
        """Bytes of its files."""
        return sum((directory / file).stat().st_size for file in self.files)


class NotBuilt(Exception):
    """A candidate cannot be built from this model; the message says why."""


def build_candidate(form: ArtifactForm, directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build one form for these signatures beside `saved_model/`. Raises NotBuilt."""
    return BUILDERS[form](directory, signatures)


def build_litert(directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build `model.tflite` from built-in operations only; a LiteRT source stays unchanged. Raises NotBuilt."""
    saved_model = directory / SAVED_MODEL_DIRECTORY
    if saved_model.is_dir():
        (directory / TFLITE_FILE).write_bytes(_convert(saved_model, list(signatures)))
    return Candidate(form="tflite", signatures=tuple(signatures), files=(TFLITE_FILE,))


def build_frozen_graph(directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build `frozen_graph.pb`: variables become constants, tensors keep their names. Raises NotBuilt."""
    try:
        with captured_output():
            content = freeze(directory / SAVED_MODEL_DIRECTORY, signatures)
    except Exception as error:
        raise NotBuilt(_first_line(error)) from error
    (directory / FROZEN_FILE).write_bytes(content)
    return Candidate(form="frozen_graph", signatures=tuple(signatures), files=(FROZEN_FILE,))


def use_saved_model(directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Use the SavedModel as it is."""
    files = (file.relative_to(directory) for file in saved_model_files(directory / SAVED_MODEL_DIRECTORY))
    served = tuple(file.as_posix() for file in files if file.parts[1] in SERVED_PARTS)
    return Candidate(form="saved_model", signatures=tuple(signatures), files=served)


BUILDERS: Mapping[ArtifactForm, Callable[[Path, Mapping[str, Signature]], Candidate]] = {
    "tflite": build_litert,
    "frozen_graph": build_frozen_graph,
    "saved_model": use_saved_model,
}


def _convert(saved_model: Path, signatures: Sequence[str]) -> bytes:
    try:
        with captured_output():
            try:
                return _run_converter(saved_model, signatures)
            except AttributeError as error:
                if "add_slot" not in str(error):
                    raise
            return _convert_without_optimizer(saved_model, signatures)
    except Exception as error:
        raise NotBuilt(_conversion_reason(error)) from error


def _run_converter(saved_model: Path, signatures: Sequence[str]) -> bytes:
    """Convert all signatures; `TFLiteConverter.from_saved_model` keeps only one signature of a Keras export."""
    content: Any = TFLiteSavedModelConverterV2(str(saved_model), {SERVE_TAG}, list(signatures)).convert()
    return share_subgraphs(content) if len(signatures) > 1 else content


def _convert_without_optimizer(saved_model: Path, signatures: Sequence[str]) -> bytes:
    """Convert without the slots of a Keras 2 optimizer, which the converter cannot load."""
    repaired = saved_model.with_name("without_optimizer")
    copy_saved_model(saved_model, repaired)
    try:
        document = saved_model_pb2.SavedModel()
        document.ParseFromString((repaired / GRAPH_FILE).read_bytes())
        for meta_graph in document.meta_graphs:
            for node in meta_graph.object_graph_def.nodes:
                del node.slot_variables[:]
        (repaired / GRAPH_FILE).write_bytes(document.SerializeToString())
        return _run_converter(repaired, signatures)
    finally:
        shutil.rmtree(repaired)


def _conversion_reason(error: Exception) -> str:
    """Why a conversion failed: the operations that LiteRT does not have, or the first line of the error."""
    text = str(error)
    operations = sorted(set(re.findall(r"tf\.([A-Z]\w*)", text)))
    if "neither a custom op nor a flex op" in text or "failed to legalize" in text.lower():
        return f"LiteRT has no {', '.join(operations)}" if operations else _first_line(error)
    return _first_line(error)


def _first_line(error: Exception) -> str:
    return str(error) if isinstance(error, PackagingError) else reason_of(error)
