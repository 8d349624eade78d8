"""ModelNetwork: the network of functions and file systems, and the rules for what connects to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import Network
from components.network.private_vpc import UNTIL_LAMBDA_LETS_GO, PrivateVpc, PrivateVpcArgs
from components.network.subnets import default_zones, subnet_blocks
from components.settings.storage_settings import StorageSettings

NFS_PORT = 2049
HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class ExistingVpc:
    """A VPC that exists already. Its subnets' route tables must have a gateway endpoint for S3."""

    vpc_id: str
    subnet_ids: Sequence[str]
    """Private subnets, each in another availability zone: a file system has one mount target a zone."""

    def __post_init__(self) -> None:
        if not self.subnet_ids:
            raise ValueError("an existing VPC needs one subnet or more, each in another zone; list them by id")


@dataclass(frozen=True, kw_only=True)
class ModelNetworkArgs:
    region: str
    """Such as `eu-west-1`; part of the endpoints' names and of the default zones'."""
    bucket_arn: pulumi.Input[str]
    """The only bucket that functions can reach."""
    cidr: str = StorageSettings().vpc_cidr
    zones: Sequence[str] = ()
    """Availability zones by name. Empty for the region's `a` and `b`, which a few regions and accounts lack."""
    existing: ExistingVpc | None = None
    """Use this VPC and make only security groups in it, whatever `cidr` and `zones` say."""
    interface_endpoints: Sequence[str] = ()
    """AWS services to reach besides S3, such as `kms`. AWS bills each by the hour and zone. Logs, metrics in logs and
    image pulls need no endpoint: Lambda handles those outside the VPC."""

    written_below: Sequence[str] = ()
    """Where in the bucket functions may write: prefixes of keys."""

    def __post_init__(self) -> None:
        if self.existing is None:
            subnet_blocks(self.cidr, self.zones or default_zones(self.region))


class ModelNetwork(pulumi.ComponentResource):
    """Functions may connect to the file system by NFS and to S3 by TLS, and to nothing else."""

    vpc_id: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    """Ids by zone; by id in a VPC that exists already."""
    identity: str
    """Differs between networks of which one cannot become the other: a file system belongs to one of them."""
    function_security_group_id: pulumi.Output[str]
    mount_target_security_group_id: pulumi.Output[str]
    account_id: pulumi.Output[str]
    """The AWS account of the network."""
    partition: pulumi.Output[str]
    """`aws`, `aws-cn` or `aws-us-gov`."""
    region: str
    ready: Sequence[pulumi.Resource]
    """What a function must wait for before it can reach its file system or S3."""

    def __init__(self, name: str, args: ModelNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelNetwork", name, None, opts)
        self._name = name
        self._inside = pulumi.ResourceOptions(parent=self)

        self.region = args.region
        self.vpc_id, self.subnets, s3_addresses, ready = self._vpc(args)
        self.identity = _identity(args)
        functions = self._group("functions", "Functions that read models")
        self.account_id = iam.account_of(functions.arn)
        mount_targets = self._group("mount-targets", "File systems that hold models")
        self.ready = [
            *ready,
            self._allow_out("s3", functions, prefix_list_id=s3_addresses),
            *self._connect("nfs", functions, mount_targets, NFS_PORT),
            *self._interface_endpoints(args.interface_endpoints, functions),
        ]
        self.function_security_group_id = functions.id
        self.mount_target_security_group_id = mount_targets.id
        self.partition = functions.arn.apply(lambda arn: arn.split(":")[1])
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "subnets": self.subnets,
                "function_security_group_id": self.function_security_group_id,
                "mount_target_security_group_id": self.mount_target_security_group_id,
                "account_id": self.account_id,
                "partition": self.partition,
            }
        )

    def for_functions(self) -> Network:
        """What attaches a function to this network."""
        return Network(subnet_ids=list(self.subnets.values()), security_group_ids=[self.function_security_group_id])

    def _vpc(
        self, args: ModelNetworkArgs
    ) -> tuple[pulumi.Output[str], Mapping[str, pulumi.Output[str]], pulumi.Output[str], Sequence[pulumi.Resource]]:
        if args.existing is None:
            zones = args.zones or default_zones(args.region)
            arguments = PrivateVpcArgs(
                region=args.region,
                bucket_arn=args.bucket_arn,
                written_below=args.written_below,
                cidr=args.cidr,
                zones=zones,
            )
            vpc = PrivateVpc(self._name, arguments, self._inside)
            return vpc.vpc_id, vpc.subnets, vpc.s3_prefix_list_id, vpc.ready
        s3_addresses = aws.ec2.get_managed_prefix_list_output(
            name=f"com.amazonaws.{args.region}.s3", opts=pulumi.InvokeOutputOptions(parent=self)
        )
        subnets = {subnet_id: pulumi.Output.from_input(subnet_id) for subnet_id in args.existing.subnet_ids}
        return pulumi.Output.from_input(args.existing.vpc_id), subnets, s3_addresses.id, []

    def _interface_endpoints(self, services: Sequence[str], functions: aws.ec2.SecurityGroup) -> list[pulumi.Resource]:
        if not services:
            return []
        group = self._group("endpoints", "AWS services that functions reach")
        endpoints = [
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{self.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=list(self.subnets.values()),
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=_only_within(self.account_id),
                opts=self._inside,
            )
            for service in services
        ]
        return [*endpoints, *self._connect("endpoints", functions, group, HTTPS_PORT)]

    def _group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}",
            vpc_id=self.vpc_id,
            description=description,
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=UNTIL_LAMBDA_LETS_GO),
        )

    def _connect(
        self, what: str, clients: aws.ec2.SecurityGroup, servers: aws.ec2.SecurityGroup, port: int
    ) -> list[pulumi.Resource]:
        arriving = aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{what}-in",
            security_group_id=servers.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=clients.id,
            opts=self._inside,
        )
        return [self._allow_out(what, clients, group_id=servers.id, port=port), arriving]

    def _allow_out(
        self,
        what: str,
        clients: aws.ec2.SecurityGroup,
        *,
        group_id: pulumi.Output[str] | None = None,
        prefix_list_id: pulumi.Output[str] | None = None,
        port: int = HTTPS_PORT,
    ) -> pulumi.Resource:
        return aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{what}-out",
            security_group_id=clients.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=group_id,
            prefix_list_id=prefix_list_id,
            opts=self._inside,
        )


def _only_within(account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    # An endpoint serves one AWS service, and this policy only filters. Nobody brings keys of another account to it, and
    # nothing goes to a resource of another account.
    within = {"StringEquals": {"aws:PrincipalAccount": account_id, "aws:ResourceAccount": account_id}}
    return iam.policy([{**iam.allow(["*"], ["*"], conditions=within), "Principal": "*"}])


def _identity(args: ModelNetworkArgs) -> str:
    if args.existing is None:
        return args.cidr
    return " ".join([args.existing.vpc_id, *sorted(args.existing.subnet_ids)])
