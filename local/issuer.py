"""Issuer: issues tokens on this machine, in the place of whichever OpenID Connect issuer a stack names.

The emulated API Gateway verifies every token with this issuer's key. It asks nobody outside of this machine for one.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY_ID = "of-this-machine"
VALID_SECONDS = 12 * 3600


class Issuer:
    """A key and what it signs. Each has a key of its own."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def keys(self) -> str:
        """The public key, as the JSON document that an issuer has at its `jwks_uri`."""
        public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]})

    def token(
        self,
        issuer: str,
        audience: str,
        scopes: Sequence[str] = (),
        *,
        subject: str = "somebody",
        seconds: float = VALID_SECONDS,
    ) -> str:
        """A token for an audience that is valid for so many seconds from now; fewer than none: one that was valid."""
        now = int(time.time())
        claims = {"iss": issuer, "aud": audience, "sub": subject, "iat": now + min(int(seconds), 0) - 1}
        return jwt.encode(
            {**claims, "exp": now + int(seconds), "scope": " ".join(scopes)},
            self._key,
            algorithm="RS256",
            headers={"kid": KEY_ID},
        )
