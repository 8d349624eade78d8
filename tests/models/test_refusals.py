"""What cannot be packaged is refused with one reason, and the repository stays as it was."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from handlers.manifest import LARGEST_WARMUP, Signature, TensorSpec
from handlers.serving.warmup import warmup_inputs
from models.packaging.errors import PackagingError
from models.packaging.meta_graph import read_meta_graph, read_signatures
from models.packaging.requests.generated import generate_requests
from models.packaging.requests.sample_files import SampleArrays
from models.packaging.requests.samples import refuse_unusable_samples, requests_from_samples
from models.packaging.requests.warmup import warmup_request
from models.packaging.safety import refuse_harm
from tests.models import saved_models


@pytest.fixture
def refused(empty, pack):
    """The reason why a source is refused."""

    def run(source, **options):
        with pytest.raises(PackagingError) as error:
            pack(source, **options)
        assert not empty.root.exists()
        return str(error.value)

    return run


@pytest.mark.parametrize(
    ("function", "operation", "harm"),
    [
        (saved_models.calls_python, "EagerPyFunc", "calls Python"),
        (saved_models.reads_files, "ReadFile", "reads or writes files"),
        (saved_models.prints_to_a_file, "PrintV2", "reads or writes the file"),
        (saved_models.reads_records, "RecordInput", "reads or writes files"),
        (saved_models.draws_from_a_file, "FixedUnigramCandidateSampler", "reads or writes the file '/somewhere'"),
    ],
)
def test_what_could_harm_is_refused_unless_allowed_by_name(tmp_path, refused, function, operation, harm):
    source = saved_models.save(tmp_path / "m", serving_default=function)
    reason = refused(source)
    assert harm in reason
    assert f"--allow-op {operation}" in reason
    refuse_harm(read_meta_graph(source), {operation})


def test_what_only_may_name_a_file_is_harmless_without_one(tmp_path):
    refuse_harm(read_meta_graph(saved_models.save(tmp_path / "m", serving_default=saved_models.draws)), ())


@pytest.mark.parametrize(
    "operation",
    "Skipgram CalibrationStatisticsSaver DumpTensor DTensorRestoreV2 DTensorShardedPrefix DatasetFromGraph".split(),
)
def test_operations_that_reach_out_in_their_own_way_are_refused(tmp_path, operation):
    meta_graph = read_meta_graph(saved_models.save(tmp_path / "m", serving_default=saved_models.scores))
    meta_graph.graph_def.node.add(name="reaches_out", op=operation)
    with pytest.raises(PackagingError, match=f"'reaches_out' .*{operation}"):
        refuse_harm(meta_graph, ())


@pytest.fixture
def table_graph(tmp_path):
    """The graph of a model that fills a table from its asset, with a constant path of another file in it."""
    meta_graph = read_meta_graph(saved_models.with_a_table(tmp_path / "m", tmp_path / "colours.txt"))
    refuse_harm(meta_graph, ())
    meta_graph.graph_def.node.add(name="elsewhere", op="Const")
    return meta_graph


def node(meta_graph, wanted):
    return next(found for found in meta_graph.graph_def.node if wanted in (found.name, found.op))


def test_a_table_is_filled_from_no_file_but_an_asset(table_graph):
    node(table_graph, "AssignVariableOp").input[1] = "elsewhere"
    with pytest.raises(PackagingError, match="InitializeTableFromTextFileV2"):
        refuse_harm(table_graph, ())


def test_a_variable_that_holds_an_assets_path_is_assigned_nothing_else(table_graph):
    variable = node(table_graph, "AssignVariableOp").input[0]
    table_graph.graph_def.node.add(name="again", op="AssignVariableOp", input=[variable, "elsewhere"])
    with pytest.raises(PackagingError, match="InitializeTableFromTextFileV2"):
        refuse_harm(table_graph, ())


def test_an_initializer_holds_the_path_of_nothing_but_an_asset(table_graph):
    held = next(found for found in table_graph.object_graph_def.nodes if found.WhichOneof("kind") == "asset")
    held.constant.operation = "elsewhere"
    with pytest.raises(PackagingError, match="InitializeTableFromTextFileV2"):
        refuse_harm(table_graph, ())


def test_a_client_fills_no_table(table_graph):
    initial = next(iter(table_graph.signature_def["__saved_model_init_op"].outputs.values())).name
    node(table_graph, "StatefulPartitionedCall").input.append(f"^{initial}")
    with pytest.raises(PackagingError, match="InitializeTableFromTextFileV2"):
        refuse_harm(table_graph, ())


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd"])
def test_an_asset_outside_the_model_is_refused(table_graph, name):
    table_graph.asset_file_def[0].filename = name
    with pytest.raises(PackagingError, match=f"'{name}' lies outside"):
        refuse_harm(table_graph, ())


@pytest.fixture
def saver_graph(tmp_path):
    """The graph of a model of TensorFlow 1, with a constant path of another file in it."""
    meta_graph = read_meta_graph(saved_models.with_a_saver_of_version_1(tmp_path / "m"))
    refuse_harm(meta_graph, ())
    meta_graph.graph_def.node.add(name="elsewhere", op="Const")
    return meta_graph


@pytest.mark.parametrize("operation", ["SaveV2", "RestoreV2", "MergeV2Checkpoints"])
def test_variables_are_read_from_no_path_but_the_loaders(saver_graph, operation):
    saver_graph.graph_def.node.add(name="as_it_is", op="Identity", input=["elsewhere"])
    node(saver_graph, operation).input[0] = "as_it_is"
    with pytest.raises(PackagingError, match=operation):
        refuse_harm(saver_graph, ())


def test_nothing_leads_away_from_the_loaders_path(saver_graph):
    node(saver_graph, "save/Const_1").attr["value"].tensor.string_val[:] = [b"/../../elsewhere"]
    with pytest.raises(PackagingError, match="ShardedFilename"):
        refuse_harm(saver_graph, ())


def test_a_client_saves_no_variables(saver_graph):
    output = next(iter(saver_graph.signature_def["serving_default"].outputs.values())).name.split(":")[0]
    node(saver_graph, output).input.append("^" + node(saver_graph, "SaveV2").name)
    with pytest.raises(PackagingError, match="save/ShardedFilename"):
        refuse_harm(saver_graph, ())


def test_a_lambda_layer_is_refused(tmp_path, refused):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda value: value + 1)])
    model.save(tmp_path / "m.keras")
    assert "Lambda layer" in refused(tmp_path / "m.keras")


@keras.saving.register_keras_serializable("lambda_tests")
class Own(keras.layers.Layer):
    def call(self, values):
        return values


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_class_that_keras_lacks_is_named(tmp_path, refused, monkeypatch, suffix):
    path = tmp_path / f"lambda{suffix}"
    keras.Sequential([keras.Input((2,)), Own()]).save(path)
    monkeypatch.delitem(keras.saving.get_custom_objects(), "lambda_tests>Own")
    monkeypatch.setattr(Own, "__module__", "elsewhere")
    reason = refused(path)
    assert "Own, which Keras does not have" in reason
    assert "Lambda layer" not in reason


def test_weights_without_a_model_are_refused(tmp_path, refused):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save_weights(tmp_path / "m.weights.h5")
    assert "weights" in refused(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.tflite"])
def test_a_damaged_file_is_refused(tmp_path, refused, name):
    (tmp_path / name).write_bytes(b"not a model")
    assert name in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_keras_file_that_was_cut_short_is_refused_as_that(tmp_path, refused, name):
    (tmp_path / name).touch()
    assert "is empty" in refused(tmp_path / name)
    (tmp_path / name).write_bytes({".keras": b"PK\x03\x04", ".h5": b"\x89HDF\r\n\x1a\n"}[Path(name).suffix] + bytes(64))
    assert f"{name} is {'cut short' if name == 'm.keras' else 'damaged'}; write it again" in refused(tmp_path / name)


def test_a_damaged_saved_model_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    (source / "saved_model.pb").write_bytes(b"\xff" * 64)
    assert "is not a SavedModel" in refused(source)


def test_a_saved_model_without_its_variables_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    next(source.glob("variables/*.data*")).unlink()
    assert "its variables are missing or damaged" in refused(source)


def test_what_is_no_model_is_refused(tmp_path, refused):
    (tmp_path / "m.txt").write_text("hello")
    assert ".keras, .h5, .hdf5, .tflite" in refused(tmp_path / "m.txt")
    assert "does not exist" in refused(tmp_path / "nothing.keras")
    assert "saved_model.pb" in refused(tmp_path)


def test_a_directory_of_versions_is_refused_with_the_newest_of_them(tmp_path, refused):
    for version in ("9", "10"):
        (tmp_path / "m" / version).mkdir(parents=True)
        (tmp_path / "m" / version / "saved_model.pb").touch()
    assert f"give {tmp_path / 'm' / '10'}" in refused(tmp_path / "m")


def test_a_repository_that_is_a_file_is_refused(tmp_path, empty, pack):
    empty.root.touch()
    with pytest.raises(PackagingError, match="is a file; give a directory"):
        pack(saved_models.save(tmp_path / "m", serving_default=saved_models.scores))


def test_a_model_that_refuses_a_request_is_quoted(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.takes_only_small_numbers)
    np.savez(tmp_path / "s.npz", rows=np.full((1, 4), 7, np.float32))
    assert "assertion failed" in refused(source, samples=tmp_path / "s.npz")


def given(**arrays):
    return SampleArrays(path=Path("s.npz"), arrays=arrays)


def accept(request):
    """A model that takes any request."""


A = np.zeros((3, 4), np.float32)
B = np.zeros(3, np.int32)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"a": A, "B": B}, "arrays that no signature takes: B; serving_default takes a, b"),
        ({"a": A}, "holds a, which is not enough for any signature; serving_default takes a, b"),
        ({}, "holds nothing"),
        ({"a": A, "b": B[:2]}, "(Incompatible shapes: [2] vs. [3]); the request has a [3, 4], b [2]"),
        ({"a": A[:0], "b": B[:0]}, "are empty"),
        ({"a": A[:, :3], "b": B}, "s.npz: serving_default.a has the shape [3, 3]; the input takes [any, 4]"),
        ({"a": A.astype("U1"), "b": B}, "a is of dtype <U1"),
        ({"a": A + 1j, "b": B}, "a is of dtype complex"),
        ({"a": np.full((3, 4), 1e300), "b": B}, "a is of dtype float64"),
        ({"a": A, "b": B + 0.5}, "b is of dtype float64 and holds values that int32 cannot hold"),
        ({"a": A, "b": B + np.int64(2**31)}, "b is of dtype int64 and holds values that int32 cannot hold"),
        ({"a": A, "b": B + np.nan}, "b is of dtype float64"),
    ],
)
def test_samples_that_do_not_fit_are_refused(tmp_path, refused, arrays, reason):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.takes_two)
    np.savez(tmp_path / "s.npz", **arrays)
    assert reason in refused(source, samples=tmp_path / "s.npz")


def test_samples_of_another_type_with_the_same_values_are_taken(two):
    samples = given(a=A.astype(np.float64) + 0.1, b=B.astype(np.float64), right_answers=B)
    refuse_unusable_samples({"serving_default": two}, samples)
    first = requests_from_samples("serving_default", two, samples, accept)[0]
    assert (first["a"].dtype, first["b"].dtype) == (np.float32, np.int32)
    assert requests_from_samples("serving_default", two, given(a=A, b=B > 0), accept)[0]["b"].tolist() == [0]


@pytest.fixture
def two(tmp_path):
    source = saved_models.save(tmp_path / "two", serving_default=saved_models.takes_two)
    return read_signatures(read_meta_graph(source))["serving_default"]


def test_words_are_taken_as_utf_8():
    words = Signature(inputs={"words": TensorSpec(dtype="string", shape=(-1,), tensor="words:0")}, outputs={})
    (request,) = requests_from_samples("serving_default", words, given(words=np.array(["größe"])), accept)
    assert request["words"].tolist() == ["größe".encode()]
    with pytest.raises(PackagingError, match="takes strings"):
        requests_from_samples("serving_default", words, given(words=B), accept)


def test_samples_are_of_no_use_to_a_signature_without_inputs(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.takes_nothing)
    np.savez(tmp_path / "s.npz", rows=A)
    assert "leave --samples out" in refused(source, samples=tmp_path / "s.npz")


def test_a_signature_without_inputs_is_left_out_of_samples(tmp_path, pack):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.takes_two, fixed=saved_models.takes_nothing)
    np.savez(tmp_path / "s.npz", a=A, b=B)
    assert set(pack(source, samples=tmp_path / "s.npz").manifest.signatures) == {"fixed", "serving_default"}


def test_a_file_that_holds_no_samples_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    assert "none.npz cannot be read (No such file" in refused(source, samples=tmp_path / "none.npz")
    np.savez(tmp_path / "s.npz", rows=A)
    np.save(tmp_path / "one.npy", A)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "s.npz").read_bytes()[:200])
    (tmp_path / "empty.npz").touch()
    for name in ("one.npy", "cut.npz", "empty.npz"):
        assert f"{name} holds no samples that can be read" in refused(source, samples=tmp_path / name)


def test_an_engine_that_overflows_too_early_is_not_chosen(tmp_path, pack):
    manifest = pack(saved_models.save(tmp_path / "m", serving_default=saved_models.overflows)).manifest
    assert manifest.artifacts[0].engine == "onnxruntime"
    assert "LiteRT cannot: output rows has NaN or infinity" in manifest.artifacts[0].reason


def test_a_model_may_refuse_numbers_of_a_wide_range():
    rows = Signature(inputs={"rows": TensorSpec(dtype="float32", shape=(-1, 4), tensor="rows:0")}, outputs={})
    taken = generate_requests("serving_default", rows, accept)
    assert max(np.abs(request.inputs["rows"]).max() for request in taken) > 200
    assert {request.kind for request in taken} == {"usual"}
    made = generate_requests("serving_default", rows, lambda request: saved_models.takes_only_small_numbers(**request))
    assert len(made) == len(taken)
    assert max(np.abs(request.inputs["rows"]).max() for request in made if request.kind == "usual") <= 1
    assert [request.kind for request in made[-2:]] == ["unusual", "unusual"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64", "float32", "bool", "string"])
def test_a_warm_up_request_is_one_that_a_function_can_read(dtype):
    spec = TensorSpec(dtype=dtype, shape=(-1, 4), tensor="x:0")
    signature = Signature(inputs={"x": spec}, outputs={})
    request = generate_requests("serving_default", signature, accept)[0].inputs
    read = warmup_inputs(signature, json.loads(json.dumps(warmup_request(request, lambda request: None))))["x"]
    assert read.shape == (1, 4)
    if dtype in ("float32", "bool", "string"):
        assert read.tolist() == request["x"].tolist()
    else:
        assert not read.any()


def test_a_warm_up_request_takes_little_of_a_manifest():
    def held(**request: np.ndarray) -> Mapping[str, Any] | None:
        return warmup_request(request, lambda request: None)

    few = held(**{f"x{number}": np.ones((1, 1024)) for number in range(16)})
    assert few
    assert few["x15"] == [[1.0] * 1024]
    assert held(**{f"x{number}": np.ones((1, 1024)) for number in range(200)})["x199"] == {"zeros": [1, 1024]}
    assert held(x=np.array([b"a" * 1000], object))
    assert held(x=np.array([b"a" * 1_000_000], object)) is None
    assert held(x=np.broadcast_to(np.float32(1), (1, LARGEST_WARMUP + 1))) is None


def test_a_model_that_answers_at_random_is_refused(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.is_random)
    assert "it draws random numbers (RandomStandardNormal)" in refused(source, forms=("saved_model",))


def test_an_engine_that_cannot_is_refused_with_its_reason(tmp_path, refused):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.lengths)
    assert "LiteRT has no" in refused(source, forms=("tflite",))


@pytest.mark.parametrize("option", [{"version": 0}, {"tolerance": -1.0}])
def test_options_out_of_range_are_refused(tmp_path, refused, option):
    assert str(next(iter(option.values()))) in refused(tmp_path, **option)
