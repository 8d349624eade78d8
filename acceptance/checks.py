"""Checks: what must hold of a deployed stack, each a function that raises NotHeldError with what was found."""

import gzip
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from acceptance.cases import PAGES
from acceptance.sending import Answer, send
from acceptance.targets import Target
from clients.signing import service_of
from local.held_out import HeldOut
from local.publishing import add_version, current_version, publish, versions_of

PREDICT = "/v1/models/iris:predict"
LIVE = "/v2/health/live"
HTTP_API = "aws:apigatewayv2/api:Api"

VISIBLE_SECONDS = 600
"""How long a published version may take until it answers: S3's notifications take effect after five minutes."""


class NotHeldError(Exception):
    """Something does not hold; the message says what was found."""


def require(holds: bool, found: str) -> None:
    """Raise NotHeldError unless something holds."""
    if not holds:
        raise NotHeldError(found)


@dataclass(kw_only=True)
class Deployed:
    """A stack that was deployed, and what its callers know."""

    target: Target
    held_out: HeldOut
    model: Path
    """The packaged model, which the stack was seeded with."""
    outputs: Mapping[str, Any]
    requests: int = 0
    """How many were sent."""

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of an answer of the API."""
        return self.ask_at(f"{self.outputs['apiUrl']}{path}", method, body, headers)

    def ask_at(
        self, address: str, method: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of an answer at a URL, signed as the API wants it."""
        url = self.target.address(address)
        signed = self.target.signer(service=service_of(str(self.outputs["requestsArn"]))).headers(method, url, body)
        named = {"content-type": "application/json", **(headers or {}), **signed}
        answer = self._send(method, url, body, named)
        return answer.status, answer.body

    def ask_as_page(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """The answer to a request without a signature, such as a browser sends for a page."""
        return self._send(method, self.target.address(f"{self.outputs['apiUrl']}{path}"), None, headers)

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self.requests += 1
        return send(method, url, body, headers, self.target.host(urlsplit(url).netloc))

    def predict(self, **headers: str) -> tuple[int, bytes]:
        """The answer to all held-out examples; compressed if the headers say so."""
        body = json.dumps(self.held_out.predict_body("serving_default", 0, self.held_out.size)).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", PREDICT, gzip.compress(body) if "content-encoding" in named else body, named)

    def version(self) -> int | None:
        """The version that answers; None if none does."""
        status, body = self.ask("GET", "/v2/models/iris")
        return int(json.loads(body)["versions"][-1]) if status == 200 else None


def deployed(stack: Deployed) -> None:
    """The health check answers."""
    status, body = stack.ask("GET", LIVE)
    require(status == 200, f"the health check was answered {status}: {body[:200]!r}")


def quiet(stack: Deployed) -> None:
    """A refresh and an update of what was just deployed do nothing."""
    for result in (stack.target.stack.refresh(), stack.target.stack.up()):
        done = [str(step) for step in result.steps if step.operation not in ("same", "read", "refresh")]
        require(result.quiet, f"{result.operation}: {'; '.join(result.errors) or done[:5]}")


def answers(stack: Deployed) -> None:
    """Predictions have the figure of the SavedModel."""
    _agrees(stack, *stack.predict())


def compressed(stack: Deployed) -> None:
    """A compressed request is answered, too."""
    _agrees(stack, *stack.predict(content_encoding="gzip"))


def pages(stack: Deployed) -> None:
    """A page's preflight request needs no signature, and the page may read answers and what the API itself refuses."""
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    for page in PAGES:
        for method, path, headers, status in (
            ("OPTIONS", PREDICT, asks, 204),
            ("GET", LIVE, {}, 200),
            ("GET", "/v2/models/iris", {}, 403),
        ):
            answer = stack.ask_as_page(method, path, {"origin": page, **headers})
            allowed = answer.headers.get("access-control-allow-origin")
            found = f"{page} was answered {answer.status} to {method} {path}, which {allowed} may read"
            require((answer.status, allowed) == (status, page), f"{found}; expected {status}, which the page may read")


def published(stack: Deployed) -> None:
    """A further version answers after it was published, without a deployment."""
    like = current_version(stack.model)
    version = max(versions_of(stack.model)) + 1
    add_version(stack.model, like, version)
    publish(stack.target.client("s3"), stack.outputs["bucketName"], stack.model, version)
    _await_version(stack, version)


def rolled_back(stack: Deployed) -> None:
    """The version before answers after its pointer was written again."""
    version = current_version(stack.model)
    publish(stack.target.client("s3"), stack.outputs["bucketName"], stack.model, version)
    _await_version(stack, version)


def closed(stack: Deployed) -> None:
    """AWS's own address of the API answers no one: the domain name is the one way in."""
    [api] = [each["outputs"] for each in stack.target.stack.resources() if each["type"] == HTTP_API]
    status, _ = stack.ask_at(f"{api['apiEndpoint']}{LIVE}", "GET")
    require(status in (403, 404), f"AWS's own address of the API answers {status}")


def _agrees(stack: Deployed, status: int, body: bytes) -> None:
    require(status == 200, f"a prediction was answered {status}: {body[:200]!r}")
    figure = stack.held_out.figure_of(json.loads(body)["predictions"])
    require(stack.held_out.agrees(figure), f"the figure is {figure}, that of the SavedModel {stack.held_out.figure}")


def _await_version(stack: Deployed, version: int) -> None:
    deadline = time.monotonic() + VISIBLE_SECONDS
    while (found := stack.version()) != version:
        require(time.monotonic() < deadline, f"version {found} answers after {VISIBLE_SECONDS} s, and not {version}")
        time.sleep(1)


CHECKS: Mapping[str, Callable[[Deployed], None]] = {
    "deployed": deployed,
    "quiet": quiet,
    "answers": answers,
    "compressed": compressed,
    "closed": closed,
    "pages": pages,
    "published": published,
    "rolled back": rolled_back,
}
"""By name."""
