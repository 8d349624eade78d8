"""Rules about concurrency, and about SnapStart and other ways to avoid cold starts."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, for_each_function, without_effect
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES

SNAPSHOT_EPHEMERAL_MIB = 512
"""The largest /tmp of a function with SnapStart. https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""

ACCOUNT_CONCURRENCY = 1_000
UNRESERVABLE_CONCURRENCY = 100
"""The concurrency of an account in a region unless AWS raised it, and the part that cannot be reserved.
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
    """Lambda allows only one of them."""
    if settings.snap_start and _provisioned(settings):
        yield Problem(
            keys=("snapStart", *_provisioned(settings)),
            message="a function cannot have both SnapStart and provisioned concurrency; set snapStart to false, or "
            f"leave {' and '.join(_provisioned(settings))} out",
        )


def snapshots_hold_a_small_tmp(settings: Settings) -> Iterator[Problem]:
    """Lambda takes no snapshot of a function with a larger /tmp."""
    mib, most = settings.ephemeral_storage_mib, SNAPSHOT_EPHEMERAL_MIB
    if settings.snap_start and mib > most:
        yield Problem(
            keys=("snapStart", "ephemeralStorageMib"),
            message=f"a function with SnapStart has a /tmp of {most} MiB, not of {mib}; set ephemeralStorageMib to "
            f"{most} (with storage image, models use none of it), or snapStart to false",
        )


def provisioned_concurrency_is_within_bounds(settings: Settings) -> Iterator[Problem]:
    """Each maximum has a minimum, and is not below it."""
    base, highest = settings.provisioned_concurrency, settings.provisioned_concurrency_maximum
    if highest is not None and base is None:
        yield Problem(
            keys=("provisionedConcurrencyMaximum", "provisionedConcurrency"),
            message=f"a maximum of {highest} environments needs a minimum; set provisionedConcurrency to 1 or more, or "
            f"leave provisionedConcurrencyMaximum out",
        )
    elif highest is not None and base is not None and highest < base:
        yield Problem(
            keys=("provisionedConcurrencyMaximum", "provisionedConcurrency"),
            message=f"a maximum of {highest} is less than the {base} environments that are always ready; set "
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
    """Environments that are kept ready count towards the reserved concurrency."""
    reserved = settings.reserved_concurrency
    most = most_ready(settings)
    if reserved is not None and most > reserved:
        yield Problem(
            keys=(*_provisioned(settings), "reservedConcurrency"),
            message=f"{most} environments are kept ready, but only {reserved} may run; set reservedConcurrency to "
            f"{most} or more, or to -1 to reserve nothing",
        )


def delivery_in_steps_excludes_provisioned_concurrency(settings: Settings) -> Iterator[Problem]:
    """Lambda keeps no environments ready for an alias that splits its traffic."""
    if settings.delivery != "allAtOnce" and _provisioned(settings):
        yield Problem(
            keys=("delivery", *_provisioned(settings)),
            message=f"{settings.delivery} splits an alias's traffic between two versions, and such an alias cannot "
            f"have provisioned concurrency; set delivery to allAtOnce, or use snapStart instead",
        )


def reserved_concurrency_fits_in_the_account(settings: Settings) -> Iterator[Problem]:
    """An account keeps some of its concurrency for functions that reserve none."""
    reserved = sum(function.reserved_concurrency or 0 for function in settings.functions())
    if settings.sync_reserved_concurrency and settings.uses("efs"):
        reserved += 1
    if reserved > ACCOUNT_CONCURRENCY - UNRESERVABLE_CONCURRENCY:
        yield Problem(
            keys=("reservedConcurrency",),
            message=f"the functions together reserve {reserved}; an account can reserve "
            f"{ACCOUNT_CONCURRENCY - UNRESERVABLE_CONCURRENCY} in a region unless AWS raised its {ACCOUNT_CONCURRENCY} "
            f"(`aws lambda get-account-settings` shows it); reserve less, or ask for more in Service Quotas",
        )


def ready_environments_fit_in_the_account(settings: Settings) -> Iterator[Problem]:
    """Environments that are kept ready are taken from the account's concurrency, and a new account has hardly any."""
    functions = settings.functions()
    most = ACCOUNT_CONCURRENCY - UNRESERVABLE_CONCURRENCY
    if keys := tuple(dict.fromkeys(key for function in functions for key in _provisioned(function))):
        taken = sum(max(most_ready(function), function.reserved_concurrency or 0) for function in functions)
        yield Problem(
            keys=keys,
            message=f"up to {taken} environments are kept ready or reserved, out of {most} that an account has for "
            "that in a region, and a new one, whose concurrency is 10, has none (`aws lambda get-account-settings` "
            "shows it); what is too much is refused after the functions are made; keep fewer ready, or ask for more in "
            "Service Quotas first",
        )


def filling_reserves_concurrency(settings: Settings) -> Iterator[Problem]:
    """A new account may have so little concurrency that none of it can be reserved."""
    if settings.sync_reserved_concurrency and settings.uses("efs"):
        yield Problem(
            keys=("syncReservedConcurrency",),
            message="the function that fills the file system reserves a concurrency of 1; an account with a "
            f"concurrency of {UNRESERVABLE_CONCURRENCY} or less in the region, such as a new one, can reserve none "
            "(`aws lambda get-account-settings` shows it); in such an account, set syncReservedConcurrency to false, "
            "and a lock keeps runs apart",
        )


def concurrency_settings_are_used(settings: Settings) -> Iterator[Problem]:
    """Only a file system of EFS is filled by a function, only a number that follows the use has a target, and only old
    snapshots are billed."""
    if not any(each.snap_start for each in settings.functions()):
        reason = "old versions without a snapshot cost nothing, and stay; set snapStart to true"
        yield from without_effect(settings, ["kept_versions"], "snapStart", reason)
    if settings.functions() and not settings.uses("efs"):
        reason = "no function fills a file system; set storage to efs"
        yield from without_effect(settings, ["sync_reserved_concurrency"], "storage", reason)
    if not any(each.provisioned_concurrency_maximum for each in settings.functions()):
        field, other = "provisioned_concurrency_utilization_percent", "provisionedConcurrencyMaximum"
        reason = f"the number of ready environments does not follow the use; set {other}"
        yield from without_effect(settings, [field], other, reason)


def existing_images_allow_snapshots(settings: Settings) -> Iterator[Problem]:
    """Lambda takes snapshots only of images that allow it."""
    if settings.image_uri and any(function.snap_start for function in settings.functions()):
        yield Problem(
            keys=("snapStart", "imageUri"),
            message="Lambda takes snapshots only of images that are based on AWS's image for Python 3.12 or later, or "
            "have the label com.amazonaws.lambda.feature.snapstart=Allow; images from handlers/Dockerfile have it",
        )


def snapshots_are_billed_by_version(settings: Settings) -> Iterator[Problem]:
    """A version keeps its snapshot even after no alias uses it."""
    if settings.snap_start:
        yield Problem(
            keys=("snapStart",),
            message=f"Lambda bills a snapshot of {settings.memory_mib} MiB for each published version, as long as it "
            f"exists: those of the live version and of {settings.kept_versions} old ones; set keptVersions to 1 to "
            "keep the fewest",
        )


def most_ready(settings: Settings) -> int:
    """The most environments that are ever kept ready for a function with these settings."""
    scheduled = [row["maximum"] for row in settings.provisioned_concurrency_schedule.values()]
    return max(settings.provisioned_concurrency or 0, settings.provisioned_concurrency_maximum or 0, *scheduled, 0)


def _provisioned(settings: Settings) -> tuple[str, ...]:
    """The keys that are set and keep environments ready."""
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
    for_each_function(delivery_in_steps_excludes_provisioned_concurrency),
)

ADVISED: tuple[Rule, ...] = (
    reserved_concurrency_fits_in_the_account,
    ready_environments_fit_in_the_account,
    filling_reserves_concurrency,
    concurrency_settings_are_used,
    existing_images_allow_snapshots,
    for_each_function(snapshots_are_billed_by_version),
)
