"""Property values as Pulumi knows them: what is not known yet, the content of a file, and when two are the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi

ORDERED = frozenset({"commands", "entryPoints"})
"""Lists whose order matters. AWS keeps the other lists of texts as sets."""


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
"""A value that only an update will know: what a preview has in its place."""


@dataclass(frozen=True)
class Asset:
    """The content of an object: of a file or a text."""

    path: str | None = None
    text: str | None = None
    hash: str = ""
    """SHA-256, hexadecimal, as Pulumi's engine computes it."""

    def content(self) -> bytes:
        """The bytes. Raises OSError where the file cannot be read."""
        return (self.text or "").encode() if self.path is None else Path(self.path).read_bytes()

    def hashed(self) -> "Asset":
        """The same content with its hash."""
        digest = self.hash or hashlib.sha256(self.content()).hexdigest()
        return Asset(path=self.path, text=self.text, hash=digest)


def plain(value: Any) -> Any:
    """A value without the SDK's own classes of assets, and with integers where Pulumi's protocol has floats."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, pulumi.FileAsset):
        return Asset(path=str(value.path)).hashed()
    if isinstance(value, pulumi.StringAsset):
        return Asset(text=value.text).hashed()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def for_sdk(value: Any) -> Any:
    """A plain value with the SDK's own classes of assets."""
    if isinstance(value, Mapping):
        return {key: for_sdk(item) for key, item in value.items()}
    if isinstance(value, list):
        return [for_sdk(item) for item in value]
    if isinstance(value, Asset):
        return pulumi.StringAsset(value.text or "") if value.path is None else pulumi.FileAsset(value.path)
    return value


def as_text(document: Any) -> Any:
    """A JSON document as the text that AWS takes; a text as it is, and one that is not known yet, too."""
    return json.dumps(document) if isinstance(document, dict) and not contains_unknown(document) else document


def contains_unknown(value: Any) -> bool:
    """Whether a value, or a part of it, is not known yet."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN


def is_absent(value: Any) -> bool:
    """Whether a property says nothing: the provider takes an empty text, list or object for none."""
    return value is None or (isinstance(value, str | list | Mapping) and not value)


def same(left: Any, right: Any, key: str = "") -> bool:
    """Whether AWS would take two values of a property for one: JSON texts by their content, lists of texts as sets."""
    if is_absent(left) and is_absent(right):
        return True
    if isinstance(left, Asset) and isinstance(right, Asset):
        return left.hashed().hash == right.hashed().hash
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return all(same(left.get(each), right.get(each), each) for each in {*left, *right})
    if isinstance(left, list) and isinstance(right, list):
        return _same_lists(left, right, key)
    if isinstance(left, str) and isinstance(right, str):
        return left == right or ((document := _document(left)) is not None and document == _document(right))
    return left == right


def _same_lists(left: list[Any], right: list[Any], key: str) -> bool:
    if len(left) != len(right):
        return False
    if key not in ORDERED and all(isinstance(item, str) for item in (*left, *right)):
        left, right = sorted(left), sorted(right)
    return all(same(one, other, key) for one, other in zip(left, right, strict=True))


def _document(text: str) -> Any:
    """The content of a text that is a JSON object or array; None for any other text."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
