"""Models made by TensorFlow in a process of its own, and the ways to load them."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from handlers.manifest import Artifact, ArtifactForm, EngineName, Signature, TensorSpec
from handlers.serving.engines import LoadedModel, load
from handlers.serving.meta_graph import read_signatures

Loader = Callable[..., LoadedModel]
"""Loads a model by name, engine and, for TensorFlow, form; closes it when the test ends."""

DEFAULT_FORMS: Mapping[EngineName, ArtifactForm] = {
    "litert": "tflite",
    "onnxruntime": "onnx",
    "tensorflow": "saved_model",
}
FILES: Mapping[ArtifactForm, str] = {
    "tflite": "model.tflite",
    "saved_model": "saved_model.pb",
    "frozen_graph": "frozen_graph.pb",
}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the models that `make_models` makes."""
    root = tmp_path_factory.mktemp("models")
    made = subprocess.run(
        [sys.executable, "-m", "tests.handlers.serving.engines.make_models", root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    return root


@pytest.fixture
def loaded(models: Path) -> Iterator[Loader]:
    opened: list[LoadedModel] = []

    def load_one(name: str, engine: EngineName, form: ArtifactForm | None = None, threads: int = 2) -> LoadedModel:
        model = load_model(models / name, engine, form, threads)
        opened.append(model)
        return model

    yield load_one
    for model in opened:
        model.close()


def load_model(directory: Path, engine: EngineName, form: ArtifactForm | None = None, threads: int = 2) -> LoadedModel:
    """Load a model with the signatures that its SavedModel describes."""
    form = form or DEFAULT_FORMS[engine]
    signatures = read_signatures((directory / "saved_model.pb").read_bytes())
    signatures.pop("serve", None)  # Keras exports serving_default under this name once more
    if form == "frozen_graph":
        signatures = {"serving_default": frozen_signature(directory, signatures["serving_default"])}
    files = tuple(f"{name}.onnx" for name in signatures) if form == "onnx" else (FILES[form],)
    artifact = Artifact(
        engine=engine, form=form, signatures=tuple(signatures), files=files, memory_bytes=0, reason="the test says so"
    )
    return load(directory, artifact, signatures, threads)


def frozen_signature(directory: Path, signature: Signature) -> Signature:
    """A signature of one input and one output, with the names that their tensors have in the frozen graph."""
    named = (directory / "frozen_graph.txt").read_text().split()
    inputs, outputs = (
        {name: TensorSpec(dtype=spec.dtype, shape=spec.shape, tensor=tensor) for name, spec in specs.items()}
        for specs, tensor in zip((signature.inputs, signature.outputs), named, strict=True)
    )
    return Signature(inputs=inputs, outputs=outputs)


@pytest.fixture(scope="session")
def answers(models: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images, and TensorFlow's own answers of the network to them."""
    with np.load(models / "network" / "answers.npz") as arrays:
        return arrays["images"], arrays["answers"]
