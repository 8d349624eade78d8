"""ModelFileSystem: an EFS file system with copies of the bucket's models, which functions mount."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.tool_function import ToolRuntime
from components.model_source import Alarm, ModelBinding
from components.network.model_network import ModelNetwork
from components.settings.packaged_models import PackagedModel
from components.settings.storage_settings import PROVISIONED_MIBPS, StorageSettings, Throughput
from components.storage.file_clients import GID, UID, FileClients, replaced_with
from components.storage.file_system_alarms import dead_letter_alarm, file_system_alarms
from components.storage.model_bucket import ModelBucket
from components.storage.model_sync import ModelSync, ModelSyncArgs

DEFAULTS = StorageSettings()

ROOT = "/models"
"""The directory of the file system that the models are in."""


@dataclass(frozen=True, kw_only=True)
class ModelFileSystemArgs:
    network: ModelNetwork
    bucket: ModelBucket
    """Where models are published. The file system holds copies."""
    models: Sequence[str] | None
    """The models to copy, by name; None copies all models of the bucket, also those that are published later."""
    seeded: Sequence[PackagedModel] = ()
    """The models with which the bucket is seeded. The file system is filled again when they change."""
    shown_alone: Sequence[str] = ()
    """The models of functions that serve one model each. Such a function sees its own model and no other."""
    runtime: ToolRuntime
    """Of the sync function. Its key encrypts the file system, too; None leaves that to a key of AWS."""
    throughput: Throughput = DEFAULTS.efs_throughput
    """`elastic` is as fast as EFS can be, billed by the byte. `bursting` reads 50 KiB/s for each GiB stored (1 MiB/s at
    least) when its credits are used up; a few models never earn enough. `provisioned` is `provisioned_mibps`, billed by
    time."""
    provisioned_mibps: int | None = None
    """MiB/s; required with `provisioned`, forbidden without."""
    reserve_sync_concurrency: bool = DEFAULTS.sync_reserved_concurrency
    """Reserve one of the account's concurrent executions for the sync function, which then never runs twice at once. A
    new account has none to reserve. Without it, concurrent runs take turns by a lock."""
    bucket_is_followed: bool = False
    """Whether S3 Files follows the bucket, too."""

    def __post_init__(self) -> None:
        if self.throughput not in get_args(Throughput):
            raise ValueError(
                f"throughput is {self.throughput!r}; an EFS file system takes {', '.join(get_args(Throughput))}"
            )
        if self.throughput == "provisioned" and self.provisioned_mibps not in PROVISIONED_MIBPS:
            raise ValueError(
                f"provisioned_mibps is {self.provisioned_mibps!r}; provisioned throughput takes "
                f"{PROVISIONED_MIBPS.start} to {PROVISIONED_MIBPS.stop - 1} MiB/s, or choose elastic"
            )
        if self.throughput != "provisioned" and self.provisioned_mibps is not None:
            raise ValueError(
                f"provisioned_mibps is {self.provisioned_mibps}, but throughput is {self.throughput}; "
                "choose provisioned, or leave provisioned_mibps out"
            )


class ModelFileSystem(pulumi.ComponentResource):
    """Models as files. A ModelSource; the bucket stays the source of truth.

    The file system is not protected: it holds copies. Another key or network means another file system, which is filled
    before functions mount it, and the old one is deleted last.
    """

    file_system_id: pulumi.Output[str]
    access_point_arn: pulumi.Output[str]
    dead_letter_queue_name: pulumi.Output[str]
    """Where notices end up that the sync function could not act on."""
    sync_function_name: pulumi.Output[str]
    first_sync: pulumi.Output[str]
    """The report of the sync that this deployment waited for, as JSON."""
    alarms: Sequence[Alarm]

    def __init__(self, name: str, args: ModelFileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelFileSystem", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        file_system = aws.efs.FileSystem(
            name,
            encrypted=True,
            kms_key_id=args.runtime.kms_key_arn,
            throughput_mode=args.throughput,
            provisioned_throughput_in_mibps=args.provisioned_mibps,
            tags={"Name": name},
            opts=replaced_with(args.network, args.runtime.kms_key_arn, parent=self),
        )
        access_point = self._access_point(f"{name}-models", file_system, ROOT)
        clients = FileClients(
            service="elasticfilesystem",
            file_system=file_system,
            access_point=access_point,
            own_access_points={
                model: self._access_point(f"{name}-of-{model}", file_system, f"{ROOT}/{model}")
                for model in args.shown_alone
            },
            network=args.network,
        )
        mountable = clients.admit(name, _refused(clients), inside)
        sync = self._sync(name, args, clients, mountable)

        self._models = args.models
        self._clients, self._ready = clients, [*mountable, *sync.ready]
        self.file_system_id = file_system.id
        self.access_point_arn = access_point.arn
        self.dead_letter_queue_name = sync.dead_letter_queue_name
        self.sync_function_name = sync.function_name
        self.first_sync = sync.first_sync
        self.alarms = [
            *file_system_alarms(name, file_system.id, bursting=args.throughput == "bursting"),
            dead_letter_alarm(name, sync.dead_letter_queue_name),
        ]
        self.register_outputs(
            {
                "file_system_id": self.file_system_id,
                "access_point_arn": self.access_point_arn,
                "dead_letter_queue_name": self.dead_letter_queue_name,
                "sync_function_name": self.sync_function_name,
                "first_sync": self.first_sync,
            }
        )

    def binding(self, models: Sequence[str] | None) -> ModelBinding:
        """The file system, read-only. A function of several models can read all models in it.

        Raises:
            ValueError: the file system does not hold one of the models.
        """
        if self._models is not None:
            missing = ["all"] if models is None else sorted(set(models) - set(self._models))
            if missing:
                raise ValueError(f"the file system is not filled with the models {missing}; it holds {self._models}")
        return self._clients.binding(models, ready=self._ready)

    def _access_point(self, name: str, file_system: aws.efs.FileSystem, path: str) -> aws.efs.AccessPoint:
        """An access point that shows a directory. The first client that mounts it makes the directory."""
        return aws.efs.AccessPoint(
            name,
            file_system_id=file_system.id,
            posix_user={"uid": UID, "gid": GID},
            root_directory={
                "path": path,
                "creation_info": {"owner_uid": UID, "owner_gid": GID, "permissions": "0755"},
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _sync(
        self, name: str, args: ModelFileSystemArgs, clients: FileClients, mountable: Sequence[pulumi.Resource]
    ) -> ModelSync:
        arguments = ModelSyncArgs(
            bucket=args.bucket,
            models=args.models,
            seeded=args.seeded,
            clients=clients,
            mountable=mountable,
            runtime=args.runtime,
            reserve_concurrency=args.reserve_sync_concurrency,
            is_followed=args.bucket_is_followed,
        )
        return ModelSync(f"{name}-sync", arguments, pulumi.ResourceOptions(parent=self))


def _refused(clients: FileClients) -> Sequence[iam.Statement]:
    # EFS's default policy admits every client that reaches a mount target. With this one, a client needs a grant.
    without_tls = clients.refuse(sid="OnlyEncryptedInTransit", conditions={"Bool": {"aws:SecureTransport": "false"}})
    return [without_tls, clients.refuse_without_access_point()]
