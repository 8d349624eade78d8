"""Builds the candidates for a SavedModel: a LiteRT flatbuffer, ONNX files, a frozen graph, the SavedModel as it is."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from handlers.manifest import ArtifactForm, EngineName, Signature
from models.packaging.errors import PackagingError, reason_of
from models.packaging.forms import engine_of
from models.packaging.freezing import freeze
from models.packaging.litert.conversion import convert
from models.packaging.sources import GRAPH_FILE, saved_model_files
from models.packaging.weights import weights_bytes
from models.progress import in_units
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


ONE_FILE_BYTES = 2**31
"""A flatbuffer and a protobuf end here: their offsets and lengths have 31 bits."""


class NotBuilt(Exception):
    """A candidate cannot be built from this model; the message says why."""


def build_candidate(form: ArtifactForm, directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build one form for these signatures beside `saved_model/`. Raises NotBuilt."""
    return BUILDERS[form](directory, signatures)


def build_litert(directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build `model.tflite` from built-in operations only; a LiteRT source stays unchanged. Raises NotBuilt."""
    saved_model = directory / SAVED_MODEL_DIRECTORY
    if saved_model.is_dir():
        _refuse_what_one_file_cannot_hold(saved_model)
        try:
            with captured_output():
                content = convert(saved_model, list(signatures))
        except Exception as error:
            raise NotBuilt(_conversion_reason(error)) from error
        (directory / TFLITE_FILE).write_bytes(content)
    return Candidate(form="tflite", signatures=tuple(signatures), files=(TFLITE_FILE,))


def build_onnx(directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build `signature-N.onnx` for each signature, numbered in their order. Raises NotBuilt."""
    _refuse_what_one_file_cannot_hold(directory / SAVED_MODEL_DIRECTORY)
    files: list[str] = []
    for number, (name, signature) in enumerate(signatures.items()):
        try:
            with captured_output():
                from models.packaging.onnx_conversion import convert as convert_to_onnx  # late: few models need it

                content = convert_to_onnx(directory / SAVED_MODEL_DIRECTORY, name, signature)
        except Exception as error:
            raise NotBuilt(_first_line(error)) from error
        files.append(f"signature-{number}.onnx")
        (directory / files[-1]).write_bytes(content)
    return Candidate(form="onnx", signatures=tuple(signatures), files=tuple(files))


def build_frozen_graph(directory: Path, signatures: Mapping[str, Signature]) -> Candidate:
    """Build `frozen_graph.pb`: variables become constants, tensors keep their names. Raises NotBuilt."""
    _refuse_what_one_file_cannot_hold(directory / SAVED_MODEL_DIRECTORY)
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
    "onnx": build_onnx,
    "frozen_graph": build_frozen_graph,
    "saved_model": use_saved_model,
}


def _refuse_what_one_file_cannot_hold(saved_model: Path) -> None:
    """Raise NotBuilt for weights of 2 GiB or more. The converters would find it out after copying them many times."""
    if (size := weights_bytes(saved_model)) >= ONE_FILE_BYTES:
        raise NotBuilt(f"its weights take {in_units(size)}, and one file holds less than {in_units(ONE_FILE_BYTES)}")


def _first_line(error: Exception) -> str:
    return str(error) if isinstance(error, PackagingError) else reason_of(error)


def _conversion_reason(error: Exception) -> str:
    """Why a conversion failed: the operations that LiteRT does not have, or the first line of the error."""
    text = str(error)
    operations = sorted(set(re.findall(r"tf\.([A-Z]\w*)", text)))
    if "neither a custom op nor a flex op" in text or "failed to legalize" in text.lower():
        return f"LiteRT has no {', '.join(operations)}" if operations else _first_line(error)
    return _first_line(error)
