"""Signs requests for an API that lets only IAM identities in."""

from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from ops.load.bodies import LoadRequest, parsed

VALID_SECONDS = 300
"""AWS refuses a signature that is older."""


class Signer:
    """Signs a request with the credentials of the environment. Raises ValueError if there are none."""

    def __init__(self, url: str, region: str | None = None) -> None:
        session = Session()
        self._credentials: Any = session.get_credentials()
        self._region = region or session.get_config_variable("region")
        self._url = url.rstrip("/")
        if self._credentials is None or self._region is None:
            raise ValueError("there are no AWS credentials or no region to sign with; `aws configure` sets them")
        parsed(url)

    def __call__(self, request: LoadRequest) -> Mapping[str, str]:
        return self.sign("POST", request.path, request.body)

    def sign(self, method: str, path: str, body: bytes = b"") -> Mapping[str, str]:
        """The headers that a request needs beside its own."""
        headers = {"Content-Type": "application/json"} if body else {}
        asked = AWSRequest(method, self._url + path, headers=headers, data=body)
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(asked)
        return {name: value for name, value in asked.headers.items() if name.lower() != "content-type"}
