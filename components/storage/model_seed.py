"""ModelSeed: uploads packaged models to a bucket once, and leaves later publications alone."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings.packaged_models import PackagedModel
from components.storage.model_pointers import pointer_to_write
from components.storage.stored_object import stored_object
from handlers.manifest import CLAIM_FILE, CLAIM_OF_REMOVED, MANIFEST_FILE, POINTER_FILE

ONCE_SEEDED = (
    "acl bucketKeyEnabled cacheControl checksumAlgorithm content contentBase64 contentDisposition contentEncoding "
    "contentLanguage contentType etag forceDestroy kmsKeyId metadata objectLockLegalHoldStatus objectLockMode "
    "objectLockRetainUntilDate serverSideEncryption source sourceHash storageClass tags tagsAll websiteRedirect"
).split()
"""Inputs of an object that a later deployment does not change: all but its bucket and key.

If one of them differs, for instance after `pulumi refresh` read a publication, the provider uploads the whole object
again with the content in the state. Ignoring the content alone would not prevent that. Bucket and key are not ignored:
a replaced bucket is seeded like a new one."""

SEEDED_BY = {"seeded-by": "deployment"}
"""Metadata of a version that a deployment uploaded. A published version lacks it."""


class VersionConflictError(Exception):
    """A version to be seeded was published before with other content, and a published version never changes."""


@dataclass(frozen=True, kw_only=True)
class ModelSeed:
    """Uploads models into a bucket, each object once.

    The provider has no upload on the condition that the object is absent. So the bucket is read first. A pointer in the
    bucket is uploaded with the content that it has, unless functions serve the model from their image. A version in the
    bucket with other content than the packaged one fails the deployment before any of its files is written.
    """

    name: str
    """The start of the objects' resource names."""
    bucket_name: pulumi.Output[str]
    prefix: str
    """Where the model repository starts in the bucket."""
    parent: pulumi.Resource
    after: Sequence[pulumi.Resource]
    """What the first object must wait for."""
    baked: Sequence[str] = ()
    """The models that functions serve from their image. Their pointers follow the image."""

    def add(self, model: PackagedModel) -> pulumi.Resource:
        """Upload a model's versions, oldest first, and then its pointer, which is returned.

        Raises VersionTakenBackError, inside an output, if the image would take back what was published.
        """
        uploaded: list[pulumi.Resource] = []
        for version in sorted(model.versions):
            uploaded += self._add_version(model, version)
        key = f"{self.prefix}/{model.name}/{POINTER_FILE}"
        is_baked = model.name in self.baked
        return aws.s3.BucketObjectv2(
            f"{self.name}-{model.name}-current",
            bucket=self.bucket_name,
            key=key,
            content=stored_object(self.bucket_name, key, self.parent).apply(
                lambda found: pointer_to_write(model, found and found.body, is_baked=is_baked)
            ),
            content_type="application/json",
            metadata=SEEDED_BY,
            opts=self._once(uploaded, but=("content",) if is_baked else ()),
        )

    def _add_version(self, model: PackagedModel, version: int) -> list[pulumi.Resource]:
        """Upload a version's files, and then its manifest."""
        directory = model.directory / str(version)
        key = f"{self.prefix}/{model.name}/{version}"
        name = f"{self.name}-{model.name}-{version}"
        manifest = (directory / MANIFEST_FILE).read_text(encoding="utf-8")
        is_baked = model.name in self.baked
        bucket_name = self._unless_conflicting(key, manifest, is_baked=is_baked)
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

    def _once(self, after: Sequence[pulumi.Resource] = (), but: Sequence[str] = ()) -> pulumi.ResourceOptions:
        """Options of an object that the stack uploads once, and then neither changes, except for the inputs in `but`,
        nor deletes."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=[*self.after, *after],
            retain_on_delete=True,
            ignore_changes=[each for each in ONCE_SEEDED if each not in but],
        )

    def _unless_conflicting(self, directory: str, packaged: str, *, is_baked: bool) -> pulumi.Output[str]:
        """The bucket's name, after a check that the version in this directory may be seeded.

        An image must hold what the bucket holds under the same version, whoever put it there.
        """
        key = f"{directory}/{MANIFEST_FILE}"

        def check(bucket_name: str, published: "aws.s3.GetObjectResult | None") -> pulumi.Output[str]:
            if published is None:
                return self._unless_claimed(bucket_name, directory)
            if published.body != packaged:
                _warn_or_refuse(bucket_name, key, published, is_baked=is_baked)
            return pulumi.Output.from_input(bucket_name)

        return pulumi.Output.all(self.bucket_name, stored_object(self.bucket_name, key, self.parent)).apply(
            lambda found: check(found[0], found[1])
        )

    def _unless_claimed(self, bucket_name: str, directory: str) -> pulumi.Output[str]:
        """The bucket's name, after a check that no publisher is about to complete the version in this directory."""

        def check(claim: "aws.s3.GetObjectResult | None") -> str:
            if claim is not None and claim.body != CLAIM_OF_REMOVED:
                raise VersionConflictError(
                    f"{directory} in the bucket {bucket_name} belongs to a version that is being published, or whose "
                    f"publication was interrupted. Package yours as the next version, or publish it by `python -m "
                    f"models publish`, which finds it a number."
                )
            return bucket_name

        return stored_object(self.bucket_name, f"{directory}/{CLAIM_FILE}", self.parent).apply(check)


def _warn_or_refuse(bucket_name: str, key: str, published: aws.s3.GetObjectResult, *, is_baked: bool) -> None:
    """What to do about a version in the bucket that differs from the packaged one."""
    if is_baked or not published.metadata.items() >= SEEDED_BY.items():
        raise VersionConflictError(
            f"{key} was published to the bucket {bucket_name} and differs from what is packaged here; a published "
            f"version never changes. Package yours as the next version, or remove it from the model repository."
        )
    pulumi.warn(
        f"{key} in the bucket {bucket_name} is from an earlier deployment and differs from what is packaged here. It "
        f"stays, because a version never changes. To deploy yours, package it as the next version."
    )
