"""What is set on a bucket, each by a resource of its own with the bucket's name as its id."""

from collections.abc import Mapping
from typing import Any

from local.resources.put_type import PutType
from local.resources.refusals import s3 as refusals
from local.resources.resource_type import Inputs
from local.resources.worded_type import WordedType
from local.resources.words import answered, camelized, capitalized, chosen

PRIVATE = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")


class BucketSetting(WordedType, PutType):
    """What is set on a bucket with one call."""

    def put(self, inputs: Inputs) -> str:
        self.call(f"Put{self.word}", Bucket=inputs["bucket"], **self.arguments(inputs))
        return inputs["bucket"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        return {"bucket": resource_id, **self.told(self.call(f"Get{self.word}", Bucket=resource_id))}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.call(f"Delete{self.word}", Bucket=resource_id)


class BucketPublicAccessBlock(BucketSetting):
    """aws.s3.BucketPublicAccessBlock"""

    pulumi_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    word = "PublicAccessBlock"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        whole = {**dict.fromkeys(PRIVATE, False), **inputs}
        return {"PublicAccessBlockConfiguration": chosen(whole, PRIVATE)}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return answered(answer["PublicAccessBlockConfiguration"], PRIVATE)


class BucketOwnershipControls(BucketSetting):
    """aws.s3.BucketOwnershipControls"""

    pulumi_type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    word = "BucketOwnershipControls"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [capitalized(inputs["rule"])]}}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"rule": camelized(answer["OwnershipControls"]["Rules"][0])}


class BucketServerSideEncryptionConfiguration(BucketSetting):
    """aws.s3.BucketServerSideEncryptionConfiguration"""

    pulumi_type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    word = "BucketEncryption"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {"ServerSideEncryptionConfiguration": {"Rules": [_encryption(rule) for rule in inputs["rules"]]}}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
        return {"rules": [_told_encryption(rule) for rule in rules]}


class BucketVersioning(BucketSetting):
    """aws.s3.BucketVersioning. A bucket whose versions were kept once can only stop keeping new ones."""

    pulumi_type = "aws:s3/bucketVersioning:BucketVersioning"
    word = "BucketVersioning"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {"VersioningConfiguration": {"Status": inputs["versioningConfiguration"]["status"]}}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"versioningConfiguration": {"status": answer.get("Status", "Disabled")}}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().put_bucket_versioning(Bucket=resource_id, VersioningConfiguration={"Status": "Suspended"})


class BucketLifecycleConfiguration(BucketSetting):
    """aws.s3.BucketLifecycleConfiguration. The emulator tells the rules in another form, so that they are not compared
    with the program's."""

    pulumi_type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    word = "BucketLifecycleConfiguration"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        rules = [
            {**capitalized({key: value for key, value in rule.items() if key != "id"}), "ID": rule["id"]}
            for rule in inputs["rules"]
        ]
        return {"LifecycleConfiguration": {"Rules": [{"Filter": {}, **rule} for rule in rules]}}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_bucket_lifecycle(Bucket=resource_id)


class BucketPolicy(BucketSetting):
    """aws.s3.BucketPolicy"""

    pulumi_type = "aws:s3/bucketPolicy:BucketPolicy"
    word = "BucketPolicy"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        refusals.of_bucket_policy(inputs["policy"])
        return {"Policy": inputs["policy"]}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"policy": answer["Policy"]}


def _encryption(rule: Inputs) -> dict[str, Any]:
    default = rule["applyServerSideEncryptionByDefault"]
    key = {"KMSMasterKeyID": default["kmsMasterKeyId"]} if default.get("kmsMasterKeyId") else {}
    return {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": default["sseAlgorithm"], **key},
        "BucketKeyEnabled": bool(rule.get("bucketKeyEnabled")),
    }


def _told_encryption(rule: Mapping[str, Any]) -> dict[str, Any]:
    default = rule["ApplyServerSideEncryptionByDefault"]
    key = {"kmsMasterKeyId": default["KMSMasterKeyID"]} if default.get("KMSMasterKeyID") else {}
    enabled = {"bucketKeyEnabled": True} if rule.get("BucketKeyEnabled") else {}
    return {"applyServerSideEncryptionByDefault": {"sseAlgorithm": default["SSEAlgorithm"], **key}, **enabled}


SETTINGS = (
    BucketPublicAccessBlock,
    BucketOwnershipControls,
    BucketServerSideEncryptionConfiguration,
    BucketVersioning,
    BucketLifecycleConfiguration,
    BucketPolicy,
)
