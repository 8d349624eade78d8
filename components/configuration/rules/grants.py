"""Rules about grants. A role that is granted many models or functions by name has several policies, up to a limit."""

from collections.abc import Iterator, Sequence

from components.configuration.problem import Problem
from components.configuration.rules.rule import FEWER_MODELS, Rule
from components.role_policies import MOST_POLICIES, MOST_REPLACED_POLICIES, functions_by_policy, models_by_policy
from components.settings.settings import Settings
from components.settings.storage_settings import BUCKET_PREFIX


def models_fit_in_the_role_policies(settings: Settings) -> Iterator[Problem]:
    """A function that reads several models by name, to serve them or to fill EFS with them, is granted each of them."""
    models = _models_by_name(settings)
    policies = len(models_by_policy(BUCKET_PREFIX, models))
    allowed = MOST_REPLACED_POLICIES - settings.asynchronous  # the grants of the queue are a policy of their own
    if policies > allowed:
        yield Problem(
            keys=("models", "mode"),
            message=f"granting {len(models)} models to one function takes {policies} policies of its role; allowed are "
            f"{allowed}; {_fewer_names(settings)}",
        )


def delivery_fits_in_the_role_policies(settings: Settings) -> Iterator[Problem]:
    """Roles are granted each function by name that a delivery shifts, or whose old versions are deleted."""
    if settings.mode == "multi":
        return
    key, remedy = "delivery", "set delivery to allAtOnce"
    if settings.delivery == "allAtOnce":
        if not any(each.snap_start for each in settings.functions()):
            return
        key, remedy = "snapStart", "set snapStart to false"
    functions = [f"inference-{model.name}" for model in settings.packaged]
    policies = len(functions_by_policy("inference-delivery", functions))
    if policies > MOST_POLICIES:
        yield Problem(
            keys=(key, "mode", "models"),
            message=f"granting {len(settings.packaged)} functions to one role takes {policies} policies; allowed are "
            f"{MOST_POLICIES}; {remedy}, or mode to multi, or {FEWER_MODELS}",
        )


def _models_by_name(settings: Settings) -> Sequence[str]:
    """The models that one function knows by name: it serves several of them, or fills EFS with them."""
    models = settings.served if settings.mode == "multi" else settings.served_from("efs")
    return models or ()


def _fewer_names(settings: Settings) -> str:
    """What to do where one function knows too many models by name."""
    all_models = "leave models out" if settings.mode == "multi" else "set mode to multi, or storage to s3files or image"
    return f"{all_models}, or {FEWER_MODELS}"


REFUSED: tuple[Rule, ...] = (models_fit_in_the_role_policies, delivery_fits_in_the_role_policies)

ADVISED: tuple[Rule, ...] = ()
