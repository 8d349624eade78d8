"""References: a model run by its own library, whose answers every candidate must give."""

from collections.abc import Mapping
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


PROBE_SECONDS = 30
"""How long an unusual request may take."""


class Library(Protocol):
    """A model run by its own library."""

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request. Raises tf.errors.OpError or ValueError if the model rejects it."""
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


class Reference(Library, Protocol):
    """A library that can be asked anything."""

    def probe(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer an unusual request, on which a loop may not end. Raises Undecided if it does not, or as `run`."""
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
            reason = _loading_reason(error).replace(str(saved_model), str(source))
            raise PackagingError(f"TensorFlow cannot load {source}: {reason}") from error

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request."""
        return self._run(signature, inputs, None)

    def probe(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer an unusual request within `PROBE_SECONDS`."""
        try:
            return self._run(signature, inputs, v1.RunOptions(timeout_in_ms=PROBE_SECONDS * 1000))
        except tf.errors.DeadlineExceededError as error:
            raise Undecided(f"it does not answer within {PROBE_SECONDS} s") from error

    def _run(self, signature: str, inputs: Arrays, options: Any) -> dict[str, np.ndarray]:
        specs = self._signatures[signature]
        feeds = {spec.tensor: inputs[name] for name, spec in specs.inputs.items()}
        fetches = {name: spec.tensor for name, spec in specs.outputs.items()}
        return {name: _array(value) for name, value in self._session.run(fetches, feeds, options=options).items()}

    def close(self) -> None:
        """Free the memory."""
        self._session.close()


def _loading_reason(error: Exception) -> str:
    reason = reason_of(error)
    if "Read less bytes than requested" in reason or "variables" in reason:
        return f"its variables are missing or damaged ({reason}); save the model again"
    return reason


class CheckedReference:
    """A library whose answers to unusual requests go beside those of the graph that it exported.

    The graph can be stopped, and the library cannot. And Keras checks inputs in Python too, more strictly than the
    graph: it rejects batches of none.
    """

    def __init__(self, library: Library, graph: Reference) -> None:
        self._library, self._graph = library, graph

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request as the library does."""
        return self._library.run(signature, inputs)

    def probe(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer an unusual request as the library does. Raises Undecided if only one of the two rejects it."""
        try:
            self._graph.probe(signature, inputs)
        except Undecided:
            raise
        except Exception as error:
            rejection: Exception | None = error
        else:
            rejection = None
        try:
            answer = self._library.run(signature, inputs)
        except Exception as error:
            if rejection is None:
                raise Undecided(reason_of(error)) from error
            raise
        if rejection is not None:
            raise Undecided(reason_of(rejection))
        return answer

    def close(self) -> None:
        """Free the memory."""
        self._library.close()
        self._graph.close()


class LiteRTReference:
    """A LiteRT file in LiteRT's own Python interpreter."""

    def __init__(self, path: Path, *, loops: bool) -> None:
        """Load a file, which may have loops."""
        self._loops = loops
        with captured_output():
            self._interpreter: Any = Interpreter(str(path), num_threads=1)

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request."""
        with captured_output():
            self._interpreter.reset_all_variables()  # what an LSTM keeps from the call before
            answer = self._interpreter.get_signature_runner(signature)(**inputs)
        return {name: np.array(_array(value)) for name, value in answer.items()}

    def probe(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer an unusual request, unless the file has loops: nothing can stop one."""
        if self._loops:
            raise Undecided("it has loops")
        return self.run(signature, inputs)

    def close(self) -> None:
        """Free the memory."""
        del self._interpreter


def _array(value: Any) -> np.ndarray:
    """A value as an array; numpy alone would give a single string a fixed width."""
    return np.asarray(value, object if isinstance(value, bytes) else None)
