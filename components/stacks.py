"""SingleModelStack and MultiModelStack: the components put together, for one function a model and for one for all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components.handler_image import HandlerImage, HandlerImageArgs
from components.inference_api import InferenceApi, InferenceApiArgs
from components.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_bucket import ModelBucket, ModelBucketArgs
from components.model_source import ModelSource
from components.settings import Mode, Settings, Storage
from handlers.contract import MULTI_MODEL_HANDLER, SINGLE_MODEL_HANDLER
from handlers.manifest import EngineName


@dataclass(frozen=True, kw_only=True)
class StackArgs:
    settings: Settings
    """Valid as a whole, with the packaged models to serve."""
    project: Path = field(default_factory=Path)
    """The directory that the image is built from."""

    def __post_init__(self) -> None:
        if not self.settings.packaged:
            raise ValueError("settings.packaged is empty; a stack serves at least one packaged model")


class SingleModelStack(pulumi.ComponentResource):
    """One function for each model, which loads it at start, and one API in front of them."""

    api_url: pulumi.Output[str]
    bucket_name: pulumi.Output[str]
    image_uri: pulumi.Output[str]
    function_names: pulumi.Output[Mapping[str, str]]
    """By model."""

    def __init__(self, name: str, args: StackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:SingleModelStack", name, None, opts)
        parts = _Parts(self, name, args)
        functions = {
            model.name: parts.function(f"{name}-{model.name}", SINGLE_MODEL_HANDLER, [model.name])
            for model in args.settings.packaged
        }
        api = parts.api(f"{name}-api", server=next(iter(functions.values())), models=functions)
        self.api_url = api.url
        self.bucket_name = parts.bucket.bucket_name
        self.image_uri = parts.image_uri
        self.function_names = pulumi.Output.all(**{key: value.function_name for key, value in functions.items()})
        self.register_outputs(
            {
                "api_url": self.api_url,
                "bucket_name": self.bucket_name,
                "image_uri": self.image_uri,
                "function_names": self.function_names,
            }
        )


class MultiModelStack(pulumi.ComponentResource):
    """One function for all models, which loads each on its first use, and an API in front of it."""

    api_url: pulumi.Output[str]
    bucket_name: pulumi.Output[str]
    image_uri: pulumi.Output[str]
    function_names: pulumi.Output[Mapping[str, str]]
    """By model; the same function for each."""

    def __init__(self, name: str, args: StackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:MultiModelStack", name, None, opts)
        parts = _Parts(self, name, args)
        models = [model.name for model in args.settings.packaged]
        function = parts.function(name, MULTI_MODEL_HANDLER, models)
        api = parts.api(f"{name}-api", server=function, models={})
        self.api_url = api.url
        self.bucket_name = parts.bucket.bucket_name
        self.image_uri = parts.image_uri
        self.function_names = pulumi.Output.all(**dict.fromkeys(models, function.function_name))
        self.register_outputs(
            {
                "api_url": self.api_url,
                "bucket_name": self.bucket_name,
                "image_uri": self.image_uri,
                "function_names": self.function_names,
            }
        )


STACKS: Mapping[Mode, type[SingleModelStack] | type[MultiModelStack]] = {
    "single": SingleModelStack,
    "multi": MultiModelStack,
}

SOURCES: Mapping[Storage, Callable[[ModelBucket], ModelSource]] = {
    "s3": lambda bucket: bucket,
}
"""What functions read their models from, for each storage. The bucket is the source of truth in all of them."""


class _Parts:
    """What both kinds of stack are made of, each part made with the stack's settings."""

    def __init__(self, stack: pulumi.ComponentResource, name: str, args: StackArgs) -> None:
        self._inside = pulumi.ResourceOptions(parent=stack)
        self._settings = args.settings
        self.bucket = ModelBucket(
            f"{name}-models",
            ModelBucketArgs(models=args.settings.packaged, delete_on_destroy=args.settings.delete_models_on_destroy),
            self._inside,
        )
        self._source = SOURCES[args.settings.storage](self.bucket)
        self.image_uri = self._image(f"{name}-image", args.project)

    def _image(self, name: str, project: Path) -> pulumi.Output[str]:
        """The image that was built before, or one that is built now."""
        if self._settings.image_uri:
            return pulumi.Output.from_input(self._settings.image_uri)
        arguments = HandlerImageArgs(
            engines=_engines(self._settings), architecture=self._settings.architecture, context=project
        )
        return HandlerImage(name, arguments, self._inside).image_uri

    def function(self, name: str, handler: str, models: Sequence[str]) -> InferenceFunction:
        settings = self._settings
        arguments = InferenceFunctionArgs(
            image_uri=self.image_uri,
            handler=handler,
            models=models,
            source=self._source,
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


def _engines(settings: Settings) -> frozenset[EngineName]:
    """The engines that the image holds."""
    if settings.image_engines == "auto":
        return frozenset(engine for model in settings.packaged for engine in model.engines)
    return frozenset([settings.image_engines])
