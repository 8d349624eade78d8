"""Files cut short, and files of another kind under a known ending."""

import json
import pickle
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from tests.models.zoo.exhibit import Made, Wing
from tests.models.zoo.keras_models import stack
from tests.models.zoo.litert import tflite
from tests.models.zoo.modules import five_signatures
from tests.models.zoo.room import Room

WING = Wing("Damaged files and files of another kind")
ENDINGS = (
    "<source> is not a model that can be packaged: give a SavedModel directory or a file that ends in .keras, .h5, "
    ".hdf5, .tflite"
)


def half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def keras_file(room: Room, name: str) -> Path:
    stack().save(room.path(name))
    return room.path(name)


@WING.refused("<source> is cut short; write it again with model.save('model.keras')", "cut short", ".keras")
def cut_keras(room: Room) -> Made:
    return Made(half(keras_file(room, "model.keras")))


@WING.refused("<source> is cut short; write it again with model.save('model.h5')", "cut short", ".h5")
def cut_h5(room: Room) -> Made:
    return Made(half(keras_file(room, "model.h5")))


@WING.refused("<source> is a LiteRT file that is damaged or cut short; convert the model again", "cut short", ".tflite")
def cut_tflite(room: Room) -> Made:
    return Made(half(tflite(room).source))


@WING.refused("<source> is empty; write it again with model.save('model.keras')", "empty", ".keras")
def empty_keras(room: Room) -> Made:
    return Made(room.write("model.keras", b""))


@WING.refused("<source> is empty; convert the model again", "empty", ".tflite")
def empty_tflite(room: Room) -> Made:
    return Made(room.write("model.tflite", b""))


@WING.refused(
    "<source>/saved_model.pb is cut short, or is not a SavedModel; save the model again",
    "`saved_model.pb` cut short",
    "SavedModel",
)
def cut_saved_model(room: Room) -> Made:
    made = five_signatures(room)
    half(made.source / "saved_model.pb")
    return Made(made.source)


@WING.refused(
    "TensorFlow cannot load <source>: its variables are missing or damaged (Read less bytes than requested); save the "
    "model again",
    "variables cut short",
    "SavedModel",
)
def cut_variables(room: Room) -> Made:
    made = five_signatures(room)
    half(next(made.source.glob("variables/*.data*")))
    return Made(made.source)


@WING.refused(
    "<source> is an HDF5 file, not a zip file as .keras says. If model.save wrote it, rename it to model.h5",
    "an HDF5 file",
    ".keras",
)
def hdf5_as_keras(room: Room) -> Made:
    return Made(keras_file(room, "model.h5").rename(room.path("model.keras")))


@WING.refused(
    "<source> is a zip file, not an HDF5 file as .h5 says. If model.save wrote it, rename it to model.keras",
    "a `.keras` file",
    ".h5",
)
def zip_as_h5(room: Room) -> Made:
    return Made(keras_file(room, "model.keras").rename(room.path("model.h5")))


@WING.refused(
    "<source> is a zip file, but not of Keras: it lacks config.json. PyTorch writes such files; export that model for "
    "TensorFlow first.",
    "a PyTorch file",
    ".keras",
)
def pytorch_as_keras(room: Room) -> Made:
    members = {"archive/data.pkl": pickle.dumps({"weight": [1.0]}), "archive/version": b"3\n"}
    return Made(zipped(room.path("model.keras"), members))


@WING.refused(
    "<source> is a zip file, but not of Keras: it lacks config.json. It holds a SavedModel: unzip it, and give the "
    "directory.",
    "a zipped SavedModel",
    ".keras",
)
def zipped_saved_model(room: Room) -> Made:
    made = five_signatures(room)
    shutil.make_archive(str(room.path("model")), "zip", made.source)
    return Made(room.path("model.zip").rename(room.path("model.keras")))


@WING.refused(
    "<source> is an HDF5 file, but not of Keras: it has no model. Save the model with model.save('model.keras').",
    "an HDF5 file of other data",
    ".h5",
)
def other_hdf5(room: Room) -> Made:
    import h5py

    with h5py.File(room.path("model.h5"), "w") as file:
        file["measurements"] = room.floats(10)
    return Made(room.path("model.h5"))


@WING.refused("<source> is not a LiteRT file; convert the model again", "a text", ".tflite")
def text_as_tflite(room: Room) -> Made:
    return Made(room.write("model.tflite", b"this is no model\n"))


@WING.refused(ENDINGS, "a pickled estimator", ".pkl")
def pickled(room: Room) -> Made:
    return Made(room.write("model.pkl", pickle.dumps({"weight": [1.0]})))


@WING.refused(ENDINGS + ". Export the model for TensorFlow from the framework that it was trained in.", "ONNX", ".onnx")
def onnx(room: Room) -> Made:
    return Made(room.write("model.onnx", b"\x08\x07\x12\x07pytorch"))


@WING.refused(
    ENDINGS
    + ". A description in JSON has no weights. Build the model with keras.models.model_from_json, load its weights, "
    "and save the whole model with model.save('model.keras').",
    "the architecture alone (`to_json`)",
    ".json",
)
def architecture_alone(room: Room) -> Made:
    return Made(room.write("model.json", stack().to_json().encode()))


@WING.refused(
    "<source> holds no saved_model.pb, so it is not a SavedModel directory; give <source>/2, which is one",
    "a directory of versions",
    "directory",
)
def directory_of_versions(room: Room) -> Made:
    for version in ("1", "2"):
        tf.saved_model.save(tf.Module(), str(room.path("model") / version))
    return Made(room.path("model"))


@WING.refused(
    "<source> holds no saved_model.pb, so it is not a SavedModel directory", "a directory of other things", "directory"
)
def other_directory(room: Room) -> Made:
    room.path("model").mkdir()
    (room.path("model") / "notes.txt").write_text("nothing", encoding="utf-8")
    return Made(room.path("model"))


@WING.refused("<source> does not exist", "nothing", ".keras")
def nothing(room: Room) -> Made:
    return Made(room.path("model.keras"))


@WING.refused(
    "<source> lacks its weights; write it again with model.save('model.keras')",
    "without its weights",
    ".keras",
)
def keras_without_weights(room: Room) -> Made:
    source = keras_file(room, "model.keras")
    kept = {name: content for name, content in unzipped(source).items() if not name.endswith(".h5")}
    return Made(zipped(source, kept))


@WING.refused(
    "<source> needs the class NewLayer, which Keras does not have. Export the model as a SavedModel with "
    "model.export(directory), in a program that has this code. Keras 9.0.0 wrote it, and this is Keras <here>; a newer "
    "one may read it.",
    "of a newer Keras, with a layer that is not there yet",
    ".keras",
)
def newer_keras(room: Room) -> Made:
    source = keras_file(room, "model.keras")
    members = unzipped(source)
    config = json.loads(members["config.json"])
    config["config"]["layers"][1]["class_name"] = "NewLayer"
    members["config.json"] = json.dumps(config).encode()
    members["metadata.json"] = json.dumps({"keras_version": "9.0.0", "date_saved": "2030-01-01"}).encode()
    return Made(zipped(source, members))
