"""References: a model run by its own library, whose answers every candidate must give."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from handlers.manifest import Signature
from models.packaging.arrays import Arrays
from models.packaging.errors import PackagingError, Undecided, reason_of
from models.packaging.meta_graph import SERVE_TAG
from models.quiet import captured_output

v1: Any = tf.compat.v1


class Reference(Protocol):
    """A model run by its own library."""

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request. Raises tf.errors.OpError or ValueError if the model rejects it."""
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


class SavedModelReference:
    """A SavedModel in a TensorFlow session, as TensorFlow Serving loads it.

    The session needs only the graph and the variables. `tf.saved_model.load` also rebuilds the saved Python objects,
    and fails if their classes have changed since, as Keras 2's optimizers have.
    """

    def __init__(self, saved_model: Path, source: Path, signatures: Mapping[str, Signature]) -> None:
        """Load a copy of `source`. Raises PackagingError."""
        self._signatures = signatures
        self._session = v1.Session(graph=tf.Graph())
        try:
            with captured_output(), self._session.graph.as_default():
                v1.saved_model.loader.load(self._session, [SERVE_TAG], str(saved_model))
        except Exception as error:
            self._session.close()
            raise PackagingError(f"TensorFlow cannot load {source}: {_loading_reason(error)}") from error

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request."""
        specs = self._signatures[signature]
        feeds = {spec.tensor: inputs[name] for name, spec in specs.inputs.items()}
        fetches = {name: spec.tensor for name, spec in specs.outputs.items()}
        return {name: _array(value) for name, value in self._session.run(fetches, feeds).items()}

    def close(self) -> None:
        """Free the memory."""
        self._session.close()


def _loading_reason(error: Exception) -> str:
    reason = reason_of(error)
    if "Read less bytes than requested" in reason or "variables" in reason:
        return f"its variables are missing or damaged ({reason}); save the model again"
    return reason


class CheckedReference:
    """A reference whose rejections the exported graph confirms.

    Keras checks inputs in Python too, and more strictly than the graph: it rejects batches of none.
    """

    def __init__(self, reference: Reference, open_graph: Callable[[], Reference]) -> None:
        self._reference, self._open_graph = reference, open_graph
        self._graph: Reference | None = None

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request. Raises Undecided, or what the library raises."""
        try:
            return self._reference.run(signature, inputs)
        except Exception as error:
            if self._graph is None:
                self._graph = self._open_graph()
            try:
                self._graph.run(signature, inputs)
            except Exception:
                raise error from None
            raise Undecided(reason_of(error)) from error

    def close(self) -> None:
        """Free the memory."""
        self._reference.close()
        if self._graph is not None:
            self._graph.close()


class LiteRTReference:
    """A LiteRT file in LiteRT's own Python interpreter."""

    def __init__(self, path: Path) -> None:
        with captured_output():
            self._interpreter: Any = Interpreter(str(path), num_threads=1)

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request."""
        with captured_output():
            self._interpreter.reset_all_variables()  # what an LSTM keeps from the call before
            answer = self._interpreter.get_signature_runner(signature)(**inputs)
        return {name: np.array(_array(value)) for name, value in answer.items()}

    def close(self) -> None:
        """Free the memory."""
        del self._interpreter


def _array(value: Any) -> np.ndarray:
    """A value as an array; numpy alone would give a single string a fixed width."""
    return np.asarray(value, object if isinstance(value, bytes) else None)
