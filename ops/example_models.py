"""Example model repositories: real manifests and pointers around a few bytes, for programs that run no model."""

import hashlib
from pathlib import Path

from handlers.manifest import (
    MANIFEST_FILE,
    POINTER_FILE,
    Artifact,
    ArtifactForm,
    EngineName,
    FileEntry,
    Manifest,
    Pointer,
    Signature,
    TensorSpec,
)

FORMS: dict[EngineName, tuple[ArtifactForm, str]] = {
    "litert": ("tflite", "model.tflite"),
    "onnxruntime": ("onnx", "signature-0.onnx"),
    "tensorflow": ("frozen_graph", "frozen.pb"),
}


def package(
    root: Path, model: str, *, version: int = 1, engine: EngineName = "litert", content: bytes = b"weights"
) -> Path:
    """Add a version of a model to the repository in `root`, and make it the current one. Returns `root`."""
    directory = root / model / str(version)
    form, served = FORMS[engine]
    files = {served: content, "saved_model/saved_model.pb": b"export of " + content}
    for path, data in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    spec = TensorSpec(dtype="float32", shape=(-1, 4))
    manifest = Manifest(
        model=model,
        version=version,
        signatures={"serving_default": Signature(inputs={"features": spec}, outputs={"probabilities": spec})},
        artifacts=(
            Artifact(
                engine=engine,
                form=form,
                signatures=("serving_default",),
                files=(served,),
                memory_bytes=1 << 20,
                reason="it is the only one",
            ),
        ),
        files=tuple(
            FileEntry(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest())
            for path, data in files.items()
        ),
    )
    (directory / MANIFEST_FILE).write_text(manifest.to_json())
    (root / model / POINTER_FILE).write_text(Pointer(version=version).to_json())
    return root
