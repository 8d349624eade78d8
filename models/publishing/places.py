"""Places: where a published model repository is, as a person says it: a bucket, a directory, or a stack's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.places import PROJECT
from models.publishing.aws import client
from models.publishing.directory_objects import DirectoryObjects
from models.publishing.errors import PublishingError
from models.publishing.published_models import PublishedModels
from models.publishing.s3_objects import S3Objects
from models.publishing.stacks import PREFIX, Stack, find_stack


@dataclass(frozen=True, kw_only=True)
class Place:
    """A published repository, and the stack that serves it, if it was named by that."""

    models: PublishedModels
    stack: Stack | None = None


def open_place(where: str | None, stack: str | None) -> Place:
    """The repository at an address, or of a stack. One of the two is None.

    Raises PublishingError if the address is none, or the stack is not deployed.
    """
    if stack is not None:
        found = find_stack(PROJECT, stack)
        return Place(models=_in_bucket(found.bucket, PREFIX, found.environment), stack=found)
    if where is None:
        raise PublishingError("there is no place; give --at s3://BUCKET/PREFIX, --at DIRECTORY, or --stack NAME")
    parts = urlsplit(where)
    if parts.scheme == "s3":
        if not parts.netloc:
            raise PublishingError(f"{where} names no bucket; write s3://BUCKET/PREFIX")
        return Place(models=_in_bucket(parts.netloc, parts.path, {}))
    if parts.scheme not in ("", "file"):
        raise PublishingError(f"{where} is no place for models; allowed are s3://BUCKET/PREFIX and a directory")
    return Place(models=PublishedModels(DirectoryObjects(Path(parts.path if parts.scheme else where))))


def _in_bucket(bucket: str, prefix: str, environment: Mapping[str, str]) -> PublishedModels:
    return PublishedModels(S3Objects(client("s3", environment), bucket, prefix))
