"""The bare engine call, to compare whole requests with: only the model runs, with inputs prepared before.

For LiteRT the call is its own `Interpreter`, without our code. For the others it is our engine's `run`: for
TensorFlow `TF_SessionRun` and the copy of the tensors, for ONNX Runtime the session's `run`.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI
from handlers.manifest import DEFAULT_SIGNATURE, MANIFEST_FILE, Artifact, EngineName, Manifest
from handlers.manifest_reading import parse_manifest

THREADS = 2


def call(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Call the engine once with the prepared inputs, whatever the event is."""
    _run()
    return {"statusCode": 200}


def _prepare() -> Callable[[], Any]:
    model = os.environ[MODEL_NAMES]
    directory = Path(unquote(urlsplit(os.environ[MODEL_STORE_URI]).path)) / model / "1"
    manifest = parse_manifest((directory / MANIFEST_FILE).read_bytes())
    artifact = manifest.artifact_for(DEFAULT_SIGNATURE)
    inputs = {
        name: np.random.default_rng(1).random([1, *(spec.shape or ())[1:]], np.float32)
        for name, spec in manifest.signatures[DEFAULT_SIGNATURE].inputs.items()
    }
    return CALLS[artifact.engine](directory, artifact, manifest, inputs)


def _litert_call(
    directory: Path, artifact: Artifact, manifest: Manifest, inputs: Mapping[str, np.ndarray]
) -> Callable[[], Any]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(directory / artifact.files[0]), num_threads=THREADS)
    ((_, array),) = inputs.items()
    (feature,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(feature["index"], array.shape, strict=True)
    interpreter.allocate_tensors()

    def run() -> np.ndarray:
        interpreter.set_tensor(feature["index"], array)
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    return run


def _our_call(
    directory: Path, artifact: Artifact, manifest: Manifest, inputs: Mapping[str, np.ndarray]
) -> Callable[[], Any]:
    from handlers.serving.engines import load

    model = load(directory, artifact, manifest.signatures, THREADS)
    return lambda: model.run(DEFAULT_SIGNATURE, inputs)


CALLS: Mapping[EngineName, Callable[..., Callable[[], Any]]] = {
    "litert": _litert_call,
    "onnxruntime": _our_call,
    "tensorflow": _our_call,
}
_run = _prepare()
