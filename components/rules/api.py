"""Rules about the API in front of the functions."""

from collections.abc import Iterator

from components.rules.rule import Rule
from components.setting_types import Problem
from components.settings import Settings

ROUTES_PER_API = 300

ROUTES_PER_MODEL = 7
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

API_TIMEOUT_SECONDS = 30
"""How long an HTTP API waits for a function; fixed. Same page."""


def function_answers_before_the_api_gives_up(settings: Settings) -> Iterator[Problem]:
    """The HTTP API answers 503 after 30 seconds, whatever the function does."""
    if settings.timeout_seconds >= API_TIMEOUT_SECONDS:
        yield Problem(
            keys=("timeoutSeconds",),
            message=f"the HTTP API gives up after {API_TIMEOUT_SECONDS} seconds, and a function may go on "
            f"and be billed for {settings.timeout_seconds}; only direct invocations get such an answer. Up to "
            f"{API_TIMEOUT_SECONDS - 1} avoids it",
        )


def everyone_may_call(settings: Settings) -> Iterator[Problem]:
    """An open API is a decision that a preview should show."""
    if settings.auth == "none":
        yield Problem(
            keys=("auth",), message="none lets everyone on the internet call the API, at your cost; iam does not"
        )


def routes_fit_in_the_api(settings: Settings) -> Iterator[Problem]:
    """Each model with a function of its own takes routes of the API."""
    routes = 3 + ROUTES_PER_MODEL * len(settings.packaged)
    if settings.mode == "single" and routes > ROUTES_PER_API:
        yield Problem(
            keys=("models", "mode"),
            message=f"{len(settings.packaged)} models take {routes} routes, and an API has {ROUTES_PER_API} "
            f"unless AWS Support raised that; list fewer in models, or set mode to multi",
        )


REFUSED: tuple[Rule, ...] = ()

ADVISED: tuple[Rule, ...] = (function_answers_before_the_api_gives_up, everyone_may_call, routes_fit_in_the_api)
