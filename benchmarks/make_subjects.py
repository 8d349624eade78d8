"""Makes the subjects: builds models with Keras, saves them, and packages them in every form. Imports TensorFlow."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.paths import REPOSITORIES, SUBJECTS
from benchmarks.subjects import CHOSEN, DENSE, FAMILIES, WEIGHT_MEGABYTES, FamilyOfModels, Subject, repository
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, ArtifactForm, Pointer
from models.packaging.errors import PackagingError
from models.packaging.forms import PREFERENCE
from models.packaging.options import PackageOptions
from models.packaging.package import package
from models.packaging.repository import ModelRepository
from models.samples.catalog import load_catalog
from models.saving import save_lean

APPLICATIONS: dict[str, Any] = {
    "mobilenet_v2": keras.applications.MobileNetV2,
    "resnet50": keras.applications.ResNet50,
    "efficientnet_b0": keras.applications.EfficientNetB0,
}


def main(names: Sequence[str]) -> None:
    """Make the subjects and families of these names."""
    for name in names:
        form, _, of_one_form = name.rpartition(":")
        if name in FAMILIES:
            make_family(FAMILIES[name])
        elif form == "chosen":
            make_chosen(of_one_form)
        else:
            make_subject(of_one_form, [form] if form in PREFERENCE else PREFERENCE)


def make_subject(name: str, forms: Sequence[ArtifactForm]) -> None:
    """Make one subject: a Keras file, a SavedModel, and a version in each form."""
    subject = _save(name)
    for form in forms:
        _package(name, subject.saved_model, [form], repository(form))
    subject.write()


def make_chosen(name: str) -> None:
    """Make one subject for the comparison with the peers: a version in the form that packaging chooses, and one for
    LiteRT alone where it can be converted."""
    subject = _save(name)
    with suppress(PackagingError):
        _package(name, subject.saved_model, ["tflite"], repository("tflite"))
    _package(name, subject.saved_model, PREFERENCE, CHOSEN)
    subject.write()


def _save(name: str) -> Subject:
    model, serve, subject = _network(name) if name in BUILDERS else _sample(name)
    subject.saved_model.parent.mkdir(parents=True, exist_ok=True)
    model.save(subject.keras_file)
    save_lean([variable.value for variable in model.variables], {"serving_default": serve}, subject.saved_model)
    return subject


def make_family(family: FamilyOfModels) -> None:
    """Make many models that differ only in name, so that the cache has room for the same number of any of them."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((family.FEATURES,)),
            keras.layers.Dense(family.width, activation="relu"),
            keras.layers.Dense(family.width, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    source, template = SUBJECTS / family.name / "saved_model", REPOSITORIES / f"{family.name}-template"
    serve = _signature(model, "features", (family.FEATURES,), "probabilities")
    save_lean([variable.value for variable in model.variables], {"serving_default": serve}, source)
    _package(family.name, source, ["tflite"], template)
    version = template / family.name / "1"
    manifest = ModelRepository(template).versions(family.name)[1]
    (artifact,) = manifest.artifacts
    for member in family.members:
        copy = family.repository / member / "1"
        copy.mkdir(parents=True, exist_ok=True)
        for file in artifact.files:
            shutil.copyfile(version / file, copy / file)
        renamed = manifest._replace(model=member, files=manifest.files_of(artifact))
        (copy / MANIFEST_FILE).write_text(renamed.to_json(), encoding="utf-8")
        (copy.parent / POINTER_FILE).write_text(Pointer(version=1).to_json(), encoding="utf-8")


def _network(name: str) -> tuple[Any, Any, Subject]:
    keras.utils.set_random_seed(1)
    model = BUILDERS[name]()
    feature = "image" if name in APPLICATIONS else "features"
    subject = Subject(name=name, input=feature, shape=tuple(model.input_shape[1:]), output="probabilities")
    return model, _signature(model, subject.input, subject.shape, subject.output), subject


def _application(name: str) -> Any:
    model = APPLICATIONS[name](weights=None)
    _spread_weights(model)
    return model


def _conv1d() -> Any:
    """Convolutions along a second of sound, as in models that hear a pitch."""
    layers: list[Any] = [keras.Input((1024, 1))]
    for filters, width, stride in ((1024, 512, 4), (128, 64, 1), (128, 64, 1), (128, 64, 1), (256, 64, 1)):
        layers += [
            keras.layers.Conv1D(filters, width, strides=stride, padding="same", activation="relu"),
            keras.layers.MaxPooling1D(2),
        ]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(360, activation="sigmoid")])


def _transformer() -> Any:
    """An encoder over 128 vectors of 256 numbers."""
    tokens = inputs = keras.Input((128, 256))
    for _ in range(6):
        attended = keras.layers.MultiHeadAttention(4, 64)(tokens, tokens)
        tokens = keras.layers.LayerNormalization()(keras.layers.Add()([tokens, attended]))
        wide = keras.layers.Dense(1024, activation="gelu")(tokens)
        tokens = keras.layers.LayerNormalization()(keras.layers.Add()([tokens, keras.layers.Dense(256)(wide)]))
    pooled = keras.layers.GlobalAveragePooling1D()(tokens)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(pooled))


def _gru() -> Any:
    """Recurrent layers over 120 steps of 16 numbers."""
    recurrent = [keras.layers.GRU(64, return_sequences=True), keras.layers.GRU(64)]
    return keras.Sequential([keras.Input((120, 16)), *recurrent, keras.layers.Dense(10, activation="softmax")])


def _unet() -> Any:
    """Three times half the size and twice the channels, and back: a class for each of 128 by 128 points."""
    points = picture = keras.Input((128, 128, 3))
    kept: list[Any] = []
    for channels in (32, 64, 128):
        kept.append(_convolved(_convolved(points, channels), channels))
        points = keras.layers.MaxPooling2D()(kept[-1])
    points = _convolved(points, 256)
    for channels, beside in zip((128, 64, 32), reversed(kept), strict=True):
        wider = keras.layers.Conv2DTranspose(channels, 2, 2, padding="same")(points)
        points = _convolved(keras.layers.Concatenate()([beside, wider]), channels)
    return keras.Model(picture, keras.layers.Conv2D(2, 1, activation="softmax")(points))


def _convolved(points: Any, channels: int) -> Any:
    convolved = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False)(points)
    return keras.layers.Activation("relu")(keras.layers.BatchNormalization()(convolved))


def _dense(megabytes: int) -> Any:
    """Layers that are nearly all of the weights: squares of at most 64 MiB."""
    width = min(4096, 512 * int(megabytes**0.5))
    layers = megabytes * 2**20 // (4 * width**2)
    hidden = [keras.layers.Dense(width, activation="relu") for _ in range(layers)]
    return keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(width), *hidden, keras.layers.Dense(10, activation="softmax")]
    )


BUILDERS: Mapping[str, Callable[[], Any]] = {
    **{name: partial(_application, name) for name in APPLICATIONS},
    "conv1d": _conv1d,
    "transformer": _transformer,
    "gru": _gru,
    "unet": _unet,
    **{name: partial(_dense, megabytes) for name, megabytes in zip(DENSE, WEIGHT_MEGABYTES, strict=True)},
}
"""Untrained networks. The weights of those for images are chosen so that answers can be compared; they do not change
the speed."""


def _sample(name: str) -> tuple[Any, Any, Subject]:
    trained = load_catalog()[name].train()
    serve: Any = trained.signatures["serving_default"]
    (feature,) = serve.input_signature
    subject = Subject(
        name=name,
        input=feature.name,
        shape=tuple(feature.shape[1:]),
        output="progression" if name == "diabetes" else "probabilities",
        keras_differs=name == "diabetes",
    )
    return trained.model, serve, subject


def _spread_weights(model: Any) -> None:
    """Set weights that keep the signal's size from layer to layer, with scores of about 1 before the softmax.

    With Keras's initial weights the signal fades over the layers, and every answer is 0.001 for every class.
    """
    generator = np.random.default_rng(1)
    for layer in model.layers:
        for weight in layer.weights:
            if weight.name == "kernel":
                depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                inputs = np.prod(weight.shape[:2] if depthwise else weight.shape[:-1])
                weight.assign(generator.normal(0, np.sqrt(2 / inputs), weight.shape))
    features = keras.Model(model.input, model.layers[-2].output)
    image = generator.random((1, *model.input_shape[1:]), np.float32)
    head = model.layers[-1].kernel
    head.assign(head / np.std(features(image).numpy() @ head.numpy()))


def _signature(model: Any, feature: str, shape: tuple[int, ...], output: str) -> Any:
    specification = tf.TensorSpec([None, *shape], tf.float32, name=feature)
    return tf.function(lambda inputs: {output: model(inputs, training=False)}, input_signature=[specification])


def _package(name: str, source: Path, forms: Sequence[ArtifactForm], root: Path) -> None:
    def say(progress: str) -> None:
        print(f"  {name}, {', '.join(forms)}: {progress}", flush=True)

    shutil.rmtree(root / name, ignore_errors=True)
    package(source, ModelRepository(root), PackageOptions(name=name, forms=forms), say)


if __name__ == "__main__":
    main(sys.argv[1:])
