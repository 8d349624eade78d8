"""SecurityGroups: the groups of a network, and the rules for what connects to what."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.network.private_vpc import UNTIL_LAMBDA_LETS_GO

HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class SecurityGroups:
    """Makes groups without rules, and rules of one port each."""

    name: str
    """Of the network; the names of groups and rules begin with it."""
    vpc_id: pulumi.Input[str]
    parent: pulumi.Resource

    def group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        """A group that allows nothing yet."""
        return aws.ec2.SecurityGroup(
            f"{self.name}-{role}",
            vpc_id=self.vpc_id,
            description=description,
            opts=pulumi.ResourceOptions(parent=self.parent, custom_timeouts=UNTIL_LAMBDA_LETS_GO),
        )

    def connect_all(
        self, prefix: str, clients: aws.ec2.SecurityGroup, servers: Mapping[str, tuple[aws.ec2.SecurityGroup, int]]
    ) -> list[pulumi.Resource]:
        """Let the members of a group connect to those of others: groups and ports by what the rules are called, after
        `prefix`."""
        return [
            rule
            for what, (group, port) in servers.items()
            for rule in self._connect(f"{prefix}{what}", clients, group, port)
        ]

    def _connect(
        self, what: str, clients: aws.ec2.SecurityGroup, servers: aws.ec2.SecurityGroup, port: int
    ) -> list[pulumi.Resource]:
        arriving = aws.vpc.SecurityGroupIngressRule(
            f"{self.name}-{what}-in",
            security_group_id=servers.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=clients.id,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
        return [self._allow_out(what, clients, port, group_id=servers.id), arriving]

    def reach(self, what: str, clients: aws.ec2.SecurityGroup, prefix_list_id: pulumi.Output[str]) -> pulumi.Resource:
        """Let the members of a group connect to the addresses of a list by TLS."""
        return self._allow_out(what, clients, HTTPS_PORT, prefix_list_id=prefix_list_id)

    def _allow_out(
        self,
        what: str,
        clients: aws.ec2.SecurityGroup,
        port: int,
        *,
        group_id: pulumi.Output[str] | None = None,
        prefix_list_id: pulumi.Output[str] | None = None,
    ) -> pulumi.Resource:
        return aws.vpc.SecurityGroupEgressRule(
            f"{self.name}-{what}-out",
            security_group_id=clients.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=group_id,
            prefix_list_id=prefix_list_id,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
