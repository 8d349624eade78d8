"""Asks the issuer of tokens for its own document, as API Gateway does when a token comes."""

import json
import urllib.request
from collections.abc import Callable, Iterator

from components.configuration.problem import Problem
from components.settings.settings import Settings

SECONDS = 3
"""How long the issuer may take. It need not be reachable from where a stack is previewed."""

MOST_BYTES = 1 << 20


def read_document(url: str) -> bytes:
    """What is at an https URL. Raises OSError."""
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the setting takes https alone
        return answer.read(MOST_BYTES)


def issuer_is_what_its_document_says(
    settings: Settings, read: Callable[[str], bytes] = read_document
) -> Iterator[Problem]:
    """API Gateway compares a token's `iss` with jwtIssuer, and reads the keys where the issuer's document says.

    What cannot be reached from here is not a mistake.
    """
    if settings.auth != "jwt" or not settings.jwt_issuer:
        return
    url = f"{settings.jwt_issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        content = read(url)
    except OSError:
        return
    try:
        stated = json.loads(content)["issuer"]
    except (ValueError, KeyError, TypeError):
        yield Problem(
            keys=("jwtIssuer",),
            message=f"{url} is no document of an OpenID Connect issuer, so that API Gateway would refuse every token; "
            "set jwtIssuer to the URL that the tokens have in iss",
        )
        return
    if stated != settings.jwt_issuer:
        yield Problem(
            keys=("jwtIssuer",),
            message=f"the document at {url} says that the issuer is {stated!r}, which API Gateway compares letter by "
            "letter; set jwtIssuer to that",
        )
