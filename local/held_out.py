"""HeldOut: the examples that a sample model was not trained on, and the metric of predictions for them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from handlers.manifest import DEFAULT_SIGNATURE, MANIFEST_FILE, POINTER_FILE, Manifest
from handlers.manifest_reading import parse_manifest, parse_pointer

ACCURACY, ERROR = "accuracy", "mean_absolute_error"

REAL_DIGITS = 1e-4
"""How far a mean error may differ from the SavedModel's, as a fraction of it. Accuracies must be equal."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A sample model's held-out examples."""

    model: str
    metric: str
    """`accuracy` or `mean_absolute_error`."""
    figure: float
    """The metric of the SavedModel, computed with TensorFlow when the model was exported."""
    manifest: Manifest
    arrays: Mapping[str, npt.NDArray[Any]]
    """Inputs by name, and `label`. The first dimension is the examples."""

    @property
    def size(self) -> int:
        """How many examples there are."""
        return len(self.arrays["label"])

    @property
    def signatures(self) -> Sequence[str]:
        """The signatures whose inputs the examples have, the default one first."""
        served = [name for name, each in self.manifest.signatures.items() if set(each.inputs) <= set(self.arrays)]
        return sorted(served, key=lambda name: (name != DEFAULT_SIGNATURE, name))

    def input_of(self, signature: str) -> str:
        """The name of a signature's only input."""
        [name] = self.manifest.signatures[signature].inputs
        return name

    def predict_body(self, signature: str, start: int, stop: int) -> dict[str, Any]:
        """A TensorFlow Serving request with the examples from `start` up to `stop`, which is not included."""
        values = self.arrays[self.input_of(signature)][start:stop]
        if values.dtype.kind == "S":
            instances: list[Any] = [{"b64": base64.b64encode(value).decode()} for value in values]
        else:
            instances = shortest(values).tolist()
        named = {} if signature == DEFAULT_SIGNATURE else {"signature_name": signature}
        return {**named, "instances": instances}

    def figure_of(self, predictions: Sequence[Any]) -> float:
        """The metric of these predictions, one for each example."""
        answered, label = np.asarray(predictions, np.float64), self.arrays["label"]
        if self.metric == ACCURACY:
            return float(np.mean(answered.argmax(axis=1) == label))
        return float(np.mean(np.abs(answered.reshape(-1) - label)))

    def agrees(self, figure: float) -> bool:
        """Whether a figure equals the SavedModel's, within `REAL_DIGITS` for an error."""
        allowed = 0.5 / self.size if self.metric == ACCURACY else abs(self.figure) * REAL_DIGITS
        return abs(figure - self.figure) < allowed


def shortest(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The same float32 numbers as float64, each with the fewest decimal digits that still read back as it."""
    return values.astype("U").astype(np.float64)


def read_held_out(build: Path, model: str) -> HeldOut | None:
    """The held-out examples in `build/exports` of a packaged model; None if it was not trained on this machine."""
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
