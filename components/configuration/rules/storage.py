"""Rules about where the models live."""

from collections.abc import Iterator

from components.configuration.rules.rule import MIB, Rule, for_each_function
from components.network.subnets import default_zones, subnet_blocks
from components.settings.setting_types import Problem
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES
from components.storage.model_staging import files_to_stage, room_for_models
from handlers.manifest import engine_set

ROLE_POLICY_CHARACTERS = 10_240
"""All inline policies of a role together. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

ROLE_POLICY_RESERVE_CHARACTERS = 1_024
"""What the grants that name no model take at most."""

BUCKET_NAME_CHARACTERS = 63

FREE_EPHEMERAL_MIB = 512
"""https://aws.amazon.com/lambda/pricing/"""

BURSTING_BYTES_PER_GIB = 50 * 1024
BURSTING_LOWEST_BYTES = 1 << 20
"""Bytes a second for each GiB stored, and at least. https://docs.aws.amazon.com/efs/latest/ug/performance.html"""


def models_fit_in_ephemeral_storage(settings: Settings) -> Iterator[Problem]:
    """A function that fetches its models keeps them in /tmp."""
    if settings.storage != "s3":
        return
    for model in settings.packaged:
        if model.largest_version_bytes > settings.ephemeral_storage_mib * MIB:
            needed = -(-model.largest_version_bytes // MIB)
            yield Problem(
                keys=("ephemeralStorageMib", "storage"),
                message=f"the model {model.name} has {needed} MiB of files and is fetched into /tmp, which has "
                f"{settings.ephemeral_storage_mib} MiB; set ephemeralStorageMib to {needed} or more (10240 at most)",
            )


def grants_fit_in_the_role_policy(settings: Settings) -> Iterator[Problem]:
    """A function that reads several models is granted each of them by name: the one that serves them, or fills EFS."""
    room = ROLE_POLICY_CHARACTERS - ROLE_POLICY_RESERVE_CHARACTERS
    readers = {"storage to s3files or image": settings.stored_in("efs")}
    if settings.mode == "multi":
        readers["mode to single"] = settings.stored_in("s3", "s3files")
    for way_out, models in readers.items():
        length = sum(_granted_characters(model.name, listed=settings.storage != "s3files") for model in models)
        if length > room:
            yield Problem(
                keys=("models", way_out.split(" ", 1)[0]),
                message=f"granting {len(models)} models to one function takes {length} characters of its role's "
                f"policy; allowed are {room} of IAM's {ROLE_POLICY_CHARACTERS}; list fewer in models and serve the "
                f"others from a second stack, or set {way_out}",
            )


def _granted_characters(model: str, *, listed: bool) -> int:
    """What a model takes of a policy: the ARN of its objects and, where it is listed, the prefix of their keys."""
    arn = len('"arn:aws-us-gov:s3:::/models//*",') + BUCKET_NAME_CHARACTERS + len(model)
    return arn + len('"models//*",') + len(model) if listed else arn


def all_models_fit_in_ephemeral_storage(settings: Settings) -> Iterator[Problem]:
    """A function that serves several models may fetch all of them in its life."""
    total = sum(model.largest_version_bytes for model in settings.packaged)
    if settings.storage == "s3" and settings.mode == "multi" and total > settings.ephemeral_storage_mib * MIB:
        yield Problem(
            keys=("ephemeralStorageMib", "models"),
            message=f"all models together have {-(-total // MIB)} MiB of files and /tmp has "
            f"{settings.ephemeral_storage_mib} MiB, so that functions may fetch a model more than once",
        )


def functions_in_a_network_know_the_region(settings: Settings) -> Iterator[Problem]:
    """Zones and endpoints are named after the region."""
    if settings.storage in MOUNTED_STORAGES and not settings.region:
        yield Problem(
            keys=("storage", "aws:region"),
            message=f"{settings.storage} needs a network in a region, and none is set; "
            f"`pulumi config set aws:region eu-west-1` sets one",
        )


def network_settings_have_a_network(settings: Settings) -> Iterator[Problem]:
    """Functions that mount nothing run outside any VPC, whatever VPC is named."""
    if not settings.packaged or settings.stored_in(*MOUNTED_STORAGES):
        return
    named = {
        "vpcId": settings.vpc_id,
        "subnetIds": settings.subnet_ids,
        "zones": settings.zones,
        "interfaceEndpoints": settings.interface_endpoints,
    }
    if keys := tuple(key for key, value in named.items() if value):
        yield Problem(
            keys=(*keys, "storage"),
            message=f"with {settings.storage} functions run outside any VPC; leave {' and '.join(keys)} out, or set "
            f"storage to efs or s3files",
        )


def existing_network_is_whole(settings: Settings) -> Iterator[Problem]:
    """A VPC that is there already comes with its subnets, and its zones follow from them."""
    if settings.vpc_id and not settings.subnet_ids:
        yield Problem(
            keys=("vpcId", "subnetIds"),
            message=f"{settings.vpc_id} needs one subnet or more, each in another zone, for the mount targets and the "
            f"functions; list their ids in subnetIds, or leave vpcId out for a VPC of the stack's own",
        )
    if settings.subnet_ids and not settings.vpc_id:
        yield Problem(
            keys=("subnetIds", "vpcId"),
            message="subnets are in a VPC, and none is named; set vpcId, or leave subnetIds out for a VPC of the "
            "stack's own",
        )
    if settings.vpc_id and settings.zones:
        yield Problem(
            keys=("zones", "vpcId"),
            message=f"the zones of {settings.vpc_id} are those of subnetIds; leave zones out, or leave vpcId out for a "
            f"VPC of the stack's own",
        )
    if settings.vpc_id and settings.vpc_cidr != Settings().vpc_cidr:
        yield Problem(
            keys=("vpcCidr", "vpcId"),
            message=f"{settings.vpc_id} has its addresses already; leave vpcCidr out, or leave vpcId out for a VPC of "
            "the stack's own",
        )


def own_network_has_room(settings: Settings) -> Iterator[Problem]:
    """A VPC of the stack's own holds a subnet in each zone."""
    if settings.vpc_id or not settings.region or not settings.stored_in(*MOUNTED_STORAGES):
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


def provisioned_throughput_says_how_much(settings: Settings) -> Iterator[Problem]:
    """Throughput is a number only where it is provisioned."""
    if settings.efs_throughput == "provisioned" and settings.efs_provisioned_mibps is None:
        yield Problem(
            keys=("efsThroughput", "efsProvisionedMibps"),
            message="provisioned needs the MiB per second to provide; set efsProvisionedMibps to 1 to 3414, or "
            "efsThroughput to elastic",
        )
    if settings.efs_throughput != "provisioned" and settings.efs_provisioned_mibps is not None:
        yield Problem(
            keys=("efsProvisionedMibps", "efsThroughput"),
            message=f"{settings.efs_provisioned_mibps} MiB per second are for provisioned, and efsThroughput is "
            f"{settings.efs_throughput}; set efsThroughput to provisioned, or leave efsProvisionedMibps out",
        )


def throughput_has_a_file_system(settings: Settings) -> Iterator[Problem]:
    """Whoever chooses how fast EFS is counts on being served from it."""
    if settings.packaged and settings.efs_throughput != "elastic" and not settings.stored_in("efs"):
        yield Problem(
            keys=("efsThroughput", "storage"),
            message=f"no model's storage is efs, so that no file system would be {settings.efs_throughput}; set "
            f"storage to efs, or leave efsThroughput out",
        )


def image_built_before_holds_its_models(settings: Settings) -> Iterator[Problem]:
    """Nothing can be baked into an image that is there already."""
    in_the_image = bool(settings.stored_in("image"))
    if settings.image_uri and in_the_image and not settings.image_holds_models:
        yield Problem(
            keys=("imageUri", "storage", "imageHoldsModels"),
            message="nothing is baked into an image that was built before; set imageHoldsModels to true if it holds "
            "the models in /opt/models, leave imageUri out to build one that does, or set storage to s3, efs or "
            "s3files",
        )
    if settings.image_holds_models and not (settings.image_uri and in_the_image):
        yield Problem(
            keys=("imageHoldsModels", "imageUri", "storage"),
            message="speaks of an image that was built before and that models are read from; set imageUri and storage "
            "image, or leave imageHoldsModels out",
        )


def models_fit_in_the_image(settings: Settings) -> Iterator[Problem]:
    """Lambda takes images of 10 GB."""
    if settings.image_uri:
        return
    size = sum(file.size for file in files_to_stage(settings.stored_in("image")))
    room = room_for_models(engine_set(settings.engines))
    if size > room:
        yield Problem(
            keys=("storage", "models"),
            message=f"the models have {-(-size // MIB)} MiB and an image has room for {room // MIB} beside its "
            f"engines; set storage to s3, efs or s3files, or list fewer in models and serve the others from a second "
            f"stack",
        )


def bursting_needs_data_to_burst(settings: Settings) -> Iterator[Problem]:
    """What a file system earns by its size is next to nothing for a few models."""
    models = settings.stored_in("efs")
    if not models or settings.efs_throughput != "bursting":
        return
    stored = sum(model.largest_version_bytes for model in models)
    rate = max(stored * BURSTING_BYTES_PER_GIB / (1 << 30), BURSTING_LOWEST_BYTES)
    yield Problem(
        keys=("efsThroughput",),
        message=f"once its credits are used up, bursting reads {rate / MIB:,.1f} MiB a second for all functions "
        f"together, from the {-(-stored // MIB)} MiB of these models, and cold starts time out; elastic has no such "
        f"limit and is billed by the byte",
    )


def ephemeral_storage_is_used(settings: Settings) -> Iterator[Problem]:
    """Only what is fetched is kept in /tmp."""
    if settings.storage != "s3" and settings.ephemeral_storage_mib > FREE_EPHEMERAL_MIB:
        yield Problem(
            keys=("ephemeralStorageMib", "storage"),
            message=f"with {settings.storage} functions keep nothing in /tmp, and what exceeds {FREE_EPHEMERAL_MIB} "
            f"MiB is billed; set {FREE_EPHEMERAL_MIB}",
        )


REFUSED: tuple[Rule, ...] = (
    for_each_function(models_fit_in_ephemeral_storage),
    grants_fit_in_the_role_policy,
    for_each_function(functions_in_a_network_know_the_region),
    network_settings_have_a_network,
    existing_network_is_whole,
    own_network_has_room,
    provisioned_throughput_says_how_much,
    throughput_has_a_file_system,
    image_built_before_holds_its_models,
    models_fit_in_the_image,
)

ADVISED: tuple[Rule, ...] = (
    all_models_fit_in_ephemeral_storage,
    bursting_needs_data_to_burst,
    for_each_function(ephemeral_storage_is_used),
)
