"""The program: reads the configuration, builds one stack, exports its outputs."""

import os
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.configuration import read_settings
from components.rules import ADVICE, problems
from components.stack_args import StackArgs
from components.stacks import STACKS
from components.tags import tag_everything

PROJECT = Path(__file__).parent
namespace = f"{pulumi.get_project()}:"
configuration = {
    **get_config_env(),
    **CONFIG.get(),
}  # pulumi.Config gives no list of keys, so that a misspelt one is lost

settings = read_settings(
    {key.removeprefix(namespace): value for key, value in configuration.items() if key.startswith(namespace)},
    PROJECT,
    configuration.get("aws:region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
)
for advice in problems(settings, ADVICE):
    pulumi.warn(str(advice))

arguments = StackArgs(settings=settings, project=PROJECT, environment=pulumi.get_stack())
stack = STACKS[settings.mode](
    "inference", arguments, pulumi.ResourceOptions(transformations=[tag_everything(settings.tags)])
)

pulumi.export("apiUrl", stack.api_url)
pulumi.export("functionNames", stack.function_names)
pulumi.export("bucketName", stack.bucket_name)
pulumi.export("imageUri", stack.image_uri)
pulumi.export("models", [model.name for model in settings.packaged])
