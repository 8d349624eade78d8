"""A model whose calls take as much memory as it is told, and a process of its own that measures them.

Imports no TensorFlow: nothing else in that process takes memory or frees it.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from handlers.manifest import CallMemory, Signature, TensorSpec
from models.packaging.call_memory import measure_calls

ROWS = Signature(inputs={"rows": TensorSpec(dtype="float32", shape=(-1, 4))}, outputs={})


class Growing:
    """A model that holds what its last call took."""

    def __init__(self, bytes_per_row: int, most_rows: int) -> None:
        self.asked, self._each, self._most = list[int](), bytes_per_row, most_rows

    def run(self, signature, inputs):
        self.asked.append(len(inputs["rows"]))
        if self.asked[-1] > self._most:
            raise ValueError("so many rows are not taken")
        self._held = None
        self._held = np.ones(self._each * self.asked[-1], np.uint8)

    def close(self):
        self._held = None


def measured(bytes_per_row: int, most_rows: int = 1 << 40) -> tuple[list[int], CallMemory | None]:
    """The numbers of rows that the model was asked, and what its calls take."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, bytes_per_row, most_rows).result()


def _measured(bytes_per_row: int, most_rows: int) -> tuple[list[int], CallMemory | None]:
    model = Growing(bytes_per_row, most_rows)
    line = measure_calls(lambda: model, "predict", ROWS, {"rows": np.ones((1, 4), np.float32)})
    return model.asked, line
