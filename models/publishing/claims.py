"""Claims: which content a version's number belongs to, from before its first file until after its last.

`<model>/<version>/claim.json` is written first, where there is none: S3 lets one of several publishers do so. Only a
publisher of the same content goes on under this number, after an interruption or at the same time. A claim outlives its
version, so that no number is used twice.
"""

import json

from handlers.manifest import CLAIM_FILE, CLAIM_OF_REMOVED
from models.publishing.objects import Objects

REMOVED = CLAIM_OF_REMOVED.encode()


def claim_of(content: str) -> bytes:
    """The claim of a version with this content. `content`: the SHA-256 of its manifest without the number."""
    return json.dumps({"content": content}).encode()


def claim_path(model: str, version: int) -> str:
    """Where the claim of a version is."""
    return f"{model}/{version}/{CLAIM_FILE}"


def claim(objects: Objects, model: str, version: int, content: str) -> bool:
    """Claim a number for a content. Returns False if it belongs to another content, or to none any more."""
    path, wanted = claim_path(model, version), claim_of(content)
    if not objects.create(path, wanted):
        found = objects.read(path)
        if found is None or found.content != wanted:
            return False
    return True


def is_claimed(objects: Objects, model: str, version: int, content: str) -> bool:
    """Whether a number belongs to this content."""
    found = objects.read(claim_path(model, version))
    return found is not None and found.content == claim_of(content)


def is_removed(objects: Objects, model: str, version: int) -> bool:
    """Whether a version was removed, or is being removed."""
    found = objects.read(claim_path(model, version))
    return found is not None and found.content == REMOVED
