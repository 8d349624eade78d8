"""What is said of a network that was there before the stack."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from components.configuration.rules import found_network as rules
from components.configuration.rules.found_network import FoundNetwork, FoundSubnet

SUBNETS = [FoundSubnet(id=f"subnet-0{letter}", vpc_id="vpc-0a", zone=f"eu-central-1{letter}") for letter in "ab"]
NETWORK = FoundNetwork(vpc_id="vpc-0a", resolves_names=True, gives_names=True, subnets=SUBNETS)


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
