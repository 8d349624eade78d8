"""ModelNetwork: the network of functions and file systems, and the rules for what connects to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import Network
from components.network.private_vpc import PrivateVpc, PrivateVpcArgs
from components.network.security_groups import HTTPS_PORT, SecurityGroups
from components.network.subnets import default_zones, subnet_blocks
from components.settings.storage_settings import StorageSettings

NFS_PORT = 2049


@dataclass(frozen=True, kw_only=True)
class ExistingVpc:
    """A VPC that exists already. Its subnets' route tables must lead to S3: to a gateway endpoint, or to NAT."""

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
    readers_reach_s3: bool = False
    """Whether functions that read models from a file system reach the bucket, too."""
    is_filled: bool = False
    """Whether a function fills a file system from the bucket."""

    def __post_init__(self) -> None:
        if self.existing is None:
            subnet_blocks(self.cidr, self.zones or default_zones(self.region))


class ModelNetwork(pulumi.ComponentResource):
    """Functions that read models may connect to file systems by NFS. The one that fills file systems may connect to S3
    by TLS, too. Both may connect to the interface endpoints, and to nothing else."""

    vpc_id: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    """Ids by zone; by id in a VPC that exists already."""
    identity: str
    """Differs between networks of which one cannot become the other: a file system belongs to one of them."""
    function_security_group_id: pulumi.Output[str]
    """Of the functions that read models."""
    mount_target_security_group_id: pulumi.Output[str]
    account_id: pulumi.Output[str]
    """The AWS account of the network."""
    partition: pulumi.Output[str]
    """`aws`, `aws-cn` or `aws-us-gov`."""
    region: str
    ready: list[pulumi.Resource]
    """What a function must wait for before it can reach its file system or S3."""

    def __init__(self, name: str, args: ModelNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelNetwork", name, None, opts)
        self._name = name
        self._inside = pulumi.ResourceOptions(parent=self)

        self.region = args.region
        self.vpc_id, self.subnets, s3_addresses, ready = self._vpc(args)
        self.identity = _identity(args)
        self._groups = SecurityGroups(name=name, vpc_id=self.vpc_id, parent=self)
        functions = self._groups.group("functions", "Functions that read models")
        self.account_id = iam.account_of(functions.arn)
        mount_targets = self._groups.group("mount-targets", "File systems that hold models")
        endpoints, made = self._interface_endpoints(args.interface_endpoints)
        servers = {
            "nfs": (mount_targets, NFS_PORT),
            **({"endpoints": (endpoints, HTTPS_PORT)} if endpoints is not None else {}),
        }
        self.ready = [*ready, *made, *self._groups.connect_all("", functions, servers)]
        if args.readers_reach_s3:
            self.ready.append(self._groups.reach("s3", functions, s3_addresses))
        self._sync_security_group_id: pulumi.Output[str] | None = None
        if args.is_filled:
            sync = self._groups.group("sync", "The function that fills file systems")
            self._sync_security_group_id = sync.id
            self.ready += self._groups.connect_all("sync-", sync, servers)
            self.ready.append(self._groups.reach("sync-s3", sync, s3_addresses))
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
        """What attaches a function that reads models to this network."""
        return self._attached(self.function_security_group_id)

    def for_sync(self) -> Network:
        """What attaches the function that fills file systems. Raises ValueError in a network that has none."""
        if self._sync_security_group_id is None:
            raise ValueError(f"{self._name} has no function that fills file systems; set is_filled")
        return self._attached(self._sync_security_group_id)

    def _attached(self, security_group_id: pulumi.Output[str]) -> Network:
        return Network(subnet_ids=list(self.subnets.values()), security_group_ids=[security_group_id])

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

    def _interface_endpoints(
        self, services: Sequence[str]
    ) -> tuple[aws.ec2.SecurityGroup | None, Sequence[pulumi.Resource]]:
        """Their group, if there are any, and what must be there before they answer."""
        if not services:
            return None, []
        group = self._groups.group("endpoints", "AWS services that functions reach")
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
        return group, endpoints


def _only_within(account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    # An endpoint serves one AWS service, and this policy only filters. Nobody brings keys of another account to it, and
    # nothing goes to a resource of another account.
    within = {"StringEquals": {"aws:PrincipalAccount": account_id, "aws:ResourceAccount": account_id}}
    return iam.policy([{**iam.allow(["*"], ["*"], conditions=within), "Principal": "*"}])


def _identity(args: ModelNetworkArgs) -> str:
    if args.existing is None:
        return args.cidr
    return " ".join([args.existing.vpc_id, *sorted(args.existing.subnet_ids)])
