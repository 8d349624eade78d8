"""What a configuration may not combine, and what it had better not: one pure function a rule. Imports no Pulumi.

A rule takes settings whose values are each allowed and yields a problem for each mistake, naming its keys and the
way out. `RULES` are refused before anything is built; `ADVICE` is said and done.
"""

from collections.abc import Callable, Iterator

from components.setting_types import Problem
from components.settings import Settings

Rule = Callable[[Settings], Iterator[Problem]]

MIB = 1 << 20

ENVIRONMENT_BYTES = 4096
"""All of a function's environment together. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ENVIRONMENT_RESERVE_BYTES = 512
"""What the handler's other variables take at most: the store's address and a few numbers."""

ROLE_POLICY_CHARACTERS = 10_240
"""All inline policies of a role together. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

ROLE_POLICY_RESERVE_CHARACTERS = 1_024
"""What the grants that name no model take at most."""

BUCKET_NAME_CHARACTERS = 63

RESOURCE_NAME_CHARACTERS = 64
"""A function's and a role's name. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""

ROUTES_PER_API = 300
ROUTES_PER_MODEL = 7
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

API_TIMEOUT_SECONDS = 30
"""How long an HTTP API waits for a function; fixed. Same page."""

NEW_ACCOUNT_MEMORY_MIB = 3_008
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


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


def model_names_fit_in_the_environment(settings: Settings) -> Iterator[Problem]:
    """A function that serves several models is told their names in one environment variable."""
    if settings.mode != "multi":
        return
    length = sum(len(model.name) + 1 for model in settings.packaged)
    if length > ENVIRONMENT_BYTES - ENVIRONMENT_RESERVE_BYTES:
        yield Problem(
            keys=("models", "mode"),
            message=f"the names of {len(settings.packaged)} models take {length} bytes of the function's environment; "
            f"allowed are {ENVIRONMENT_BYTES - ENVIRONMENT_RESERVE_BYTES} of Lambda's {ENVIRONMENT_BYTES}; list fewer "
            f"in models and serve the others from a second stack, or set mode to single",
        )


def grants_fit_in_the_role_policy(settings: Settings) -> Iterator[Problem]:
    """A function that serves several models is granted each of them by name."""
    if settings.mode != "multi" or settings.storage != "s3":
        return
    arn = len('"arn:aws-us-gov:s3:::/models//*",') + BUCKET_NAME_CHARACTERS
    prefix = len('"models//*",')
    length = sum(arn + prefix + 2 * len(model.name) for model in settings.packaged)
    if length > ROLE_POLICY_CHARACTERS - ROLE_POLICY_RESERVE_CHARACTERS:
        yield Problem(
            keys=("models", "mode"),
            message=f"granting {len(settings.packaged)} models to one function takes {length} characters of its "
            f"role's policy; allowed are {ROLE_POLICY_CHARACTERS - ROLE_POLICY_RESERVE_CHARACTERS} of IAM's "
            f"{ROLE_POLICY_CHARACTERS}; list fewer in models and serve the others from a second stack, or set mode to "
            f"single",
        )


def function_names_fit(settings: Settings) -> Iterator[Problem]:
    """A model's own function and role carry its name, between what Pulumi puts before and after."""
    longest = RESOURCE_NAME_CHARACTERS - len("inference-") - len("-role") - len("-1234567")
    if settings.mode != "single":
        return
    for model in settings.packaged:
        if len(model.name) > longest:
            yield Problem(
                keys=("models", "mode"),
                message=f"the model {model.name} has {len(model.name)} characters in its name; a model with a function "
                f"of its own may have {longest}; package it under a shorter name, or set mode to multi",
            )


def image_holds_the_engines(settings: Settings) -> Iterator[Problem]:
    """An image with LiteRT alone cannot run what needs TensorFlow."""
    needy = [model.name for model in settings.packaged if "tensorflow" in model.engines]
    if settings.image_engines == "litert" and needy:
        yield Problem(
            keys=("imageEngines", "models"),
            message=f"litert alone cannot run {', '.join(needy)}, which need TensorFlow; set imageEngines to auto or "
            f"tensorflow, or leave them out of models",
        )


def function_answers_before_the_api_gives_up(settings: Settings) -> Iterator[Problem]:
    """The HTTP API answers 503 after 30 seconds, whatever the function does."""
    if settings.timeout_seconds >= API_TIMEOUT_SECONDS:
        yield Problem(
            keys=("timeoutSeconds",),
            message=f"the HTTP API gives up after {API_TIMEOUT_SECONDS} seconds, and a function may go on "
            f"and be billed for {settings.timeout_seconds}; only direct invocations get such an answer. Up to "
            f"{API_TIMEOUT_SECONDS - 1} avoids it",
        )


def memory_is_more_than_new_accounts_have(settings: Settings) -> Iterator[Problem]:
    """AWS raises a new account's limits with its use."""
    if settings.memory_mib > NEW_ACCOUNT_MEMORY_MIB:
        yield Problem(
            keys=("memoryMib",),
            message=f"{settings.memory_mib} MiB is more than the {NEW_ACCOUNT_MEMORY_MIB} MiB that a new account has; "
            f"if Lambda refuses it, ask AWS Support to raise the limit, or set {NEW_ACCOUNT_MEMORY_MIB} or less",
        )


def everyone_may_call(settings: Settings) -> Iterator[Problem]:
    """An open API is a decision that a preview should show."""
    if settings.auth == "none":
        yield Problem(
            keys=("auth",), message="none lets everyone on the internet call the API, at your cost; iam does not"
        )


def all_models_fit_in_ephemeral_storage(settings: Settings) -> Iterator[Problem]:
    """A function that serves several models may fetch all of them in its life."""
    total = sum(model.largest_version_bytes for model in settings.packaged)
    if settings.storage == "s3" and settings.mode == "multi" and total > settings.ephemeral_storage_mib * MIB:
        yield Problem(
            keys=("ephemeralStorageMib", "models"),
            message=f"all models together have {-(-total // MIB)} MiB of files and /tmp has "
            f"{settings.ephemeral_storage_mib} MiB, so that functions may fetch a model more than once",
        )


def routes_fit_in_the_api(settings: Settings) -> Iterator[Problem]:
    """Each model with a function of its own takes routes of the API."""
    routes = 3 + ROUTES_PER_MODEL * len(settings.packaged)
    if settings.mode == "single" and routes > ROUTES_PER_API:
        yield Problem(
            keys=("models", "mode"),
            message=f"{len(settings.packaged)} models take {routes} routes, and an API has {ROUTES_PER_API} "
            f"unless AWS Support raised that; list fewer in models, or set mode to multi",
        )


RULES: tuple[Rule, ...] = (
    models_fit_in_ephemeral_storage,
    model_names_fit_in_the_environment,
    grants_fit_in_the_role_policy,
    function_names_fit,
    image_holds_the_engines,
)

ADVICE: tuple[Rule, ...] = (
    function_answers_before_the_api_gives_up,
    memory_is_more_than_new_accounts_have,
    everyone_may_call,
    all_models_fit_in_ephemeral_storage,
    routes_fit_in_the_api,
)


def problems(settings: Settings, rules: tuple[Rule, ...]) -> list[Problem]:
    """What these rules say of a configuration."""
    return [problem for rule in rules for problem in rule(settings)]
