"""Make the models that the tests of the engines run, with what TensorFlow itself answers for them.

    python -m tests.handlers.serving.engines.make_models DIRECTORY

A program of its own, so that TensorFlow is imported once and not in the process whose engines are tested.
"""

import pickle
import shutil
import sys
from pathlib import Path
from typing import Any

import flatbuffers
import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.schema_py_generated import ModelT
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from handlers.manifest import DTYPES
from handlers.serving.meta_graph import read_signatures
from models.packaging import onnx_conversion

NOT_OF_ONNX = {"string", "bfloat16", "complex64", "complex128"}

BATCH = tf.TensorSpec([None, 3], tf.float32, name="x")


class Arithmetic(tf.Module):
    """Two signatures; the outputs of one are not in the order of their names."""

    @tf.function(input_signature=[BATCH])
    def statistics(self, x):
        return {"total": tf.reduce_sum(x, -1), "double": x * 2, "product": tf.matmul(x, tf.ones([3, 4]))}

    @tf.function(input_signature=[BATCH, tf.TensorSpec([None, 3], tf.float32, name="y")])
    def difference(self, x, y):
        return {"difference": x - y}


class Same(tf.Module):
    """Answers with its input."""

    def __init__(self, dtype):
        self.answer = tf.function(
            lambda x: {"y": tf.reshape(x, tf.shape(x))}, input_signature=[tf.TensorSpec([None, 2], dtype, name="x")]
        )


class Vocabulary(tf.Module):
    """A table filled from a file of the export when it is loaded, and strings joined."""

    def __init__(self, path):
        initializer = tf.lookup.TextFileInitializer(path, tf.string, 0, tf.int64, 1)
        self.table = tf.lookup.StaticHashTable(initializer, -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def look_up(self, words):
        return {"ids": self.table.lookup(words), "joined": tf.strings.join([words, words], "|")}


class Memory(tf.Module):
    """Keeps an input for a later call."""

    def __init__(self):
        self.kept = tf.Variable(tf.zeros([0]), shape=[None])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def keep(self, x):
        self.kept.assign(x)
        return {"size": tf.size(x)}

    @tf.function(input_signature=[])
    def recall(self):
        return {"kept": self.kept.read_value()}


class Files(tf.Module):
    """Answers with the content of files."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="paths")])
    def read(self, paths):
        return {"contents": tf.map_fn(tf.io.read_file, paths)}


def main(root: Path) -> None:
    arithmetic = Arithmetic()
    save(arithmetic, root / "arithmetic", serving_default=arithmetic.statistics, difference=arithmetic.difference)
    convert(root / "arithmetic", ["serving_default", "difference"])
    convert_to_onnx(root / "arithmetic")
    for dtype in sorted(DTYPES):
        save(same := Same(tf.as_dtype(dtype)), root / dtype, serving_default=same.answer)
        convert(root / dtype)
        if dtype not in NOT_OF_ONNX:
            convert_to_onnx(root / dtype)
    (root / "vocabulary.txt").write_text("alpha\t1\nβeta\t2\n", encoding="utf-8")
    save(
        vocabulary := Vocabulary(str(root / "vocabulary.txt")), root / "vocabulary", serving_default=vocabulary.look_up
    )
    (root / "vocabulary.txt").unlink()
    save(memory := Memory(), root / "memory", keep=memory.keep, recall=memory.recall)
    save(files := Files(), root / "files", serving_default=files.read)
    decoy(root)
    network(root / "network")
    large(root / "large")
    unsigned(root / "unsigned.tflite")
    odd(root)
    defaults(root / "defaults.pb")


def network(directory: Path) -> None:
    """A convolutional network in every form, and TensorFlow's own answers to a batch."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3), name="image"),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="softmax"),
        ]
    )
    model.export(directory, verbose=False)
    convert(directory, ["serving_default"])
    convert_to_onnx(directory)
    loaded = tf.saved_model.load(directory)
    function = loaded.signatures["serving_default"]
    images = np.random.default_rng(7).random((4, 16, 16, 3), dtype=np.float32)
    np.savez(directory / "answers.npz", images=images, answers=function(tf.constant(images))["output_0"].numpy())
    frozen = convert_variables_to_constants_v2(function)
    (directory / "frozen_graph.pb").write_bytes(frozen.graph.as_graph_def().SerializeToString())
    (directory / "frozen_graph.txt").write_text(f"{frozen.inputs[0].name} {frozen.outputs[0].name}")


def unsigned(path: Path) -> None:
    """A `.tflite` as older tools made them: without signatures."""
    triple = tf.function(lambda x: x * 3, input_signature=[tf.TensorSpec([1, 2], tf.float32, name="x")])
    content = bytearray(tf.lite.TFLiteConverter.from_concrete_functions([triple.get_concrete_function()]).convert())
    model = ModelT.InitFromPackedBuf(content, 0)
    model.signatureDefs = None
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def large(directory: Path) -> None:
    """Weights of 64 MiB, enough to measure their memory."""
    module = tf.Module()
    module.weights = tf.Variable(tf.random.normal([4096, 4096]))
    module.multiply = tf.function(
        lambda x: {"y": tf.matmul(x, module.weights)},
        input_signature=[tf.TensorSpec([None, 4096], tf.float32, name="x")],
    )
    save(module, directory, serving_default=module.multiply)
    convert(directory)
    convert_to_onnx(directory)


def odd(root: Path) -> None:
    """SavedModels with rare properties: a sparse input, an unknown rank, several tags."""
    model = saved_model_pb2.SavedModel()
    training = model.meta_graphs.add()
    training.meta_info_def.tags.append("train")
    training.signature_def["train_only"].outputs["loss"].name = "loss:0"
    accelerated = model.meta_graphs.add()
    accelerated.meta_info_def.tags.extend(["serve", "gpu"])
    accelerated.signature_def["accelerated"].outputs["y"].name = "y:0"
    (root / "accelerated.pb").write_bytes(model.SerializeToString())
    serving = model.meta_graphs.add()
    serving.meta_info_def.tags.append("serve")
    serving.graph_def.node.add(name="read", op="ReadFile", device="/job:worker")
    function = serving.graph_def.library.function.add()
    function.signature.name = "body"
    function.node_def.add(name="call", op="PyFunc")
    serving.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    plain = serving.signature_def["plain"]
    plain.method_name = "tensorflow/serving/classify"
    for name, dtype in (("unranked", 1), ("reference", 101), ("scalar", 3)):
        plain.inputs[name].name, plain.inputs[name].dtype = f"{name}:0", dtype
    plain.inputs["unranked"].tensor_shape.unknown_rank = True
    for size in (-1, 0, 3):
        plain.inputs["reference"].tensor_shape.dim.add(size=size)
    sparse = serving.signature_def["sparse"].inputs["x"]
    sparse.dtype, sparse.coo_sparse.values_tensor_name = 1, "values:0"
    resource = serving.signature_def["resource"].outputs["x"]
    resource.name, resource.dtype = "table:0", 20
    (root / "odd.pb").write_bytes(model.SerializeToString())


def defaults(path: Path) -> None:
    """A SavedModel with a default of each element type, and beside it what TensorFlow reads of each."""
    model = saved_model_pb2.SavedModel()
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    expected: dict[str, Any] = {}
    for dtype in sorted(DTYPES):
        element = str if dtype == "string" else tf.as_dtype(dtype).as_numpy_dtype
        for name, values in {"one": 1, "several": [[1, 0], [0, 1]], "last_repeats": [0, 1, 1]}.items():
            proto = tf.make_tensor_proto(np.array(values).astype(element).tolist(), tf.as_dtype(dtype))
            if name == "last_repeats" and not proto.tensor_content:
                (field,) = (value for kind, value in proto.ListFields() if kind.name.endswith("_val"))
                del field[-2 if dtype.startswith("complex") else -1 :]
            graph.signature_def[dtype].defaults[name].CopyFrom(proto)
            array = tf.make_ndarray(proto)
            expected[f"{dtype} {name}"] = array.tolist() if dtype == "string" else array.tobytes()
    path.with_suffix(".pickle").write_bytes(pickle.dumps(expected))
    path.write_bytes(model.SerializeToString())


def decoy(root: Path) -> None:
    """A SavedModel that reads files, behind a harmless graph that is tagged for serving, too."""
    model = saved_model_pb2.SavedModel()
    for source, tags in (("arithmetic", ["serve", "gpu"]), ("files", ["serve"])):
        content = (root / source / "saved_model.pb").read_bytes()
        model.meta_graphs.append(saved_model_pb2.SavedModel.FromString(content).meta_graphs[0])
        model.meta_graphs[-1].meta_info_def.tags[:] = tags
    shutil.copytree(root / "files", root / "decoy")
    (root / "decoy" / "saved_model.pb").write_bytes(model.SerializeToString())


def save(module: tf.Module, directory: Path, **signatures) -> None:
    tf.saved_model.save(module, str(directory), signatures=signatures)


def convert(directory: Path, signatures: list[str] | None = None) -> None:
    """Write the `.tflite` beside the SavedModel."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), signature_keys=signatures)
    (directory / "model.tflite").write_bytes(converter.convert())


def convert_to_onnx(directory: Path) -> None:
    """Write an `.onnx` for each signature beside the SavedModel."""
    for name, signature in read_signatures((directory / "saved_model.pb").read_bytes()).items():
        if name != "serve":
            (directory / f"{name}.onnx").write_bytes(onnx_conversion.convert(directory, name, signature))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
