"""KMS: keys and their names. The emulator keeps them; nothing on this machine is encrypted with them."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import tag_list


def key(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.kms.Key"""
    arguments: dict[str, Any] = {"Description": inputs.get("description", name)}
    if policy := inputs.get("policy"):
        arguments["Policy"] = policy
    if tags := tag_list(inputs, "TagKey", "TagValue"):
        arguments["Tags"] = tags
    made = account.client("kms").create_key(**arguments)["KeyMetadata"]
    if inputs.get("enableKeyRotation"):
        account.client("kms").enable_key_rotation(KeyId=made["KeyId"])
    return Created(made["KeyId"], {"keyId": made["KeyId"], "arn": made["Arn"]})


def alias(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.kms.Alias"""
    name = inputs.get("name") or f"alias/{account.physical_name({}, name)}"
    account.client("kms").create_alias(AliasName=name, TargetKeyId=inputs["targetKeyId"])
    return Created(name, {"name": name, "arn": f"arn:aws:kms:{account.region}:{account.account_id}:{name}"})


RESOURCES: Mapping[str, Create] = {"aws:kms/key:Key": key, "aws:kms/alias:Alias": alias}
