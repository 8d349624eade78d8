"""The program: reads the configuration, makes one stack, exports its outputs."""

from pathlib import Path

import pulumi

from components.configuration.changing import comparison
from components.configuration.of_stack import stack_settings
from components.stack.boundary import bound_every_role
from components.stack.model_stack import ModelStack
from components.stack.stack_args import StackArgs
from components.stack.tags import STACK_TAG, tag_everything

DIRECTORY = Path(__file__).parent

made_by = {STACK_TAG: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
settings = stack_settings(DIRECTORY, made_by)
of_every_resource = [tag_everything({**settings.tags, **made_by}), bound_every_role(settings.permissions_boundary_arn)]
stack = ModelStack(
    "inference",
    StackArgs(settings=settings, directory=DIRECTORY, project_name=pulumi.get_project(), compare=comparison(settings)),
    pulumi.ResourceOptions(transformations=of_every_resource),
)

pulumi.export("apiUrl", stack.api_url)
pulumi.export("auth", settings.auth)
pulumi.export("requestsArn", stack.requests_arn)
pulumi.export("accessLog", stack.access_log)
pulumi.export("asynchronous", stack.asynchronous)
pulumi.export("functionNames", stack.function_names)
pulumi.export("bucketName", stack.bucket_name)
pulumi.export("imageUri", stack.image_uri)
pulumi.export("models", [model.name for model in settings.packaged])
pulumi.export("mode", settings.mode)
pulumi.export("storages", settings.storages())
pulumi.export("engines", sorted(settings.engines))
pulumi.export("allowModelCode", settings.allow_model_code)
