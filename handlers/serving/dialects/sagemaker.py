"""What SageMaker asks of a container that serves one model, `POST /invocations` and `GET /ping`; and what SageMaker's
clients ask of its endpoints, `POST /endpoints/NAME/invocations`. An endpoint's name is here a model's.

JSON goes in and out as in TensorFlow Serving; a list alone stands for `instances`. CSV and npy hold the only input of
the default signature, and its only output.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from handlers.manifest import Manifest
from handlers.serving.dialects import Call, Inference, Models, tensorflow_serving
from handlers.serving.dialects.uncollected import uncollected
from handlers.serving.errors import MethodNotAllowed, NotServed, ServingError
from handlers.serving.events import Request, Response

if TYPE_CHECKING:
    import numpy as np

NAME = "sagemaker"

_CALLS = {"/ping": ("GET", Call("ready")), "/invocations": ("POST", Call("predict"))}


_ENDPOINT = re.compile(r"/endpoints/(?P<model>[^/]+)/invocations")


def route(method: str, path: str) -> Call:
    """See `Dialect.route`."""
    allowed, call = _CALLS[path] if path in _CALLS else ("POST", Call("predict", _endpoint(path)))
    if method != allowed:
        raise MethodNotAllowed(method, path, (allowed,))
    return call


def _endpoint(path: str) -> str:
    """The model that an endpoint's path names."""
    if (match := _ENDPOINT.fullmatch(path)) is None:
        raise NotServed(f"Nothing is at {path}; models answer at /endpoints/NAME/invocations")
    return unquote(match["model"])


def describe(call: Call, request: Request, models: Models) -> Response:
    """See `Dialect.describe`."""
    return Response(200 if models.is_ready() else 503, b"{}")


@uncollected
def decode(request: Request, manifest: Manifest) -> Inference[Any]:
    """See `Dialect.decode`."""
    from handlers.serving.dialects import sagemaker_bodies  # late: it needs numpy

    return sagemaker_bodies.decode(request, manifest)


@uncollected
def encode(inference: Inference[Any], outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
    """See `Dialect.encode`."""
    from handlers.serving.dialects import sagemaker_bodies

    return sagemaker_bodies.encode(inference, outputs)


def fail(error: ServingError) -> Response:
    """See `Dialect.fail`."""
    return tensorflow_serving.fail(error)
