"""The leanest way to write a SavedModel."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf


def save_lean(variables: Sequence[tf.Variable], signatures: Mapping[str, Callable[..., Any]], directory: Path) -> None:
    """Write a SavedModel that holds every variable once and nothing but the signatures.

    `keras.Model.export` writes each variable twice, and saving a Keras model as it is adds its training functions.
    """
    module: Any = tf.Module()
    module.weights = list(variables)
    tf.saved_model.save(module, str(directory), signatures=dict(signatures))
