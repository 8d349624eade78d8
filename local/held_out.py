"""HeldOut: the examples that a sample model was not trained on, and how well answers fit them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from handlers.manifest import DEFAULT_SIGNATURE, MANIFEST_FILE, POINTER_FILE, Manifest, parse_manifest, parse_pointer

ACCURACY, ERROR = "accuracy", "mean_absolute_error"

REAL_DIGITS = 1e-4
"""How far an error may be from the SavedModel's, as a share of it. Accuracies must be the same example for example."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A sample model's held-out examples."""

    model: str
    metric: str
    """`accuracy` or `mean_absolute_error`."""
    figure: float
    """The metric as computed from the SavedModel, with TensorFlow, when the model was exported."""
    manifest: Manifest
    arrays: Mapping[str, npt.NDArray[Any]]
    """By input name, and `label`."""

    @property
    def size(self) -> int:
        """How many examples there are."""
        return len(self.arrays["label"])

    @property
    def signatures(self) -> Sequence[str]:
        """The signatures that the examples have inputs for, the default one first."""
        served = [name for name, each in self.manifest.signatures.items() if set(each.inputs) <= set(self.arrays)]
        return sorted(served, key=lambda name: (name != DEFAULT_SIGNATURE, name))

    def input_of(self, signature: str) -> str:
        """The name of a signature's only input."""
        [name] = self.manifest.signatures[signature].inputs
        return name

    def predict_body(self, signature: str, start: int, stop: int) -> dict[str, Any]:
        """A TensorFlow Serving request for examples `start` to `stop`."""
        values = self.arrays[self.input_of(signature)][start:stop]
        if values.dtype.kind == "S":
            instances: list[Any] = [{"b64": base64.b64encode(value).decode()} for value in values]
        else:
            instances = shortest(values).tolist()
        named = {} if signature == DEFAULT_SIGNATURE else {"signature_name": signature}
        return {**named, "instances": instances}

    def figure_of(self, predictions: Sequence[Any]) -> float:
        """The metric that these predictions, one for each example, reach."""
        answered, label = np.asarray(predictions, np.float64), self.arrays["label"]
        if self.metric == ACCURACY:
            return float(np.mean(answered.argmax(axis=1) == label))
        return float(np.mean(np.abs(answered.reshape(-1) - label)))

    def agrees(self, figure: float) -> bool:
        """Whether a figure is the SavedModel's."""
        allowed = 0.5 / self.size if self.metric == ACCURACY else abs(self.figure) * REAL_DIGITS
        return abs(figure - self.figure) < allowed


def shortest(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The numbers that JSON writes with the fewest digits and that are these float32s when they are read."""
    return values.astype("U").astype(np.float64)


def read_held_out(build: Path, model: str) -> HeldOut | None:
    """What `build/exports` has on a model of `build/repository`; None for a model that was not trained here."""
    export, packaged = build / "exports" / model, build / "repository" / model
    if not (export / "test.npz").is_file():
        return None
    version = parse_pointer((packaged / POINTER_FILE).read_bytes()).version
    report = json.loads((export / "metrics.json").read_text())
    with np.load(export / "test.npz") as file:
        arrays = {name: file[name] for name in file.files}
    return HeldOut(
        model=model,
        metric=report["metric"],
        figure=report["value"],
        manifest=parse_manifest((packaged / str(version) / MANIFEST_FILE).read_bytes()),
        arrays=arrays,
    )
