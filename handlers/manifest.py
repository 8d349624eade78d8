"""The two documents of the model repository: `current.json` names the version that answers, `manifest.json` its files.

    <root>/<model>/current.json               written last
    <root>/<model>/<version>/manifest.json    written after every other file of the version
    <root>/<model>/<version>/...              the files that it lists

Deploy time and run time read them, by `handlers.manifest_reading`. Standard library only.

The values are named tuples: a dataclass costs half a millisecond of every cold start, because it generates methods.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

SCHEMA_VERSION = 1
POINTER_FILE = "current.json"
MANIFEST_FILE = "manifest.json"
CLAIM_FILE = "claim.json"
"""Says to other publishers, below a version, that its number is taken. Nobody reads it at run time."""

CLAIM_OF_REMOVED = '{"removed": true}'
"""The content of the claim of a version that was removed: no publisher uses its number again."""

CURRENT = "current"
"""The name of the split that answers requests which name neither a version nor a label. No label has this name."""

CODE_DIRECTORY = "code"
"""Where the code of a version is, below the version: `inference.py`, what it imports beside it, and `CODE_PACKAGES`."""

CODE_FILE = f"{CODE_DIRECTORY}/inference.py"
CODE_PACKAGES = f"{CODE_DIRECTORY}/lib"
"""The packages that the code depends on."""

Hook = Literal["input_handler", "output_handler"]
"""A function of `inference.py`, as SageMaker's container for TensorFlow calls it. See `handlers.serving.model_code`."""

HOOKS: tuple[Hook, ...] = get_args(Hook)

DEFAULT_SIGNATURE = "serving_default"
PREDICT_METHOD = "tensorflow/serving/predict"
"""TensorFlow Serving's name for a signature whose inputs and outputs are any tensors."""

EngineName = Literal["litert", "onnxruntime", "tensorflow"]
"""What runs a model: LiteRT, ONNX Runtime, or TensorFlow's C API. See `handlers.serving.engines`."""

ArtifactForm = Literal["tflite", "onnx", "frozen_graph", "saved_model"]
"""What an engine loads: a LiteRT flatbuffer, an ONNX file for each signature, a frozen GraphDef, or a SavedModel
directory."""

FORMS: Mapping[EngineName, tuple[ArtifactForm, ...]] = {
    "litert": ("tflite",),
    "onnxruntime": ("onnx",),
    "tensorflow": ("frozen_graph", "saved_model"),
}

EngineSet = Literal["litert", "onnxruntime", "tensorflow"]
"""What an image holds: LiteRT alone, ONNX Runtime beside it, or TensorFlow beside both."""

ENGINE_SETS: Mapping[EngineSet, frozenset[EngineName]] = {
    "litert": frozenset({"litert"}),
    "onnxruntime": frozenset({"litert", "onnxruntime"}),
    "tensorflow": frozenset({"litert", "onnxruntime", "tensorflow"}),
}
"""The engines of each set, the smallest set first."""

DTYPES = frozenset(
    "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string "
    "complex64 complex128".split()
)
"""TensorFlow's names of the element types that a signature may have."""

LARGEST_POINTER_BYTES = 64 * 1024
LARGEST_MANIFEST_BYTES = 4 * 1024 * 1024
"""Larger documents are refused. A parsed one may take thirty times as much memory."""

LARGEST_WARMUP = 1 << 24
"""The most elements that an input of a warm-up request has: more than a request of Lambda can hold."""

LARGEST_DEFAULT = 1 << 20
"""The most elements that the default of an input has."""

_SIZES = {"bool": 1, "complex64": 8, "complex128": 16}

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def engine_set(engines: Iterable[EngineName]) -> EngineSet:
    """The smallest set that holds these engines. Raises ValueError if none does."""
    needed = frozenset(engines)
    for name, held in ENGINE_SETS.items():
        if needed <= held:
            return name
    raise ValueError(f"no set of engines holds {sorted(needed)}; the sets are {', '.join(ENGINE_SETS)}")


def element_bytes(dtype: str) -> int:
    """The bytes of one element in memory. `dtype` is one of `DTYPES` other than `string`, whose elements vary."""
    return _SIZES.get(dtype) or int("".join(filter(str.isdigit, dtype))) // 8


class TensorSpec(NamedTuple):
    """One named input or output of a signature."""

    dtype: str
    """One of `DTYPES`."""
    shape: tuple[int, ...] | None
    """Dimensions, -1 where any size is allowed; None if the rank is unknown."""
    tensor: str = ""
    """The name of the tensor in the SavedModel's graph, such as `serving_default_image:0`."""

    @property
    def is_batched(self) -> bool:
        """Whether the first dimension may have any size."""
        return self.shape is None or self.shape[:1] == (-1,)


Default: TypeAlias = Mapping[str, Any]
"""The value of an input that a request leaves out: its `shape`, and its `content` (base64 of the elements as they are
in memory, little-endian) or its `strings` (base64 of each)."""


class Signature(NamedTuple):
    """A named function of a model. Inputs and outputs by public name, in the order of the names."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    method_name: str = PREDICT_METHOD
    defaults: Mapping[str, Default] = _NOTHING
    """Of the inputs that a request may leave out, by public name."""

    def batched_elements(self, inputs: Mapping[str, Any]) -> int:
        """How many elements the inputs have together whose first dimension may have any size. `inputs`: the arrays."""
        return sum(inputs[name].size for name, spec in self.inputs.items() if spec.is_batched)


class FileEntry(NamedTuple):
    """One file of a version."""

    path: str
    """Relative to the version's directory, with forward slashes."""
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hexadecimal."""
    blake3: str = ""
    """Lower-case hexadecimal; empty in manifests from before it."""


class Verification(NamedTuple):
    """How far the answers of an artifact were from those of the SavedModel."""

    samples: int
    tolerance: float
    """The largest accepted error, as a share of the output's scale."""
    worst_absolute_error: float
    worst_relative_error: float
    """Absolute error divided by the output's scale: its largest magnitude over the samples of a similar range."""


class CallMemory(NamedTuple):
    """What a model takes while it answers: a line over the size of the request. Measured with batches of several sizes.

    Memory follows a line as far as each row of a batch is computed by itself.
    """

    base_bytes: int
    """The model, with a call without elements."""
    bytes_per_element: float
    """For each of `Signature.batched_elements`."""

    def for_elements(self, elements: int) -> int:
        """Bytes of the model and a call with so many elements."""
        return self.base_bytes + int(self.bytes_per_element * elements)


class Artifact(NamedTuple):
    """What one engine loads to serve some of a version's signatures."""

    engine: EngineName
    form: ArtifactForm
    signatures: tuple[str, ...]
    files: tuple[str, ...]
    """Paths of the files that the engine reads. The manifest lists all of them."""
    memory_bytes: int
    """Measured: what a process grew by when it loaded the artifact and answered with it, without shared libraries."""
    reason: str
    """Why this engine and form were chosen, in words."""
    verification: Verification | None = None
    """None only if nothing was compared: the artifact is an unpackaged SavedModel itself."""
    evidence: Mapping[str, Any] = _NOTHING
    """What else packaging measured, also about candidates that lost. Not used at run time."""
    call_memory: Mapping[str, CallMemory] = _NOTHING
    """By signature. One is left out if it takes no batches, or if they add less than can be told from other growth."""


class Code(NamedTuple):
    """Code that runs before and after the model: `inference.py`, and what it imports."""

    hooks: tuple[Hook, ...]
    files: tuple[str, ...]
    """Paths of its files, all below `CODE_DIRECTORY`. The manifest lists all of them."""
    samples: int
    """How many requests it answered when it was packaged."""
    packages: Mapping[str, str] = _NOTHING
    """The packages in `CODE_PACKAGES`, and their versions."""
    evidence: Mapping[str, Any] = _NOTHING
    """What packaging measured. Not used at run time."""


class Manifest(NamedTuple):
    """The content of a version."""

    model: str
    version: int
    signatures: Mapping[str, Signature]
    artifacts: tuple[Artifact, ...]
    files: tuple[FileEntry, ...]
    warmup: Mapping[str, Mapping[str, Any]] = _NOTHING
    """For each signature, the inputs of one warm-up request, as nested lists with bytes as {"b64": ...}. A large input
    is written as {"zeros": shape}."""
    tools: Mapping[str, str] = _NOTHING
    """Names and versions of the tools that made the files."""
    fingerprint: str = ""
    """Equal for equal content, options and tools. Packaging finds by it a version that it can use again."""
    schema_version: int = SCHEMA_VERSION
    code: Code | None = None
    """None for most models. Only a stack that allows code serves a version with it."""

    @property
    def is_packaged(self) -> bool:
        """Whether packaging wrote the version. If so, its files are complete and never change."""
        return bool(self.fingerprint)

    def default_signature(self) -> str:
        """The signature of a request that names none: `serving_default`, else the first by name."""
        return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in self.signatures else min(self.signatures)

    def artifact_for(self, signature: str) -> Artifact:
        """The artifact that serves a signature. Raises KeyError if the model has no such signature."""
        for artifact in self.artifacts:
            if signature in artifact.signatures:
                return artifact
        raise KeyError(signature)

    def files_of(self, artifact: Artifact) -> tuple[FileEntry, ...]:
        """The files that the engine of an artifact reads."""
        by_path = {entry.path: entry for entry in self.files}
        return tuple(by_path[path] for path in artifact.files)

    def code_files(self) -> tuple[FileEntry, ...]:
        """The files of its code; none without."""
        paths = frozenset(self.code.files if self.code else ())
        return tuple(entry for entry in self.files if entry.path in paths)

    def engine_files(self) -> tuple[FileEntry, ...]:
        """The files that any engine or the code reads, by path. Serving a version needs these and the manifest."""
        needed = {path for artifact in self.artifacts for path in artifact.files}
        needed.update(self.code.files if self.code else ())
        return tuple(sorted((entry for entry in self.files if entry.path in needed), key=lambda entry: entry.path))

    def to_json(self) -> str:
        """The content of `manifest.json`: equal for equal manifests, and readable in a diff."""
        document = _plain(self)
        if self.code is None:
            del document["code"]  # most manifests have none
        for entry in document["files"]:
            if not entry["blake3"]:
                del entry["blake3"]
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


class Pointer(NamedTuple):
    """The version of a model that answers a request which names none, and the versions that labels stand for."""

    version: int
    labels: Mapping[str, int] = _NOTHING
    splits: Mapping[str, Mapping[str, int]] = _NOTHING
    """For each name, the labels among which its requests are split, and their weights."""

    def versions(self) -> frozenset[int]:
        """The versions that it names, by itself or by a label."""
        return frozenset((self.version, *self.labels.values()))

    def to_json(self) -> str:
        """The content of `current.json`."""
        document: dict[str, Any] = {"version": self.version, "labels": dict(self.labels)}
        if self.splits:
            document["splits"] = {name: dict(split) for name, split in self.splits.items()}
        return json.dumps(document) + "\n"


def _plain(value: Any) -> Any:
    """A value of this module as JSON's objects, lists and plain values."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
