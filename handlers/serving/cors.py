"""Lets web pages of other origins read what the function answers, behind an API that adds no CORS headers itself."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from handlers.contract import EXPOSED_HEADERS

Handle = Callable[[Any, Any], dict[str, Any]]
"""A handler: an event and a context in, an answer out."""

EVERY_PAGE = "*"


class Pages(NamedTuple):
    """Which pages may read answers."""

    origins: frozenset[str]
    """`EVERY_PAGE` alone for all."""
    credentials: bool = False
    """Whether they may send the browser's own credentials."""

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """The headers of an answer to a page of this origin; None where no page asks."""
        if EVERY_PAGE in self.origins:
            return {"access-control-allow-origin": EVERY_PAGE, **_EXPOSED}
        if origin not in self.origins:
            return _VARY
        allowed = {"access-control-allow-origin": origin, **_EXPOSED, **_VARY}
        return {**allowed, "access-control-allow-credentials": "true"} if self.credentials else allowed


_VARY = {"vary": "origin"}
"""Tells caches that an answer is for one origin alone."""
_EXPOSED = {"access-control-expose-headers": ",".join(EXPOSED_HEADERS)}


def answering_pages(handle: Handle, pages: Pages) -> Handle:
    """A handler whose answers over HTTP these pages may read."""

    def handle_and_allow(event: Any, context: Any) -> dict[str, Any]:
        answer = handle(event, context)
        headers = answer.get("headers")
        if isinstance(headers, dict) and "statusCode" in answer:
            allow(cast("dict[str, str]", headers), pages.headers(_origin_of(event)))
        return answer

    return handle_and_allow


def allow(headers: dict[str, str], more: Mapping[str, str]) -> None:
    """Add headers to those of an answer, which may vary by others already."""
    vary = ", ".join(each["vary"] for each in (headers, more) if "vary" in each)
    headers.update({**more, "vary": vary} if vary else more)


def _origin_of(event: Any) -> str | None:
    """The origin of the page that sent a request. The caller's HTTP client decides about the letters of the name."""
    headers = event.get("headers") if isinstance(event, dict) else None
    if not isinstance(headers, dict):
        return None
    found = headers.get("origin", headers.get("Origin"))
    return found if isinstance(found, str) else None
