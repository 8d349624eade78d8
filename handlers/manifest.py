"""The two documents of the model repository: `current.json` names the version that answers, `manifest.json` its files.

    <root>/<model>/current.json               written last
    <root>/<model>/<version>/manifest.json    written after every other file of the version
    <root>/<model>/<version>/...              the files that it lists

Deploy time and run time read them. Standard library only.

The values are named tuples: a dataclass costs half a millisecond of every cold start, because it generates methods.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

SCHEMA_VERSION = 1
POINTER_FILE = "current.json"
MANIFEST_FILE = "manifest.json"
DEFAULT_SIGNATURE = "serving_default"
PREDICT_METHOD = "tensorflow/serving/predict"
"""TensorFlow Serving's name for a signature whose inputs and outputs are any tensors."""

EngineName = Literal["litert", "tensorflow"]
"""What runs a model: LiteRT, or TensorFlow's C API. See `handlers.serving.engines`."""

ArtifactForm = Literal["tflite", "frozen_graph", "saved_model"]
"""What an engine loads: a LiteRT flatbuffer, a frozen GraphDef, or a SavedModel directory."""

FORMS: Mapping[EngineName, tuple[ArtifactForm, ...]] = {
    "litert": ("tflite",),
    "tensorflow": ("frozen_graph", "saved_model"),
}

EngineSet = Literal["litert", "tensorflow"]
"""What an image holds: LiteRT alone, or TensorFlow beside it."""

ENGINE_SETS: Mapping[EngineSet, frozenset[EngineName]] = {
    "litert": frozenset({"litert"}),
    "tensorflow": frozenset({"litert", "tensorflow"}),
}
"""The engines of each set, the smallest set first."""

DTYPES = frozenset(
    "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string "
    "complex64 complex128".split()
)
"""TensorFlow's names of the element types that a signature may have."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ManifestError(ValueError):
    """A document of the model repository is malformed. The message says where, and what is allowed."""


def engine_set(engines: Iterable[EngineName]) -> EngineSet:
    """The smallest set that holds these engines. Raises ValueError if none does."""
    needed = frozenset(engines)
    for name, held in ENGINE_SETS.items():
        if needed <= held:
            return name
    raise ValueError(f"no set of engines holds {sorted(needed)}; the sets are {', '.join(ENGINE_SETS)}")


class TensorSpec(NamedTuple):
    """One named input or output of a signature."""

    dtype: str
    """One of `DTYPES`."""
    shape: tuple[int, ...] | None
    """Dimensions, -1 where any size is allowed; None if the rank is unknown."""
    tensor: str = ""
    """The name of the tensor in the SavedModel's graph, such as `serving_default_image:0`."""


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


class FileEntry(NamedTuple):
    """One file of a version."""

    path: str
    """Relative to the version's directory, with forward slashes."""
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hexadecimal."""


class Verification(NamedTuple):
    """How far the answers of an artifact were from those of the SavedModel."""

    samples: int
    tolerance: float
    """The largest accepted error, as a share of the output's scale."""
    worst_absolute_error: float
    worst_relative_error: float
    """Absolute error divided by the output's scale: its largest magnitude over the samples of a similar range."""


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

    def engine_files(self) -> tuple[FileEntry, ...]:
        """The files that any engine reads, by path. Serving a version needs these and the manifest."""
        needed = {path for artifact in self.artifacts for path in artifact.files}
        return tuple(sorted((entry for entry in self.files if entry.path in needed), key=lambda entry: entry.path))

    def to_json(self) -> str:
        """The content of `manifest.json`: equal for equal manifests, and readable in a diff."""
        return json.dumps(_plain(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


class Pointer(NamedTuple):
    """The version of a model that answers a request which names none, and the versions that labels stand for."""

    version: int
    labels: Mapping[str, int] = _NOTHING

    def versions(self) -> frozenset[int]:
        """The versions that it names, by itself or by a label."""
        return frozenset((self.version, *self.labels.values()))

    def to_json(self) -> str:
        """The content of `current.json`."""
        return json.dumps({"version": self.version, "labels": dict(self.labels)}) + "\n"


def parse_pointer(text: str | bytes) -> Pointer:
    """Read `current.json`. Raises ManifestError."""
    document = _document(text, POINTER_FILE)
    try:
        pointer = Pointer(version=document["version"], labels=document.get("labels", {}))
    except KeyError as error:
        raise ManifestError(f"{POINTER_FILE} lacks the key {error}") from None
    if not isinstance(pointer.labels, dict):
        raise ManifestError(f"{POINTER_FILE} has the labels {pointer.labels!r}; they are an object of versions by name")
    for version in (pointer.version, *pointer.labels.values()):
        if type(version) is not int or version < 1:
            raise ManifestError(f"{POINTER_FILE} names version {version!r}; a version is an integer from 1 up")
    return pointer


def parse_manifest(text: str | bytes) -> Manifest:
    """Read `manifest.json`. Raises ManifestError if it is malformed, or a version could not be served by it."""
    document = _document(text, MANIFEST_FILE)
    if document.get("schema_version") != SCHEMA_VERSION:
        raise ManifestError(
            f"{MANIFEST_FILE} has schema version {document.get('schema_version')!r}; this release reads "
            f"version {SCHEMA_VERSION}. Package the model again with the release that serves it."
        )
    try:
        manifest = Manifest(
            model=document["model"],
            version=document["version"],
            signatures={name: _signature(value) for name, value in document["signatures"].items()},
            artifacts=tuple(_artifact(value) for value in document["artifacts"]),
            files=tuple(_file(value) for value in document["files"]),
            warmup=document.get("warmup", {}),
            tools=document.get("tools", {}),
            fingerprint=document.get("fingerprint", ""),
        )
    except KeyError as error:
        raise ManifestError(f"{MANIFEST_FILE} lacks the key {error}") from None
    except (TypeError, AttributeError) as error:
        raise ManifestError(f"{MANIFEST_FILE} is malformed: {error}") from None
    listed = {entry.path for entry in manifest.files}
    for artifact in manifest.artifacts:
        if missing := sorted(set(artifact.files) - listed):
            raise ManifestError(f"{MANIFEST_FILE}: the {artifact.engine} artifact needs {missing}, which 'files' lacks")
    if unserved := sorted(set(manifest.signatures) - {s for a in manifest.artifacts for s in a.signatures}):
        raise ManifestError(f"{MANIFEST_FILE}: no artifact serves the signatures {unserved}")
    return manifest


def _document(text: str | bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ManifestError(f"{name} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ManifestError(f"{name} must hold a JSON object")
    return document


def _signature(value: Mapping[str, Any]) -> Signature:
    return Signature(
        inputs={name: _tensor(spec) for name, spec in value["inputs"].items()},
        outputs={name: _tensor(spec) for name, spec in value["outputs"].items()},
        method_name=value.get("method_name", PREDICT_METHOD),
        defaults=value.get("defaults", {}),
    )


def _tensor(value: Mapping[str, Any]) -> TensorSpec:
    if value["dtype"] not in DTYPES:
        raise ManifestError(f"{MANIFEST_FILE} names the dtype {value['dtype']!r}; allowed are {sorted(DTYPES)}")
    shape = value["shape"]
    return TensorSpec(
        dtype=value["dtype"], shape=None if shape is None else tuple(shape), tensor=value.get("tensor", "")
    )


def _artifact(value: Mapping[str, Any]) -> Artifact:
    engine, form = value["engine"], value["form"]
    if engine not in get_args(EngineName) or form not in FORMS[engine]:
        allowed = ", ".join(f"{name} with {' or '.join(forms)}" for name, forms in FORMS.items())
        raise ManifestError(f"{MANIFEST_FILE} has an artifact of {engine!r} with {form!r}; allowed are {allowed}")
    verification = value.get("verification")
    return Artifact(
        engine=engine,
        form=form,
        signatures=tuple(value["signatures"]),
        files=tuple(value["files"]),
        memory_bytes=value["memory_bytes"],
        reason=value["reason"],
        verification=None if verification is None else Verification(**verification),
        evidence=value.get("evidence", {}),
    )


def _plain(value: Any) -> Any:
    """A value of this module as JSON's objects, lists and plain values."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _file(value: Mapping[str, Any]) -> FileEntry:
    path: str = value["path"]
    if path.startswith("/") or ".." in path.split("/"):
        raise ManifestError(f"{MANIFEST_FILE} lists {value['path']!r}, which is outside of the version's directory")
    return FileEntry(path=value["path"], size=value["size"], sha256=value["sha256"])
