"""Rules about how many environments there are, and how soon one is ready."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, for_each_function
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES

SNAPSHOT_EPHEMERAL_MIB = 512
"""The largest /tmp of a function with SnapStart. https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""

ACCOUNT_CONCURRENCY = 1_000
UNRESERVABLE_CONCURRENCY = 100
"""What an account has in a region unless AWS raised it, and what of it nobody can reserve.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""


def snapshots_exclude_mounts(settings: Settings) -> Iterator[Problem]:
    """Lambda takes no snapshot of a function with a file system."""
    if settings.snap_start and settings.storage in MOUNTED_STORAGES:
        yield Problem(
            keys=("snapStart", "storage"),
            message=f"a function that mounts a file system, as with {settings.storage}, cannot have SnapStart; set "
            f"storage to s3 or image, or snapStart to false and provisionedConcurrency to keep environments ready",
        )


def snapshots_exclude_provisioned_concurrency(settings: Settings) -> Iterator[Problem]:
    """A function has one or the other."""
    if settings.snap_start and _provisioned(settings):
        yield Problem(
            keys=("snapStart", *_provisioned(settings)),
            message="a function has either SnapStart or provisioned concurrency; set snapStart to false, or leave "
            f"{' and '.join(_provisioned(settings))} out",
        )


def snapshots_hold_a_small_tmp(settings: Settings) -> Iterator[Problem]:
    """Lambda takes no snapshot of a larger /tmp."""
    if settings.snap_start and settings.ephemeral_storage_mib > SNAPSHOT_EPHEMERAL_MIB:
        yield Problem(
            keys=("snapStart", "ephemeralStorageMib"),
            message=f"a function with SnapStart has a /tmp of {SNAPSHOT_EPHEMERAL_MIB} MiB, not of "
            f"{settings.ephemeral_storage_mib}; set ephemeralStorageMib to {SNAPSHOT_EPHEMERAL_MIB} (with storage "
            f"image models need none of it), or snapStart to false",
        )


def provisioned_concurrency_is_within_bounds(settings: Settings) -> Iterator[Problem]:
    """The number that is kept ready is between its bounds, at every time."""
    base, highest = settings.provisioned_concurrency, settings.provisioned_concurrency_maximum
    if highest is not None and base is None:
        yield Problem(
            keys=("provisionedConcurrencyMaximum", "provisionedConcurrency"),
            message=f"{highest} environments at most need a number to start from; set provisionedConcurrency to 1 or "
            f"more, or leave provisionedConcurrencyMaximum out",
        )
    elif highest is not None and base is not None and highest < base:
        yield Problem(
            keys=("provisionedConcurrencyMaximum", "provisionedConcurrency"),
            message=f"{highest} at most are fewer than the {base} that are always ready; set "
            f"provisionedConcurrencyMaximum to {base} or more, or leave it out",
        )
    for name, row in settings.provisioned_concurrency_schedule.items():
        if row["minimum"] > row["maximum"]:
            yield Problem(
                keys=("provisionedConcurrencySchedule",),
                message=f"{name} has a minimum of {row['minimum']}, above its maximum of {row['maximum']}; set the "
                f"maximum to {row['minimum']} or more",
            )


def provisioned_concurrency_is_reserved_too(settings: Settings) -> Iterator[Problem]:
    """What is kept ready is part of what a function has reserved."""
    reserved = settings.reserved_concurrency
    scheduled = [row["maximum"] for row in settings.provisioned_concurrency_schedule.values()]
    most = max(settings.provisioned_concurrency or 0, settings.provisioned_concurrency_maximum or 0, *scheduled, 0)
    if reserved is not None and most > reserved:
        yield Problem(
            keys=(*_provisioned(settings), "reservedConcurrency"),
            message=f"{most} environments cannot be kept ready of {reserved} that may run; set reservedConcurrency to "
            f"{most} or more, or to -1 to share the account's",
        )


def weights_exclude_provisioned_concurrency(settings: Settings) -> Iterator[Problem]:
    """Lambda keeps no environments ready for an alias that splits its traffic."""
    if settings.delivery != "allAtOnce" and _provisioned(settings):
        yield Problem(
            keys=("delivery", *_provisioned(settings)),
            message=f"{settings.delivery} splits an alias's traffic between two versions, and such an alias cannot "
            f"have provisioned concurrency; set delivery to allAtOnce, or snapStart to true in place of it",
        )


def reserved_concurrency_fits_in_the_account(settings: Settings) -> Iterator[Problem]:
    """An account keeps some of its concurrency for the functions that reserve none."""
    reserved = sum(function.reserved_concurrency or 0 for function in settings.functions())
    if settings.sync_reserved_concurrency and settings.stored_in("efs"):
        reserved += 1
    if reserved > ACCOUNT_CONCURRENCY - UNRESERVABLE_CONCURRENCY:
        yield Problem(
            keys=("reservedConcurrency",),
            message=f"the functions reserve {reserved} together; an account can reserve "
            f"{ACCOUNT_CONCURRENCY - UNRESERVABLE_CONCURRENCY} in a region unless AWS raised its {ACCOUNT_CONCURRENCY} "
            f"(`aws lambda get-account-settings` tells); reserve fewer, or ask for more in Service Quotas",
        )


def filling_reserves_concurrency(settings: Settings) -> Iterator[Problem]:
    """AWS gives new accounts so little concurrency that none of it can be reserved."""
    if settings.sync_reserved_concurrency and settings.stored_in("efs"):
        yield Problem(
            keys=("syncReservedConcurrency",),
            message="the function that fills the file system reserves 1 environment, and an account whose concurrency "
            f"in the region is {UNRESERVABLE_CONCURRENCY} or less can reserve none, as a new one's may be (`aws lambda "
            "get-account-settings` tells); there set syncReservedConcurrency to false, and runs take turns by a lock",
        )


def images_built_before_allow_snapshots(settings: Settings) -> Iterator[Problem]:
    """Lambda takes snapshots of images that say so."""
    if settings.image_uri and any(function.snap_start for function in settings.functions()):
        yield Problem(
            keys=("snapStart", "imageUri"),
            message="Lambda takes a snapshot of an image on AWS's base for Python 3.12 or later, or with the label "
            "com.amazonaws.lambda.feature.snapstart=Allow; an image of handlers/Dockerfile has it",
        )


def snapshots_are_billed_by_version(settings: Settings) -> Iterator[Problem]:
    """Versions that nothing points to any more keep their snapshots."""
    if settings.snap_start:
        yield Problem(
            keys=("snapStart",),
            message=f"Lambda bills a snapshot of {settings.memory_mib} MiB for each version published, as long as the "
            "version is there, and a deployment adds a version and deletes none; delete those that no alias needs "
            "(aws lambda delete-function --function-name NAME --qualifier VERSION)",
        )


def _provisioned(settings: Settings) -> tuple[str, ...]:
    """The keys that keep environments ready."""
    given = {
        "provisionedConcurrency": settings.provisioned_concurrency,
        "provisionedConcurrencyMaximum": settings.provisioned_concurrency_maximum,
        "provisionedConcurrencySchedule": settings.provisioned_concurrency_schedule,
    }
    return tuple(key for key, value in given.items() if value)


REFUSED: tuple[Rule, ...] = (
    for_each_function(snapshots_exclude_mounts),
    for_each_function(snapshots_exclude_provisioned_concurrency),
    for_each_function(snapshots_hold_a_small_tmp),
    for_each_function(provisioned_concurrency_is_within_bounds),
    for_each_function(provisioned_concurrency_is_reserved_too),
    for_each_function(weights_exclude_provisioned_concurrency),
)

ADVISED: tuple[Rule, ...] = (
    reserved_concurrency_fits_in_the_account,
    filling_reserves_concurrency,
    images_built_before_allow_snapshots,
    for_each_function(snapshots_are_billed_by_version),
)
