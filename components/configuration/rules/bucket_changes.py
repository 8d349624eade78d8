"""Rules about a change of the bucket: what answers from then on. Imports no Pulumi."""

from collections.abc import Iterator

from components.configuration.deployed import Deployed
from components.configuration.problem import Problem
from components.settings.storage_settings import BUCKET_PREFIX

OWN = "$(pulumi stack output bucketName)"
"""How a command names the bucket that the stack made."""


def another_bucket_says_what_answers(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """The models of one bucket are not those of another, nor are its pointers."""
    old, new = before.settings.model_bucket, after.settings.model_bucket
    if old == new:
        return
    if new is None:
        message = (
            f"the stack makes a bucket of its own, which starts with the packaged models and versions only; {old} "
            "stays, but functions do not read it any more; before this update, copy what was published there to the "
            f"model repository: aws s3 sync s3://{old}/{BUCKET_PREFIX} REPOSITORY"
        )
    else:
        message = (
            f"functions read {new} instead of {old or 'the bucket that the stack made'}, so that current.json of each "
            "model there says which version answers; before this update, copy what was published to the bucket before: "
            f"aws s3 sync s3://{old or OWN}/{BUCKET_PREFIX} s3://{new}/{BUCKET_PREFIX}"
        )
    yield Problem(keys=("modelBucket",), message=message)
