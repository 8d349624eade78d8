"""ModelSeed: puts packaged models into a bucket for the first time, and never takes back what was published since."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings.packaged_models import PackagedModel
from handlers.manifest import MANIFEST_FILE, POINTER_FILE

ONCE_SEEDED = (
    "acl bucketKeyEnabled cacheControl checksumAlgorithm content contentBase64 contentDisposition contentEncoding "
    "contentLanguage contentType etag forceDestroy kmsKeyId metadata objectLockLegalHoldStatus objectLockMode "
    "objectLockRetainUntilDate serverSideEncryption source sourceHash storageClass tags tagsAll websiteRedirect"
).split()
"""Inputs of an object that no later deployment changes: all but its bucket and key.

When one of these differs (because `pulumi refresh` read what was published since, for one), the provider uploads the
whole object again with the content that the stack remembers, so that ignoring the content alone would not do. The
bucket and the key are not ignored, so that a bucket that is replaced is seeded like a new one."""

SEEDED_BY = {"seeded-by": "deployment"}
"""Metadata that tells a version that deployment uploaded from one that was published to the bucket."""


class VersionConflictError(Exception):
    """A version that is to be seeded was published with other content; a published version never changes."""


@dataclass(frozen=True, kw_only=True)
class ModelSeed:
    """Uploads models into a bucket, each object once.

    The provider cannot upload on condition that an object is absent. So it is asked first what the bucket has: a
    pointer that is there is uploaded with the content that is there, and a version that is there with other content
    than is packaged here fails the deployment before anything of that version is written.
    """

    name: str
    """What the objects' resource names start with."""
    bucket_name: pulumi.Output[str]
    prefix: str
    """Where the model repository starts in the bucket."""
    parent: pulumi.Resource
    after: Sequence[pulumi.Resource]
    """What must be in place before the first object."""

    def add(self, model: PackagedModel) -> Sequence[pulumi.Resource]:
        """Upload a model's versions, oldest first, and its pointer when all of them are there."""
        uploaded: list[pulumi.Resource] = []
        for version in sorted(model.versions):
            uploaded += self._add_version(model, version)
        key = f"{self.prefix}/{model.name}/{POINTER_FILE}"
        packaged = model.pointer.to_json()
        pointer = aws.s3.BucketObjectv2(
            f"{self.name}-{model.name}-current",
            bucket=self.bucket_name,
            key=key,
            content=self._published(key).apply(lambda found: packaged if found is None else found.body),
            content_type="application/json",
            metadata=SEEDED_BY,
            opts=self._once(uploaded),
        )
        return [*uploaded, pointer]

    def _add_version(self, model: PackagedModel, version: int) -> list[pulumi.Resource]:
        """Upload a version's files, and its manifest when all of them are there."""
        directory = model.directory / str(version)
        key = f"{self.prefix}/{model.name}/{version}"
        name = f"{self.name}-{model.name}-{version}"
        manifest = (directory / MANIFEST_FILE).read_text(encoding="utf-8")
        bucket_name = self._unless_conflicting(f"{key}/{MANIFEST_FILE}", manifest)
        files = [
            aws.s3.BucketObjectv2(
                f"{name}-{entry.path}",
                bucket=bucket_name,
                key=f"{key}/{entry.path}",
                source=pulumi.FileAsset(str(directory / entry.path)),
                content_type=mimetypes.guess_type(entry.path)[0] or "application/octet-stream",
                checksum_algorithm="SHA256",
                metadata=SEEDED_BY,
                opts=self._once(),
            )
            for entry in model.versions[version].files
        ]
        complete = aws.s3.BucketObjectv2(
            f"{name}-{MANIFEST_FILE}",
            bucket=bucket_name,
            key=f"{key}/{MANIFEST_FILE}",
            content=manifest,
            content_type="application/json",
            metadata=SEEDED_BY,
            opts=self._once(files),
        )
        return [*files, complete]

    def _once(self, after: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Options of an object that is uploaded if the stack has not uploaded it, and is then out of its hands."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=[*self.after, *after],
            retain_on_delete=True,
            ignore_changes=list(ONCE_SEEDED),
        )

    def _published(self, key: str) -> "pulumi.Output[aws.s3.GetObjectResult | None]":
        """The object that the bucket has under a key."""
        inside = pulumi.InvokeOptions(parent=self.parent)
        listed = aws.s3.get_objects_output(bucket=self.bucket_name, prefix=key, max_keys=1, opts=inside)

        def read(keys: Sequence[str]) -> "pulumi.Output[aws.s3.GetObjectResult | None]":
            if key not in keys:
                return pulumi.Output.from_input(None)
            return aws.s3.get_object_output(bucket=self.bucket_name, key=key, opts=inside)

        return listed.keys.apply(read)

    def _unless_conflicting(self, key: str, packaged: str) -> pulumi.Output[str]:
        """The bucket's name, once it is known that the version with this manifest may be seeded into it."""

        def check(bucket_name: str, published: "aws.s3.GetObjectResult | None") -> str:
            if published is None or published.body == packaged:
                return bucket_name
            if not published.metadata.items() >= SEEDED_BY.items():
                raise VersionConflictError(
                    f"{key} was published to the bucket {bucket_name} and differs from what is packaged here; a "
                    f"published version never changes. Package yours as the next version, or remove it from the model "
                    f"repository."
                )
            pulumi.warn(
                f"{key} in the bucket {bucket_name} is from an earlier deployment and differs from what is packaged "
                f"here. It stays, for a version never changes; to deploy yours, package it as the next version."
            )
            return bucket_name

        return pulumi.Output.all(self.bucket_name, self._published(key)).apply(lambda found: check(found[0], found[1]))
