"""PrivateVpc: a VPC with private subnets, whose only way out leads to one bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.network.subnets import subnet_blocks
from components.retries import explained

UNTIL_LAMBDA_LETS_GO = pulumi.CustomTimeouts(delete="60m")
"""How long a deletion waits for Lambda, which keeps its network interfaces for up to 45 minutes after the last function
is gone. They hold their subnet and their security groups."""

SUBNET_FAILURES = {
    "InvalidSubnet.Conflict": "An interrupted update left a subnet in the VPC, where this one belongs. List it, and "
    "the command that removes it, with `pulumi stack export | python -m ops orphans`; then run `pulumi up` again."
}
"""What a refusal means, by AWS's words."""


@dataclass(frozen=True, kw_only=True)
class PrivateVpcArgs:
    region: str
    bucket_arn: pulumi.Input[str]
    """The only bucket that the S3 endpoint gives access to."""
    written_below: Sequence[str] = ()
    """Where the endpoint lets clients write in that bucket: prefixes of keys."""
    cidr: str
    zones: Sequence[str]
    """Availability zones by name; each gets a subnet."""

    def __post_init__(self) -> None:
        subnet_blocks(self.cidr, self.zones)


class PrivateVpc(pulumi.ComponentResource):
    """A VPC without public addresses and without a connection to the internet."""

    vpc_id: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    """Ids by zone."""
    s3_prefix_list_id: pulumi.Output[str]
    """The addresses of S3 in this region, for rules of security groups."""
    ready: Sequence[pulumi.Resource]
    """What a client in a subnet must wait for before it can reach the bucket."""

    def __init__(self, name: str, args: PrivateVpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:PrivateVpc", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)

        vpc = aws.ec2.Vpc(
            name,
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=inside,
        )
        # AWS gives a new VPC a default group whose members may connect to each other and to any address.
        aws.ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, ingress=[], egress=[], opts=inside)
        routes = aws.ec2.RouteTable(f"{name}-routes", vpc_id=vpc.id, opts=inside)
        subnets = {
            zone: aws.ec2.Subnet(
                f"{name}-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=block,
                map_public_ip_on_launch=False,
                tags={"Name": f"{name}-{zone}"},
                opts=pulumi.ResourceOptions(
                    parent=self,
                    custom_timeouts=UNTIL_LAMBDA_LETS_GO,
                    hooks=explained(f"{name}-{zone}", SUBNET_FAILURES),
                ),
            )
            for zone, block in subnet_blocks(args.cidr, args.zones).items()
        }
        associations = [
            aws.ec2.RouteTableAssociation(f"{name}-{zone}", subnet_id=subnet.id, route_table_id=routes.id, opts=inside)
            for zone, subnet in subnets.items()
        ]
        endpoint = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[routes.id],
            policy=_only_this_bucket(args.bucket_arn, args.written_below),
            opts=inside,
        )

        self.vpc_id = vpc.id
        self.subnets = {zone: subnet.id for zone, subnet in subnets.items()}
        self.s3_prefix_list_id = endpoint.prefix_list_id
        self.ready = [endpoint, *associations]
        self.register_outputs(
            {"vpc_id": self.vpc_id, "subnets": self.subnets, "s3_prefix_list_id": self.s3_prefix_list_id}
        )


def _only_this_bucket(bucket_arn: pulumi.Input[str], written_below: Sequence[str]) -> pulumi.Output[str]:
    # The policy of an endpoint only filters: a client needs a grant of its own besides. So the principal is anyone.
    reading = iam.allow(
        ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"],
        [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")],
    )
    places = [pulumi.Output.concat(bucket_arn, f"/{prefix}/*") for prefix in written_below]
    allowed = [reading, *([iam.allow(["s3:PutObject"], places)] if places else [])]
    return iam.policy([{**each, "Principal": "*"} for each in allowed])
