"""SingleModelStack and MultiModelStack: the components put together, for one function a model and for one for all."""

from collections.abc import Mapping

import pulumi

from components.api.api_args import ApiFunctions
from components.settings.settings import Mode
from components.stack.stack_args import StackArgs
from components.stack.stack_parts import StackParts
from handlers.contract import MULTI_MODEL_HANDLER, SINGLE_MODEL_HANDLER


class SingleModelStack(pulumi.ComponentResource):
    """One function for each model, which loads it at start, and one API in front of them."""

    api_url: pulumi.Output[str]
    bucket_name: pulumi.Output[str]
    image_uri: pulumi.Output[str]
    function_names: pulumi.Output[Mapping[str, str]]
    """By model."""

    def __init__(self, name: str, args: StackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:SingleModelStack", name, None, opts)
        parts = StackParts(self, name, args)
        functions = {
            model.name: parts.function(f"{name}-{model.name}", SINGLE_MODEL_HANDLER, args.settings.for_model(model))
            for model in args.settings.packaged
        }
        api = parts.api(f"{name}-api", ApiFunctions(server=next(iter(functions.values())), models=functions))
        parts.operate()
        self.api_url = api.url
        self.bucket_name = parts.bucket_name
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
        parts = StackParts(self, name, args)
        models = [model.name for model in args.settings.packaged]
        function = parts.function(name, MULTI_MODEL_HANDLER, args.settings)
        api = parts.api(f"{name}-api", ApiFunctions(server=function))
        parts.operate()
        self.api_url = api.url
        self.bucket_name = parts.bucket_name
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
