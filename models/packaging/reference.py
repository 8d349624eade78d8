"""What TensorFlow itself answers: the measure for every candidate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from handlers.manifest import Signature
from models.packaging.arrays import Arrays
from models.packaging.errors import PackagingError, reason_of
from models.packaging.meta_graph import SERVE_TAG
from models.quiet import captured_output

v1: Any = tf.compat.v1


class Reference(Protocol):
    """A model as its own library runs it."""

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request. Raises tf.errors.OpError or ValueError where the model refuses it."""
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


class SavedModelReference:
    """A SavedModel in a TensorFlow session, loaded as TensorFlow Serving loads it.

    `tf.saved_model.load` would rebuild the Python objects that were saved, and fails where their classes have
    changed since (Keras 2 optimizers); the session needs the graph and the variables alone.
    """

    def __init__(self, saved_model: Path, signatures: Mapping[str, Signature]) -> None:
        self._signatures = signatures
        self._session = v1.Session(graph=tf.Graph())
        try:
            with captured_output(), self._session.graph.as_default():
                v1.saved_model.loader.load(self._session, [SERVE_TAG], str(saved_model))
        except Exception as error:
            self._session.close()
            raise PackagingError(f"TensorFlow cannot load the SavedModel: {reason_of(error)}") from error

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request."""
        specs = self._signatures[signature]
        feeds = {spec.tensor: inputs[name] for name, spec in specs.inputs.items()}
        fetches = {name: spec.tensor for name, spec in specs.outputs.items()}
        return {name: _array(value) for name, value in self._session.run(fetches, feeds).items()}

    def close(self) -> None:
        """Give the memory back."""
        self._session.close()


class LiteRTReference:
    """A LiteRT file in the Python interpreter that LiteRT ships, as its trainer would have run it."""

    def __init__(self, path: Path) -> None:
        with captured_output():
            self._interpreter: Any = Interpreter(str(path), num_threads=1)

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request."""
        with captured_output():
            answer = self._interpreter.get_signature_runner(signature)(**inputs)
        return {name: np.array(_array(value)) for name, value in answer.items()}

    def close(self) -> None:
        """Give the memory back."""
        del self._interpreter


def _array(value: Any) -> np.ndarray:
    """The session gives a single string as bytes, which numpy alone would make an array of a fixed width of."""
    return np.asarray(value, object if isinstance(value, bytes) else None)
