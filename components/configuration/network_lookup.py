"""What AWS says of the network that `vpcId` and `subnetIds` name. It is only read."""

from collections.abc import Sequence

import pulumi_aws as aws

from components.configuration.rules.found_network import FoundNetwork, FoundSubnet


class NoNetworkError(Exception):
    """AWS does not show the VPC or a subnet. The message is AWS's."""


def found_network(vpc_id: str, subnet_ids: Sequence[str], region: str | None) -> FoundNetwork:
    """Look at a VPC and its subnets. Raises NoNetworkError if AWS does not show one of them."""
    try:
        vpc = aws.ec2.get_vpc(id=vpc_id, region=region)
        subnets = [aws.ec2.get_subnet(id=subnet_id, region=region) for subnet_id in subnet_ids]
    except Exception as error:  # the SDK raises nothing narrower where AWS refuses
        raise NoNetworkError(str(error)) from error
    return FoundNetwork(
        vpc_id=vpc_id,
        resolves_names=vpc.enable_dns_support,
        gives_names=vpc.enable_dns_hostnames,
        subnets=[FoundSubnet(id=each.id, vpc_id=each.vpc_id, zone=each.availability_zone) for each in subnets],
    )
