"""Arguments that functions of both kinds give to Lambda: the network, the mounted file system, the concurrency."""

from typing import Any

from components.model_source import Mount, Network

UNRESERVED = -1
"""What Lambda calls a function without reserved concurrency."""


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
        # Lambda gives its network interfaces back within 20 minutes or so. The security groups need not wait for that
        # then; the subnets of a VPC of the stack's own do.
        arguments["replace_security_groups_on_destroy"] = True
    if mount:
        arguments["file_system_config"] = {"arn": mount.access_point_arn, "local_mount_path": mount.path}
    return arguments
