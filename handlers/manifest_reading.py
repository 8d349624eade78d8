"""Reading of `current.json` and `manifest.json`: every field is checked, so that nothing later meets a wrong one.

Deploy time and run time read them. Standard library only.
"""

import re
from binascii import a2b_base64
from collections.abc import Mapping
from math import prod
from typing import Any, get_args

from handlers.checked_json import Fields, ManifestError, read_object
from handlers.manifest import (
    CODE_DIRECTORY,
    CODE_FILE,
    DTYPES,
    FORMS,
    HOOKS,
    LARGEST_DEFAULT,
    LARGEST_MANIFEST_BYTES,
    LARGEST_POINTER_BYTES,
    LARGEST_WARMUP,
    MANIFEST_FILE,
    POINTER_FILE,
    PREDICT_METHOD,
    SCHEMA_VERSION,
    Artifact,
    CallMemory,
    Code,
    Default,
    EngineName,
    FileEntry,
    Manifest,
    Pointer,
    Signature,
    TensorSpec,
    Verification,
    element_bytes,
)

_CHECKSUM = re.compile("[0-9a-f]{64}")


def parse_pointer(content: str | bytes) -> Pointer:
    """Read `current.json`. Raises ManifestError."""
    document = read_object(content, POINTER_FILE, LARGEST_POINTER_BYTES)
    given = document.object("labels") if "labels" in document else None
    labels = {} if given is None else {name: given.integer(name, 1) for name in given.value}
    splits = document.named("splits", lambda split: _split(split, labels)) if "splits" in document else {}
    if taken := sorted(splits.keys() & labels.keys()):
        raise ManifestError(f"{POINTER_FILE} has {taken[0]!a} as a label and as a split; a name stands for one of them")
    return Pointer(version=document.integer("version", 1), labels=labels, splits=splits)


def parse_manifest(content: str | bytes) -> Manifest:
    """Read `manifest.json`. Raises ManifestError if it is malformed, or a version could not be served by it."""
    document = read_object(content, MANIFEST_FILE, LARGEST_MANIFEST_BYTES)
    if (schema := document.value.get("schema_version")) != SCHEMA_VERSION:
        raise ManifestError(
            f"{MANIFEST_FILE} has schema version {schema!r}; this release reads version {SCHEMA_VERSION}. "
            "Package the model again with the release that serves it."
        )
    manifest = Manifest(
        model=document.text("model"),
        version=document.integer("version", 1),
        signatures=document.named("signatures", _signature),
        artifacts=document.many("artifacts", _artifact),
        files=document.many("files", _file),
        warmup=document.named("warmup", _warmup) if "warmup" in document else {},
        tools=document.object("tools").value if "tools" in document else {},
        fingerprint=document.text("fingerprint") if "fingerprint" in document else "",
        code=_code(document.object("code")) if "code" in document else None,
    )
    _refuse_contradictions(manifest)
    return manifest


def parse_manifest_of(model: str, version: int, content: str | bytes) -> Manifest:
    """Read the `manifest.json` of a version. Raises ManifestError if it is malformed or belongs to another version."""
    manifest = parse_manifest(content)
    if (manifest.model, manifest.version) != (model, version):
        raise ManifestError(
            f"{MANIFEST_FILE} of {model} version {version} says that it belongs to version {manifest.version} of "
            f"{manifest.model}; publish {model} version {version} again"
        )
    return manifest


def is_plain_path(path: str) -> bool:
    """Whether a path is relative, normalised and with forward slashes, so that it leads to a file below a directory."""
    parts = path.split("/")
    return not any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts)


def _refuse_contradictions(manifest: Manifest) -> None:
    listed = [entry.path for entry in manifest.files]
    if len(set(listed)) < len(listed):
        raise ManifestError(f"{MANIFEST_FILE} lists a file twice in 'files'")
    for artifact in manifest.artifacts:
        if missing := sorted(set(artifact.files).difference(listed)):
            raise ManifestError(f"{MANIFEST_FILE}: the {artifact.engine} artifact needs {missing}, which 'files' lacks")
        if unknown := sorted(set(artifact.signatures).difference(manifest.signatures)):
            raise ManifestError(
                f"{MANIFEST_FILE}: the {artifact.engine} artifact serves {unknown}, which 'signatures' lacks"
            )
        if unknown := sorted(set(artifact.call_memory).difference(artifact.signatures)):
            raise ManifestError(
                f"{MANIFEST_FILE}: 'call_memory' of the {artifact.engine} artifact names {unknown}, which the artifact "
                "does not serve"
            )
    if manifest.code is not None and (missing := sorted(set(manifest.code.files).difference(listed))):
        raise ManifestError(f"{MANIFEST_FILE}: the code needs {missing}, which 'files' lacks")
    served = {signature for artifact in manifest.artifacts for signature in artifact.signatures}
    if unserved := sorted(manifest.signatures.keys() - served):
        raise ManifestError(f"{MANIFEST_FILE}: no artifact serves the signatures {unserved}")
    if not manifest.signatures:
        raise ManifestError(f"{MANIFEST_FILE} has no signature; a version needs at least one")


def _split(value: Fields, labels: Mapping[str, int]) -> Mapping[str, int]:
    weights = {label: value.integer(label, 0) for label in value.value}
    for label in weights:
        if label not in labels:
            raise ManifestError(f"{POINTER_FILE} splits requests to {label!a}, which is no label")
    if not any(weights.values()):
        raise ManifestError(f"{POINTER_FILE} has a split without weight; one label at least needs more than 0")
    return weights


def _signature(value: Fields) -> Signature:
    inputs = value.named("inputs", _tensor)
    given = value.object("defaults") if "defaults" in value else None
    for name in given.value if given else ():
        if name not in inputs:
            raise ManifestError(f"{MANIFEST_FILE} has a default of {name!a}, which is no input")
    return Signature(
        inputs=inputs,
        outputs=value.named("outputs", _tensor),
        method_name=value.text("method_name") if "method_name" in value else PREDICT_METHOD,
        defaults={name: _default(given.object(name), inputs[name].dtype) for name in given.value} if given else {},
    )


def _default(value: Fields, dtype: str) -> Default:
    count = prod(shape := value.integers("shape", 0))
    if count > LARGEST_DEFAULT:
        raise value.error("shape", list(shape), f"a shape of at most {LARGEST_DEFAULT} elements")
    if dtype == "string":
        if len(texts := [_bytes(value, "strings", text) for text in value.texts("strings")]) != count:
            raise value.error("strings", len(texts), f"a list of {count} texts, as the shape says")
    elif len(content := _bytes(value, "content", value.text("content"))) != count * element_bytes(dtype):
        raise value.error("content", len(content), f"{count} elements of {element_bytes(dtype)} bytes each")
    return value.value


def _bytes(value: Fields, key: str, text: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError:
        raise value.error(key, text, "base64") from None


def _tensor(value: Fields) -> TensorSpec:
    dtype = value.text("dtype")
    if dtype not in DTYPES:
        raise value.error("dtype", dtype, f"one of {', '.join(sorted(DTYPES))}")
    return TensorSpec(
        dtype=dtype,
        shape=None if value.get("shape") is None else value.integers("shape", -1),
        tensor=value.text("tensor") if "tensor" in value else "",
    )


def _artifact(value: Fields) -> Artifact:
    engine, form = value.get("engine"), value.get("form")
    if engine not in get_args(EngineName) or form not in FORMS[engine]:
        allowed = ", ".join(f"{name} with {' or '.join(forms)}" for name, forms in FORMS.items())
        raise ManifestError(f"{MANIFEST_FILE} has an artifact of {engine!r} with {form!r}; allowed are {allowed}")
    files = value.texts("files")
    if not files:
        raise value.error("files", [], "a list of at least one file")
    return Artifact(
        engine=engine,
        form=form,
        signatures=value.texts("signatures"),
        files=files,
        memory_bytes=value.integer("memory_bytes", 0),
        reason=value.text("reason"),
        verification=None if value.value.get("verification") is None else _verification(value.object("verification")),
        evidence=value.object("evidence").value if "evidence" in value else {},
        call_memory=value.named("call_memory", _call_memory) if "call_memory" in value else {},
    )


def _call_memory(value: Fields) -> CallMemory:
    return CallMemory(base_bytes=value.integer("base_bytes", 0), bytes_per_element=value.number("bytes_per_element"))


def _code(value: Fields) -> Code:
    hooks, files = value.texts("hooks"), value.texts("files")
    if not hooks or not set(hooks) <= set(HOOKS):
        raise value.error("hooks", list(hooks), f"a list of {' and '.join(HOOKS)}, or of one of them")
    if CODE_FILE not in files or not all(path.startswith(f"{CODE_DIRECTORY}/") for path in files):
        raise value.error("files", list(files), f"a list of {CODE_FILE} and of other files below {CODE_DIRECTORY}/")
    return Code(
        hooks=tuple(hook for hook in HOOKS if hook in hooks),
        files=files,
        samples=value.integer("samples", 0),
        packages=value.object("packages").value if "packages" in value else {},
        evidence=value.object("evidence").value if "evidence" in value else {},
    )


def _verification(value: Fields) -> Verification:
    return Verification(
        samples=value.integer("samples", 0),
        tolerance=value.number("tolerance"),
        worst_absolute_error=value.number("worst_absolute_error"),
        worst_relative_error=value.number("worst_relative_error"),
    )


def _file(value: Fields) -> FileEntry:
    path, sha256 = value.text("path"), _checksum(value, "sha256")
    if not is_plain_path(path) or path == MANIFEST_FILE:
        raise value.error("path", path, "a relative path below the version, such as saved_model/saved_model.pb")
    blake3 = _checksum(value, "blake3") if "blake3" in value else ""
    return FileEntry(path=path, size=value.integer("size", 0), sha256=sha256, blake3=blake3)


def _checksum(value: Fields, name: str) -> str:
    checksum = value.text(name)
    if not _CHECKSUM.fullmatch(checksum):
        raise value.error(name, checksum, "64 lower-case hexadecimal digits")
    return checksum


def _warmup(value: Fields) -> Mapping[str, Any]:
    for name, given in value.value.items():
        if type(given) is dict and "zeros" in given:
            shape = value.object(name).integers("zeros", 0)
            if prod(shape) > LARGEST_WARMUP:
                raise value.error(name, given, f"at most {LARGEST_WARMUP} elements")
    return value.value
