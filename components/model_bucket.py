"""ModelBucket: an S3 bucket that functions read models from, seeded with the packaged ones."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import ModelBinding
from components.packaged_models import PackagedModel
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Manifest

PREFIX = "models"
"""Where the model repository starts in the bucket."""

SEED_INPUTS = (
    "acl bucketKeyEnabled cacheControl checksumAlgorithm content contentBase64 contentDisposition contentEncoding "
    "contentLanguage contentType etag forceDestroy kmsKeyId metadata objectLockLegalHoldStatus objectLockMode "
    "objectLockRetainUntilDate serverSideEncryption source sourceHash storageClass tags tagsAll websiteRedirect"
).split()
"""Every input of an object but its bucket and key. The provider uploads an object's content again, as the stack last
saw it, when any of these differs (after `pulumi refresh` has read what was published since, for one), so that all of
them are ignored; the bucket and the key are not, so that a replaced bucket is seeded like a new one."""

SEEDED_BY = {"seeded-by": "deployment"}
"""Metadata that tells a version which this component uploaded from one that was published to the bucket."""


class VersionConflictError(Exception):
    """A version that is to be seeded was published with other content; a published version never changes."""


@dataclass(frozen=True, kw_only=True)
class ModelBucketArgs:
    models: Sequence[PackagedModel]
    """What to seed the bucket with. What it holds already stays as it is."""
    delete_on_destroy: bool = False
    """Whether destroying the stack deletes the bucket and every model in it. Otherwise the bucket is protected."""
    noncurrent_version_days: int = 30
    """How many days an overwritten or deleted object can be brought back."""


class ModelBucket(pulumi.ComponentResource):
    """A private, versioned, encrypted bucket with the model repository under `models/`.

    It is a ModelSource: functions fetch from it at run time, so that what is published to it goes live by itself.
    Deployment only ever adds to it:

    - A file of a version is uploaded once and never written or deleted again, not even when a model, or a version, is
      no longer packaged here. Its manifest is uploaded after every other file of the version.
    - The pointer `current.json` is uploaded last, and where one is there already, with the content that is there.
    - A version that was published to the bucket with other content than is packaged here fails the deployment before
      anything of that version is written.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ModelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelBucket", name, None, opts)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=args.delete_on_destroy,
            opts=pulumi.ResourceOptions(parent=self, protect=not args.delete_on_destroy),
        )
        self.prefix = PREFIX
        self.bucket_name = bucket.bucket
        self.bucket_arn = bucket.arn
        guards = self._guard(name, bucket, args)
        self.ready: Sequence[pulumi.Resource] = [
            resource for model in args.models for resource in self._seed(name, model, guards)
        ]
        """The seeded objects, for whoever must find the models in their place."""
        self.register_outputs({"bucket_name": self.bucket_name, "bucket_arn": self.bucket_arn})

    def binding(self, models: Sequence[str]) -> ModelBinding:
        """Functions fetch from the bucket, and can read these models only."""
        return ModelBinding(
            store_uri=pulumi.Output.concat("s3://", self.bucket_name, "/", self.prefix),
            statements=iam.read_models(self.bucket_arn, self.prefix, models),
            ready=self.ready,
        )

    def _guard(self, name: str, bucket: aws.s3.Bucket, args: ModelBucketArgs) -> Sequence[pulumi.Resource]:
        """What keeps the bucket private and its content recoverable; objects wait for all of it."""
        inside = pulumi.ResourceOptions(parent=self)
        private = aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=inside,
        )
        owned = aws.s3.BucketOwnershipControls(
            f"{name}-owner", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=inside
        )
        encrypted = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=inside,
        )
        versioned = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=inside,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "expire-noncurrent-versions",
                    "status": "Enabled",
                    "filter": {},
                    "noncurrent_version_expiration": {"noncurrent_days": args.noncurrent_version_days},
                },
                {
                    "id": "abort-broken-uploads",
                    "status": "Enabled",
                    "filter": {},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                },
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioned]),
        )
        tls_only = aws.s3.BucketPolicy(
            f"{name}-tls-only",
            bucket=bucket.bucket,
            policy=iam.policy([iam.deny_without_tls([bucket.arn, pulumi.Output.concat(bucket.arn, "/*")])]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private]),
        )
        return [private, owned, encrypted, versioned, tls_only]

    def _seed(self, name: str, model: PackagedModel, guards: Sequence[pulumi.Resource]) -> Sequence[pulumi.Resource]:
        uploaded: list[pulumi.Resource] = []
        for version in sorted(model.versions):
            uploaded += self._seed_version(name, model, model.versions[version], guards)
        key = f"{self.prefix}/{model.name}/{POINTER_FILE}"
        published = self._published(key)
        local = model.pointer.to_json()
        pointer = aws.s3.BucketObjectv2(
            f"{name}-{model.name}-current",
            bucket=self.bucket_name,
            key=key,
            content=published.apply(lambda found: local if found is None else found.body),
            content_type="application/json",
            metadata=SEEDED_BY,
            opts=self._once([*guards, *uploaded]),
        )
        return [*uploaded, pointer]

    def _seed_version(
        self, name: str, model: PackagedModel, manifest: Manifest, guards: Sequence[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        directory = model.directory / str(manifest.version)
        key = f"{self.prefix}/{model.name}/{manifest.version}"
        packaged = (directory / MANIFEST_FILE).read_text()
        published = self._published(f"{key}/{MANIFEST_FILE}")
        bucket = pulumi.Output.all(self.bucket_name, published).apply(
            lambda found: _unless_conflicting(found[0], f"{key}/{MANIFEST_FILE}", packaged, found[1])
        )
        files = [
            aws.s3.BucketObjectv2(
                f"{name}-{model.name}-{manifest.version}-{entry.path}",
                bucket=bucket,
                key=f"{key}/{entry.path}",
                source=pulumi.FileAsset(str(directory / entry.path)),
                content_type=mimetypes.guess_type(entry.path)[0] or "application/octet-stream",
                checksum_algorithm="SHA256",
                metadata=SEEDED_BY,
                opts=self._once(guards),
            )
            for entry in manifest.files
        ]
        complete = aws.s3.BucketObjectv2(
            f"{name}-{model.name}-{manifest.version}-{MANIFEST_FILE}",
            bucket=bucket,
            key=f"{key}/{MANIFEST_FILE}",
            content=packaged,
            content_type="application/json",
            metadata=SEEDED_BY,
            opts=self._once([*guards, *files]),
        )
        return [*files, complete]

    def _once(self, after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        """Options of an object that is uploaded if the stack has not uploaded it, and is then out of its hands."""
        return pulumi.ResourceOptions(
            parent=self, depends_on=list(after), retain_on_delete=True, ignore_changes=list(SEED_INPUTS)
        )

    def _published(self, key: str) -> "pulumi.Output[aws.s3.GetObjectResult | None]":
        """The object that the bucket has under a key. The provider cannot upload on condition that there is none."""
        inside = pulumi.InvokeOptions(parent=self)
        listed = aws.s3.get_objects_output(bucket=self.bucket_name, prefix=key, max_keys=1, opts=inside)

        def read(keys: Sequence[str]) -> "pulumi.Output[aws.s3.GetObjectResult | None]":
            if key not in keys:
                return pulumi.Output.from_input(None)
            return aws.s3.get_object_output(bucket=self.bucket_name, key=key, opts=inside)

        return listed.keys.apply(read)


def _unless_conflicting(bucket: str, key: str, packaged: str, published: "aws.s3.GetObjectResult | None") -> str:
    """The bucket's name, once it is known that what is packaged may be seeded into it."""
    if published is None or published.body == packaged:
        return bucket
    if published.metadata.items() >= SEEDED_BY.items():
        pulumi.warn(
            f"{key} in the bucket {bucket} is from an earlier deployment and differs from what is packaged here; it "
            f"stays, for a version never changes. To deploy what is packaged here, package it as the next version."
        )
        return bucket
    raise VersionConflictError(
        f"{key} was published to the bucket {bucket} and differs from what is packaged here; a published version never "
        f"changes. Package yours as the next version, or remove it from the model repository."
    )
