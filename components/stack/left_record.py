"""The record of the last deployment, where that deployment used another bucket than this one will."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.absence import in_one_line, is_absent
from components.settings.settings import Settings
from components.stack.deployment_record import OWN_KEY, given_key

OUTPUTS = "pulumi:pulumi:readStackOutputs"
"""A function of Pulumi's engine. Unlike a `StackReference`, it leaves nothing in the state."""

BUCKET_OUTPUT = "bucketName"


def left_record(project_name: str, settings: Settings) -> str | None:
    """The record in the bucket that this deployment leaves; None where it leaves none, and, with a warning, where AWS
    does not let it be read."""
    last = _outputs().get(BUCKET_OUTPUT)
    if not last or last == settings.model_bucket:
        return None
    given = given_key(project_name, settings)
    # No bucket that the stack made has that key. A bucket that it was given may have the other one from a stack before.
    keys = (given, OWN_KEY) if settings.model_bucket else (given,)
    for key in keys:
        try:
            record = _stored(last, key)
        except Exception as error:  # the SDK raises nothing narrower
            if not is_absent(error):
                pulumi.warn(_unread(last, keys, error))
            return None
        if record is not None:
            return record
    return None


def _outputs() -> Mapping[str, Any]:
    """The outputs of this stack's last deployment; none where the engine does not tell them."""
    name = "/".join((str(pulumi.get_organization()), pulumi.get_project(), pulumi.get_stack()))
    try:
        told: Any = pulumi.runtime.invoke(OUTPUTS, {"name": name}).value
    except Exception:  # the SDK raises nothing narrower
        return {}
    return told.get("outputs") or {}


def _stored(bucket: str, key: str) -> str | None:
    """The text of an object; None where there is none."""
    if key not in aws.s3.get_objects(bucket=bucket, prefix=key, max_keys=1).keys:
        return None
    return aws.s3.get_object(bucket=bucket, key=key).body


def _unread(bucket: str, keys: Sequence[str], error: Exception) -> str:
    return (
        f"modelBucket: the record of the last deployment cannot be read in the bucket {bucket}, which this change "
        "leaves. So it is not said what the change costs, and what AWS would refuse half-way is not refused now. For "
        f"both, grant s3:ListBucket on the bucket and s3:GetObject on {' and '.join(keys)} in it to whoever deploys. "
        f"AWS says: {in_one_line(error)}"
    )
