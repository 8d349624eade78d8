"""StackParts: what both kinds of stack are made of, each part made with the stack's settings, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components.baked_models import BakedModels, BakedModelsArgs, PrebuiltModels
from components.handler_image import HandlerImage, HandlerImageArgs
from components.inference_api import InferenceApi, InferenceApiArgs
from components.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_bucket import ModelBucket, ModelBucketArgs
from components.model_file_system import ModelFileSystem, ModelFileSystemArgs
from components.model_network import ExistingVpc, ModelNetwork, ModelNetworkArgs
from components.model_source import ModelSource
from components.mounted_bucket import MountedModelBucket, MountedModelBucketArgs
from components.packaged_models import PackagedModel
from components.settings import Settings
from components.storage_settings import MOUNTED_STORAGES, Storage

IMAGES_DIRECTORY = Path("build/images")
"""Where models are laid out for the image's build, in the project's directory; `.dockerignore` lets it in."""


@dataclass(frozen=True, kw_only=True)
class StackArgs:
    settings: Settings
    """Valid as a whole, with the packaged models to serve."""
    project: Path = field(default_factory=Path)
    """The directory that the image is built from."""
    environment: str = "dev"
    """The Pulumi stack's name: it sets this stack's own apart from that of another."""

    def __post_init__(self) -> None:
        if not self.settings.packaged:
            raise ValueError("settings.packaged is empty; a stack serves at least one packaged model")


class StackParts:
    """The bucket, then the network, then the image with what is baked into it, then the sources that functions take.

    The bucket is the source of truth in every storage.
    """

    def __init__(self, stack: pulumi.ComponentResource, name: str, args: StackArgs) -> None:
        self._inside = pulumi.ResourceOptions(parent=stack)
        self._name, self._args, self._settings = name, args, args.settings
        self.bucket = ModelBucket(
            f"{name}-models",
            ModelBucketArgs(models=args.settings.packaged, delete_on_destroy=args.settings.delete_models_on_destroy),
            self._inside,
        )
        self._sources: dict[Storage, ModelSource] = {"s3": self.bucket}
        baked = self._bake(self._stored_in("image"))
        self.image_uri = self._image(baked)
        self._mount()

    def function(self, name: str, handler: str, models: Sequence[str]) -> InferenceFunction:
        settings = self._settings
        arguments = InferenceFunctionArgs(
            image_uri=self.image_uri,
            handler=handler,
            models=models,
            source=self._sources[settings.storage],
            memory_mib=settings.memory_mib,
            timeout_seconds=settings.timeout_seconds,
            ephemeral_storage_mib=settings.ephemeral_storage_mib,
            architecture=settings.architecture,
            reserved_concurrency=settings.reserved_concurrency,
            model_cache_mib=settings.model_cache_mib,
            log_retention_days=settings.log_retention_days,
        )
        return InferenceFunction(name, arguments, self._inside)

    def api(self, name: str, server: InferenceFunction, models: Mapping[str, InferenceFunction]) -> InferenceApi:
        settings = self._settings
        arguments = InferenceApiArgs(
            server=server,
            models=models,
            auth=settings.auth,
            throttling_burst=settings.throttling_burst,
            throttling_rate=settings.throttling_rate,
            log_retention_days=settings.log_retention_days,
        )
        return InferenceApi(name, arguments, self._inside)

    def _stored_in(self, *storages: Storage) -> Sequence[PackagedModel]:
        return self._settings.packaged if self._settings.storage in storages else ()

    def _bake(self, models: Sequence[PackagedModel]) -> BakedModels | None:
        """The models laid out for the image's build, unless there are none or the image was built before."""
        if not models:
            return None
        if self._settings.image_uri:
            self._sources["image"] = PrebuiltModels()
            return None
        baked = BakedModels(
            f"{self._name}-baked",
            BakedModelsArgs(
                models=models,
                engines="tensorflow" if "tensorflow" in self._settings.engines else "litert",
                directory=self._args.project / IMAGES_DIRECTORY / self._args.environment,
            ),
            self._inside,
        )
        self._sources["image"] = baked
        return baked

    def _image(self, baked: BakedModels | None) -> pulumi.Output[str]:
        """The image that was built before, or one that is built now."""
        if self._settings.image_uri:
            return pulumi.Output.from_input(self._settings.image_uri)
        arguments = HandlerImageArgs(
            engines=self._settings.engines,
            architecture=self._settings.architecture,
            context=self._args.project,
            models_directory=baked and baked.directory.relative_to(self._args.project),
        )
        return HandlerImage(f"{self._name}-image", arguments, self._inside).image_uri

    def _mount(self) -> None:
        """The file systems that the models' storages ask for, and the network that they share."""
        if not self._stored_in(*MOUNTED_STORAGES):
            return
        network = self._network()
        if models := self._stored_in("efs"):
            self._sources["efs"] = self._file_system(models, network)
        if self._stored_in("s3files"):
            self._sources["s3files"] = MountedModelBucket(
                f"{self._name}-files", MountedModelBucketArgs(bucket=self.bucket, network=network), self._inside
            )

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
            protect=not settings.delete_models_on_destroy,
            reserve_sync_concurrency=settings.sync_reserved_concurrency,
        )
        return ModelFileSystem(f"{self._name}-files", arguments, self._inside)
