"""What AWS says of the key that `kmsKeyArn` names. It is only read."""

import json
from typing import Any

import pulumi_aws as aws

from components.configuration.rules.found_key import FoundKey

KEY_TYPE = "AWS::KMS::Key"


def found_key(arn: str) -> FoundKey | None:
    """Look at a key; None where AWS does not show it: whoever deploys may do without it, as may a key of another
    account.

    The provider has no function of its own that tells a key's policy.
    """
    _, _, _, region, _, name = arn.split(":", 5)
    try:
        described = aws.cloudcontrol.get_resource(
            type_name=KEY_TYPE, identifier=name.removeprefix("key/"), region=region
        )
    except Exception:  # the SDK raises nothing narrower where AWS refuses
        return None
    policy: Any = json.loads(described.properties).get("KeyPolicy")
    if not policy:
        return None
    return FoundKey(arn=arn, policy=json.loads(policy) if isinstance(policy, str) else policy)
