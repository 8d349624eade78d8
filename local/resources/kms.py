"""KMS: keys and their names. The emulator keeps them; nothing on this machine is encrypted with them."""

from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import tag_list

PREFIX = "alias/"
"""What every alias begins with."""


class Key(ResourceType):
    """aws.kms.Key. A key is not deleted at once: it is pending, and no longer found."""

    pulumi_type = "aws:kms/key:Key"
    computed = ("arn", "keyId")

    def make(self, inputs: Inputs) -> str:
        arguments: dict[str, Any] = {"Description": inputs.get("description", "")}
        if policy := inputs.get("policy"):
            arguments["Policy"] = policy
        if tags := tag_list(inputs, "TagKey", "TagValue"):
            arguments["Tags"] = tags
        made = self.client().create_key(**arguments)["KeyMetadata"]
        self._rotate(made["KeyId"], inputs)
        return made["KeyId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        found = self.client().describe_key(KeyId=resource_id)["KeyMetadata"]
        if found["KeyState"] == "PendingDeletion":
            return None
        return {
            "arn": found["Arn"],
            "keyId": resource_id,
            "description": found["Description"],
            "enableKeyRotation": self.client().get_key_rotation_status(KeyId=resource_id)["KeyRotationEnabled"],
            "policy": self.client().get_key_policy(KeyId=resource_id)["Policy"],
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_key_description(KeyId=resource_id, Description=new.get("description", ""))
        self._rotate(resource_id, new)
        if new.get("policy"):
            self.client().put_key_policy(KeyId=resource_id, PolicyName="default", Policy=new["policy"])

    def remove(self, resource_id: str, known: Inputs) -> None:
        days = {"PendingWindowInDays": known["deletionWindowInDays"]} if "deletionWindowInDays" in known else {}
        self.client().schedule_key_deletion(KeyId=resource_id, **days)

    def _rotate(self, resource_id: str, inputs: Inputs) -> None:
        kms = self.client()
        (kms.enable_key_rotation if inputs.get("enableKeyRotation") else kms.disable_key_rotation)(KeyId=resource_id)


class Alias(ResourceType):
    """aws.kms.Alias"""

    pulumi_type = "aws:kms/alias:Alias"
    computed = ("arn", "targetKeyArn")

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        name = inputs["name"]
        prefixed = not isinstance(name, str) or name.startswith(PREFIX)
        return {**inputs, "name": name if prefixed else f"{PREFIX}{name}"}

    def make(self, inputs: Inputs) -> str:
        self.client().create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return inputs["name"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        aliases = self.client().list_aliases()["Aliases"]
        found = next((each for each in aliases if each["AliasName"] == resource_id), None)
        return found and {
            "arn": self.arn(resource_id),
            "name": resource_id,
            "targetKeyArn": self.arn(f"key/{found['TargetKeyId']}"),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_alias(AliasName=resource_id, TargetKeyId=new["targetKeyId"])

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_alias(AliasName=resource_id)


TYPES = (Key, Alias)
