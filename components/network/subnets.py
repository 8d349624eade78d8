"""Address arithmetic of a VPC: one block for each availability zone."""

import ipaddress
from collections.abc import Mapping, Sequence

ZONE_LETTERS = "abcdefgh"
"""The last letters of zones' names. No region has more zones."""

LARGEST_PREFIX, SMALLEST_PREFIX = 16, 25
"""AWS accepts VPCs and subnets from /16 to /28, and a subnet here is an eighth of the VPC.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""


def default_zones(region: str) -> tuple[str, ...]:
    """Two zones of a region by name, such as `eu-west-1a` and `eu-west-1b`. A few accounts and regions lack one."""
    return f"{region}a", f"{region}b"


def subnet_blocks(cidr: str, zones: Sequence[str]) -> Mapping[str, str]:
    """Blocks of an address range, by zone.

    A zone's letter alone decides which eighth of the range it has. So zones can come and go, and no block ever moves
    or overlaps another.

    Raises:
        ValueError: the range or a zone is not allowed, or two zones have the same letter.
    """
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"the VPC's address range {cidr!r} is not an IPv4 CIDR block: {error}") from None
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(
            f"the VPC's address range {cidr} has a /{network.prefixlen} prefix; allowed are "
            f"/{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, for eight subnets"
        )
    if not zones:
        raise ValueError("a VPC needs one availability zone or more; name them, such as ['eu-west-1a', 'eu-west-1b']")
    if malformed := [zone for zone in zones if zone[-1:] not in ZONE_LETTERS or not zone]:
        raise ValueError(f"the availability zones {malformed} do not end with a letter from a to {ZONE_LETTERS[-1]}")
    if len({zone[-1] for zone in zones}) < len(zones):
        raise ValueError(f"the availability zones {list(zones)} name one letter twice; a zone has one subnet")
    blocks = dict(zip(ZONE_LETTERS, network.subnets(prefixlen_diff=3), strict=True))
    return {zone: str(blocks[zone[-1]]) for zone in zones}
