"""Publisher: puts a packaged version into a published repository, whole or not at all.

The order is what makes it safe: the claim of a number, the files, the manifest, the pointer. Readers know a version by
the pointer alone, and other publishers leave a claimed number alone. Whoever is interrupted goes on where it stopped.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from handlers.manifest import MANIFEST_FILE, FileEntry, Manifest, Pointer
from models.packaging.repository import ModelRepository
from models.publishing.claims import claim, is_claimed
from models.publishing.errors import PublishingError, Refused
from models.publishing.pointer_changes import labelling, making_current
from models.publishing.pointer_file import PointerFile
from models.publishing.published_models import ModelListing, PublishedModels
from models.publishing.signature_changes import signature_changes

UPLOADS_AT_ONCE = 8
CLAIMS = 1000
"""How many numbers are tried at most."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What a publication is to do."""

    source: ModelRepository
    model: str
    version: int | None = None
    """In the source; None for the newest one there."""
    label: str | None = None
    """The label that then stands for it."""
    make_current: bool = False
    allow_signature_change: bool = False


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a publication did."""

    manifest: Manifest
    """With the number under which it is published."""
    pointer: PointerFile
    uploaded: int
    """How many files were not there before."""
    uploaded_bytes: int
    existed: bool
    """Whether this content was published before, under this number."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a publication would do."""

    manifest: Manifest
    """With the number that it would get now."""
    directory: Path
    changes: Sequence[str]
    """How its signatures differ from the current version's."""
    existed: bool
    becomes_current: bool
    known: Collection[int]
    """The numbers of the versions that were complete then."""


def content_of(manifest: Manifest) -> str:
    """The SHA-256 of a version's manifest without its number: equal for equal content."""
    return hashlib.sha256(manifest._replace(version=1).to_json().encode()).hexdigest()


def plan(publication: Publication, target: PublishedModels) -> Plan:
    """What `publish` would do. Nothing is written.

    Raises PackagingError if the source has no such version, PublishingError if a file of it is damaged, and Refused if
    its signatures differ from the current version's and that was not allowed.
    """
    manifest, directory = _source(publication)
    published = target.manifests(publication.model)
    pointer = target.find_pointer_file(publication.model)
    current = published.get(pointer.pointer.version) if pointer else None
    changes = signature_changes(current, manifest) if current else []
    if changes and not publication.allow_signature_change:
        raise Refused(
            f"callers of {publication.model} would find another signature than version {current and current.version} "
            f"has: {'; '.join(changes)}. --allow-signature-change publishes it all the same"
        )
    same = [number for number, found in published.items() if content_of(found) == content_of(manifest)]
    listing = target.listing(publication.model)
    number = same[-1] if same else _candidate(manifest.version, listing)
    return Plan(
        manifest=manifest._replace(version=number),
        directory=directory,
        changes=changes,
        existed=bool(same),
        becomes_current=publication.make_current or pointer is None,
        known=published.keys(),
    )


def publish(publication: Publication, target: PublishedModels, say: Say) -> Published:
    """Publish a version, and let its pointer or label name it. Repeating it does what is left, or nothing.

    Raises as `plan` does, and PublishingError if the repository cannot be written.
    """
    planned = plan(publication, target)
    manifest, uploaded = planned.manifest, list[FileEntry]()
    if not planned.existed:
        manifest = _claimed(planned.manifest, target, planned.known)
        uploaded = _upload(manifest, planned.directory, target, say)
        _complete(manifest, target)
    say("moving the pointer")
    pointer = target.change_pointer(publication.model, lambda present: _pointed(publication, manifest.version, present))
    return Published(
        manifest=manifest,
        pointer=pointer,
        uploaded=len(uploaded),
        uploaded_bytes=sum(entry.size for entry in uploaded),
        existed=planned.existed,
    )


def _source(publication: Publication) -> tuple[Manifest, Path]:
    """The version to publish, checked against its manifest."""
    source, model = publication.source, publication.model
    held = source.versions(model)
    version = publication.version or max(held, default=None)
    if version is None or version not in held:
        known = ", ".join(map(str, held)) or "none"
        wanted = "a version" if version is None else f"version {version}"
        raise PublishingError(f"{source.root} has not {wanted} of {model!r}; its packaged versions are {known}")
    if faults := source.faults_of(held[version]):
        raise PublishingError("; ".join(faults))
    return held[version], source.root / model / str(version)


def _candidate(wanted: int, listing: ModelListing) -> int:
    """The number of the source if it is free, else the next one."""
    return wanted if wanted not in listing.files else 1 + max(listing.files)


def _claimed(manifest: Manifest, target: PublishedModels, known: Collection[int]) -> Manifest:
    """The manifest with a number that belongs to its content alone. `known`: versions of other content."""
    content, objects = content_of(manifest), target.objects
    for _ in range(CLAIMS):
        listing = target.listing(manifest.model)
        others = [number for number in listing.files if number not in known]  # begun, or completed since
        for number in (*others, _candidate(manifest.version, listing)):
            if number in others and not is_claimed(objects, manifest.model, number, content):
                continue
            if claim(objects, manifest.model, number, content):
                return manifest._replace(version=number)
    raise PublishingError(f"{objects.address}: others took {CLAIMS} numbers of {manifest.model} first; try again")


def _upload(manifest: Manifest, directory: Path, target: PublishedModels, say: Say) -> list[FileEntry]:
    """Upload what is not there yet, several files at once. Returns what was uploaded."""
    done: list[int] = []
    total = sum(entry.size for entry in manifest.files)

    def upload(entry: FileEntry) -> bool:
        path = f"{manifest.model}/{manifest.version}/{entry.path}"
        new = target.objects.upload(path, directory / entry.path, entry)
        done.append(entry.size)
        say(f"uploading version {manifest.version}: {sum(done) * 100 // max(total, 1)} %")
        return new

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as uploads:
        return [entry for entry, new in zip(manifest.files, uploads.map(upload, manifest.files), strict=True) if new]


def _complete(manifest: Manifest, target: PublishedModels) -> None:
    """Write the manifest, if the number still belongs to it."""
    objects, path = target.objects, f"{manifest.model}/{manifest.version}/{MANIFEST_FILE}"
    if not is_claimed(objects, manifest.model, manifest.version, content_of(manifest)):
        raise PublishingError(f"{objects.address}/{path}: the unfinished version was removed; publish it again")
    content = manifest.to_json().encode()
    if objects.create(path, content):
        return
    found = objects.read(path)
    if found is None or found.content != content:
        raise PublishingError(f"{objects.address}/{path} was written by a deployment at this moment; publish it again")


def _pointed(publication: Publication, version: int, present: Pointer | None) -> Pointer:
    pointer = Pointer(version=version) if present is None else present
    if publication.make_current:
        pointer = making_current(version)(pointer)
    return pointer if publication.label is None else labelling(publication.model, publication.label, version)(pointer)
