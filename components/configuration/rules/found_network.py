"""Rules about a network that was there before: what AWS would refuse, and what it lacks. Imports no Pulumi."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from components.configuration.problem import Problem


class FoundSubnet(NamedTuple):
    """A subnet that `subnetIds` names, as AWS describes it."""

    id: str
    vpc_id: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class WaysToS3:
    """What leads from subnets to S3."""

    service: str
    """S3 in this region, as endpoints name it."""
    tables: Mapping[str, str]
    """The id of the route table of each subnet, by the subnet's id."""
    leading_out: Set[str]
    """Route tables that lead to all of the internet, S3 included, without a public address."""
    endpoint_id: str | None
    """Of the VPC's gateway endpoint of S3."""
    endpoint_tables: Set[str]
    """Route tables that lead to it."""


@dataclass(frozen=True, kw_only=True)
class FoundNetwork:
    """The VPC that `vpcId` names, with the subnets."""

    vpc_id: str
    resolves_names: bool
    """Whether its DNS server answers."""
    gives_names: bool
    """Whether what is in it gets names."""
    subnets: Sequence[FoundSubnet]
    ways_to_s3: WaysToS3 | None
    """None if AWS does not show them to whoever deploys."""


NetworkRule = Callable[[FoundNetwork], Iterator[Problem]]
"""Yields a problem for each mistake, or for each thing that the network lacks."""


def subnets_are_in_the_vpc(network: FoundNetwork) -> Iterator[Problem]:
    """Functions and mount targets share security groups, which belong to one VPC."""
    for subnet in network.subnets:
        if subnet.vpc_id != network.vpc_id:
            yield Problem(
                keys=("subnetIds", "vpcId"),
                message=f"{subnet.id} is in {subnet.vpc_id} and not in {network.vpc_id}; name subnets of one VPC",
            )


def each_subnet_has_a_zone_of_its_own(network: FoundNetwork) -> Iterator[Problem]:
    """A file system has one mount target in a zone. https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html"""
    by_zone: dict[str, list[str]] = {}
    for subnet in network.subnets:
        by_zone.setdefault(subnet.zone, []).append(subnet.id)
    for zone, ids in by_zone.items():
        if len(ids) > 1:
            yield Problem(
                keys=("subnetIds",),
                message=f"{' and '.join(ids)} are both in {zone}, and a file system has one mount target in a zone; "
                f"name one of them",
            )


def names_resolve(network: FoundNetwork) -> Iterator[Problem]:
    """File systems are mounted by name, and interface endpoints are found by the names of AWS's services.

    https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html
    """
    attributes = {"dns-support": network.resolves_names, "dns-hostnames": network.gives_names}
    if lacking := [name for name, is_on in attributes.items() if not is_on]:
        commands = " and ".join(
            f"`aws ec2 modify-vpc-attribute --vpc-id {network.vpc_id} --enable-{name}`" for name in lacking
        )
        yield Problem(
            keys=("vpcId",),
            message=f"{network.vpc_id} has no {' and no '.join(lacking)}, so that the names of file systems and of "
            f"endpoints may not resolve in it; {commands} turns it on",
        )


def s3_is_reached(network: FoundNetwork) -> Iterator[Problem]:
    """What fills a file system, and functions that read from the bucket, connect to it; without a way, they time out.

    An interface endpoint of S3 is no way: the stack's security groups let functions out to S3's public addresses only.
    """
    ways = network.ways_to_s3
    if ways is None:
        return
    reached = ways.leading_out | ways.endpoint_tables
    if without := [subnet for subnet, table in ways.tables.items() if table not in reached]:
        tables = sorted({ways.tables[subnet] for subnet in without})
        yield Problem(
            keys=("subnetIds",),
            message=f"{' and '.join(without)} {'has' if len(without) == 1 else 'have'} no route to S3: "
            f"{' and '.join(tables)} {'has' if len(tables) == 1 else 'have'} neither a gateway endpoint of S3 nor a "
            f"default route by way of NAT, so that functions wait for the bucket until their time is up; "
            f"`{_endpoint_command(network.vpc_id, ways, tables)}` gives them one at no cost",
        )


def _endpoint_command(vpc_id: str, ways: WaysToS3, tables: Sequence[str]) -> str:
    ids = " ".join(tables)
    if ways.endpoint_id is None:
        return f"aws ec2 create-vpc-endpoint --vpc-id {vpc_id} --service-name {ways.service} --route-table-ids {ids}"
    return f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {ways.endpoint_id} --add-route-table-ids {ids}"


REFUSED: tuple[NetworkRule, ...] = (subnets_are_in_the_vpc, each_subnet_has_a_zone_of_its_own)

ADVISED: tuple[NetworkRule, ...] = (names_resolve, s3_is_reached)
