"""What is said of a network that was there before the stack."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from components.configuration.rules import found_network as rules
from components.configuration.rules.found_network import FoundNetwork, FoundSubnet, WaysToS3

SUBNETS = [FoundSubnet(id=f"subnet-0{letter}", vpc_id="vpc-0a", zone=f"eu-central-1{letter}") for letter in "ab"]
WAYS = WaysToS3(
    service="com.amazonaws.eu-central-1.s3",
    tables={"subnet-0a": "rtb-0a", "subnet-0b": "rtb-0b"},
    leading_out={"rtb-0a"},
    endpoint_id="vpce-0a",
    endpoint_tables={"rtb-0b"},
)
NETWORK = FoundNetwork(vpc_id="vpc-0a", resolves_names=True, gives_names=True, subnets=SUBNETS, ways_to_s3=WAYS)


def said(network: FoundNetwork, asked: Sequence[rules.NetworkRule]) -> list[str]:
    return [str(problem) for rule in asked for problem in rule(network)]


def test_nothing_is_said_of_a_network_that_has_everything():
    assert said(NETWORK, [*rules.REFUSED, *rules.ADVISED]) == []


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        (
            {"vpc_id": "vpc-0b"},
            "subnetIds, vpcId: subnet-0b is in vpc-0b and not in vpc-0a; name subnets of one VPC",
        ),
        (
            {"zone": "eu-central-1a"},
            "subnetIds: subnet-0a and subnet-0b are both in eu-central-1a, and a file system has one mount target in a "
            "zone; name one of them",
        ),
    ],
)
def test_what_aws_would_refuse_half_way_is_refused(changed: dict[str, str], refusal: str):
    network = replace(NETWORK, subnets=[SUBNETS[0], SUBNETS[1]._replace(**changed)])
    assert said(network, rules.REFUSED) == [refusal]


@pytest.mark.parametrize(
    ("lacking", "advice"),
    [
        ({"gives_names": False}, "vpcId: vpc-0a has no dns-hostnames, so that the names"),
        ({"resolves_names": False, "gives_names": False}, "vpcId: vpc-0a has no dns-support and no dns-hostnames, so"),
    ],
)
def test_advice_is_given_on_names_that_may_not_resolve(lacking: dict[str, bool], advice: str):
    [problem] = said(replace(NETWORK, **lacking), rules.ADVISED)
    assert problem.startswith(advice)
    assert "`aws ec2 modify-vpc-attribute --vpc-id vpc-0a --enable-dns-hostnames` turns it on" in problem


@pytest.mark.parametrize(
    ("lacking", "said_of_it", "command"),
    [
        (
            {"endpoint_tables": {"rtb-0c"}},
            "subnetIds: subnet-0b has no route to S3: rtb-0b has neither a gateway endpoint of S3 nor a default route",
            "`aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0a --add-route-table-ids rtb-0b`",
        ),
        (
            {"endpoint_tables": frozenset(), "endpoint_id": None},
            "subnetIds: subnet-0b has no route to S3: rtb-0b has neither",
            "`aws ec2 create-vpc-endpoint --vpc-id vpc-0a --service-name com.amazonaws.eu-central-1.s3 "
            "--route-table-ids rtb-0b`",
        ),
        (
            {"endpoint_tables": frozenset(), "leading_out": frozenset()},
            "subnetIds: subnet-0a and subnet-0b have no route to S3: rtb-0a and rtb-0b have neither",
            "--add-route-table-ids rtb-0a rtb-0b`",
        ),
        (
            {"tables": {"subnet-0a": "rtb-0c", "subnet-0b": "rtb-0c"}},
            "subnetIds: subnet-0a and subnet-0b have no route to S3: rtb-0c has neither",
            "--add-route-table-ids rtb-0c`",
        ),
    ],
)
def test_advice_is_given_on_subnets_without_a_way_to_s3(lacking: dict[str, Any], said_of_it: str, command: str):
    [problem] = said(replace(NETWORK, ways_to_s3=replace(WAYS, **lacking)), rules.ADVISED)
    assert problem.startswith(said_of_it)
    assert command in problem


def test_nothing_is_said_of_ways_that_aws_does_not_show():
    assert said(replace(NETWORK, ways_to_s3=None), rules.ADVISED) == []
