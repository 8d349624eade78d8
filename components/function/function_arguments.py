"""Lambda arguments that inference functions and tool functions share: concurrency, network and mount."""

from typing import Any

from components.model_source import Mount, Network

UNRESERVED = -1
"""Lambda's number for a function without reserved concurrency."""


def concurrency(reserved: int | None) -> int:
    """The reserved concurrency as Lambda takes it; None shares the account's."""
    return UNRESERVED if reserved is None else reserved


def attachments(network: Network | None, mount: Mount | None) -> dict[str, Any]:
    """A function's arguments for its network and its file system, where it has them."""
    arguments: dict[str, Any] = {}
    if network:
        arguments["vpc_config"] = {
            "subnet_ids": list(network.subnet_ids),
            "security_group_ids": list(network.security_group_ids),
        }
        # Lambda keeps its network interfaces for a while after the function is gone. Moved to the default group, they
        # no longer hold the stack's security groups; they still hold its subnets.
        arguments["replace_security_groups_on_destroy"] = True
    if mount:
        arguments["file_system_config"] = {"arn": mount.access_point_arn, "local_mount_path": mount.path}
    return arguments
