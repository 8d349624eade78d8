"""CodedDialect: a dialect whose requests and answers go through the code of a version."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handlers.manifest import Manifest
from handlers.serving.code.hooks import HookContext, ModelCode
from handlers.serving.dialects import Dialect, Inference
from handlers.serving.events import Request, Response
from handlers.serving.telemetry import Record

if TYPE_CHECKING:
    import numpy as np

DIALECTS = frozenset({"tensorflow_serving", "sagemaker"})
"""The dialects whose bodies hooks read and write. In the others, callers send and get tensors of the model itself."""


class CodedDialect:
    """Decodes one request and encodes its answer. The time in the code is added to the record."""

    def __init__(self, code: ModelCode, dialect: Dialect, record: Record) -> None:
        self._code, self._dialect, self._record = code, dialect, record
        self._context: HookContext | None = None

    def decode(self, request: Request, manifest: Manifest) -> Inference[Any]:
        """See `Dialect.decode`."""
        began = time.perf_counter()
        try:
            self._context = self._code.context(request)
            request = self._code.prepare(request, self._context)
        finally:
            self._note(began)
        return self._dialect.decode(request, manifest)

    def encode(self, inference: Inference[Any], outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
        """See `Dialect.encode`."""
        response = self._dialect.encode(inference, outputs, manifest)
        assert self._context is not None  # noqa: S101 - an answer follows a request
        began = time.perf_counter()
        try:
            return self._code.finish(response, self._context)
        finally:
            self._note(began)

    def _note(self, began: float) -> None:
        self._record.code_ms = (self._record.code_ms or 0.0) + (time.perf_counter() - began) * 1e3
