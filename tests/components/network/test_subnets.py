"""Address arithmetic."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.network.subnets import default_zones, subnet_blocks


@given(prefix=st.integers(16, 24), count=st.integers(1, 6))
def test_blocks_lie_in_the_range_do_not_overlap_and_are_large_enough_for_aws(prefix, count):
    cidr = f"10.0.0.0/{prefix}"
    blocks = [ipaddress.IPv4Network(block) for block in subnet_blocks(cidr, [f"zone-{i}" for i in range(count)])]

    assert len(blocks) == count
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) and block.prefixlen <= 28 for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)


def test_two_zones_halve_the_range():
    assert subnet_blocks("10.42.0.0/24", ["a", "b"]) == ("10.42.0.0/25", "10.42.0.128/25")


def test_a_fourth_zone_moves_none_of_three():
    three = subnet_blocks("10.0.0.0/24", ["a", "b", "c"])
    assert subnet_blocks("10.0.0.0/24", ["a", "b", "c", "d"])[:3] == three


@pytest.mark.parametrize(
    ("cidr", "zones", "message"),
    [
        ("10.0.0.0/15", ["a"], "has a /15 prefix; AWS takes /16 to /28"),
        ("10.0.0.0/28", ["a", "b"], "too small for 2 subnets of /28 or larger; take a /27 or larger"),
        ("10.0.0.1/24", ["a"], "'10.0.0.1/24' is not an IPv4 CIDR block: 10.0.0.1/24 has host bits set"),
        ("10.0.0.0/24", [], "needs one availability zone or more"),
        ("10.0.0.0/24", ["a", "a"], "name one twice"),
    ],
)
def test_a_range_that_aws_would_refuse_is_refused_with_what_is_allowed(cidr, zones, message):
    with pytest.raises(ValueError, match=message):
        subnet_blocks(cidr, zones)


def test_the_default_zones_are_a_and_b_of_the_region():
    assert default_zones("eu-west-1") == ("eu-west-1a", "eu-west-1b")
