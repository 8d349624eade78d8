"""A function's configuration as the workers need it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handlers.contract import BAKED_PATH
from local.functions import Function
from local.log_levels import LogLevels
from local.resources.account import EmulatedAccount
from local.resources.lambda_.needs import needs

DEFAULTS: Mapping[str, Any] = {"description": "", "memorySize": 128, "timeout": 3}
"""What Lambda takes where the program says nothing."""


def runnable(account: EmulatedAccount, inputs: Mapping[str, Any], revision: str, version: str) -> Function:
    """One revision of a function, which the workers can run."""
    whole, logging = {**DEFAULTS, **inputs}, inputs.get("loggingConfig", {})
    # The emulator is not told of the reserved concurrency: what Lambda queues for want of it, the emulator loses.
    reserved = inputs.get("reservedConcurrentExecutions", -1)
    return Function(
        name=inputs["name"],
        arn=f"arn:aws:lambda:{account.region}:{account.account_id}:function:{inputs['name']}",
        revision=revision,
        version=version,
        handler=inputs["imageConfig"]["commands"][0],
        environment=inputs.get("environment", {}).get("variables", {}),
        endpoints=account.endpoints,
        memory_mib=whole["memorySize"],
        ephemeral_storage_mib=inputs.get("ephemeralStorage", {}).get("size", 512),
        timeout_seconds=whole["timeout"],
        reserved_concurrency=reserved if reserved >= 0 else None,
        mounts=_mounts(account, inputs),
        image_uri=inputs["imageUri"],
        role=inputs["role"].rpartition("/")[2],
        log_group=logging.get("logGroup", ""),
        log_levels=LogLevels.of(logging),
        needs=tuple(needs(account, inputs)),
    )


def _mounts(account: EmulatedAccount, inputs: Mapping[str, Any]) -> dict[str, Path]:
    """The directories of this machine that the function sees: its file system, and what its image holds."""
    mounts: dict[str, Path] = {}
    if mount := inputs.get("fileSystemConfig"):
        mounts[mount["localMountPath"]] = account.file_systems.behind(mount["arn"])
    if baked := account.baked.get(inputs["imageUri"]):
        mounts[BAKED_PATH] = baked
    return mounts
