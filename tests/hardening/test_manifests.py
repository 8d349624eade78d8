"""Documents of the repository that packaging did not write: each is read as it is meant, or a ManifestError."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.checked_json import ManifestError
from handlers.manifest import LARGEST_MANIFEST_BYTES, LARGEST_POINTER_BYTES, Manifest, Pointer
from handlers.manifest_reading import parse_manifest, parse_manifest_of, parse_pointer

GOOD: dict[str, Any] = {
    "schema_version": 1,
    "model": "m",
    "version": 3,
    "signatures": {
        "serving_default": {
            "inputs": {"x": {"dtype": "float32", "shape": [-1, 4], "tensor": "x:0"}},
            "outputs": {"y": {"dtype": "float32", "shape": None, "tensor": "y:0"}},
            "method_name": "tensorflow/serving/predict",
            "defaults": {"x": {"shape": [1, 2], "content": "AACAPwAAAEA="}},
        }
    },
    "artifacts": [
        {
            "engine": "litert",
            "form": "tflite",
            "signatures": ["serving_default"],
            "files": ["model.tflite"],
            "memory_bytes": 10,
            "reason": "quick",
            "verification": {
                "samples": 3, "tolerance": 0.0001, "worst_absolute_error": 0, "worst_relative_error": 1e-7
            },
            "evidence": {"lost": {}},
            "call_memory": {"serving_default": {"base_bytes": 10, "bytes_per_element": 2.5}},
        }
    ],
    "files": [{"path": "model.tflite", "size": 5, "sha256": "0" * 64}],
    "warmup": {"serving_default": {"x": [[1.0, 2.0, 3.0, 4.0]]}},
    "tools": {"numpy": "2"},
    "fingerprint": "f",
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good manifest with another value at a path such as `artifacts.0.files`; the value may be made of the old."""
    document = copy.deepcopy(GOOD)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inside: Any = document
    for part in way:
        inside = inside[part]
    inside[last] = value(inside[last]) if callable(value) else value
    return document


def test_a_good_manifest_is_read_and_written_as_it_is() -> None:
    manifest = parse_manifest(json.dumps(GOOD))
    assert json.loads(manifest.to_json()) == GOOD
    assert parse_manifest(manifest.to_json()) == manifest


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("model", None, "has None as 'model'; allowed is a text without NUL"),
        ("model", ["m"], "has \\['m'\\] as 'model'"),
        ("model", "m\0n", "'model'"),
        ("model", "\ud800", "'model'"),
        ("version", "3", "has '3' as 'version'; allowed is an integer from 1 up"),
        ("version", 3.0, "'version'"),
        ("version", True, "'version'"),
        ("version", 0, "'version'"),
        ("version", 1 << 63, "'version'"),
        ("signatures", [], "'signatures' of manifest.json is \\[\\]; it must be an object"),
        ("signatures", {}, "serves \\['serving_default'\\], which 'signatures' lacks"),
        ("signatures.serving_default", "x", "must be an object"),
        ("signatures.serving_default.inputs", None, "must be an object"),
        ("signatures.serving_default.inputs.x", [], "must be an object"),
        ("signatures.serving_default.inputs.x.dtype", "float8", "has 'float8' as 'dtype'; allowed is one of bfloat16"),
        ("signatures.serving_default.inputs.x.dtype", ["float32"], "'dtype'"),
        ("signatures.serving_default.inputs.x.shape", "4", "'shape'"),
        ("signatures.serving_default.inputs.x.shape", [-2], "allowed is a list of integers from -1 up"),
        ("signatures.serving_default.inputs.x.shape", ["4"], "'shape'"),
        ("signatures.serving_default.inputs.x.tensor", "x\0:0", "'tensor'"),
        ("signatures.serving_default.method_name", 7, "'method_name'"),
        ("signatures.serving_default.defaults", [], "must be an object"),
        ("signatures.serving_default.defaults", {"other": {}}, "default of 'other', which is no input"),
        ("signatures.serving_default.defaults.x", "0", "must be an object"),
        ("signatures.serving_default.defaults.x.shape", [1, -1], "allowed is a list of integers from 0 up"),
        ("signatures.serving_default.defaults.x.shape", [1 << 40], "a shape of at most 1048576 elements"),
        ("signatures.serving_default.defaults.x.shape", [3], "allowed is 3 elements of 4 bytes each"),
        ("signatures.serving_default.defaults.x.content", "no base64", "allowed is base64"),
        ("signatures.serving_default.defaults.x.content", None, "'content'"),
        ("artifacts", {}, "allowed is a list of objects"),
        ("artifacts", [None], "allowed is a list of objects"),
        ("artifacts", [], "no artifact serves the signatures"),
        ("artifacts.0.engine", ["litert"], "artifact of \\['litert'\\]"),
        ("artifacts.0.engine", "onnx", "allowed are litert with tflite"),
        ("artifacts.0.form", "saved_model", "allowed are litert with tflite"),
        ("artifacts.0.signatures", "serving_default", "'signatures'"),
        ("artifacts.0.signatures", ["serving_default", "other"], "serves \\['other'\\]"),
        ("artifacts.0.files", [], "at least one file"),
        ("artifacts.0.files", ["other"], "needs \\['other'\\], which 'files' lacks"),
        ("artifacts.0.files", [7], "'files'"),
        ("artifacts.0.memory_bytes", "10", "'memory_bytes'"),
        ("artifacts.0.memory_bytes", -1, "'memory_bytes'"),
        ("artifacts.0.reason", {}, "'reason'"),
        ("artifacts.0.verification", "yes", "must be an object"),
        ("artifacts.0.verification.samples", 1.5, "'samples'"),
        ("artifacts.0.verification.tolerance", float("nan"), "'tolerance'"),
        ("artifacts.0.verification.tolerance", float("inf"), "'tolerance'"),
        ("artifacts.0.evidence", [], "must be an object"),
        ("artifacts.0.call_memory", [], "must be an object"),
        ("artifacts.0.call_memory.serving_default.base_bytes", -1, "allowed is an integer from 0 up"),
        ("artifacts.0.call_memory.serving_default.bytes_per_element", -1, "allowed is a number from 0 up"),
        ("artifacts.0.call_memory", {"s": {"base_bytes": 1, "bytes_per_element": 1}}, "which the artifact does not"),
        ("files", None, "allowed is a list of objects"),
        ("files.0.size", "5", "'size'"),
        ("files.0.size", -5, "'size'"),
        ("files.0.sha256", "", "allowed is 64 lower-case hexadecimal digits"),
        ("files.0.sha256", "A" * 64, "'sha256'"),
        ("files.0.sha256", None, "'sha256'"),
        ("files.0.blake3", "A" * 64, "as 'blake3'; allowed is 64 lower-case hexadecimal digits"),
        ("files.0.blake3", "", "allowed is 64 lower-case hexadecimal digits"),
        ("files.0.blake3", None, "'blake3'"),
        ("files", lambda files: files * 2, "lists a file twice"),
        ("warmup", [], "must be an object"),
        ("warmup.serving_default", [], "must be an object"),
        ("warmup.serving_default.x", {"zeros": "8"}, "'zeros'"),
        ("warmup.serving_default.x", {"zeros": [-1]}, "'zeros'"),
        ("warmup.serving_default.x", {"zeros": [1 << 40]}, "at most 16777216 elements"),
        ("tools", 3, "must be an object"),
        ("fingerprint", None, "'fingerprint'"),
        ("schema_version", 2, "schema version 2; this release reads version 1"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_with_its_place(path: str, value: Any, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        parse_manifest(json.dumps(changed(path, value)))


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "../x", "a/../../x", "a/..", ".", "./a", "a/./b", "a//b", "a/", "a\\b", "..\\x", "a\0b",
        "manifest.json",
    ],
)  # fmt: skip
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    document = changed("files.0.path", path)
    document["artifacts"][0]["files"] = [path]
    with pytest.raises(ManifestError):
        parse_manifest(json.dumps(document))


@pytest.mark.parametrize("key", [key for key in GOOD if key not in ("warmup", "tools", "fingerprint")])
def test_a_key_that_is_missing_is_named(key: str) -> None:
    document = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(ManifestError, match="schema version None" if key == "schema_version" else f"lacks .*'{key}'"):
        parse_manifest(json.dumps(document))


@pytest.mark.parametrize("parse", [parse_manifest, parse_pointer])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"nonsense", b"\xff\xfe", b"null", b"[]", b'"text"', b"1", b"NaN",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"version": ' + b"9" * 5000 + b"}",
        b'{"version": 1e999}',
    ],
)  # fmt: skip
def test_other_content_is_refused(parse: Callable[[bytes], object], content: bytes) -> None:
    with pytest.raises(ManifestError):
        parse(content)


def test_a_document_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    for parse, limit in ((parse_manifest, LARGEST_MANIFEST_BYTES), (parse_pointer, LARGEST_POINTER_BYTES)):
        with pytest.raises(ManifestError, match=f"more than {limit} bytes"):
            parse(b'{"version": 1, "a": "' + b"x" * limit + b'"}')


@pytest.mark.parametrize(
    "document",
    [
        {"version": "2"}, {"version": 0}, {"version": True}, {"version": 1.0}, {"version": [1]}, {},
        {"version": 1, "labels": None}, {"version": 1, "labels": ["a"]}, {"version": 1, "labels": {"a": "1"}},
        {"version": 1, "labels": {"a": 0}},
    ],
)  # fmt: skip
def test_a_pointer_of_another_form_is_refused(document: Any) -> None:
    with pytest.raises(ManifestError, match=r"current\.json"):
        parse_pointer(json.dumps(document))


def test_a_manifest_is_believed_only_for_the_version_that_was_asked_for() -> None:
    content = json.dumps(GOOD)
    assert parse_manifest_of("m", 3, content).version == 3
    for model, version in (("m", 4), ("n", 3)):
        with pytest.raises(ManifestError, match=f"of {model} version {version} says that it belongs to version 3 of m"):
            parse_manifest_of(model, version, content)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, at: str = "") -> list[str]:
    """Every path in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, each in inside for path in (f"{at}{key}", *places(each, f"{at}{key}."))]


@settings(max_examples=400, deadline=None)
@given(path=st.sampled_from(places(GOOD)), value=VALUES)
def test_whatever_stands_anywhere_is_read_or_refused_and_nothing_else_happens(path: str, value: Any) -> None:
    content = json.dumps(changed(path, value))
    try:
        manifest = parse_manifest(content)
    except ManifestError:
        return
    assert type(manifest) is Manifest
    again = parse_manifest(json.dumps(json.loads(content)))
    assert again.files == manifest.files
    for artifact in manifest.artifacts:
        assert all(entry.size >= 0 for entry in manifest.files_of(artifact))
    assert manifest.artifact_for(manifest.default_signature()).files


@settings(max_examples=300, deadline=None)
@given(document=VALUES | st.fixed_dictionaries({"version": VALUES, "labels": VALUES}))
def test_whatever_a_pointer_holds_is_read_or_refused_and_nothing_else_happens(document: Any) -> None:
    try:
        pointer = parse_pointer(json.dumps(document))
    except ManifestError:
        return
    assert type(pointer) is Pointer
    assert min(pointer.versions()) >= 1
