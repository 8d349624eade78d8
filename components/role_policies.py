"""Arithmetic of a role's policies: how many policies hold the grants that name many models or functions.

All lengths are the most that a grant can take, so that they are known before any resource exists. White space does not
count. Imports no Pulumi.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

INLINE_CHARACTERS = 10_240
MANAGED_CHARACTERS = 6_144
"""All inline policies of a role together, and one managed policy.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

MOST_POLICIES = 1 + 10
"""A role's inline policy, and as many managed policies as it may have. The same page."""

INLINE_RESERVE = 2_560
MANAGED_RESERVE = 1_280
"""The most that a policy's grants take, apart from those that name one model or function each."""

REPLACED = 2
"""Policies that are replaced need their room twice: the new ones are there before the old ones go."""

MOST_REPLACED_POLICIES = 1 + (MOST_POLICIES - 1) // REPLACED

BUCKET_NAME_CHARACTERS = 63

T = TypeVar("T")


def models_by_policy(prefix: str, models: Sequence[str]) -> Sequence[Sequence[str]]:
    """Models in groups, one for each policy that grants them in a bucket, if need be one of `MOST_REPLACED_POLICIES`.

    `prefix` is where the repository starts.
    """

    def characters(model: str) -> int:
        pattern = f"{prefix}/{model}/*"
        objects = len('"arn:aws-us-gov:s3:::/",') + BUCKET_NAME_CHARACTERS + len(pattern)
        return objects + len(f'"{pattern}",')

    return _in_groups(models, characters, INLINE_CHARACTERS // REPLACED)


def functions_by_policy(delivery: str, functions: Sequence[str]) -> Sequence[Sequence[str]]:
    """Functions in groups, one for each policy that grants a delivery of them. All names are those of components."""
    return _in_groups(functions, lambda function: delivered_characters(delivery, function), INLINE_CHARACTERS)


def delivered_characters(delivery: str, function: str) -> int:
    """What a function takes of the longer policy, which starts deliveries: the function's ARN, the ARN of its versions,
    and its deployment group's."""
    suffix = len("-1234567")
    arn = len('"arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:",') + len(function) + suffix
    group = len('"arn:aws-us-gov:codedeploy:ap-southeast-1:123456789012:deploymentgroup:/",')
    return 2 * arn + len(":*") + group + len(delivery) + suffix + len(f"{delivery}-{function}")


def _in_groups(items: Sequence[T], characters: Callable[[T], int], inline: int) -> Sequence[Sequence[T]]:
    """The first group fits in an inline policy of `inline` characters, each further one in a managed policy. There is
    always a first group."""
    groups: list[list[T]] = [[]]
    room = inline - INLINE_RESERVE
    for item in items:
        room -= characters(item)
        if room < 0:
            groups.append([])
            room = MANAGED_CHARACTERS - MANAGED_RESERVE - characters(item)
        groups[-1].append(item)
    return groups
