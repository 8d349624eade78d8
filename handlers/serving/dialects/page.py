"""The page at `/`, for people: one HTML file without parts elsewhere. It asks the API itself for all that it shows.

Programs that do not ask for HTML get `{"status": "alive"}`, as from KServe.
"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from handlers.serving.dialects import Call, Models
from handlers.serving.dialects.json_text import json_response
from handlers.serving.dialects.without_predictions import decode, encode, fail
from handlers.serving.errors import MethodNotAllowed
from handlers.serving.events import Request, Response

__all__ = ["NAME", "decode", "describe", "encode", "fail", "route"]

NAME = "page"

FILES = Path(__file__).parent.parent / "page"
SCRIPTS = ("asking.js", "inputs.js", "answers.js", "commands.js", "page.js")
"""In their order: the parts of one script."""


def route(method: str, path: str) -> Call:
    """See `Dialect.route`."""
    if method != "GET":
        raise MethodNotAllowed(method, path, ("GET",))
    return Call("page")


def describe(call: Call, request: Request, models: Models) -> Response:
    """See `Dialect.describe`."""
    if "text/html" not in request.headers.get("accept", ""):
        return json_response({"status": "alive"})
    return _page()


def _page() -> Response:
    style = (FILES / "style.css").read_text(encoding="utf-8")
    script = "".join((FILES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    page = (FILES / "page.html").read_text(encoding="utf-8")
    body = page.replace("{{style}}", style).replace("{{script}}", script)
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _policy(style, script),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
        "vary": "accept",
    }
    return Response(200, body.encode(), headers)


def _policy(style: str, script: str) -> str:
    """Only this style and this script, requests to this API, and images that the page itself holds."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; connect-src 'self'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
