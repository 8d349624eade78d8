"""ECR: repositories of images. What is pushed to them is kept by digest and tag, without its layers."""

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from local.resources.account import EmulatedAccount
from local.resources.put_type import PutType
from local.resources.resource_type import Call, Inputs, ResourceType
from local.resources.worded_type import WordedType
from local.resources.words import tag_changes, tag_list, tags_of


class Repository(ResourceType):
    """aws.ecr.Repository"""

    pulumi_type = "aws:ecr/repository:Repository"
    computed = ("arn", "registryId", "repositoryUrl")

    def make(self, inputs: Inputs) -> str:
        arguments: dict[str, Any] = {
            "repositoryName": inputs["name"],
            "imageTagMutability": inputs.get("imageTagMutability", "MUTABLE"),
            "tags": tag_list(inputs),
        }
        if scanning := inputs.get("imageScanningConfiguration"):
            arguments["imageScanningConfiguration"] = dict(scanning)
        for encryption in inputs.get("encryptionConfigurations") or ():
            arguments["encryptionConfiguration"] = dict(encryption)
        self.client().create_repository(**arguments)
        return inputs["name"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        [found] = self.client().describe_repositories(repositoryNames=[resource_id])["repositories"]
        arn = found["repositoryArn"]
        return {
            "arn": arn,
            "name": resource_id,
            "registryId": found["registryId"],
            "repositoryUrl": found["repositoryUri"],
            "imageTagMutability": found["imageTagMutability"],
            "tags": tags_of(self.client().list_tags_for_resource(resourceArn=arn)["tags"]),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        ecr = self.client()
        ecr.put_image_tag_mutability(
            repositoryName=resource_id, imageTagMutability=new.get("imageTagMutability", "MUTABLE")
        )
        scanning = new.get("imageScanningConfiguration") or {"scanOnPush": False}
        ecr.put_image_scanning_configuration(repositoryName=resource_id, imageScanningConfiguration=dict(scanning))
        gone, given = tag_changes(old, new)
        if gone:
            ecr.untag_resource(resourceArn=old["arn"], tagKeys=gone)
        if given:
            ecr.tag_resource(resourceArn=old["arn"], tags=tag_list({"tags": given}))

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_repository(repositoryName=resource_id, force=bool(known.get("forceDelete")))


class _Policy(WordedType, PutType):
    """A policy of a repository, which has one of each kind."""

    computed = ("registryId",)
    text: ClassVar[str]
    """The policy among arguments and answers."""
    puts: ClassVar[str] = "Put"
    """How the call begins that sets it."""

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {self.text: inputs["policy"]}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"policy": answer[self.text]}

    def put(self, inputs: Inputs) -> str:
        self.call(f"{self.puts}{self.word}", repositoryName=inputs["repository"], **self.arguments(inputs))
        return inputs["repository"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        told = self.told(self.call(f"Get{self.word}", repositoryName=resource_id))
        return {"registryId": self.account.account_id, "repository": resource_id, **told}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.call(f"Delete{self.word}", repositoryName=resource_id)


class LifecyclePolicy(_Policy):
    """aws.ecr.LifecyclePolicy"""

    pulumi_type = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    word, text = "LifecyclePolicy", "lifecyclePolicyText"


class RepositoryPolicy(_Policy):
    """aws.ecr.RepositoryPolicy"""

    pulumi_type = "aws:ecr/repositoryPolicy:RepositoryPolicy"
    word, text, puts = "RepositoryPolicy", "policyText", "Set"


def get_authorization_token(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ecr.get_authorization_token. No registry has an endpoint: the emulated ones hold no layers."""
    data = account.client("ecr").get_authorization_token()["authorizationData"][0]
    user, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
    return {
        "id": account.region,
        "authorizationToken": data["authorizationToken"],
        "expiresAt": str(data["expiresAt"]),
        "proxyEndpoint": "",
        "userName": user,
        "password": password,
        "registryId": account.account_id,
    }


def get_images(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ecr.get_images"""
    pages = account.client("ecr").get_paginator("list_images").paginate(repositoryName=arguments["repositoryName"])
    held = [image for page in pages for image in page["imageIds"]]
    return {
        **arguments,
        "id": arguments["repositoryName"],
        "region": account.region,
        "imageIds": [
            {"imageTag": image.get("imageTag", ""), "imageDigest": image.get("imageDigest", "")} for image in held
        ],
    }


TYPES = (Repository, LifecyclePolicy, RepositoryPolicy)

FUNCTIONS: Mapping[str, Call] = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": get_authorization_token,
    "aws:ecr/getImages:getImages": get_images,
}
