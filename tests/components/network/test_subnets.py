"""Address arithmetic."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.network.subnets import ZONE_LETTERS, default_zones, subnet_blocks

zones = st.sets(st.sampled_from(ZONE_LETTERS), min_size=1).map(lambda letters: [f"eu-west-1{each}" for each in letters])


@given(prefix=st.integers(16, 25), zones=zones)
def test_blocks_lie_in_the_range_do_not_overlap_and_are_large_enough_for_aws(prefix, zones):
    cidr = f"10.0.0.0/{prefix}"
    blocks = [ipaddress.IPv4Network(block) for block in subnet_blocks(cidr, zones).values()]

    assert len(blocks) == len(zones)
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) and block.prefixlen <= 28 for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)


@given(before=zones, after=zones)
def test_no_zone_moves_when_others_come_or_go_and_none_takes_the_block_of_another(before, after):
    old, new = subnet_blocks("10.42.0.0/24", before), subnet_blocks("10.42.0.0/24", after)

    assert all(new[zone] == old[zone] for zone in old.keys() & new.keys())
    assert not {new[zone] for zone in new.keys() - old.keys()} & set(old.values())


def test_a_zone_has_an_eighth_of_the_range():
    assert subnet_blocks("10.42.0.0/24", ["eu-west-1b", "eu-west-1a"]) == {
        "eu-west-1b": "10.42.0.32/27",
        "eu-west-1a": "10.42.0.0/27",
    }


@pytest.mark.parametrize(
    ("cidr", "zones", "message"),
    [
        ("10.0.0.0/15", ["a"], "has a /15 prefix; allowed are /16 to /25, for eight subnets"),
        ("10.0.0.0/26", ["a"], "has a /26 prefix; allowed are /16 to /25"),
        ("10.0.0.1/24", ["a"], "'10.0.0.1/24' is not an IPv4 CIDR block: 10.0.0.1/24 has host bits set"),
        ("10.0.0.0/24", [], "needs one availability zone or more"),
        ("10.0.0.0/24", ["a", "a"], "name one letter twice"),
        ("10.0.0.0/24", ["eu-west-1z"], r"\['eu-west-1z'\] do not end with a letter from a to h"),
    ],
)
def test_a_range_or_a_zone_that_is_not_allowed_is_refused_with_what_is_allowed(cidr, zones, message):
    with pytest.raises(ValueError, match=message):
        subnet_blocks(cidr, zones)


def test_the_default_zones_are_a_and_b_of_the_region():
    assert default_zones("eu-west-1") == ("eu-west-1a", "eu-west-1b")
