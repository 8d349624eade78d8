"""What answers requests later, for a stack: where it keeps them, and what a client of the queues must know."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.function.asynchronous_requests import AsynchronousRequests, AsynchronousRequestsArgs
from components.stack.stack_args import StackArgs
from components.stack.stack_functions import StackFunction
from components.stack.stack_storages import StackStorages
from handlers.contract import ANY_MODEL


def stack_requests(
    name: str, args: StackArgs, storages: StackStorages, opts: pulumi.ResourceOptions
) -> AsynchronousRequests | None:
    """The queues of a stack; None if it answers every request at once."""
    settings, bucket = args.settings, storages.bucket
    if not settings.asynchronous:
        return None
    arguments = AsynchronousRequestsArgs(
        bucket_name=bucket.bucket_name,
        bucket_arn=bucket.bucket_arn,
        prefix=storages.requests_prefix,
        bucket_key_arn=settings.bucket_key_arn,
        kms_key_arn=settings.kms_key_arn,
        concurrency=settings.asynchronous_concurrency,
    )
    return AsynchronousRequests(name, arguments, opts)


def places_of(requests: AsynchronousRequests, functions: Sequence[StackFunction]) -> pulumi.Output[Mapping[str, Any]]:
    """What a batch must know: where requests are kept, the queue of each model, and that of what failed."""
    queues = {
        model: each.requests.url
        for each in functions
        if each.requests
        for model in (each.models if each.settings.mode == "single" else [ANY_MODEL])
    }
    return pulumi.Output.all(
        place=requests.place, queues=pulumi.Output.all(**queues), deadLetters=requests.dead_letters_url
    )
