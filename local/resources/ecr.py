"""ECR, and the image that would be pushed to it."""

import base64
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Call, Create, Created


def repository(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ecr.Repository"""
    name = account.physical_name(inputs, name)
    answer = account.client("ecr").create_repository(
        repositoryName=name, imageTagMutability=inputs.get("imageTagMutability", "MUTABLE")
    )["repository"]
    return Created(
        name,
        {
            "name": name,
            "arn": answer["repositoryArn"],
            "registryId": answer["registryId"],
            "repositoryUrl": answer["repositoryUri"],
        },
    )


def lifecycle_policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ecr.LifecyclePolicy"""
    account.client("ecr").put_lifecycle_policy(
        repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
    )
    return Created(inputs["repository"], {"registryId": account.account_id})


def image(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """docker.Image: built and not pushed where the workers are containers; else its files stand for it."""
    reference = str(inputs["imageName"])
    repository = reference.rsplit("/", 1)[0] + "/" + reference.rsplit("/", 1)[-1].split(":")[0]
    arguments = inputs["build"].get("args", {})
    models = arguments.get("MODELS_DIR")
    if account.containers:
        target, base = inputs["build"]["target"], arguments.get("BASE_IMAGE")
        digest = account.containers.build(account.project, target, base_image=base, models_directory=models)
    else:
        digest = _stand_in(account, repository, models)
    return Created(
        digest,
        {
            "repoDigest": f"{repository}@{digest}",
            "baseImageName": reference,
            "registryServer": repository.split("/")[0],
            "imageName": reference,
        },
    )


def _stand_in(account: EmulatedAccount, repository: str, models: str | None) -> str:
    """An image for workers that run the sources: its digest is that of the files that would go in, and the models among
    them are kept as they are now, for no later build changes an image."""
    files = [account.project / "handlers"]
    if models:
        files.append(account.guard.directory("tensorflow-lambda-image-") / "models")
        shutil.copytree(account.project / models, files[-1])
    digest = f"sha256:{_digest_of(files)}"
    if models:
        account.baked[f"{repository}@{digest}"] = files[-1]
    return digest


def get_authorization_token(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ecr.get_authorization_token. No registry has an endpoint: the emulated ones hold no images."""
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


def _digest_of(directories: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(directory).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


RESOURCES: Mapping[str, Create] = {
    "aws:ecr/repository:Repository": repository,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecycle_policy,
    "docker:index/image:Image": image,
}

CALLS: Mapping[str, Call] = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": get_authorization_token,
    "aws:ecr/getImages:getImages": get_images,
}
