"""PublishedModels: the models of a published repository, and the change of a model's pointer."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from handlers.checked_json import ManifestError
from handlers.contract import MODEL_NAME
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Manifest, Pointer
from handlers.manifest_reading import parse_manifest_of
from models.publishing.claims import is_removed
from models.publishing.errors import PublishingError
from models.publishing.objects import Document, Listed, Objects
from models.publishing.pointer_changes import Change
from models.publishing.pointer_file import PointerFile, parse_pointer_file

READS_AT_ONCE = 8
TRIES = 100
"""How often a pointer is read again because another writer moved it."""

Clock = Callable[[], float]
"""Returns seconds since 1970."""


class ModelListing(NamedTuple):
    """What a repository holds of a model."""

    complete: Mapping[int, float]
    """The versions that have a manifest, and when it was written, in seconds since 1970."""
    files: Mapping[int, Sequence[Listed]]
    """All objects by version, also of versions that are not complete."""


class PublishedModels:
    """A published repository. `now`: the clock."""

    def __init__(self, objects: Objects, now: Clock = time.time) -> None:
        self.objects, self._now = objects, now

    def names(self) -> Sequence[str]:
        """The models, sorted, also those that have no pointer yet."""
        return [name for name in self.objects.names() if MODEL_NAME.fullmatch(name)]

    def listing(self, model: str) -> ModelListing:
        """What there is of a model."""
        files: dict[int, list[Listed]] = {}
        complete: dict[int, float] = {}
        for each in self.objects.under(f"{model}/"):
            version, _, path = each.path.removeprefix(f"{model}/").partition("/")
            if path and version.isascii() and version.isdecimal() and not version.startswith("0"):
                files.setdefault(int(version), []).append(each)
                if path == MANIFEST_FILE:
                    complete[int(version)] = each.modified
        return ModelListing(dict(sorted(complete.items())), files)

    def manifests(self, model: str) -> Mapping[int, Manifest]:
        """The complete versions, oldest first."""
        versions = list(self.listing(model).complete)
        with ThreadPoolExecutor(READS_AT_ONCE) as reads:
            found = reads.map(lambda version: self._manifest(model, version), versions)
            return {version: manifest for version, manifest in zip(versions, found, strict=True) if manifest}

    def manifest(self, model: str, version: int) -> Manifest:
        """The manifest of a version. Raises PublishingError if the version is not complete."""
        found = self._manifest(model, version)
        if found is None:
            held = ", ".join(map(str, self.listing(model).complete)) or "none"
            raise PublishingError(
                f"{self.objects.address} holds no version {version} of {model}; its versions are {held}"
            )
        return found

    def pointer_file(self, model: str) -> PointerFile:
        """The pointer of a model. Raises PublishingError if the model has none."""
        found = self.find_pointer_file(model)
        if found is None:
            known = ", ".join(self.names()) or "none"
            raise PublishingError(f"{self.objects.address} has no published model {model!r}; it holds {known}")
        return found

    def find_pointer_file(self, model: str) -> PointerFile | None:
        """The pointer of a model; None if it has none yet."""
        return self._parsed(model, self.objects.read(f"{model}/{POINTER_FILE}"))

    def change_pointer(self, model: str, change: Change) -> PointerFile:
        """Move a model's pointer, on the condition that nobody else moved it in between.

        Args:
            model: the model.
            change: returns the new pointer for the present one, which is None for a model without a pointer. It is
                called again if another writer was faster.

        Returns the file as it then is. Raises PublishingError if a version that it would name is not complete, or is
        being removed at the same moment.
        """
        path = f"{model}/{POINTER_FILE}"
        for _ in range(TRIES):
            document = self.objects.read(path)
            present = self._parsed(model, document)
            pointer = change(present and present.pointer)
            file = present.moved_to(pointer, self._now()) if present else PointerFile(pointer)
            if file == present:
                return file
            newly_named = pointer.versions() - (present.pointer.versions() if present else frozenset())
            for version in sorted(newly_named):
                self.manifest(model, version)
            if self._write(path, file, document):
                self._take_back_if_removed(model, newly_named, pointer, present)
                return file
        raise PublishingError(f"{self.objects.address}/{path} was moved {TRIES} times by others; try again")

    def _write(self, path: str, file: PointerFile, over: Document | None) -> bool:
        content = file.to_json().encode()
        if over is None:
            return self.objects.create(path, content)
        return self.objects.replace(path, content, over.tag)

    def _take_back_if_removed(
        self, model: str, newly_named: frozenset[int], written: Pointer, before: PointerFile | None
    ) -> None:
        """Pruning marks a version as removed before it reads the pointer. So one of the two sees the other."""
        removed = sorted(version for version in newly_named if is_removed(self.objects, model, version))
        if not removed:
            return
        if before is not None:
            self.change_pointer(model, lambda now: before.pointer if now in (written, None) else now)
        raise PublishingError(f"version {removed[0]} of {model} was removed at this moment; publish it again")

    def _manifest(self, model: str, version: int) -> Manifest | None:
        path = f"{model}/{version}/{MANIFEST_FILE}"
        document = self.objects.read(path)
        try:
            return None if document is None else parse_manifest_of(model, version, document.content)
        except ManifestError as error:
            raise PublishingError(f"{self.objects.address}/{path}: {error}") from None

    def _parsed(self, model: str, document: Document | None) -> PointerFile | None:
        try:
            return None if document is None else parse_pointer_file(document.content)
        except ManifestError as error:
            raise PublishingError(f"{self.objects.address}/{model}/{POINTER_FILE}: {error}") from None
