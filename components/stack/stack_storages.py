"""StackStorages: where a stack's models live. `SOURCES` has a row for each storage; the rest is what the rows share."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import pulumi
import pulumi_aws as aws

from components.function.tool_function import ToolRuntime
from components.image.checked_image import checked_image
from components.image.handler_image import IMAGES_DIRECTORY, HandlerImage, HandlerImageArgs
from components.model_source import Alarm, ModelSource
from components.network.model_network import ExistingVpc, ModelNetwork, ModelNetworkArgs
from components.settings.settings import Settings
from components.settings.storage_settings import Storage
from components.stack.deployment_record import compared, record_key, requests_prefix
from components.stack.left_record import left_record
from components.stack.stack_args import StackArgs
from components.storage.baked_models import BakedModels, BakedModelsArgs, PrebuiltModels
from components.storage.model_bucket import ModelBucket, ModelBucketArgs
from components.storage.model_file_system import ModelFileSystem, ModelFileSystemArgs
from components.storage.mounted_bucket import MountedModelBucket, MountedModelBucketArgs
from handlers.manifest import engine_set


class StackStorages:
    """The bucket, which is the source of truth in every storage, the image, and a source for each storage in use."""

    def __init__(self, name: str, args: StackArgs, inside: pulumi.ResourceOptions) -> None:
        self.name, self.args, self.settings, self.inside = name, args, args.settings, inside
        self.bucket = ModelBucket(
            f"{name}-models",
            ModelBucketArgs(
                models=self.settings.packaged,
                baked=self._baked_here(),
                existing=self.settings.model_bucket,
                delete_on_destroy=self.settings.delete_models_on_destroy,
                kms_key_arn=self.settings.bucket_key_arn,
            ),
            inside,
        )
        self.requests_prefix = requests_prefix(args.project_name, self.settings)
        self.record_key = record_key(args.project_name, self.settings)
        left = left_record(args.project_name, self.settings)
        self.record = compared(self.bucket.bucket_name, self.record_key, left, args.compare, self.bucket)
        self.baked = self._bake()
        # Functions change only when it is known that AWS takes the change.
        self.image_uri = pulumi.Output.all(self._image(), self.record).apply(lambda known: str(known[0]))
        self.sources: Mapping[Storage, ModelSource] = {
            storage: make(self) for storage, make in SOURCES.items() if self.settings.uses(storage)
        }
        """By storage: those that the stack's models use."""

    @property
    def alarms(self) -> Sequence[Alarm]:
        """What the storages want watched."""
        return [alarm for source in self.sources.values() for alarm in source.alarms]

    @property
    def tool_runtime(self) -> ToolRuntime:
        """What the functions run in that the stack itself calls."""
        return ToolRuntime(
            image_uri=self.image_uri,
            architecture=self.settings.architecture,
            log_retention_days=self.settings.log_retention_days,
            kms_key_arn=self.settings.kms_key_arn,
        )

    @cached_property
    def network(self) -> ModelNetwork:
        """The network that file systems share; made when the first of them asks for it."""
        settings = self.settings
        existing = ExistingVpc(vpc_id=settings.vpc_id, subnet_ids=settings.subnet_ids) if settings.vpc_id else None
        arguments = ModelNetworkArgs(
            region=settings.region or "",
            bucket_arn=self.bucket.bucket_arn,
            cidr=settings.vpc_cidr,
            zones=settings.zones,
            existing=existing,
            interface_endpoints=settings.interface_endpoints,
            written_below=[self.requests_prefix] if settings.asynchronous else [],
            # S3 Files leaves large files to S3; requests that are answered later lie in the bucket.
            readers_reach_s3=settings.uses("s3files") or settings.asynchronous,
            is_filled=settings.uses("efs"),
        )
        return ModelNetwork(f"{self.name}-network", arguments, self.inside)

    def _baked_here(self) -> Sequence[str]:
        """The models of the image that is built now."""
        return [] if self.settings.image_uri else [model.name for model in self.settings.stored_in("image")]

    def _bake(self) -> BakedModels | None:
        """The models laid out for the image's build, unless there are none or the image was built before."""
        models = self.settings.stored_in("image")
        if not models or self.settings.image_uri:
            return None
        return BakedModels(
            f"{self.name}-baked",
            BakedModelsArgs(
                models=models,
                engines=engine_set(self.settings.engines),
                directory=self.args.directory / IMAGES_DIRECTORY / self.settings.stack_name,
                bucket=self.bucket,
            ),
            self.inside,
        )

    def _image(self) -> pulumi.Output[str]:
        """The image that was built before, or one that is built now."""
        settings = self.settings
        if settings.image_uri:
            login = aws.ecr.get_authorization_token_output(opts=pulumi.InvokeOutputOptions(parent=self.inside.parent))
            return checked_image(settings.image_uri, login, settings.architecture)
        arguments = HandlerImageArgs(
            engines=settings.engines,
            architecture=settings.architecture,
            context=self.args.directory,
            kms_key_arn=settings.kms_key_arn,
            models_directory=self.baked and self.baked.directory.relative_to(self.args.directory),
        )
        return HandlerImage(f"{self.name}-image", arguments, self.inside).image_uri


def _file_system(stack: StackStorages) -> ModelSource:
    settings = stack.settings
    arguments = ModelFileSystemArgs(
        network=stack.network,
        bucket=stack.bucket,
        models=settings.served_from("efs"),
        seeded=settings.stored_in("efs"),
        shown_alone=_shown_alone(settings, "efs"),
        runtime=stack.tool_runtime,
        throughput=settings.efs_throughput,
        provisioned_mibps=settings.efs_provisioned_mibps,
        reserve_sync_concurrency=settings.sync_reserved_concurrency,
        bucket_is_followed=settings.uses("s3files"),
    )
    return ModelFileSystem(f"{stack.name}-files", arguments, stack.inside)


def _mounted_bucket(stack: StackStorages) -> ModelSource:
    arguments = MountedModelBucketArgs(
        bucket=stack.bucket,
        network=stack.network,
        shown_alone=_shown_alone(stack.settings, "s3files"),
        kms_key_arn=stack.settings.kms_key_arn,
        tells_functions=stack.settings.uses("efs"),
    )
    return MountedModelBucket(f"{stack.name}-mounted", arguments, stack.inside)


def _shown_alone(settings: Settings, storage: Storage) -> Sequence[str]:
    """The models in a storage that have a function of their own."""
    return [model.name for model in settings.stored_in(storage)] if settings.mode == "single" else []


SOURCES: Mapping[Storage, Callable[[StackStorages], ModelSource]] = {
    "s3": lambda stack: stack.bucket,
    "efs": _file_system,
    "s3files": _mounted_bucket,
    "image": lambda stack: stack.baked or PrebuiltModels(),
}
"""How the source of each storage is made."""
