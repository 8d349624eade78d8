"""The server's own check of what packaging did not check."""

import hashlib
from collections import OrderedDict
from pathlib import Path, PurePosixPath

from handlers.manifest import Artifact
from handlers.safety.check import HarmfulModel, check_frozen_graph, check_saved_model
from handlers.serving.stores import SAVED_MODEL_FILE, StoreError

_REMEMBERED = 256
"""Of how many graphs the verdict is remembered. A graph may be looked at often, and each check takes a while."""

_verdicts: OrderedDict[bytes, str] = OrderedDict()
"""By SHA-256 of a file: why its graph is refused; empty if it is harmless."""


def harm_in(content: bytes, *, frozen: bool = False) -> str:
    """Why a graph is refused; empty if it is harmless.

    Args:
        content: of a `saved_model.pb`, or of a frozen graph.
        frozen: whether it is a frozen graph.
    """
    key = hashlib.sha256(content).digest() + bytes([frozen])
    if (known := _verdicts.get(key)) is not None:
        return known
    reason = _harm_in(content, frozen=frozen)
    _verdicts[key] = reason
    while len(_verdicts) > _REMEMBERED:
        _verdicts.popitem(last=False)
    return reason


def refuse_harm(directory: Path, artifact: Artifact) -> None:
    """Check the files from which TensorFlow is about to load a graph.

    Args:
        directory: the version's directory.
        artifact: a SavedModel or a frozen graph in it.

    Raises:
        StoreError: the graph could harm the machine that serves it, or cannot be checked.
    """
    frozen = artifact.form == "frozen_graph"
    for path in artifact.files:
        if frozen or PurePosixPath(path).name == SAVED_MODEL_FILE:
            try:
                reason = harm_in((directory / path).read_bytes(), frozen=frozen)
            except OSError as error:
                raise StoreError(f"{directory / path} cannot be checked: {error.strerror}") from error
            if reason:
                raise StoreError(f"{directory / path} is refused: {reason}")


def _harm_in(content: bytes, *, frozen: bool) -> str:
    try:
        (check_frozen_graph if frozen else check_saved_model)(content)
    except HarmfulModel as error:
        remedy = f". If you trust the model, package it with --allow-op {error.operation}" if error.operation else ""
        return f"{error}{remedy}"
    return ""
