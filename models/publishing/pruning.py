"""Pruning: removes versions that nothing names, when no function can still answer with them."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from handlers.manifest import MANIFEST_FILE
from models.publishing.claims import REMOVED, claim_path, is_removed
from models.publishing.errors import PublishingError
from models.publishing.objects import Document
from models.publishing.published_models import Clock, PublishedModels

QUIET_SECONDS = 15 * 60.0
"""How long ago a version must have been named last. No request to Lambda lasts longer, and the next one after it finds
the new pointer."""

UNFINISHED_SECONDS = 24 * 3600.0
"""How old the newest file of a version without a manifest must be. A younger one may still be being published."""

TRIES = 10


class Prunable(NamedTuple):
    """A version that nothing names."""

    version: int
    size: int
    """Bytes."""
    paths: Sequence[str]
    due: float
    """When it may be removed, in seconds since 1970."""
    complete: bool
    """Whether it was ever published; else its publisher was interrupted."""


def prunable(
    target: PublishedModels, model: str, *, keep: int, quiet_seconds: float = QUIET_SECONDS
) -> Sequence[Prunable]:
    """The versions of a model that nothing names, without the `keep` newest complete ones of them, oldest first.

    Raises PublishingError if the model has no pointer.
    """
    file = target.pointer_file(model)
    named, until = file.pointer.versions(), file.named_until()
    listing = target.listing(model)
    spare = [version for version in listing.complete if version not in named]
    kept = {*named, *(spare[-keep:] if keep else ())}
    found: list[Prunable] = []
    for version, objects in sorted(listing.files.items()):
        left = [each for each in objects if each.path != claim_path(model, version)]
        complete = version in listing.complete
        if version in kept or (not left and is_removed(target.objects, model, version)):
            continue
        newest = max(each.modified for each in objects)
        due = max(until.get(version, 0.0), newest) + quiet_seconds if complete else newest + UNFINISHED_SECONDS
        paths = sorted((each.path for each in left), key=lambda path: not path.endswith(f"/{MANIFEST_FILE}"))
        found.append(Prunable(version, sum(each.size for each in left), paths, due, complete))
    return found


def wait_until_due(versions: Sequence[Prunable], say: Callable[[str], None], now: Clock = time.time) -> None:
    """Wait until all of these versions may be removed."""
    due = max((each.due for each in versions), default=0.0)
    while (left := due - now()) > 0:
        say(f"waiting {left:.0f} s until no function can answer with version {versions[-1].version}")
        time.sleep(min(left, 1.0))


def remove(target: PublishedModels, model: str, version: Prunable) -> bool:
    """Remove a version. Its number is never used again. Returns False if the pointer names it now.

    The claim says first that the version is removed; only then is the pointer read. Whoever names the version at the
    same moment sees the claim, and takes the name back.
    """
    claimed = _mark(target, model, version.version)
    if version.version in target.pointer_file(model).pointer.versions():
        _unmark(target, model, version.version, claimed)
        return False
    target.objects.delete(version.paths)
    return True


def _mark(target: PublishedModels, model: str, version: int) -> Document | None:
    """Let the claim of a version say that it is removed. Returns the claim before."""
    path = claim_path(model, version)
    for _ in range(TRIES):
        before = target.objects.read(path)
        if before is None:
            if target.objects.create(path, REMOVED):
                return None
        elif before.content == REMOVED or target.objects.replace(path, REMOVED, before.tag):
            return before
    raise PublishingError(f"{target.objects.address}/{path} is being written by others; try again")


def _unmark(target: PublishedModels, model: str, version: int, before: Document | None) -> None:
    path = claim_path(model, version)
    if before is None:
        target.objects.delete([path])
    elif (marked := target.objects.read(path)) is not None:
        target.objects.replace(path, before.content, marked.tag)
