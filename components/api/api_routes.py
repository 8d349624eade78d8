"""Routes: which paths of the API lead to which model's function. The same for an HTTP API and a REST API.

Every route takes any method: whoever sends the wrong one gets the function's own answer. Imports no Pulumi.
"""

from collections.abc import Iterable, Mapping, Sequence

VERBS = ("predict", "classify", "regress")
"""What `/v1/models/<model>:<verb>` may ask for. A colon is allowed in a path part of either kind of API."""

SERVER_PATHS = ("/v1/{proxy+}", "/v2", "/v2/{proxy+}")
"""What no model's own route takes: server-wide answers, and 404s."""

REST_SERVER_PATHS = ("/v1/models", "/v1/models/{proxy+}", "/v2/models", "/v2/models/{proxy+}")
"""The same on a REST API, where a greedy path leaves out its siblings that are spelt out, and what is below them.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html"""


def model_paths(model: str) -> Sequence[str]:
    """The paths of a model that has a function of its own, in both dialects."""
    verbs = [f"/v1/models/{model}:{verb}" for verb in VERBS]
    roots = [f"/{dialect}/models/{model}" for dialect in ("v1", "v2")]
    return [*verbs, *(path for root in roots for path in (root, f"{root}/{{proxy+}}"))]


def http_paths(models: Iterable[str]) -> Mapping[str, str | None]:
    """The paths of an HTTP API by the model whose function answers; None is the one that answers for the server."""
    server: dict[str, str | None] = dict.fromkeys(SERVER_PATHS)
    return {**server, **{path: model for model in models for path in model_paths(model)}}


def rest_paths(models: Iterable[str]) -> Mapping[str, str | None]:
    """The paths of a REST API, likewise."""
    return {**dict.fromkeys(REST_SERVER_PATHS), **http_paths(models)}


def http_routes(models: Iterable[str], *, cors: bool) -> int:
    """How many routes an HTTP API has; with CORS, each path has one for preflight requests besides."""
    return len(http_paths(models)) * (2 if cors else 1)


def rest_resources(models: Iterable[str]) -> int:
    """How many resources a REST API has: one for each path and for each of its parents."""
    resources: set[str] = set()
    for path in rest_paths(models):
        parts = path.split("/")
        resources |= {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return len(resources)
