"""CloudWatch Logs' rule for keys: the key's policy must let it use the key."""

import json

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.refusals import refused
from local.resources.resource_type import says_gone


def of_key(account: EmulatedAccount, operation: str, group_arn: str, key: str | None) -> None:
    """The key of a log group."""
    if key and not _may_use(account, key):
        message = f"The specified KMS key does not exist or is not allowed to be used with Arn '{group_arn}'"
        raise refused(operation, "AccessDeniedException", message)


def _may_use(account: EmulatedAccount, key: str) -> bool:
    try:
        policy = account.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    except ClientError as error:
        if says_gone(error):
            return False
        raise
    principals = [each["Principal"] for each in json.loads(policy)["Statement"] if each["Effect"] == "Allow"]
    services = [each.get("Service") if isinstance(each, dict) else each for each in principals]
    named = [name for each in services for name in (each if isinstance(each, list) else [each])]
    return not {"*", "logs.amazonaws.com", f"logs.{account.region}.amazonaws.com"}.isdisjoint(named)
