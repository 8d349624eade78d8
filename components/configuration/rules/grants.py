"""Rules about grants: a role that is granted each model or function by name has a limit to its policies."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import FEWER_MODELS, Rule
from components.settings.settings import Settings

ROLE_POLICY_CHARACTERS = 10_240
"""All inline policies of a role together. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

READER_RESERVE_CHARACTERS = 1_024
"""The most that a function's grants take, apart from those that name a model."""

DELIVERY_RESERVE_CHARACTERS = 1_280
"""The most that a delivery's grants take, apart from those that name a function."""

BUCKET_NAME_CHARACTERS = 63

DELIVERED_FUNCTION = "arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:inference--1234567"
DELIVERED_GROUP = (
    "arn:aws-us-gov:codedeploy:ap-southeast-1:123456789012:deploymentgroup:"
    "inference-delivery-1234567/inference-delivery-inference-"
)
"""The longest ARNs of a function and of its deployment group, without the model's name in each."""


def models_fit_in_the_role_policy(settings: Settings) -> Iterator[Problem]:
    """A function that reads several models is granted each by name, whether it serves them or fills EFS with them."""
    room = ROLE_POLICY_CHARACTERS - READER_RESERVE_CHARACTERS
    readers = {"storage to s3files or image": settings.stored_in("efs")}
    if settings.mode == "multi":
        readers["mode to single"] = settings.stored_in("s3", "s3files")
    for way_out, models in readers.items():
        length = sum(_granted_characters(model.name, listed=settings.storage != "s3files") for model in models)
        if length > room:
            yield Problem(
                keys=("models", way_out.split(" ", 1)[0]),
                message=f"granting {len(models)} models to one function takes {length} characters of its role's "
                f"policy; allowed are {room} of IAM's {ROLE_POLICY_CHARACTERS}; {FEWER_MODELS}, or set {way_out}",
            )


def _granted_characters(model: str, *, listed: bool) -> int:
    """What a model takes of a policy: the ARN of its objects and, if it is listed, the prefix of their keys."""
    arn = len('"arn:aws-us-gov:s3:::/models//*",') + BUCKET_NAME_CHARACTERS + len(model)
    return arn + len('"models//*",') + len(model) if listed else arn


def delivery_fits_in_the_role_policies(settings: Settings) -> Iterator[Problem]:
    """Two roles are granted each delivered function by name: CodeDeploy's, and that of the function that starts it."""
    if settings.delivery == "allAtOnce" or settings.mode == "multi":
        return
    room = ROLE_POLICY_CHARACTERS - DELIVERY_RESERVE_CHARACTERS
    length = sum(delivered_characters(model.name) for model in settings.packaged)
    if length > room:
        yield Problem(
            keys=("delivery", "mode", "models"),
            message=f"granting {len(settings.packaged)} functions to one delivery takes {length} characters of its "
            f"roles' policies; allowed are {room} of IAM's {ROLE_POLICY_CHARACTERS}; set delivery to allAtOnce, or "
            f"mode to multi, or {FEWER_MODELS}",
        )


def delivered_characters(model: str) -> int:
    """What a function takes of the longer policy, which starts deliveries, without white space: the function's ARN,
    the ARN of its versions, and its deployment group's."""
    return len(f'"{DELIVERED_FUNCTION}","{DELIVERED_FUNCTION}:*","{DELIVERED_GROUP}",') + 3 * len(model)


REFUSED: tuple[Rule, ...] = (models_fit_in_the_role_policy, delivery_fits_in_the_role_policies)

ADVISED: tuple[Rule, ...] = ()
