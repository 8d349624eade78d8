"""Address arithmetic of a VPC: one block for each availability zone."""

import ipaddress
from collections.abc import Sequence

LARGEST_PREFIX, SMALLEST_PREFIX = 16, 28
"""AWS accepts VPCs and subnets from /16 to /28. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""


def default_zones(region: str) -> tuple[str, ...]:
    """Two zones of a region by name, such as `eu-west-1a` and `eu-west-1b`. A few accounts and regions lack one."""
    return f"{region}a", f"{region}b"


def subnet_blocks(cidr: str, zones: Sequence[str]) -> tuple[str, ...]:
    """Equal blocks of an address range, one for each zone.

    The number of blocks is a power of two, so that a zone added within it moves no other zone's block.

    Raises:
        ValueError: AWS does not accept the range, or it is too small for the zones, or a zone is named twice.
    """
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"the VPC's address range {cidr!r} is not an IPv4 CIDR block: {error}") from None
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(
            f"the VPC's address range {cidr} has a /{network.prefixlen} prefix; AWS takes "
            f"/{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
        )
    if not zones:
        raise ValueError("a VPC needs one availability zone or more; name them, such as ['eu-west-1a', 'eu-west-1b']")
    if len(set(zones)) < len(zones):
        raise ValueError(f"the availability zones {list(zones)} name one twice; a zone has one subnet")
    prefix = network.prefixlen + (len(zones) - 1).bit_length()
    if prefix > SMALLEST_PREFIX:
        room = SMALLEST_PREFIX - (len(zones) - 1).bit_length()
        raise ValueError(
            f"the VPC's address range {cidr} is too small for {len(zones)} subnets of /{SMALLEST_PREFIX} or larger; "
            f"take a /{room} or larger"
        )
    blocks = network.subnets(new_prefix=prefix)
    return tuple(str(block) for block, _ in zip(blocks, zones, strict=False))
