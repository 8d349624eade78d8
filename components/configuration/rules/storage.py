"""Rules about where the models live."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import (
    FEWER_MODELS,
    MIB,
    Rule,
    for_each_function,
    in_another_region,
    without_effect,
)
from components.settings.settings import Settings
from components.settings.storage_settings import PROVISIONED_EVERYWHERE_MIBPS, PROVISIONED_MIBPS
from components.storage.model_staging import files_to_stage, room_for_models
from handlers.contract import FREE_EPHEMERAL_MIB
from handlers.manifest import engine_set

BURSTING_BYTES_PER_GIB = 50 * 1024
BURSTING_LOWEST_BYTES = 1 << 20
"""Bytes per second: for each stored GiB, and at least. https://docs.aws.amazon.com/efs/latest/ug/performance.html"""


def models_fit_in_ephemeral_storage(settings: Settings) -> Iterator[Problem]:
    """A function keeps the models that it fetches in /tmp."""
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


def all_models_fit_in_ephemeral_storage(settings: Settings) -> Iterator[Problem]:
    """A function that serves several models may fetch all of them, one after another."""
    total = sum(model.largest_version_bytes for model in settings.packaged)
    if settings.storage == "s3" and settings.mode == "multi" and total > settings.ephemeral_storage_mib * MIB:
        yield Problem(
            keys=("ephemeralStorageMib", "models"),
            message=f"all models together have {-(-total // MIB)} MiB of files, but /tmp has "
            f"{settings.ephemeral_storage_mib} MiB, so functions may fetch a model more than once; a larger "
            f"ephemeralStorageMib avoids it",
        )


def provisioned_throughput_says_how_much(settings: Settings) -> Iterator[Problem]:
    """Only provisioned throughput is a number."""
    if settings.efs_throughput == "provisioned" and settings.efs_provisioned_mibps is None:
        yield Problem(
            keys=("efsThroughput", "efsProvisionedMibps"),
            message=f"provisioned needs a number of MiB per second; set efsProvisionedMibps to {PROVISIONED_MIBPS[0]} "
            f"to {PROVISIONED_MIBPS[-1]}, or efsThroughput to elastic",
        )
    if settings.efs_throughput != "provisioned":
        reason = (
            f"{settings.efs_provisioned_mibps} MiB per second are for provisioned, but efsThroughput is "
            f"{settings.efs_throughput}; set efsThroughput to provisioned"
        )
        yield from without_effect(settings, ["efs_provisioned_mibps"], "efsThroughput", reason)


def throughput_has_a_file_system(settings: Settings) -> Iterator[Problem]:
    """A throughput has no effect without a file system."""
    if settings.functions() and not settings.uses("efs"):
        reason = f"no model's storage is efs, so no file system is {settings.efs_throughput}; set storage to efs"
        yield from without_effect(settings, ["efs_throughput"], "storage", reason)


def existing_image_holds_its_models(settings: Settings) -> Iterator[Problem]:
    """No model can be added to an existing image."""
    in_the_image = settings.uses("image")
    if settings.image_uri and in_the_image and not settings.image_holds_models:
        yield Problem(
            keys=("imageUri", "storage", "imageHoldsModels"),
            message="no model can be added to an existing image; set imageHoldsModels to true if it holds the models "
            "in /opt/models, leave imageUri out to build an image with them, or set storage to s3, efs or s3files",
        )
    if settings.image_holds_models and not (settings.image_uri and in_the_image):
        yield Problem(
            keys=("imageHoldsModels", "imageUri", "storage"),
            message="it concerns an existing image with models; set imageUri, and storage to image, or leave "
            "imageHoldsModels out",
        )


def an_existing_image_decides_what_answers(settings: Settings) -> Iterator[Problem]:
    """The versions in an existing image are not known to the deployment."""
    if settings.image_holds_models and settings.image_uri:
        yield Problem(
            keys=("imageHoldsModels",),
            message="the versions that answer are those in the image, whatever the bucket's current.json says, and "
            "nothing compares them; build the image with the versions that the bucket names, or leave imageUri out",
        )


def models_fit_in_the_image(settings: Settings) -> Iterator[Problem]:
    """Lambda takes images of up to 10 GB."""
    if settings.image_uri:
        return
    size = sum(file.size for file in files_to_stage(settings.stored_in("image")))
    room = room_for_models(engine_set(settings.engines))
    if size > room:
        yield Problem(
            keys=("storage", "models"),
            message=f"the models have {-(-size // MIB)} MiB, but an image has room for {room // MIB} beside its "
            f"engines; set storage to s3, efs or s3files, or {FEWER_MODELS}",
        )


def bursting_needs_data_to_burst(settings: Settings) -> Iterator[Problem]:
    """The throughput of a bursting file system grows with the stored bytes, and a few models are few bytes."""
    models = settings.stored_in("efs")
    if not models or settings.efs_throughput != "bursting":
        return
    stored = sum(model.largest_version_bytes for model in models)
    rate = max(stored * BURSTING_BYTES_PER_GIB / (1 << 30), BURSTING_LOWEST_BYTES)
    yield Problem(
        keys=("efsThroughput",),
        message=f"once its credits are used up, a bursting file system with {-(-stored // MIB)} MiB of models reads "
        f"{rate / MIB:,.1f} MiB a second for all functions together, so cold starts may time out; elastic has no such "
        f"limit and is billed by the byte",
    )


def more_throughput_is_not_in_every_region(settings: Settings) -> Iterator[Problem]:
    """Only four regions provision more than 1 GiB a second."""
    wanted = settings.efs_provisioned_mibps or 0
    if settings.uses("efs") and wanted > PROVISIONED_EVERYWHERE_MIBPS:
        yield Problem(
            keys=("efsProvisionedMibps",),
            message=f"EFS provisions {wanted} MiB a second only in some regions (us-east-1, us-east-2, us-west-2 and "
            f"eu-west-1), and in others up to {PROVISIONED_EVERYWHERE_MIBPS}; if it refuses, set "
            f"{PROVISIONED_EVERYWHERE_MIBPS} or less, or set efsThroughput to elastic",
        )


def ephemeral_storage_is_used(settings: Settings) -> Iterator[Problem]:
    """Functions keep only fetched models in /tmp."""
    if settings.storage != "s3" and settings.ephemeral_storage_mib > FREE_EPHEMERAL_MIB:
        yield Problem(
            keys=("ephemeralStorageMib", "storage"),
            message=f"with storage {settings.storage}, functions keep nothing in /tmp, but AWS bills what exceeds "
            f"{FREE_EPHEMERAL_MIB} MiB; set {FREE_EPHEMERAL_MIB}",
        )


def files_that_are_fetched_are_compared(settings: Settings) -> Iterator[Problem]:
    """Only files that are read where they lie may go without."""
    if settings.functions() and not settings.uses("efs", "s3files", "image"):
        reason = "files that are fetched are compared with their checksums in any case; set storage to another than s3"
        yield from without_effect(settings, ["verify_models"], "storage", reason)


def a_key_of_the_bucket_has_a_bucket(settings: Settings) -> Iterator[Problem]:
    """The stack's own bucket has the key in kmsKeyArn."""
    if settings.model_bucket is None:
        reason = (
            "it is the key of modelBucket, which is not set, and the stack's own bucket has kmsKeyArn; set modelBucket"
        )
        yield from without_effect(settings, ["model_bucket_key_arn"], "modelBucket", reason)
    yield from in_another_region(settings, ["model_bucket_key_arn"])


REFUSED: tuple[Rule, ...] = (
    a_key_of_the_bucket_has_a_bucket,
    for_each_function(models_fit_in_ephemeral_storage),
    provisioned_throughput_says_how_much,
    throughput_has_a_file_system,
    existing_image_holds_its_models,
    models_fit_in_the_image,
)

ADVISED: tuple[Rule, ...] = (
    all_models_fit_in_ephemeral_storage,
    bursting_needs_data_to_burst,
    more_throughput_is_not_in_every_region,
    for_each_function(ephemeral_storage_is_used),
    files_that_are_fetched_are_compared,
    an_existing_image_decides_what_answers,
)
