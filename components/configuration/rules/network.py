"""Rules about the network of functions that mount a file system."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, for_each_function, without_effect
from components.network.subnets import default_zones, subnet_blocks
from components.settings.declaration import key_of
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES


def functions_in_a_network_know_the_region(settings: Settings) -> Iterator[Problem]:
    """The names of zones and endpoints contain the region."""
    if settings.storage in MOUNTED_STORAGES and not settings.region:
        yield Problem(
            keys=("storage", "aws:region"),
            message=f"{settings.storage} needs a network in a region, but no region is set; "
            f"`pulumi config set aws:region eu-west-1` sets one",
        )


def network_settings_have_a_network(settings: Settings) -> Iterator[Problem]:
    """Functions that mount nothing run outside a VPC, even if one is named."""
    if not settings.functions() or settings.uses(*MOUNTED_STORAGES):
        return
    fields = ("vpc_id", "subnet_ids", "zones", "interface_endpoints")
    if keys := tuple(key_of(field) for field in fields if getattr(settings, field)):
        yield Problem(
            keys=(*keys, "storage"),
            message=f"with storage {settings.storage}, functions run outside a VPC; leave {' and '.join(keys)} out, or "
            f"set storage to efs or s3files",
        )


def existing_network_is_whole(settings: Settings) -> Iterator[Problem]:
    """An existing VPC is named together with its subnets. They decide its zones and addresses."""
    vpc = settings.vpc_id
    if not vpc:
        reason = "the subnets are in a VPC, but vpcId is not set; set vpcId"
        yield from without_effect(settings, ["subnet_ids"], "vpcId", reason)
        return
    if not settings.subnet_ids:
        yield Problem(
            keys=("vpcId", "subnetIds"),
            message=f"{vpc} needs one subnet or more, each in a different zone, for the mount targets and the "
            f"functions; list their ids in subnetIds, or leave vpcId out to make a VPC",
        )
    make_one = "leave vpcId out to make a VPC"
    yield from without_effect(settings, ["zones"], "vpcId", f"the zones of {vpc} are those of subnetIds; {make_one}")
    yield from without_effect(settings, ["vpc_cidr"], "vpcId", f"{vpc} already has an address range; {make_one}")


def own_network_has_room(settings: Settings) -> Iterator[Problem]:
    """A VPC that the stack makes has a subnet in each zone."""
    if settings.vpc_id or not settings.region or not settings.uses(*MOUNTED_STORAGES):
        return
    try:
        subnet_blocks(settings.vpc_cidr, settings.zones or default_zones(settings.region))
    except ValueError as error:
        yield Problem(keys=("vpcCidr", "zones"), message=str(error))
    if abroad := [zone for zone in settings.zones if not zone.startswith(settings.region)]:
        yield Problem(
            keys=("zones", "aws:region"),
            message=f"{', '.join(abroad)} {'is' if len(abroad) == 1 else 'are'} not in {settings.region}; name "
            f"zones of that region, such as {', '.join(default_zones(settings.region))}",
        )


def address_range_is_used(settings: Settings) -> Iterator[Problem]:
    """Only functions that mount a file system have a VPC. Unlike a VPC that is named, a range may stay for later."""
    if settings.functions() and not settings.uses(*MOUNTED_STORAGES):
        reason = f"with storage {settings.storage}, the stack makes no VPC; set storage to efs or s3files"
        yield from without_effect(settings, ["vpc_cidr"], "storage", reason)


REFUSED: tuple[Rule, ...] = (
    for_each_function(functions_in_a_network_know_the_region),
    network_settings_have_a_network,
    existing_network_is_whole,
    own_network_has_room,
)

ADVISED: tuple[Rule, ...] = (address_range_is_used,)
