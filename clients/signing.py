"""Signs requests to an API with auth iam, with the credentials that AWS's tools find. To be copied; it needs botocore.

    import requests
    from signing import Signer

    requests.post(f"{url}/v1/models/iris:predict", json={"instances": rows}, auth=Signer("eu-west-1"))

The same object is the `auth` of httpx, and of KServe's `RESTConfig`. `SignedTriton` makes Triton's client sign.
"""

import os
import re
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

FUNCTION_URL = re.compile(r"\.lambda-url\.[a-z0-9-]+\.on\.aws")
"""How the host name of a function URL ends."""


def service_of(address: str) -> str:
    """What requests are signed for: `lambda` at a function URL, else `execute-api`.

    Args:
        address: the API's URL, or the output `requestsArn` of its stack.
    """
    if address.startswith("arn:"):
        return address.split(":")[2]
    return "lambda" if FUNCTION_URL.search(urlsplit(address).hostname or "") else "execute-api"


class Signer:
    """Signs each request anew: a signature is valid for five minutes, and for one request.

    Args:
        region: where the API is; by default AWS_REGION.
        service: what requests are signed for; by default API_SERVICE, or else what the address of a request says.
        credentials: botocore's; by default those that AWS's tools find.

    Raises:
        ValueError: no region is known, or no credentials are.
    """

    def __init__(self, region: str | None = None, *, service: str | None = None, credentials: Any = None) -> None:
        session = Session()
        self._region = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        self._service = service or os.environ.get("API_SERVICE")
        self._credentials: Any = credentials or session.get_credentials()
        if self._credentials is None:
            raise ValueError("no AWS credentials are found; `aws sts get-caller-identity` shows which ones there are")
        if self._region is None:
            raise ValueError("the API's region is not known; name it, or set AWS_REGION")

    def headers(self, method: str, url: str, body: bytes | str | None = None) -> dict[str, str]:
        """The headers that sign a request. Whoever sends it may add others."""
        request = AWSRequest(method=method, url=url, data=body or b"")
        service = self._service or service_of(url)
        SigV4Auth(self._credentials.get_frozen_credentials(), service, self._region).add_auth(request)
        return dict(request.headers.items())

    def __call__(self, request: Any) -> Any:
        """Sign a request of requests or httpx."""
        body = request.body if hasattr(request, "body") else request.read()
        request.headers.update(self.headers(request.method, str(request.url), body))
        return request


class SignedTriton:
    """Put before Triton's client, whose plugins do not see the body that a signature covers.

    class Client(SignedTriton, tritonclient.http.InferenceServerClient): ...
    """

    signer: Signer

    def _get(self, request_uri: str, headers: dict[str, str] | None, query_params: Any) -> Any:
        signed = self._signed("GET", request_uri, None, headers)
        return super()._get(request_uri, signed, query_params)  # pyright: ignore

    def _post(self, request_uri: str, request_body: bytes, headers: dict[str, str] | None, query_params: Any) -> Any:
        signed = self._signed("POST", request_uri, request_body, headers)
        return super()._post(request_uri, request_body, signed, query_params)  # pyright: ignore

    def _signed(self, method: str, path: str, body: Any, headers: dict[str, str] | None) -> dict[str, str]:
        url = self._parsed_url  # pyright: ignore
        base = f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
        return {**(headers or {}), **self.signer.headers(method, f"{base}/{path}", body)}
