"""What dialects have in common that only describe: they predict nothing, and their errors are JSON."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handlers.manifest import Manifest
from handlers.serving.dialects import Inference
from handlers.serving.dialects.json_text import error_response
from handlers.serving.errors import MethodNotAllowed, ServingError
from handlers.serving.events import Request, Response

if TYPE_CHECKING:
    import numpy as np


def decode(request: Request, manifest: Manifest) -> Inference[Any]:
    """See `Dialect.decode`. The path takes no request for a prediction."""
    raise MethodNotAllowed(request.method, request.path, ("GET",))


def encode(inference: Inference[Any], outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
    """See `Dialect.encode`. `decode` made no inference that could be answered."""
    raise NotImplementedError


def fail(error: ServingError) -> Response:
    """See `Dialect.fail`."""
    return error_response(error, str(error))
