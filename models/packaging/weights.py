"""How large a SavedModel's weights are, without reading them."""

from math import prod
from pathlib import Path

import tensorflow as tf

VARIABLES = ("variables", "variables")
"""Where a SavedModel has them: the files' names begin so."""

OPTIMIZER_SLOT = "/.OPTIMIZER_SLOT/"
"""Part of the name of what only training uses, as TensorFlow 2 writes it."""


def weights_bytes(saved_model: Path) -> int:
    """Bytes of the variables, but for what TensorFlow 2 keeps for training; 0 for a SavedModel without variables."""
    prefix = saved_model.joinpath(*VARIABLES)
    if not prefix.with_name(f"{prefix.name}.index").exists():
        return 0
    checkpoint = tf.train.load_checkpoint(str(prefix))
    types = checkpoint.get_variable_to_dtype_map()
    return sum(
        prod(shape) * types[name].size
        for name, shape in checkpoint.get_variable_to_shape_map().items()
        if OPTIMIZER_SLOT not in name and types[name] != tf.string
    )
