"""StackStorages: the bucket, the network, the image and the sources that a stack's functions take their models from."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.image.checked_image import checked_image
from components.image.handler_image import IMAGES_DIRECTORY, HandlerImage, HandlerImageArgs
from components.model_source import ModelSource
from components.network.model_network import ExistingVpc, ModelNetwork, ModelNetworkArgs
from components.settings.packaged_models import PackagedModel
from components.settings.storage_settings import MOUNTED_STORAGES, Storage
from components.stack.stack_args import StackArgs
from components.storage.baked_models import BakedModels, BakedModelsArgs, PrebuiltModels
from components.storage.model_bucket import ModelBucket, ModelBucketArgs
from components.storage.model_file_system import ModelFileSystem, ModelFileSystemArgs
from components.storage.mounted_bucket import MountedModelBucket, MountedModelBucketArgs
from handlers.manifest import engine_set


class StackStorages:
    """Made in order: the bucket, the image with what is baked into it, the network, and what is mounted in it.

    The bucket is the source of truth in every storage.
    """

    file_system: ModelFileSystem | None = None
    """Where some model's storage is efs."""

    def __init__(self, name: str, args: StackArgs, inside: pulumi.ResourceOptions) -> None:
        self._name, self._args, self._settings, self._inside = name, args, args.settings, inside
        self.bucket = ModelBucket(
            f"{name}-models",
            ModelBucketArgs(
                models=self._settings.packaged,
                delete_on_destroy=self._settings.delete_models_on_destroy,
                kms_key_arn=self._settings.kms_key_arn,
            ),
            inside,
        )
        self.sources: dict[Storage, ModelSource] = {"s3": self.bucket}
        """By storage: those that the stack's models use, and the bucket."""
        baked = self._bake(self._settings.stored_in("image"))
        self.image_uri = self._image(baked)
        self._mount()

    def _bake(self, models: Sequence[PackagedModel]) -> BakedModels | None:
        """The models laid out for the image's build, unless there are none or the image was built before."""
        if not models:
            return None
        if self._settings.image_uri:
            self.sources["image"] = PrebuiltModels()
            return None
        baked = BakedModels(
            f"{self._name}-baked",
            BakedModelsArgs(
                models=models,
                engines=engine_set(self._settings.engines),
                directory=self._args.project / IMAGES_DIRECTORY / self._args.environment,
            ),
            self._inside,
        )
        self.sources["image"] = baked
        return baked

    def _image(self, baked: BakedModels | None) -> pulumi.Output[str]:
        """The image that was built before, or one that is built now."""
        if self._settings.image_uri:
            login = aws.ecr.get_authorization_token_output(opts=pulumi.InvokeOutputOptions(parent=self._inside.parent))
            return checked_image(self._settings.image_uri, login, self._settings.architecture)
        arguments = HandlerImageArgs(
            engines=self._settings.engines,
            architecture=self._settings.architecture,
            context=self._args.project,
            kms_key_arn=self._settings.kms_key_arn,
            models_directory=baked and baked.directory.relative_to(self._args.project),
        )
        return HandlerImage(f"{self._name}-image", arguments, self._inside).image_uri

    def _mount(self) -> None:
        """The file systems that the models' storages ask for, and the network that they share."""
        if not self._settings.stored_in(*MOUNTED_STORAGES):
            return
        network = self._network()
        if models := self._settings.stored_in("efs"):
            self.file_system = self._file_system(models, network)
            self.sources["efs"] = self.file_system
        if self._settings.stored_in("s3files"):
            arguments = MountedModelBucketArgs(
                bucket=self.bucket, network=network, kms_key_arn=self._settings.kms_key_arn
            )
            self.sources["s3files"] = MountedModelBucket(f"{self._name}-mounted", arguments, self._inside)

    def _network(self) -> ModelNetwork:
        settings = self._settings
        existing = ExistingVpc(vpc_id=settings.vpc_id, subnet_ids=settings.subnet_ids) if settings.vpc_id else None
        return ModelNetwork(
            f"{self._name}-network",
            ModelNetworkArgs(
                region=settings.region or "",
                bucket_arn=self.bucket.bucket_arn,
                cidr=settings.vpc_cidr,
                zones=settings.zones,
                existing=existing,
                interface_endpoints=settings.interface_endpoints,
            ),
            self._inside,
        )

    def _file_system(self, models: Sequence[PackagedModel], network: ModelNetwork) -> ModelFileSystem:
        settings = self._settings
        arguments = ModelFileSystemArgs(
            network=network,
            bucket=self.bucket,
            models=models,
            image_uri=self.image_uri,
            architecture=settings.architecture,
            throughput=settings.efs_throughput,
            provisioned_mibps=settings.efs_provisioned_mibps,
            log_retention_days=settings.log_retention_days,
            kms_key_arn=settings.kms_key_arn,
            protect=not settings.delete_models_on_destroy,
            reserve_sync_concurrency=settings.sync_reserved_concurrency,
        )
        return ModelFileSystem(f"{self._name}-files", arguments, self._inside)
