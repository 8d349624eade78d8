"""ApiClient: JSON over one open connection, so that measurements do not include connecting."""

import http.client
import json
from typing import Any, Self
from urllib.parse import urlsplit


class ApiClient:
    """A client of the deployed API."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def exchange(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        """The status and the body of a response."""
        self._connection.request(method, self._prefix + path, body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and the JSON document of a response; the text if it is not JSON."""
        status, content = self.exchange(method, path, None if body is None else json.dumps(body))
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode("utf-8", "replace")
