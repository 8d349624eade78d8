"""Retries: what AWS refuses for a while because something that was made just now does not hold everywhere yet.

The provider retries much of that by itself. For the rest, an error hook of Pulumi's engine waits and tries again.
Another hook explains what cannot be retried.
"""

import asyncio
from collections.abc import Mapping, Sequence

import pulumi

PAUSES_SECONDS = (1, 2, 4, 8, 15, 30, 30, 30, 30, 30)
"""The pauses before further tries: three minutes in all. AWS names 90 seconds until a mount target's name resolves.
https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html"""

NOT_MOUNTED = ("EFSMountConnectivityException", "EFSMountFailureException", "EFSMountTimeoutException")
"""Lambda could not mount the file system. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

NOT_READY = ("ResourceConflictException", "ResourceNotReadyException")
"""A function that was idle for weeks lost its environment, and gets it back because it is called.
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""

NOT_PERMITTED = ("Unable to validate the following destination configurations",)
"""S3 does not see yet that it may call a function."""


def until_it_holds(name: str, refusals: Sequence[str]) -> pulumi.ResourceHookBinding:
    """Hooks of a resource that try again while AWS refuses it with one of these words. `name` is the resource's."""

    async def wait(args: pulumi.ErrorHookArgs) -> bool:
        tries = len(args.errors)
        if tries > len(PAUSES_SECONDS) or not any(word in args.errors[0] for word in refusals):
            return False
        await asyncio.sleep(PAUSES_SECONDS[tries - 1])
        return True

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-retried", wait)])


def explained(name: str, failures: Mapping[str, str]) -> pulumi.ResourceHookBinding:
    """Hooks of a resource that say what a failure means: by a part of the provider's words, what to do. `name` is the
    resource's."""

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        for words, meaning in failures.items():
            if words in args.errors[0]:
                pulumi.log.error(meaning)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-explained", explain)])
