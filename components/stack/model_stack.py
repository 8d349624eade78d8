"""ModelStack: the components put together: a bucket of models, functions that serve them, and an API in front."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.api.api_args import ApiFunctions
from components.stack.apis import stack_api
from components.stack.deployment_record import DeploymentRecord, DeploymentRecordArgs
from components.stack.stack_args import StackArgs
from components.stack.stack_functions import StackFunction, stack_functions
from components.stack.stack_operations import operate
from components.stack.stack_requests import places_of, stack_requests
from components.stack.stack_storages import StackStorages


class ModelStack(pulumi.ComponentResource):
    """One function for all models, or one for each; the mode of the settings decides."""

    api_url: pulumi.Output[str]
    requests_arn: pulumi.Output[str]
    access_log: pulumi.Output[str] | None
    """The log group of the API's access log, if it writes one."""
    asynchronous: pulumi.Output[Mapping[str, Any]] | None
    """Where requests are kept that are answered later, and the URLs of their queues; None if none are."""
    bucket_name: pulumi.Output[str]
    image_uri: pulumi.Output[str]
    function_names: pulumi.Output[Mapping[str, str]]
    """By model."""

    def __init__(self, name: str, args: StackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelStack", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        storages = StackStorages(name, args, inside)
        requests = stack_requests(f"{name}-later", args, storages, inside)
        functions = stack_functions(name, args.settings, storages, requests, inside)
        api = stack_api(f"{name}-api", args.settings, _behind_the_api(functions, page=args.settings.page), inside)
        alarms = [*storages.alarms, *(requests.alarms if requests else ())]
        operation = operate(name, args, functions, api.api, alarms, storages, inside)
        mappings = requests.mappings if requests else []
        record = DeploymentRecordArgs(
            bucket_name=storages.bucket.bucket_name,
            key=storages.record_key,
            record=storages.record,
            after=[*(each.function for each in functions), *api.parts, *operation, *mappings],
        )
        DeploymentRecord(f"{name}-record", record, inside)

        self.api_url, self.requests_arn, self.access_log = api.url, api.api.requests_arn, api.api.log_group_name
        self.asynchronous = requests and places_of(requests, functions)
        self.bucket_name = storages.bucket.bucket_name
        self.image_uri = storages.image_uri
        self.function_names = pulumi.Output.all(
            **{model: each.function.function_name for each in functions for model in each.models}
        )
        self.register_outputs(
            {
                "api_url": self.api_url,
                "requests_arn": self.requests_arn,
                "access_log": self.access_log,
                "asynchronous": self.asynchronous,
                "bucket_name": self.bucket_name,
                "image_uri": self.image_uri,
                "function_names": self.function_names,
            }
        )


def _behind_the_api(functions: list[StackFunction], *, page: bool) -> ApiFunctions:
    """The first function answers for the server. In mode single each model's paths lead to its own function."""
    own = [each for each in functions if each.settings.mode == "single"]
    return ApiFunctions(
        server=functions[0].function,
        models={model.name: each.function for each in own for model in each.settings.packaged},
        verbs={model.name: model.verbs for each in own for model in each.settings.packaged},
        one_model=sum(len(each.models) for each in functions) == 1,
        page=page,
    )
