"""TrainedModel: what a trainer returns; it is written as a SavedModel and measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split

from models.saving import save_lean

SEED = 42
TEST_SHARE = 0.2

MetricName = Literal["accuracy", "mean_absolute_error"]


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A trained model, and the examples that were held out from its training."""

    model: keras.Model
    signatures: Mapping[str, Any]
    """Traced functions by signature name; each takes named tensors and returns a dict of them."""
    test_inputs: Mapping[str, np.ndarray]
    """The held-out examples, by the inputs' public names."""
    labels: np.ndarray
    """The correct answers for the held-out examples: int64 classes, or float32 targets."""
    metric: MetricName

    def export(self, directory: Path) -> float:
        """Write `saved_model/`, `test.npz` and `metrics.json`; return the metric of the written model."""
        variables = [variable.value for variable in self.model.variables]
        save_lean(variables, self.signatures, directory / "saved_model")
        arrays: dict[str, Any] = {**self.test_inputs, "label": self.labels}
        np.savez_compressed(directory / "test.npz", **arrays)
        value = self._measure(directory / "saved_model")
        report = {"metric": self.metric, "value": value, "test_examples": len(self.labels)}
        (directory / "metrics.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        return value

    def _measure(self, saved_model: Path) -> float:
        loaded = tf.saved_model.load(str(saved_model))
        function = loaded.signatures["serving_default"]
        names = function.structured_input_signature[1]
        (answer,) = function(**{name: tf.constant(self.test_inputs[name]) for name in names}).values()
        if self.metric == "accuracy":
            return float(np.mean(np.argmax(answer.numpy(), axis=1) == self.labels))
        return float(np.mean(np.abs(answer.numpy()[:, 0] - self.labels)))


class Split(NamedTuple):
    """Examples for training, and examples that are held out."""

    train: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray


def hold_out(inputs: np.ndarray, labels: np.ndarray, *, by_class: bool) -> Split:
    """Hold out a fifth of the examples, always the same ones; `by_class` keeps the share of each class."""
    parts: Any = train_test_split(
        inputs, labels, test_size=TEST_SHARE, random_state=SEED, stratify=labels if by_class else None
    )
    return Split(*parts)


def fit(model: Any, inputs: np.ndarray, targets: np.ndarray, *, loss: str, epochs: int) -> None:
    """Train in place. Without XLA, whose compilation takes longer than the training."""
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss, jit_compile=False)
    model.fit(inputs, targets, epochs=epochs, batch_size=32, verbose=0)


def make_reproducible() -> None:
    """Make every training on this machine give the same weights."""
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
