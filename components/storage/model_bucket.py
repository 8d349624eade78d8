"""ModelBucket: the S3 bucket that functions read models from, seeded with the packaged ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.s3 import (
    BucketNotificationLambdaFunctionArgsDict,
    BucketServerSideEncryptionConfigurationRuleArgsDict,
)

from components import iam
from components.model_source import Alarm, ModelBinding
from components.retries import NOT_PERMITTED, until_it_holds
from components.settings.packaged_models import PackagedModel
from components.settings.storage_settings import BUCKET_PREFIX
from components.storage.model_grants import read_models, use_key_of_objects
from components.storage.model_seed import ModelSeed
from handlers.contract import ASYNCHRONOUS_PREFIX, KEPT_DAYS

RECOVERY_DAYS = 30
"""How many days an overwritten or deleted object can be brought back."""


@dataclass(frozen=True, kw_only=True)
class ModelBucketArgs:
    models: Sequence[PackagedModel]
    """Models to seed the bucket with. Objects that it holds already do not change."""
    baked: Sequence[str] = ()
    """The models among them that functions serve from their image: in the bucket, their pointers follow the image."""
    existing: str | None = None
    """The name of a bucket that is there already. It is neither made, set up nor deleted."""
    delete_on_destroy: bool = False
    """Whether destroying the stack deletes the bucket with all models. If not, the bucket is protected."""
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the objects. None leaves that to keys of S3. Of an existing bucket, the key that it has."""


class ModelBucket(pulumi.ComponentResource):
    """A private, versioned, encrypted bucket with the model repository under `models/`. A ModelSource.

    A bucket that was there before is taken as it is.

    Functions fetch from it at run time, so a model goes live when it is published. A deployment only adds objects:

    - It uploads each file of a version once, and the manifest after all other files of the version. It does not write
      or delete them again, even when the version is no longer packaged.
    - It uploads the pointer `current.json` last. If the bucket has one already, the content stays. Of a model that
      functions serve from their image, the pointer says what the image holds, and the deployment fails before it would
      take back what was published.
    - It fails before it writes a version whose manifest in the bucket was published with other content.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    kms_key_arn: pulumi.Input[str] | None
    """The key with which readers of the objects must be able to decrypt."""
    alarms: Sequence[Alarm] = ()

    def __init__(self, name: str, args: ModelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelBucket", name, None, opts)
        self._name, self.kms_key_arn = name, args.kms_key_arn
        self.prefix, self.is_owned = BUCKET_PREFIX, args.existing is None
        if args.existing is None:
            self.bucket_name, self.bucket_arn, self._guards = self._make(name, args)
        else:
            found = aws.s3.get_bucket_output(bucket=args.existing, opts=pulumi.InvokeOutputOptions(parent=self))
            self.bucket_name, self.bucket_arn, self._guards = found.bucket, found.arn, ()
        seed = ModelSeed(
            name=name,
            bucket_name=self.bucket_name,
            prefix=BUCKET_PREFIX,
            parent=self,
            after=self._guards,
            baked=args.baked,
        )
        self._pointers = {model.name: seed.add(model) for model in args.models}
        self.register_outputs({"bucket_name": self.bucket_name, "bucket_arn": self.bucket_arn})

    def binding(self, models: Sequence[str] | None) -> ModelBinding:
        """The bucket's address, with grants to read these models only."""
        decrypt = use_key_of_objects(self.kms_key_arn, self.bucket_arn)
        statements, *further = read_models(self.bucket_arn, self.prefix, models)
        return ModelBinding(
            store_uri=pulumi.Output.concat("s3://", self.bucket_name, "/", self.prefix),
            statements=[*statements, *decrypt],
            further_policies=further,
            ready=self.ready(models),
        )

    def ready(self, models: Sequence[str] | None) -> Sequence[pulumi.Resource]:
        """What a reader of these models must wait for: the bucket's safeguards, and the pointer of each seeded model,
        which waits for the model's files. For None, of all seeded models."""
        names = self._pointers if models is None else [model for model in models if model in self._pointers]
        return [*self._guards, *(self._pointers[name] for name in names)]

    def notify(
        self,
        functions: Sequence[BucketNotificationLambdaFunctionArgsDict],
        *,
        eventbridge: bool,
        after: Sequence[pulumi.Resource] = (),
        aliases: Sequence[pulumi.Alias] = (),
    ) -> pulumi.Resource:
        """Tell these functions of the bucket's events and, with `eventbridge`, EventBridge, from which S3 Files has
        them. A bucket has one notification configuration, which is replaced as a whole: call this once.

        S3 takes the configuration only when it may call the functions, and follows it about five minutes later.
        """
        name = f"{self._name}-events"
        return aws.s3.BucketNotification(
            name,
            bucket=self.bucket_name,
            lambda_functions=list(functions) or None,
            eventbridge=eventbridge,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(after),
                aliases=list(aliases),
                hooks=until_it_holds(name, NOT_PERMITTED),
            ),
        )

    def _make(
        self, name: str, args: ModelBucketArgs
    ) -> tuple[pulumi.Output[str], pulumi.Output[str], Sequence[pulumi.Resource]]:
        """A bucket of the stack's own: its name, its ARN and its safeguards."""
        bucket = aws.s3.Bucket(
            name,
            force_destroy=args.delete_on_destroy,
            opts=pulumi.ResourceOptions(parent=self, protect=not args.delete_on_destroy),
        )
        return bucket.bucket, bucket.arn, self._guard(name, bucket, args)

    def _guard(self, name: str, bucket: aws.s3.Bucket, args: ModelBucketArgs) -> Sequence[pulumi.Resource]:
        """What keeps the bucket private and its objects recoverable. All uploads wait for it."""
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
            rules=[_encryption(args.kms_key_arn)],
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
                    "noncurrent_version_expiration": {"noncurrent_days": RECOVERY_DAYS},
                },
                {
                    "id": "abort-broken-uploads",
                    "status": "Enabled",
                    "filter": {},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                },
                {
                    # Also where nothing is answered later any more: what was kept goes then, too.
                    "id": "expire-answers",
                    "status": "Enabled",
                    "filter": {"prefix": f"{ASYNCHRONOUS_PREFIX}/"},
                    "expiration": {"days": KEPT_DAYS},
                    "noncurrent_version_expiration": {"noncurrent_days": 1},
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


def _encryption(kms_key_arn: pulumi.Input[str] | None) -> BucketServerSideEncryptionConfigurationRuleArgsDict:
    if kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key_arn},
        "bucket_key_enabled": True,
    }
