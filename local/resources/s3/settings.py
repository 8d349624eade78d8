"""What is set on a bucket, each by a resource of its own with the bucket's name as its id."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from local.resources.put_type import PutType
from local.resources.refusals import s3 as refusals
from local.resources.resource_type import Inputs
from local.resources.words import answered, camelized, capitalized, chosen

PRIVATE = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")


class BucketSetting(PutType):
    """A subclass says the words of the API's calls, and how their arguments and answers read."""

    call: ClassVar[str]
    """As in `put_bucket_policy` and `delete_bucket_policy`."""

    @abstractmethod
    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Of the call that sets it."""

    @abstractmethod
    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """The properties that an answer has."""

    def put(self, inputs: Inputs) -> str:
        self._do("put", inputs["bucket"], **self.arguments(inputs))
        return inputs["bucket"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        return {"bucket": resource_id, **self.told(self._do("get", resource_id))}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self._do("delete", resource_id)

    def _do(self, verb: str, bucket: str, **arguments: Any) -> Any:
        return getattr(self.client(), f"{verb}_{self.call}")(Bucket=bucket, **arguments)


class BucketPublicAccessBlock(BucketSetting):
    """aws.s3.BucketPublicAccessBlock"""

    pulumi_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    call = "public_access_block"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        whole = {**dict.fromkeys(PRIVATE, False), **inputs}
        return {"PublicAccessBlockConfiguration": chosen(whole, PRIVATE)}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return answered(answer["PublicAccessBlockConfiguration"], PRIVATE)


class BucketOwnershipControls(BucketSetting):
    """aws.s3.BucketOwnershipControls"""

    pulumi_type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    call = "bucket_ownership_controls"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [capitalized(inputs["rule"])]}}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"rule": camelized(answer["OwnershipControls"]["Rules"][0])}


class BucketServerSideEncryptionConfiguration(BucketSetting):
    """aws.s3.BucketServerSideEncryptionConfiguration"""

    pulumi_type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    call = "bucket_encryption"

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {"ServerSideEncryptionConfiguration": {"Rules": [_encryption(rule) for rule in inputs["rules"]]}}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
        return {"rules": [_told_encryption(rule) for rule in rules]}


class BucketVersioning(BucketSetting):
    """aws.s3.BucketVersioning. A bucket whose versions were kept once can only stop keeping new ones."""

    pulumi_type = "aws:s3/bucketVersioning:BucketVersioning"
    call = "bucket_versioning"

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
    call = "bucket_lifecycle_configuration"

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
    call = "bucket_policy"

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
