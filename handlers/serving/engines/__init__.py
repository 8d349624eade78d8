"""Engines: what runs a model. Each is imported only when a model needs it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from handlers.manifest import Artifact, EngineName, Signature

if TYPE_CHECKING:
    import numpy as np


class LoadedModel(Protocol):
    """An artifact in memory. `run` may be called from several threads at once."""

    def run(
        self, signature: str, inputs: "Mapping[str, np.ndarray]", outputs: Sequence[str] | None = None
    ) -> "dict[str, np.ndarray]":
        """Answer one request.

        Args:
            signature: one of the artifact's signatures.
            inputs: every input of the signature by public name, of its dtype and a shape that it allows;
                a string tensor is an array of dtype object that holds bytes; a bfloat16 tensor, which numpy has no
                dtype for, is an array of uint16 that holds its bits (the upper half of a float32's).
            outputs: the public names to compute, or None for all.

        Returns:
            The outputs by public name, in the order asked for (else the signature's). The arrays are the caller's.

        Raises:
            EngineError: the model refused the inputs; the message is the model's own.
        """
        ...

    def close(self) -> None:
        """Give the memory back. Waits for calls that run; afterwards `run` may not be called."""
        ...


class EngineError(Exception):
    """An engine could not load an artifact or refused a request; the message is the engine's own."""


def open_libraries(engine: EngineName) -> None:
    """Open the shared libraries of an engine, where that takes long and can go on beside an import of Python's."""
    if engine == "tensorflow":
        from handlers.serving.engines.c_api import library

        with suppress(Exception):  # the load opens them again, and says what is wrong
            library()


def load(directory: Path, artifact: Artifact, signatures: Mapping[str, Signature], threads: int) -> LoadedModel:
    """Load an artifact.

    Args:
        directory: the version's directory; the artifact's files are in it.
        artifact: what to load, and with which engine.
        signatures: the version's signatures.
        threads: how many threads one call may use.

    Raises:
        EngineError: the files are not what the artifact says, or the engine is not in this image.
    """
    if artifact.engine == "litert":
        from handlers.serving.engines.litert import LiteRTModel as engine
    else:
        from handlers.serving.engines.tensorflow import TensorFlowModel as engine
    return engine(directory, artifact, signatures, threads)
