"""Images: those in a stack's repository that no version of a function uses. No rule of ECR can know them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.exported_state import Client, resources_of
from policy.invariants.functions import FUNCTION

REPOSITORY = "aws:ecr/repository:Repository"


@dataclass(frozen=True, kw_only=True)
class Unused:
    """An image that no version of a function of the stack uses."""

    repository: str
    digest: str
    tags: Sequence[str]
    pushed: str
    """When, as text."""
    size_bytes: int

    @property
    def command(self) -> str:
        """What removes it."""
        return f"aws ecr batch-delete-image --repository-name {self.repository} --image-ids imageDigest={self.digest}"


def unused(state: Mapping[str, Any], client: Client) -> list[Unused]:
    """The images that no version uses, the oldest first, by the exported state of a stack.

    Raises ValueError: the stack has no image repository; it runs from an image that was built before.
    """
    resources = resources_of(state)
    repositories = [each["id"] for each in resources if each.get("type") == REPOSITORY]
    if not repositories:
        raise ValueError("the state has no image repository: imageUri is set, or this is another stack's state")
    functions = [each["id"] for each in resources if each.get("type") == FUNCTION]
    used = {digest for function in functions for digest in _used(client("lambda"), function)}
    found = [image for name in repositories for image in _held(client("ecr"), name) if image.digest not in used]
    return sorted(found, key=lambda image: image.pushed)


def as_text(found: Sequence[Unused]) -> str:
    """The images, each with the command that removes it."""
    if not found:
        return "Every image in the repository is that of a version of a function."
    lines: list[str] = []
    for image in found:
        tags = ", ".join(image.tags) or "no tag"
        lines += [f"{image.pushed}  {image.size_bytes / 1e6:,.0f} MB  {tags}", f"  {image.command}"]
    return "\n".join(lines)


def _used(lambda_: Any, function: str) -> Iterator[str]:
    """The digests of the images of all versions."""
    for page in lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=function):
        for version in page["Versions"]:
            code = lambda_.get_function(FunctionName=function, Qualifier=version["Version"])["Code"]
            yield (code.get("ResolvedImageUri") or code["ImageUri"]).rpartition("@")[2]


def _held(ecr: Any, repository: str) -> list[Unused]:
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository)
    return [
        Unused(
            repository=repository,
            digest=image["imageDigest"],
            tags=image.get("imageTags", ()),
            pushed=f"{image['imagePushedAt']:%Y-%m-%d %H:%M}",
            size_bytes=image.get("imageSizeInBytes", 0),
        )
        for page in pages
        for image in page["imageDetails"]
    ]
