"""MountedModelBucket: the bucket as a file system, by Amazon S3 Files."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import Alarm, ModelBinding
from components.network.model_network import ModelNetwork
from components.storage.file_clients import GID, UID, FileClients, replaced_with
from components.storage.model_bucket import ModelBucket
from components.storage.model_grants import read_objects, use_key_of_objects

SERVICE = "elasticfilesystem.amazonaws.com"
"""S3 Files runs on EFS and assumes its role by the name of EFS."""

OBJECT_ACTIONS = [
    f"s3:{action}"
    for action in (
        "AbortMultipartUpload ListMultipartUploadParts "
        "DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging "
        "GetObject GetObjectAcl GetObjectAttributes GetObjectTagging "
        "GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionTagging "
        "PutObject PutObjectAcl PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging"
    ).split()
]
"""The object actions that S3 Files needs. Its documentation gives them as patterns."""


@dataclass(frozen=True, kw_only=True)
class MountedModelBucketArgs:
    bucket: ModelBucket
    """Versioned, as S3 Files requires."""
    network: ModelNetwork
    shown_alone: Sequence[str] = ()
    """The models of functions that serve one model each. Such a function sees its own model and no other."""
    kms_key_arn: str | None = None
    """Encrypts the file system."""
    tells_functions: bool = False
    """Whether the bucket tells functions of its events: then `ModelSync` owns the bucket's notifications."""


class MountedModelBucket(pulumi.ComponentResource):
    """Published models appear as files within a minute or so, without a copy. A ModelSource.

    The file system holds only what the bucket holds, so it is deleted with the stack. Another key or network means
    another file system.
    """

    file_system_id: pulumi.Output[str]
    access_point_arn: pulumi.Output[str]
    alarms: Sequence[Alarm] = ()

    def __init__(self, name: str, args: MountedModelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:MountedModelBucket", name, None, opts)
        self._args = args
        inside = pulumi.ResourceOptions(parent=self)

        role = aws.iam.Role(f"{name}-role", assume_role_policy=_trust_in_s3_files(args.network), opts=inside)
        granted = iam.grant(f"{name}-role-policy", role, [_service_grants(args)], inside, replaced=True)
        file_system = aws.s3.FilesFileSystem(
            name,
            bucket=args.bucket.bucket_arn,
            prefix=f"{args.bucket.prefix}/",
            role_arn=role.arn,
            kms_key_id=args.kms_key_arn,
            tags={"Name": name},
            opts=replaced_with(
                args.network, args.kms_key_arn, parent=self, depends_on=[*granted, *args.bucket.ready(None)]
            ),
        )
        if not args.tells_functions and args.bucket.is_owned:
            args.bucket.notify([], eventbridge=True)
        self._clients = FileClients(
            service="s3files",
            file_system=file_system,
            access_point=self._access_point(f"{name}-models", file_system),
            own_access_points={
                model: self._access_point(f"{name}-of-{model}", file_system, model) for model in args.shown_alone
            },
            network=args.network,
        )
        self._ready = self._clients.admit(name, _refused(self._clients), inside)
        self.file_system_id = file_system.id
        self.access_point_arn = self._clients.access_point.arn
        self.register_outputs({"file_system_id": self.file_system_id, "access_point_arn": self.access_point_arn})

    def binding(self, models: Sequence[str] | None) -> ModelBinding:
        """The bucket as a directory, read-only.

        The statements for the bucket let Lambda read large files from S3 directly; they grant objects of these models
        only. The mount of a function of several models shows all models.
        """
        bucket = self._args.bucket
        decrypt = use_key_of_objects(bucket.kms_key_arn, bucket.bucket_arn)
        statements, *further = read_objects(bucket.bucket_arn, bucket.prefix, models)
        return self._clients.binding(models, *statements, *decrypt, further_policies=further, ready=self._ready)

    def _access_point(
        self, name: str, file_system: aws.s3.FilesFileSystem, model: str | None = None
    ) -> aws.s3.FilesAccessPoint:
        """An access point that shows a model's directory, or all. The directory is there: it was seeded before."""
        return aws.s3.FilesAccessPoint(
            name,
            file_system_id=file_system.id,
            posix_users=[{"uid": UID, "gid": GID}],
            root_directories=None if model is None else [{"path": f"/{model}"}],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _refused(clients: FileClients) -> Sequence[iam.Statement]:
    read_only = clients.refuse(sid="ReadOnly", actions=("ClientWrite", "ClientRootAccess"))
    return [clients.refuse_without_access_point(), read_only]


def _trust_in_s3_files(network: ModelNetwork) -> pulumi.Output[str]:
    any_file_system = pulumi.Output.format(
        "arn:{}:s3files:{}:{}:file-system/*", network.partition, network.region, network.account_id
    )
    return iam.trust(SERVICE, network.account_id, source_arn=any_file_system)


def _service_grants(args: MountedModelBucketArgs) -> list[iam.Statement]:
    """Grant what S3 Files needs: it follows changes by EventBridge rules, and requires access to write back.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html
    """
    network, bucket = args.network, args.bucket
    own_account = {"StringEquals": {"aws:ResourceAccount": network.account_id}}
    rules = pulumi.Output.format("arn:{}:events:{}:{}:rule/", network.partition, network.region, network.account_id)
    statements = [
        iam.allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket.bucket_arn], conditions=own_account),
        iam.allow(
            OBJECT_ACTIONS,
            [pulumi.Output.concat(bucket.bucket_arn, f"/{bucket.prefix}/*")],
            conditions=own_account,
        ),
        iam.allow(
            [f"events:{verb}" for verb in "DeleteRule DisableRule EnableRule PutRule PutTargets RemoveTargets".split()],
            [pulumi.Output.concat(rules, "DO-NOT-DELETE-S3-Files*")],
            conditions={"StringEquals": {"events:ManagedBy": SERVICE}},
        ),
        iam.allow(
            [f"events:{verb}" for verb in "DescribeRule ListRuleNamesByTarget ListRules ListTargetsByRule".split()],
            [pulumi.Output.concat(rules, "*")],
        ),
    ]
    actions = "GenerateDataKey Encrypt Decrypt ReEncryptFrom ReEncryptTo".split()
    return [*statements, *use_key_of_objects(bucket.kms_key_arn, bucket.bucket_arn, actions)]
