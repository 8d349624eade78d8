"""Asks a stack, and shows every header of the answer."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from local.stack import LocalStack


def asked(stack: LocalStack, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; every header as it is sent."""
    url = urlsplit(stack.api_url)
    connection = http.client.HTTPConnection(url.netloc)
    connection.request(method, url.path + path, headers=headers)
    answer = connection.getresponse()
    try:
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()
