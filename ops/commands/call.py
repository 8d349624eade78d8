"""`python -m ops call MODEL BODY`: asks a stack for a prediction, signed as the stack wants it."""

import json
import os
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from urllib.parse import quote

from clients.signing import Signer
from local.stack_config import PROJECT
from ops.deployed import Deployed, find_deployed

NAME = "call"
HELP = "ask a stack for a prediction; signs by itself"

SECONDS = 310
"""How long to wait: a little longer than any API does."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument(
        "body", metavar="BODY", help="instances as a JSON list, or the whole body as an object; - reads standard input"
    )
    parser.add_argument("--stack", default="dev", metavar="NAME", help="the stack (default: dev)")
    parser.add_argument("--signature", default=None, metavar="NAME", help="one of the model's signatures")
    parser.add_argument("--label", default=None, metavar="NAME", help="a label, such as canary")
    parser.add_argument("--token", default=None, help="for auth jwt and lambda (default: $TOKEN)")


def run(options: Namespace) -> int:
    """Print the answer; the exit code is 1 if it is an error."""
    stack = find_deployed(PROJECT, options.stack)
    at = f"/labels/{quote(options.label, safe='')}" if options.label else ""
    url = f"{stack.outputs['apiUrl']}/v1/models/{quote(options.model, safe='')}{at}:predict"
    body = _body(sys.stdin.read() if options.body == "-" else options.body, options.signature)
    headers = {"Content-Type": "application/json", **_credentials(stack, url, body, options.token)}
    try:
        request = urllib.request.Request(url, body, dict(headers))  # noqa: S310 - the stack's own address
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        print(f"{error.code} {error.read().decode(errors='replace')}", file=sys.stderr)
        named = error.headers.get("apigw-requestid") or error.headers.get("x-amzn-requestid")
        if named:
            print(f"python -m ops find {named} --stack {options.stack}", file=sys.stderr)
        return 1


def _body(text: str, signature: str | None) -> bytes:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the body is not JSON ({error}); write instances, such as '[[5.1, 3.5, 1.4, 0.2]]'") from None
    document = given if isinstance(given, dict) else {"instances": given}
    return json.dumps(document | ({"signature_name": signature} if signature else {})).encode()


def _credentials(stack: Deployed, url: str, body: bytes, token: str | None) -> Mapping[str, str]:
    """The headers that say who calls."""
    auth = stack.outputs["auth"]
    if auth == "none":
        return {}
    if auth != "iam":
        found = token or os.environ.get("TOKEN") or stack.token
        if not found:
            raise ValueError(f"the stack's auth is {auth}: give a token with --token, or in TOKEN")
        return {"Authorization": f"Bearer {found}"}
    credentials = stack.session().get_credentials()
    return Signer(stack.region, service=stack.service, credentials=credentials).headers("POST", url, body)
