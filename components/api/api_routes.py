"""Routes: which path leads to which model's function, for an HTTP API and for a REST API.

A route takes every method, and the function itself answers a request with a wrong one; with CORS, a route takes one
method. Imports no Pulumi.
"""

from collections.abc import Mapping, Sequence

SERVER_PATHS = ("/openapi.json", "/v1/{proxy+}", "/v2", "/v2/{proxy+}")
"""Paths of no single model. They lead to the answers about the server, and to its 404s."""

ONE_MODEL_PATHS = ("/invocations", "/ping")
"""Paths that name no model, as SageMaker's clients know them. A stack of one model has them."""

HEALTH_PATHS = ("/v2/health/live", "/v2/health/ready")
"""Paths of their own where everyone may ask for the server's health."""

OPEN_PATHS = frozenset((*HEALTH_PATHS, "/ping"))
"""Paths that everyone may then ask."""
ENDPOINTS_PATH = "/endpoints/{proxy+}"
"""The endpoints that SageMaker's clients ask for. A stack of one model has it."""

PAGE_PATH = "/"
"""The page for people, unless a stack has none."""

REST_SERVER_PATHS = ("/v1/models", "/v1/models/{proxy+}", "/v2/models", "/v2/models/{proxy+}")
"""Further such paths of a REST API, where a greedy path does not match below a sibling that is spelt out.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html"""

CORS_METHODS = ("GET", "POST")
"""The methods by which pages of other sites may call. The dialects have no other."""

Verbs = Mapping[str, Sequence[str]]
"""The verbs of `/v1/models/<model>:<verb>`, by each model that has a function of its own."""


def model_paths(model: str, verbs: Sequence[str]) -> Sequence[str]:
    """The paths of a model that has a function of its own, in both dialects. Both kinds of API allow a colon in a part
    of a path."""
    roots = [f"/{dialect}/models/{model}" for dialect in ("v1", "v2")]
    below = [path for root in roots for path in (root, f"{root}/{{proxy+}}")]
    return [*(f"/v1/models/{model}:{verb}" for verb in verbs), *below]


def http_paths(models: Verbs, *, one_model: bool, page: bool, health: bool = False) -> Mapping[str, str | None]:
    """The paths of an HTTP API, each with the model whose function answers; None stands for the server's function.

    `page`: whether there is a page for people. `health`: whether everyone may ask for the server's health.
    """
    further = [
        *(ONE_MODEL_PATHS if one_model else ()),
        *([ENDPOINTS_PATH] if one_model else ()),
        *([PAGE_PATH] if page else ()),
        *(HEALTH_PATHS if health else ()),
    ]
    server: dict[str, str | None] = dict.fromkeys((*SERVER_PATHS, *further))
    return {**server, **{path: model for model, verbs in models.items() for path in model_paths(model, verbs)}}


def rest_paths(models: Verbs, *, one_model: bool, page: bool, health: bool = False) -> Mapping[str, str | None]:
    """The paths of a REST API, each with the model whose function answers; None stands for the server's function."""
    further = http_paths(models, one_model=one_model, page=page, health=health)
    return {**dict.fromkeys(REST_SERVER_PATHS), **further}


def http_routes(models: Verbs, *, cors: bool, one_model: bool, page: bool, health: bool = False) -> int:
    """How many routes an HTTP API has. With CORS, each path has one for each method."""
    paths = http_paths(models, one_model=one_model, page=page, health=health)
    return len(paths) * (len(CORS_METHODS) if cors else 1)


def rest_resources(models: Verbs, *, one_model: bool, page: bool, health: bool = False) -> int:
    """How many resources a REST API has: one for each path and for each of its parents."""
    resources: set[str] = set()
    for path in rest_paths(models, one_model=one_model, page=page, health=health):
        parts = path.rstrip("/").split("/")
        resources |= {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return len(resources)
