"""Writes small SavedModels."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf


def save_lean(variables: Sequence[tf.Variable], signatures: Mapping[str, Callable[..., Any]], directory: Path) -> None:
    """Write a SavedModel with only the signatures, and each variable once.

    `keras.Model.export` writes each variable twice; saving a Keras model itself adds its training functions.
    """
    module: Any = tf.Module()
    module.weights = list(variables)
    tf.saved_model.save(module, str(directory), signatures=dict(signatures))
