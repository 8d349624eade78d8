"""Rules about the functions and their image."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import FEWER_MODELS, MIB, Rule, for_each_function, without_effect
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES
from handlers.contract import LARGEST_FUNCTION_MIB
from handlers.manifest import ENGINE_SETS, engine_set
from handlers.serving.footprint import least_function_mib, load_bytes

ENVIRONMENT_BYTES = 4096
"""A function's whole environment. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ENVIRONMENT_RESERVE_BYTES = 512
"""The most that the handler's other variables take: the store's address and a few numbers."""

RESOURCE_NAME_CHARACTERS = 64
"""The name of a function or a role. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""

TENSOR_GRANT_CHARACTERS = 1_000
"""Of the room that a role's inline policy keeps for grants which name no model. Without a VPC, the others take less
than half of it."""

NEW_ACCOUNT_MEMORY_MIB = 3_008
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def model_names_fit_in_the_environment(settings: Settings) -> Iterator[Problem]:
    """One variable names the models that a function serves, fills EFS with, or lists to callers."""
    models = settings.served or ()
    length = sum(len(name) + 1 for name in (*models, *settings.tensor_buckets))
    allowed = ENVIRONMENT_BYTES - ENVIRONMENT_RESERVE_BYTES
    way_out = "leave models out" if settings.mode == "multi" else "set mode to multi"
    if length > allowed:
        things = f"{len(models)} models{' and tensorBuckets' if settings.tensor_buckets else ''}"
        yield Problem(
            keys=("models", "mode"),
            message=f"the names of {things} take {length} bytes of the function's environment; allowed are "
            f"{allowed} of Lambda's {ENVIRONMENT_BYTES}; {way_out}, or {FEWER_MODELS}",
        )


def tensor_buckets_are_reached(settings: Settings) -> Iterator[Problem]:
    """Functions in a VPC reach the bucket of models alone."""
    if settings.tensor_buckets and settings.storage in MOUNTED_STORAGES:
        yield Problem(
            keys=("tensorBuckets", "storage"),
            message=f"with storage {settings.storage}, functions are in a network that leads to the bucket of models "
            "alone; set storage to s3 or image, or leave tensorBuckets out",
        )


def tensor_buckets_fit_in_the_policy(settings: Settings) -> Iterator[Problem]:
    """The inline policy of a function's role grants them."""
    length = sum(len(place) + len('"arn:aws-us-gov:s3:::/*",') for place in settings.tensor_buckets)
    if length > TENSOR_GRANT_CHARACTERS:
        yield Problem(
            keys=("tensorBuckets",),
            message=f"granting {len(settings.tensor_buckets)} places takes {length} characters of the role's policy; "
            f"allowed are {TENSOR_GRANT_CHARACTERS}; name fewer or shorter ones",
        )


def function_names_fit(settings: Settings) -> Iterator[Problem]:
    """In mode single, the names of a function and its role contain the model's name. Pulumi adds to both ends."""
    longest = RESOURCE_NAME_CHARACTERS - len("inference-") - len("-role") - len("-1234567")
    if settings.mode != "single":
        return
    for model in settings.packaged:
        if len(model.name) > longest:
            yield Problem(
                keys=("models", "mode"),
                message=f"the name of the model {model.name} has {len(model.name)} characters; in mode single it may "
                f"have {longest}; package the model under a shorter name, or set mode to multi",
            )


def image_holds_the_engines(settings: Settings) -> Iterator[Problem]:
    """An image cannot run a model that needs an engine which it does not hold."""
    if settings.image_engines == "auto":
        return
    held = ENGINE_SETS[settings.image_engines]
    needy = [model for model in settings.packaged if not model.engines <= held]
    if needy:
        needed = engine_set(engine for model in needy for engine in model.engines)
        yield Problem(
            keys=("imageEngines", "models"),
            message=f"an image with {' and '.join(sorted(held))} cannot run "
            f"{', '.join(model.name for model in needy)}; set imageEngines to auto or {needed}, or list only the other "
            "models in models",
        )


def each_model_fits_in_memory(settings: Settings) -> Iterator[Problem]:
    """A function refuses a model that it has no memory for."""
    for model in settings.packaged:
        artifacts = [artifact for version in model.answering for artifact in version.artifacts]
        least = least_function_mib(artifacts)
        if settings.model_cache_mib is not None:
            needed = -(-load_bytes(artifacts) // MIB)
            if needed > settings.model_cache_mib:
                yield Problem(
                    keys=("modelCacheMib",),
                    message=f"the model {model.name} and its engine take {needed} MiB of memory, and models may take "
                    f"{settings.model_cache_mib}; set modelCacheMib to {needed} or more, or leave it out",
                )
        elif least > LARGEST_FUNCTION_MIB:
            yield Problem(
                keys=("memoryMib", "models"),
                message=f"the model {model.name} needs a function of {least} MiB, and Lambda gives "
                f"{LARGEST_FUNCTION_MIB} at most; package it with smaller weights, or leave it out of models",
            )
        elif least > settings.memory_mib:
            yield Problem(
                keys=("memoryMib",),
                message=f"the model {model.name} needs a function of {least} MiB or more, with its engine and a "
                f"request beside it; set memoryMib to {least} or more",
            )


def memory_is_more_than_new_accounts_have(settings: Settings) -> Iterator[Problem]:
    """AWS raises a new account's limits as its use grows."""
    if settings.memory_mib > NEW_ACCOUNT_MEMORY_MIB:
        yield Problem(
            keys=("memoryMib",),
            message=f"{settings.memory_mib} MiB is more than the {NEW_ACCOUNT_MEMORY_MIB} MiB that a new account has; "
            f"if Lambda refuses it, ask AWS Support to raise the limit, or set {NEW_ACCOUNT_MEMORY_MIB} or less",
        )


def an_existing_image_is_as_it_is(settings: Settings) -> Iterator[Problem]:
    """Its engines were chosen when it was built."""
    if settings.image_uri:
        reason = "an existing image has the engines that it was built with; leave imageUri out"
        yield from without_effect(settings, ["image_engines"], "imageUri", reason)


REFUSED: tuple[Rule, ...] = (
    model_names_fit_in_the_environment,
    for_each_function(tensor_buckets_are_reached),
    for_each_function(tensor_buckets_fit_in_the_policy),
    function_names_fit,
    image_holds_the_engines,
    for_each_function(each_model_fits_in_memory),
)

ADVISED: tuple[Rule, ...] = (for_each_function(memory_is_more_than_new_accounts_have), an_existing_image_is_as_it_is)
