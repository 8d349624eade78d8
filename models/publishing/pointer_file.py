"""PointerFile: `current.json` as publishing writes it: the pointer that readers read, and which versions it named."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from handlers.checked_json import Fields, read_object
from handlers.manifest import LARGEST_POINTER_BYTES, POINTER_FILE, Pointer
from handlers.manifest_reading import parse_pointer

KEPT = 100
"""How many former versions a pointer remembers."""


class Former(NamedTuple):
    """A version that no pointer names any more, or that was current before."""

    version: int
    until: float
    """When that ended, in seconds since 1970."""
    was_current: bool
    """Whether it answered requests that name no version; else a label stood for it."""


class PointerFile(NamedTuple):
    """A pointer, and the versions before, oldest first. Readers ignore those."""

    pointer: Pointer
    former: tuple[Former, ...] = ()

    def to_json(self) -> str:
        """The content of `current.json`."""
        former = [
            {"version": each.version, "until": _written(each.until), "current": each.was_current}
            for each in self.former
        ]
        return json.dumps({**json.loads(self.pointer.to_json()), "former": former}) + "\n"

    def moved_to(self, pointer: Pointer, now: float) -> "PointerFile":
        """The file after the pointer changed. It is the same if the pointer is."""
        if pointer == self.pointer:
            return self
        left = [Former(self.pointer.version, now, True)] if pointer.version != self.pointer.version else []
        named = self.pointer.versions() - pointer.versions() - {each.version for each in left}
        left += [Former(version, now, False) for version in sorted(named)]
        return PointerFile(pointer, (*self.former, *left)[-KEPT:])

    def before(self) -> int | None:
        """The version that was current before the present one; None if that is not known."""
        found = [each.version for each in self.former if each.was_current and each.version != self.pointer.version]
        return found[-1] if found else None

    def named_until(self) -> Mapping[int, float]:
        """When each of the former versions was last named, in seconds since 1970."""
        return {each.version: each.until for each in self.former}


def parse_pointer_file(content: bytes) -> PointerFile:
    """Read `current.json`. Raises ManifestError."""
    pointer = parse_pointer(content)
    document = read_object(content, POINTER_FILE, LARGEST_POINTER_BYTES)
    return PointerFile(pointer, document.many("former", _former) if "former" in document else ())


def _former(value: Fields) -> Former:
    until = value.text("until")
    try:
        moment = datetime.fromisoformat(until).timestamp()
    except ValueError:
        raise value.error("until", until, "a time such as 2026-11-27T17:00:00+00:00") from None
    return Former(value.integer("version", 1), moment, value.get("current") is True)


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
