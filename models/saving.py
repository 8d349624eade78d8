"""Writes small SavedModels."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf


def save_lean(tracked: Sequence[Any], signatures: Mapping[str, Callable[..., Any]], directory: Path) -> None:
    """Write a SavedModel with only the signatures, and each variable and table that they use once.

    `keras.Model.export` writes each variable twice; saving a Keras model itself adds its training functions.
    """
    module: Any = tf.Module()
    module.tracked = list(tracked)
    tf.saved_model.save(module, str(directory), signatures=dict(signatures))
